//! Bank: the same sections over several channels, each with a memory of its own.
//!
//! In: sections that come, change and go, and blocks of all channels. Out: the filtered blocks.

use std::fmt;

use pulp::Arch;

use crate::biquad::Coefficients;
use crate::cpu;
use crate::eq::curve::Curve;
use crate::eq::memory::Voice;
use crate::eq::run::{Channels, narrow, widen};
use crate::eq::section::Section;
use crate::eq::{CascadeError, Fade, NUMBERS_PER_SECTION, SECTIONS_MAX};

/// Channels worked on at once: with two, neither waits for its own recurrence.
const SIDES: usize = 2;
/// Frames worked on at a time: 8 KiB of `f64`, which stay in the first-level cache.
const CHUNK_FRAMES: usize = 512;

/// A block of several channels, each in one piece: read the one side, fill the other.
pub trait Planes {
    /// How many frames, in and out.
    fn frames(&self) -> usize;
    /// All frames of a channel as they come in.
    fn input(&self, channel: usize) -> &[f32];
    /// All frames of a channel as they are to go out.
    fn output(&mut self, channel: usize) -> &mut [f32];
}

/// Sections over several channels. After its making it allocates nothing.
///
/// Every channel comes out as it would from a `Cascade` of its own, to the last bit.
#[derive(Clone)]
pub struct Bank {
    arch: Arch,
    curve: Curve,
    voices: Vec<Voice>,
    chunk: Box<[[f64; CHUNK_FRAMES]; SIDES]>,
    /// For what a changing section's successor hears.
    spare: Box<[[f64; CHUNK_FRAMES]; SIDES]>,
}

impl fmt::Debug for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank")
            .field("level", &cpu::name(self.arch))
            .field("curve", &self.curve)
            .field("voices", &self.voices)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Bank {
    /// Whether both go on alike; what the level is does not count.
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.voices == other.voices
    }
}

impl Bank {
    /// A bank at rest and without a section, on one of the levels of `cpu::levels`.
    ///
    /// Thread: control; it allocates.
    #[must_use]
    pub fn new(arch: Arch, channels: usize) -> Self {
        Self {
            arch,
            curve: Curve::new(&[]),
            voices: vec![Voice::default(); channels],
            chunk: Box::new([[0.0; CHUNK_FRAMES]; SIDES]),
            spare: Box::new([[0.0; CHUNK_FRAMES]; SIDES]),
        }
    }

