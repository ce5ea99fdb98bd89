//! Past: what went into a stage of late, for a candidate that is primed with it.
//!
//! In: the history that the audio thread writes. Out: copies of stretches of it.

use std::sync::Arc;

use segue_media::audio::Buffer;

use crate::pipeline::History;
use crate::session::candidate::Past;

/// The history of one stage.
pub(super) struct OfStage(pub(super) Arc<History>);

impl Past for OfStage {
    fn begin_frames(&self) -> u64 {
        let end = self.0.input_frames();
        end.saturating_sub(self.0.frames() as u64)
    }

    fn first_frames(&self) -> u64 {
        self.0.first_frames()
    }

    fn end_frames(&self) -> u64 {
        self.0.input_frames()
    }

    fn read(
        &mut self,
        from_frames: u64,
        frames: usize,
        input: &mut Buffer,
        sidechains: &mut [Buffer],
    ) -> bool {
        let Some(past) = self.0.read_input(from_frames, frames) else {
            return false;
        };
        if past.from_frames != from_frames || past.frames < frames {
            return false;
        }
        copy(&past.input, frames, input);
        for (from, into) in past.sidechains.iter().zip(sidechains) {
            copy(from, frames, into);
        }
        true
    }
}

fn copy(from: &Buffer, frames: usize, into: &mut Buffer) {
    for channel in 0..from.channels().min(into.channels()) {
        let samples = &from.channel(channel)[..frames];
        into.channel_mut(channel)[..frames].copy_from_slice(samples);
    }
}

/// Nothing is kept: what went in before this frame is gone, and nothing came after it.
pub(super) struct Nothing(pub(super) u64);

impl Past for Nothing {
    fn begin_frames(&self) -> u64 {
        self.0
    }

    fn first_frames(&self) -> u64 {
        0
    }

    fn end_frames(&self) -> u64 {
        self.0
    }

    fn read(&mut self, _: u64, frames: usize, _: &mut Buffer, _: &mut [Buffer]) -> bool {
        frames == 0
    }
}
