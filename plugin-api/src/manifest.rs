//! Manifest: what a plugin says about itself, as bytes that can be read without running it.
//!
//! In: the constants of `declare`, at compile time; and the bytes of a library's section.
//! Out: those bytes, made by [`encode`]; and a [`Manifest`] read from them, checked anew, since
//! bytes come from outside.
//!
//! A fixed [`Header`] comes first and keeps its meaning for ever, so that any host can say one
//! good sentence about any plugin. The body is a row of records: a tag (`u16`), a length (`u32`),
//! and so many bytes, everything little endian, floats as their bits. A record may hold records.
//! A reader skips tags it does not know, so later minor versions may add some. Empty texts, no
//! smoothing and `live` are not written.

mod check;
mod codes;
mod decode;
mod encode;
mod error;
mod header;
pub mod limits;
pub mod model;
mod records;
mod rules;
mod semantic;
mod syntax;
mod tags;
mod words;
mod writer;

pub use encode::{encode, encoded_len};
pub use error::{ManifestError, Problem};
pub use header::{HEADER_BYTES, HEADER_VERSION, Header, MAGIC};
pub use limits::MANIFEST_BYTES_MAX;
pub use model::{Component, Manifest};
pub use syntax::Syntax;

/// The version line of the compiler that builds this SDK, and the plugin with it.
pub const RUSTC_VERSION: &str = env!("SEGUE_RUSTC");

/// The target triple that this SDK, and the plugin with it, is built for.
pub const TARGET: &str = env!("SEGUE_TARGET");
