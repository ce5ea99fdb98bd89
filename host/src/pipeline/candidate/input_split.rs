//! Input split: a block's input in two parts, where it goes over from one instance to another.
//!
//! In: the input, and how far the way from one to the other is. Out: the part of each; both together
//! are the input. On the audio thread but for `new`.

use segue_media::audio::Buffer;
use segue_plugin::link::AudioView;

use crate::pipeline::fade_in::FadeIn;
use crate::pipeline::store::view;

/// Parts of an input. Where it is not active, both instances read all of it.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct InputSplit {
    is_active: bool,
    /// For the old and for the new instance; there only where it was ever to be active.
    parts: Option<(Buffer, Buffer)>,
}

impl InputSplit {
    /// Allocates; not for the audio thread.
    pub(super) fn new(channels: usize, frames_max: usize) -> Self {
        let part = || Buffer::new(channels, frames_max);
        Self {
            is_active: true,
            parts: Some((part(), part())),
        }
    }

    pub(in crate::pipeline) const fn is_active(&self) -> bool {
        self.is_active
    }

    /// Both read all of the input from now on; the memory stays.
    pub(super) const fn end(&mut self) {
        self.is_active = false;
    }

    /// Splits the input of a block.
    pub(super) fn split(&mut self, fade_in: &FadeIn, input: AudioView<'_>) {
        let (true, Some((old, new))) = (self.is_active, &mut self.parts) else {
            return;
        };
        let frames = input.frames();
        for (channel, (old, new)) in old.iter_mut().zip(new.iter_mut()).enumerate() {
            let (old, new) = (&mut old[..frames], &mut new[..frames]);
            fade_in.part(input.channel(channel), new, old);
        }
    }

    /// The part of a block's input that the old instance reads.
    pub(in crate::pipeline) fn old<'a>(&'a self, input: AudioView<'a>) -> AudioView<'a> {
        match (self.is_active, &self.parts) {
            (true, Some((old, _))) => view(old, input.frames()),
            _ => input,
        }
    }

    /// The part that the new one reads.
    pub(super) fn new_part<'a>(&'a self, input: AudioView<'a>) -> AudioView<'a> {
        match (self.is_active, &self.parts) {
            (true, Some((_, new))) => view(new, input.frames()),
            _ => input,
        }
    }
}
