//! Io: samples in and out.
//!
//! In: a path, or `-` for a pipe. Out: a `Source` of planar `f32`, or a `Sink` for it.
//!
//! What an input is, its content decides, not its name. Infinities and NaN in float files pass
//! through here as they are: the engine cleans them at its border, with `audio::sanitize`.
//! Everything here may block and allocates; none of it is for the audio thread.

mod ahead;
mod aiff;
mod beginning;
mod behind;
mod caf;
mod compressed;
mod container;
mod convert;
mod create;
mod decode;
mod dither;
mod encode;
mod encoding;
mod error;
mod flac;
mod foreign;
pub mod fragment;
mod front;
mod g711;
mod generated;
mod id3;
mod input;
#[cfg(test)]
mod memory;
mod metadata;
mod notice;
mod opening;
mod output;
mod pcm;
mod raw;
mod room;
mod signature;
mod sink;
mod speakers;
mod stop;
mod stream;
mod upkeep;
mod wav;
mod written;

pub use crate::io::ahead::ahead;
pub use crate::io::aiff::AiffError;
pub use crate::io::beginning::beginning;
pub use crate::io::behind::behind;
pub use crate::io::caf::CafError;
pub use crate::io::compressed::CompressedError;
pub use crate::io::container::Container;
pub use crate::io::container::has_header;
pub use crate::io::container::is_raw;
pub use crate::io::convert::Wanted;
pub use crate::io::convert::convert;
pub use crate::io::convert::error::ConvertError;
pub use crate::io::create::Length;
pub use crate::io::create::OutputOptions;
pub use crate::io::create::create;
pub use crate::io::create::create_until;
pub use crate::io::create::record_until;
pub use crate::io::decode::Decoder;
pub use crate::io::dither::dithered;
pub use crate::io::dither::loses_depth;
pub use crate::io::encode::Encoder;
pub use crate::io::encoding::ByteOrder;
pub use crate::io::encoding::Encoding;
pub use crate::io::encoding::EncodingError;
pub use crate::io::error::CreateError;
pub use crate::io::error::OpenError;
pub use crate::io::error::ReadError;
pub use crate::io::error::WriteError;
pub use crate::io::flac::FlacError;
pub use crate::io::generated::generate;
pub use crate::io::input::FileId;
pub use crate::io::metadata::Metadata;
pub use crate::io::metadata::Tag;
pub use crate::io::notice::Notice;
pub use crate::io::opening::open;
pub use crate::io::opening::open_until;
pub use crate::io::output::aside::Aside;
pub use crate::io::output::aside::set_aside;
pub use crate::io::output::unfinished::Overwrite;
pub use crate::io::output::unfinished::Swept;
pub use crate::io::output::unfinished::sweep;
pub use crate::io::raw::RawSpec;
pub use crate::io::raw::RawSpecError;
pub use crate::io::room::tags_left_out;
pub use crate::io::stop::Stop;
pub use crate::io::stream::Cleaned;
pub use crate::io::stream::Effort;
pub use crate::io::stream::Sink;
pub use crate::io::stream::Source;
pub use crate::io::upkeep::HEADER_INTERVAL_SECONDS;
pub use crate::io::wav::WavError;
pub use crate::io::written::End;
pub use crate::io::written::Kept;
pub use crate::io::written::Written;
