//! Block: one block through the audio end, at its pace, and what came out of it to the sink.

use segue_media::audio::Buffer;

use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Flags};

use crate::pipeline::Stopped;
use crate::session::error::SessionError;
use crate::session::player::Block;
use crate::session::run::{Drive, Pace, To};
use std::ops::Range;

impl Drive<'_> {
    /// Frames of the block at `start` in which nothing came out are none of the output: what
    /// comes before them in the chunk takes their place, and they are dropped with the latency.
    /// Live, silence is heard instead, where somebody allowed it.
    pub(super) fn hold(&mut self, start: usize, held: usize) {
        if held == 0 {
            return;
        }
        for channel in 0..self.output.channels() {
            self.output.channel_mut(channel).copy_within(0..start, held);
        }
        self.to_drop += held as u64;
    }

    /// Plays a block of so much of the chunk as goes into one.
    pub(super) fn block(&mut self, range: Range<usize>, flags: Flags) -> Result<Block, Stopped> {
        if self.counters.first_block.is_none() {
            self.counters.first_block = Some(self.plan.born.elapsed());
        }
        let input = AudioView::new(self.input.as_slice(), span(&self.input, &range));
        let into = span(&self.output, &range);
        let output = AudioViewMut::new(self.output.as_mut_slice(), into);
        self.player.block(input, output, flags)
    }

    /// Writes so many frames of the chunk, but for those that are dropped.
    pub(super) fn write(&mut self, frames: usize, sink: &mut To<'_>) -> Result<(), SessionError> {
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