    /// How many channels there are. Any thread.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.voices.len()
    }

    /// How many sections there are. Any thread.
    #[must_use]
    pub fn section_count(&self) -> usize {
        self.curve.count()
    }

    /// Filters a block and goes on from where the last call stopped. How the stream is divided
    /// into calls changes no bit.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Panics
    /// When the block has fewer channels or one of them fewer frames than it says.
    pub fn process(&mut self, planes: &mut impl Planes) {
        let frames = planes.frames();
        let mut start = 0;
        while start < frames {
            let most = CHUNK_FRAMES.min(self.curve.frames_to_turn());
            let end = frames.min(start + most);
            self.process_chunk(planes, start, end);
            let voices = &mut self.voices;
            self.curve.pass_frames(end - start, |section| {
                voices.iter_mut().for_each(|voice| voice.arrive(section));
            });
            start = end;
        }
    }

    fn process_chunk(&mut self, planes: &mut impl Planes, start: usize, end: usize) {
        let (arch, curve) = (self.arch, &self.curve);
        let [left, right] = self.chunk.each_mut().map(|side| &mut side[..end - start]);
        let [left_spare, right_spare] = self.spare.each_mut().map(|side| &mut side[..end - start]);
        for (pair, voices) in self.voices.chunks_mut(SIDES).enumerate() {
            let first = pair * SIDES;
            widen(arch, &planes.input(first)[start..end], left);
            if let [voice, other] = voices {
                widen(arch, &planes.input(first + 1)[start..end], right);
                let both = Channels {
                    voices: [voice, other],
                    samples: [left, right],
                    spare: [left_spare, right_spare],
                };
                both.filter(arch, curve);
                narrow(arch, right, &mut planes.output(first + 1)[start..end]);
            } else if let [voice] = voices {
                let one = Channels {
                    voices: [voice],
                    samples: [left],
                    spare: [left_spare],
                };
                one.filter(arch, curve);
            }
            narrow(arch, left, &mut planes.output(first)[start..end]);
        }
    }

    /// Puts a section that lets everything through before the one of this index, or behind the
    /// last. Memories that have become infinite or no number are emptied.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection` behind the end, `TooManySections` where none fits; nothing has changed.
    pub fn insert(&mut self, index: usize) -> Result<(), CascadeError> {
        let count = self.curve.count();
        if index > count {
            return Err(CascadeError::NoSuchSection {
                found: index,
                count,
            });
        }
        if count == SECTIONS_MAX {
            return Err(CascadeError::TooManySections { found: count + 1 });
        }
        self.curve.insert(index);
        for voice in &mut self.voices {
            voice.insert(index, count + 1);
        }
        Ok(())
    }

    /// Takes a section away at once, whatever it does. Memories that have become infinite or no
    /// number are emptied.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection`; nothing has changed.
    pub fn remove(&mut self, index: usize) -> Result<(), CascadeError> {
        self.check_section(index)?;
        let count = self.curve.count();
        self.curve.remove(index);
        for voice in &mut self.voices {
            voice.remove(index, count);
        }
        Ok(())
    }

    /// Lets another section take the place of one: see `Fade`. Of changes that are asked for while
    /// another is heard, the newest follows once that one is over; one back to what is heard ends
    /// a change that is not heard yet.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection` and `FadeTooLong`; the bank is then as before.
    pub fn fade(
        &mut self,
        section: usize,
        target: Coefficients,
        fade: Fade,
    ) -> Result<(), CascadeError> {
        fade.check()?;
        self.check_section(section)?;
        if self.curve.fade(section, target, fade) {
            let voices = self.voices.iter_mut();
            voices.for_each(|voice| voice.forget_coming(section));
        }
        Ok(())
    }

    /// How many frames it takes until a section is settled, all changes that are asked for included.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection`.
    pub fn fade_frames_left(&self, section: usize) -> Result<u64, CascadeError> {
        self.check_section(section)?;
        Ok(self.curve.sections()[section].frames_left())
    }

    /// Forgets all sections and the audio heard so far.
    ///
    /// Thread: any, the audio thread included.
    pub fn clear(&mut self) {
        self.curve = Curve::new(&[]);
        self.voices.fill(Voice::default());
    }

    /// The running state of a section in a channel: its memory first, four numbers, then what
    /// is the same in every channel.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Panics
    /// When there is no such channel or section.
    #[must_use]
    pub fn numbers(&self, channel: usize, section: usize) -> [f64; NUMBERS_PER_SECTION] {
        let memory = self.voices[channel].get(section);
        self.curve.sections()[section].numbers(memory)
    }

    /// Takes over what `numbers` returned for a section in a channel; what is the same in every
    /// channel counts for all of them.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection`, and `StateValue` for a number that no running filter has; the bank is then
    /// as before.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn restore(
        &mut self,
        channel: usize,
        section: usize,
        numbers: &[f64; NUMBERS_PER_SECTION],
    ) -> Result<(), CascadeError> {
        self.check_section(section)?;
        let (restored, memory) =
            Section::from_numbers(numbers).map_err(|index| CascadeError::StateValue { index })?;
        self.curve.set(section, restored);
        self.voices[channel].set(section, memory);
        Ok(())
    }

    fn check_section(&self, found: usize) -> Result<(), CascadeError> {
        let count = self.curve.count();
        if found < count {
            Ok(())
        } else {
            Err(CascadeError::NoSuchSection { found, count })
        }
    }
}
