//! Front: what stands in front of the samples of a file.
//!
//! In: how many frames there are, once that is known. Out: the bytes to write before them.

use std::fmt;
use std::path::Path;

use crate::io::error::CreateError;

/// A header whose sizes are filled in at the end; it keeps its length.
pub(crate) trait Front: fmt::Debug + Send {
    /// The bytes to write.
    fn bytes(&self) -> &[u8];

    /// The most frames that it can say.
    fn frames_max(&self) -> u64;

    /// Fills in the sizes for a number of frames, [`Front::frames_max`] at most.
    fn set_frames(&mut self, frames: u64);
}

/// Refuses what is known to be longer than the header can say.
pub(crate) fn fits(
    path: &Path,
    frames: Option<u64>,
    header: &dyn Front,
    frame_bytes: u64,
) -> Result<(), CreateError> {
    match frames {
        Some(frames) if frames > header.frames_max() => Err(CreateError::TooLong {
            name: path.display().to_string(),
            frames,
            found_bytes: frames.saturating_mul(frame_bytes),
            expected_bytes: header.frames_max() * frame_bytes,
        }),
        _ => Ok(()),
    }
}
