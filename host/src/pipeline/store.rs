//! Store: the buffers of an engine, lent so that what is written is never what is read.

use segue_media::audio::Buffer;
use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut};

use crate::pipeline::block::Lent;
use crate::pipeline::schedule::Place;

/// Buffers by slot.
#[derive(Debug)]
pub(super) struct Store {
    slots: Vec<Buffer>,
}

/// Everything that can be read while one place is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The slots before the one that is written, and those after it.
    before: &'a [Buffer],
    after: &'a [Buffer],
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
        }
    }

    /// Lends `place` to be written and everything else to be read.
    ///
    /// # Panics
    /// When the place is the input: a schedule never writes it.
    #[inline(always)] // It hands over views that are kept in registers, and copied otherwise.
    pub(super) fn write<R>(
        &mut self,
        place: Place,
        block: &mut Lent<'_>,
        body: impl FnOnce(Reader<'_>, AudioViewMut<'_>) -> R,
    ) -> R {
        let (input, frames) = (block.input, block.input.frames());
        let (before, after, output, into) = match place {
            Place::Input => unreachable!("a schedule never writes the input"),
            Place::Output => {
                let into = block.output.part(0, frames);
                (&self.slots[..], &[][..], AudioView::empty(), into)
            }
            Place::Slot(slot) => {
                let (before, rest) = self.slots.split_at_mut(slot);
                let (written, after) = rest
                    .split_first_mut()
                    .expect("a schedule names its own slots");
                let into = view_mut(written, frames);
                (&*before, &*after, block.output.shared(), into)
            }
        };
        let reader = Reader {
            before,
            after,
            input,
            output,
        };
        body(reader, into)
    }
}

impl<'a> Reader<'a> {
    /// Everything, while nothing is written.
    pub(super) fn new(store: &'a Store, block: &'a Lent<'_>) -> Self {
        Self {
            before: &store.slots,
            after: &[],
            input: block.input,
            output: block.output.shared(),
        }
    }

    /// What lies at a place, as many frames as the block has.
    #[inline(always)] // As `Store::write`.
    pub(super) fn view(&self, place: Place) -> AudioView<'a> {
        match place {
            Place::Input => self.input,
            Place::Output => self.output,
            Place::Slot(slot) => {
                let before = self.before.len();
                let buffer = match slot.checked_sub(before) {
                    None => &self.before[slot],
                    Some(behind) => &self.after[behind - 1],
                };
                view(buffer, self.input.frames())
            }
        }
    }
}

impl<'a> Reader<'a> {
    /// What lies at several places. Out of line, and the reader as a copy, so that it need not
    /// lie in memory where there are none.
    #[inline(never)]
    pub(super) fn views<'b>(
        self,
        places: &[Place],
        into: &'b mut [AudioView<'a>],
    ) -> &'b [AudioView<'a>] {
        let count = places.len().min(into.len());
        for (view, place) in into.iter_mut().zip(places) {
            *view = self.view(*place);
        }
        &into[..count]
    }
}

/// The first frames of a buffer, to read.
#[inline]
pub(crate) fn view(buffer: &Buffer, frames: usize) -> AudioView<'_> {
    AudioView::new(buffer.as_slice(), span(buffer, frames))
}

/// The first frames of a buffer, to write.
#[inline]
pub(crate) fn view_mut(buffer: &mut Buffer, frames: usize) -> AudioViewMut<'_> {
    let span = span(buffer, frames);
    AudioViewMut::new(buffer.as_mut_slice(), span)
}

#[inline]
fn span(buffer: &Buffer, frames: usize) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: 0,
        frames,
    }
}
