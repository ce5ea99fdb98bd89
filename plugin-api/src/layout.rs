//! Layout: which signals a processor takes.
//!
//! In: layouts of channels. Out: `Layouts`, which a component declares. What a layout is stands in
//! a crate of its own, which files and manifests share.

pub use segue_layout::{CHANNELS_MAX, Layout, SPEAKER_NAMES};

/// Which layouts a processor accepts, and what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layouts {
    /// Any, and the output has the input's.
    Any,
    /// One of these, and the output has the input's.
    Same(&'static [Layout]),
    /// Pairs of input and output.
    Pairs(&'static [(Layout, Layout)]),
}
