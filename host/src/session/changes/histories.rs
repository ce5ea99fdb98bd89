//! Histories: what the stages of a session read and gave of late, where that is kept.
//!
//! In: stages that come and go, by number. Out: the history of each, and how far a place of its
//! output stands out.

use std::ops::Range;
use std::sync::Arc;

use crate::observe::{Seam, seam};
use crate::pipeline::{History, HistoryFrames, HistoryShape, Shape};

/// Frames on either side of a seam that tell what steps the signal makes by itself.
const MARGIN_FRAMES: usize = 2_048;

/// Frames behind a seam that are waited for before it is measured.
const BEHIND_FRAMES: u64 = 256;

/// The histories of all stages.
pub(super) struct Histories {
    all: Vec<Option<Arc<History>>>,
    /// How much of each is kept; `None` where nothing is.
    frames: Option<HistoryFrames>,
}

impl Histories {
    /// Those of the stages that are there.
    pub(super) const fn new(all: Vec<Option<Arc<History>>>, frames: Option<HistoryFrames>) -> Self {
        Self { all, frames }
    }

    /// That of a stage.
    pub(super) fn of(&self, number: usize) -> Option<Arc<History>> {
        self.all.get(number).cloned().flatten()
    }

    /// One for a stage that comes; `None` where nothing is kept, or there is no memory for it.
    pub(super) fn add(
        &mut self,
        number: usize,
        shape: Shape,
        sidechains: Vec<usize>,
    ) -> Option<Arc<History>> {
        let shape = HistoryShape {
            inputs: shape.channels_in,
            sidechains,
            outputs: shape.channels_out,
        };
        let history = History::new(shape, self.frames?)?;
        if self.all.len() <= number {
            self.all.resize(number + 1, None);
        }
        self.all[number] = Some(Arc::clone(&history));
        Some(history)
    }

    /// Whether nothing is kept of a stage for want of memory.
    pub(super) fn is_missing(&self, number: usize) -> bool {
        self.frames.is_some() && self.of(number).is_none()
    }

    /// A stage went.
    pub(super) fn forget(&mut self, number: usize) {
        if let Some(history) = self.all.get_mut(number) {
            *history = None;
        }
    }

    /// Whether a seam that ends at a frame of a stage's output can be measured, or never will be:
    /// a stage that is gone has nothing to wait for.
    pub(super) fn is_past(&self, number: usize, end_frames: u64) -> bool {
        let history = self.of(number);
        history.is_none_or(|history| history.output_frames() >= end_frames + BEHIND_FRAMES)
    }

    /// How far the place where old and new met stands out, as far as it is still known.
    pub(super) fn seam(&self, number: usize, frames: Range<u64>) -> Option<Seam> {
        let history = self.of(number)?;
        let (heard, end) = (frames.start, frames.end.max(frames.start));
        let from = heard.saturating_sub(MARGIN_FRAMES as u64);
        let frames = (end - from) as usize + MARGIN_FRAMES;
        let past = history.read_output(from, frames)?;
        let channels: Vec<_> = (0..past.output.channels())
            .map(|channel| &past.output.channel(channel)[..past.frames])
            .collect();
        let start = usize::try_from(heard.checked_sub(past.from_frames)?).ok()?;
        let range = start..start + (end - heard) as usize;
        seam(&channels, &range, MARGIN_FRAMES)
    }
}
