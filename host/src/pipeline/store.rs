//! Store: the buffers of an engine, lent so that what is written is never what is read.

use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut};

use crate::audio::Buffer;
use crate::pipeline::engine::Lent;
use crate::pipeline::plan::Place;

/// Buffers by slot.
#[derive(Debug)]
pub(super) struct Store {
    slots: Vec<Buffer>,
    /// Stands in for the slot that is being written; without channels otherwise.
    spare: Buffer,
}

/// Everything that can be read while one place is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    slots: &'a [Buffer],
    input: AudioView<'a>,
    output: AudioView<'a>,
}

impl Store {
    /// Buffers of so many channels each, for blocks of at most `frames_max` frames.
    pub(super) fn new(channels: &[usize], frames_max: usize) -> Self {
        Self {
            slots: channels
                .iter()
                .map(|channels| Buffer::new(*channels, frames_max))
                .collect(),
            spare: Buffer::new(0, 0),
        }
    }

    /// Lends `place` to be written and everything else to be read.
    ///
    /// # Panics
    /// When the place is the input: a plan never writes it.
    #[inline]
    pub(super) fn write<R>(
        &mut self,
        place: Place,
        block: &mut Lent<'_>,
        body: impl FnOnce(Reader<'_>, AudioViewMut<'_>) -> R,
    ) -> R {
        let (input, frames) = (block.input, block.input.frames());
        match place {
            Place::Input => unreachable!("a plan never writes the input"),
            Place::Output => {
                let reader = Reader {
                    slots: &self.slots,
                    input,
                    output: AudioView::empty(),
                };
                body(reader, block.output.part(0, frames))
            }
            Place::Slot(slot) => {
                std::mem::swap(&mut self.slots[slot], &mut self.spare);
                let span = span(&self.spare, frames);
                let reader = Reader {
                    slots: &self.slots,
                    input,
                    output: block.output.shared(),
                };
                let result = body(reader, AudioViewMut::new(self.spare.as_mut_slice(), span));
                std::mem::swap(&mut self.slots[slot], &mut self.spare);
                result
            }
        }
    }
}

impl<'a> Reader<'a> {
    /// Everything, while nothing is written.
    pub(super) fn new(store: &'a Store, block: &'a Lent<'_>) -> Self {
        Self {
            slots: &store.slots,
            input: block.input,
            output: block.output.shared(),
        }
    }

    /// What lies at a place, as many frames as the block has.
    #[inline]
    pub(super) fn view(&self, place: Place) -> AudioView<'a> {
        match place {
            Place::Input => self.input,
            Place::Output => self.output,
            Place::Slot(slot) => {
                let buffer = &self.slots[slot];
                AudioView::new(buffer.as_slice(), span(buffer, self.input.frames()))
            }
        }
    }
}

fn span(buffer: &Buffer, frames: usize) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: 0,
        frames,
    }
}
