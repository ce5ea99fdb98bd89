//! Memory: how much past an instance may hold, and how it goes into a running state.
//!
//! In: lengths in frames. Out: one line for each channel, or why there are none.

use segue_dsp::delay::Line;
use segue_plugin::prelude::*;

/// The state of another delay, or of none.
pub(crate) const NO_PAST: Fault = Fault::new(1, "the running state is not that of this delay");

/// The most bytes of past samples in one instance: nearly three minutes of stereo at 48 kHz.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// A line of so many frames for each channel. It allocates: not for the audio thread.
///
/// # Errors
/// When they would take more than the bound.
pub(crate) fn lines(frames: usize, channels: usize) -> Result<Vec<Line>, Refusal> {
    let bytes = frames
        .saturating_mul(channels)
        .saturating_mul(size_of::<f32>());
    if bytes > BYTES_MAX {
        return Err(Refusal::new(format!(
            "{frames} frames of {channels} channels take {} MiB, expected {} MiB at most",
            bytes.div_ceil(1024 * 1024),
            BYTES_MAX / (1024 * 1024),
        )));
    }
    Ok(vec![Line::new(frames); channels])
}

/// The most bytes that `save` writes: what all lines hold.
pub(crate) fn state_bytes(lines: &[Line]) -> usize {
    let samples: usize = lines.iter().map(Line::frames).sum();
    samples * size_of::<f32>()
}

/// Writes the newest frames that the lines remember, so many of each. Thread: audio.
pub(crate) fn save(
    lines: &[Line],
    frames: usize,
    state: &mut StateWriter<'_>,
) -> Result<(), Fault> {
    for stretch in lines.iter().flat_map(|line| line.newest(frames)) {
        state.f32s(stretch)?;
    }
    Ok(())
}

/// The past of as many lines as were saved, so many frames of each, if it is one. Thread: audio.
///
/// # Errors
/// When the lines are shorter, when there are not so many samples, or one of them is not finite.
pub(crate) fn read<'a>(
    lines: &[Line],
    frames: usize,
    state: &mut StateReader<'a>,
) -> Result<Past<'a>, Fault> {
    if lines.iter().any(|line| line.frames() < frames) {
        return Err(NO_PAST);
    }
    let bytes = state.bytes(lines.len() * frames * size_of::<f32>())?;
    let samples = bytes.as_chunks().0;
    if samples
        .iter()
        .all(|bytes| f32::from_le_bytes(*bytes).is_finite())
    {
        Ok(Past { samples, frames })
    } else {
        Err(NO_PAST)
    }
}

/// Samples of all channels, checked and not taken over yet.
pub(crate) struct Past<'a> {
    samples: &'a [[u8; size_of::<f32>()]],
    /// Of each line.
    frames: usize,
}

impl Past<'_> {
    /// Lets the lines remember it, behind silence. Thread: audio.
    pub(crate) fn fill(self, lines: &mut [Line]) {
        let mut rest = self.samples.iter();
        for line in lines {
            for (sample, bytes) in line.newest_mut(self.frames).iter_mut().zip(&mut rest) {
                *sample = f32::from_le_bytes(*bytes);
            }
        }
    }
}
