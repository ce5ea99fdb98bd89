//! Samples of Segue: formats, buffers, decoding, encoding and conversion.
//!
//! In: files, pipes, and bytes in memory. Out: planar `f32` in [`audio::Buffer`]s, and the same the
//! other way round. The crate knows no plugin, no configuration and no session: whoever has samples
//! to read or write can use it alone.
//!
//! [`audio`] has the words that everyone shares: a format, a buffer, the check that samples are
//! finite. [`io`] has everything that opens, reads, converts and writes.
//!
//! FLAC is read and written by code of its own. `flacenc`, the encoder that there is for Rust,
//! refuses sample rates above 96 kHz, and Segue writes every rate that the format has. `symphonia`
//! 0.6 reads most other formats here; of FLAC it does not read 32-bit stereo, whose side channel has
//! 33 bits, nor hands on everything that the tags say.

pub mod audio;
mod date;
pub mod io;
pub mod surroundings;
mod system;

pub use crate::date::utc;
