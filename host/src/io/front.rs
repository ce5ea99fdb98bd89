//! Front: what stands in front of the samples of a file.
//!
//! In: how many frames there are, once that is known. Out: the bytes to write before them.

use std::fmt;

/// A header whose sizes are filled in at the end; it keeps its length.
pub(crate) trait Front: fmt::Debug + Send {
    /// The bytes to write.
    fn bytes(&self) -> &[u8];

    /// The most frames that it can say.
    fn frames_max(&self) -> u64;

    /// Fills in the sizes for a number of frames, [`Front::frames_max`] at most.
    fn set_frames(&mut self, frames: u64);
}
