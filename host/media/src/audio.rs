//! Audio: the words every floor shares for samples.
//!
//! In: sizes and formats, checked here once. Out: `Format`, `Buffer` and the finite check.
//!
//! Samples are planar `f32` in [-1, 1). The layout of channels is [`Layout`], which plugins share.

mod buffer;
mod finite;
mod format;
mod speakers;

pub use buffer::Buffer;
pub use finite::Replaced;
pub use finite::first_non_finite;
pub use finite::is_finite;
pub use finite::sanitize;
pub use format::Format;
pub use format::FormatError;
pub use format::SAMPLE_RATE_MAX_HZ;
pub use format::SampleFormat;
pub use format::layout;
pub use segue_layout::CHANNELS_MAX;
pub use segue_layout::Layout;
pub use speakers::LayoutName;
pub use speakers::LayoutNameError;
