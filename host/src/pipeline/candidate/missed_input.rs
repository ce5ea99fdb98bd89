//! Missed input: what a new instance has missed since it was primed.
//!
//! In: the stage's history, and how far behind the instance is. Out: stretches of what it missed,
//! one after the other, in buffers that were made beforehand. On the audio thread but for `new`.

use segue_media::audio::Buffer;
use segue_plugin::link::{AudioView, Flags, ParamEvent};

use crate::pipeline::block::OutputUse;
use crate::pipeline::block::SIDECHAINS_MAX;
use crate::pipeline::call::Call;
use crate::pipeline::history::History;
use crate::pipeline::store::view;

/// Where a block lies in what its stage reads, and what is kept of that.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct RecentInput<'a> {
    /// The block's first frame, counted as `StageGauges::frames_in`.
    pub(in crate::pipeline) at_frames: u64,
    pub(in crate::pipeline) history: Option<&'a History>,
}

/// Frames that were missed.
#[derive(Debug)]
pub(super) struct MissedInput {
    /// How many, at the start of a block.
    pub(super) behind_frames: u64,
    /// Whether some are lost, and the next frame does not follow the last.
    pub(super) has_jumped: bool,
    input: Buffer,
    sidechains: Vec<Buffer>,
}

impl MissedInput {
    /// Allocates; not for the audio thread.
    pub(super) fn new(channels_in: usize, sidechains: &[usize], frames_max: usize) -> Self {
        let buffer = |channels: &usize| Buffer::new(*channels, frames_max);
        Self {
            behind_frames: 0,
            has_jumped: false,
            input: buffer(&channels_in),
            sidechains: sidechains.iter().take(SIDECHAINS_MAX).map(buffer).collect(),
        }
    }

    /// Fetches so many frames, the first that are missed; whether they are still there.
    pub(super) fn fetch(&mut self, frames: usize, recent: RecentInput<'_>) -> bool {
        let from = recent.at_frames.checked_sub(self.behind_frames);
        let (Some(history), Some(from)) = (recent.history, from) else {
            return false;
        };
        history.recall(from, frames, &mut self.input, &mut self.sidechains)
    }

    /// Lends what was fetched as a call that belongs `behind_frames` before `live`.
    pub(super) fn lend<R>(
        &self,
        frames: usize,
        live: &Call<'_>,
        events: &[ParamEvent],
        body: impl FnOnce(&Call<'_>) -> R,
    ) -> R {
        let mut keys = [AudioView::empty(); SIDECHAINS_MAX];
        for (key, buffer) in keys.iter_mut().zip(&self.sidechains) {
            *key = view(buffer, frames);
        }
        body(&Call {
            position_frames: live.position_frames.saturating_sub(self.behind_frames),
            lag_frames: live.lag_frames + self.behind_frames.min(live.position_frames),
            flags: Flags::NONE,
            input: view(&self.input, frames),
            sidechains: &keys[..self.sidechains.len()],
            events,
            use_of_output: OutputUse::Taken,
        })
    }
}
