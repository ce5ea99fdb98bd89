//! Block: one block through the engine, at its pace, and what came out of it to the sink.

use crate::audio::Buffer;
use crate::io::Sink;
use crate::pipeline::{Lent, Stopped};
use crate::session::error::SessionError;
use crate::session::run::{Pace, Runner};
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Flags};
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

impl Runner<'_> {
    /// Frames of the block at `start` in which nothing came out are none of the output: what
    /// comes before them in the chunk takes their place, and they are dropped with the latency.
    pub(super) fn hold(&mut self, start: usize) {
        let held = self.engine.held_frames();
        if held == 0 || self.plan.pace == Pace::RealTime {
            return; // Live, silence is heard instead, where somebody allowed it.
        }
        for channel in 0..self.output.channels() {
            self.output.channel_mut(channel).copy_within(0..start, held);
        }
        self.to_drop += held as u64;
    }

    pub(super) fn block(&mut self, range: Range<usize>, flags: Flags) -> Result<(), Stopped> {
        let input = AudioView::new(self.input.as_slice(), span(&self.input, &range));
        let into = span(&self.output, &range);
        let mut lent = Lent {
            position_frames: self.position_frames,
            flags,
            input,
            output: AudioViewMut::new(self.output.as_mut_slice(), into),
        };
        if self.counters.first_block.is_none() {
            self.counters.first_block = Some(self.plan.born.elapsed());
        }
        if self.plan.pace == Pace::Fast {
            return self.engine.process(&mut lent);
        }
        let before = Instant::now();
        let result = self.engine.process(&mut lent);
        self.keep_pace(before, range.len());
        result
    }

    /// Counts a block that took longer than it lasts, and waits until its time is over.
    pub(super) fn keep_pace(&mut self, before: Instant, frames: usize) {
        let rate = f64::from(self.plan.sample_rate_hz);
        if before.elapsed().as_secs_f64() > frames as f64 / rate {
            self.counters.late_blocks += 1;
        }
        let due = (self.position_frames + frames as u64) as f64 / rate;
        let early = Duration::from_secs_f64(due).saturating_sub(self.started.elapsed());
        if !early.is_zero() {
            thread::sleep(early);
        }
    }

    pub(super) fn write(
        &mut self,
        frames: usize,
        sink: &mut Option<&mut (dyn Sink + 'static)>,
    ) -> Result<(), SessionError> {
        let dropped = self.to_drop.min(frames as u64);
        self.to_drop -= dropped;
        let written = (frames as u64 - dropped).min(self.to_write);
        self.to_write -= written;
        self.counters.frames_out += written;
        if let (Some(sink), true) = (sink, written > 0) {
            let start = dropped as usize;
            sink.write(&self.output, start..start + written as usize)?;
            if self.plan.pace == Pace::RealTime {
                sink.flush()?;
            }
        }
        Ok(())
    }
}

fn span(buffer: &Buffer, range: &Range<usize>) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: range.start,
        frames: range.len(),
    }
}
