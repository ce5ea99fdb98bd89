//! Upkeep: when the header of a recording is made good again.
//!
//! In: frames written so far. Out: whether the header has to say so now. Counted in frames, which
//! at the pace of a recording are time: no clock is asked, and a test need not wait. Pure.

use crate::audio::Format;

/// How often the header of a recording is made good, in seconds of the stream: what a player may
/// miss of a recording whose process was killed. One small write into the page cache each time.
pub const HEADER_INTERVAL_SECONDS: u64 = 2;

/// Knows when the header is due.
#[derive(Debug)]
pub(crate) struct Upkeep {
    every_frames: u64,
    due_frames: u64,
}

impl Upkeep {
    /// For a recording of this rate; due with its first frames.
    pub(crate) fn new(format: &Format) -> Self {
        Self {
            every_frames: u64::from(format.sample_rate_hz()) * HEADER_INTERVAL_SECONDS,
            due_frames: 1,
        }
    }

    /// Whether the header is due after so many frames; if so, it is taken to be made good.
    pub(crate) fn is_due(&mut self, frames: u64) -> bool {
        let is_due = frames >= self.due_frames;
        if is_due {
            self.due_frames = frames + self.every_frames;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Layout;
    use crate::audio::SampleFormat;

    #[test]
    fn the_header_is_due_at_once_and_then_every_interval() {
        let format = Format::new(1_000, Layout::MONO, SampleFormat::S16).unwrap();
        let mut upkeep = Upkeep::new(&format);
        let due = (0..10).map(|at| at * 500).filter(|at| upkeep.is_due(*at));
        assert_eq!(due.collect::<Vec<_>>(), [500, 2_500, 4_500]);
    }
}
