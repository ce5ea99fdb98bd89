//! Eq: a cascade of up to sixteen biquad sections, over one channel or over many.
//!
//! In: coefficients from `biquad`, then the audio, block by block.
//! Out: the filtered audio, as many frames as went in; and the running state as plain numbers.
//!
//! Source: transposed direct form II (A. Oppenheim, R. Schafer, Discrete-Time Signal Processing,
//! section 6.3): y = b0 x + s1; s1 = b1 x - a1 y + s2; s2 = b2 x - a2 y. State and coefficients
//! are `f64`, since a 20 Hz high-pass at 192 kHz has its poles within 0.0005 of 1, where `f32`
//! coefficients miss the frequency by percents; between sections the signal stays `f64` and is
//! rounded to `f32` once, at the end.
//!
//! **Change of coefficients.** Another section takes the old one's place in a linear cross-fade:
//! both hear the same and run side by side, so that nothing sounds that neither of them makes.
//! (Coefficients that move on straight lines are stable on the way, since the stable region of
//! (a1, a2) is a triangle, but stable is not inaudible: the memory of the old ones is far from what
//! the new ones would remember, and rings.) The new section's memory is made from the last two
//! frames that the old one heard and returned, then it runs unheard until what is wrong in it has
//! decayed. A change costs one section and a sum a frame while it lasts, nothing afterwards.
//!
//! **Vector levels** agree within 1e-9 of the largest sample anywhere in the cascade, a sixtieth
//! of what the rounding to `f32` takes: fused operations round once where plain ones round twice,
//! and resonances amplify what rounding leaves. On one level no bit depends on the number of
//! channels, on the sections beside one, or on how a stream is divided.
//!
//! **Non-finite input** spreads to everything that follows, as in any recursive filter, until
//! `reset`: a host keeps such samples out.

mod bank;
mod curve;
mod fade;
mod kernel;
mod lanes;
mod memory;
mod run;
mod section;

use crate::biquad::Coefficients;
use crate::cpu;
pub use bank::{Bank, Planes};
use curve::Curve;
pub use fade::{FADE_FRAMES_MAX, Fade};
pub use memory::SECTIONS_MAX;
use memory::Voice;
use pulp::Arch;
use run::{Channels, narrow, widen};
use section::Section;
use thiserror::Error;

/// How many numbers describe the running state of one section.
pub const NUMBERS_PER_SECTION: usize = section::NUMBERS;
/// Frames worked on at a time: 2 KiB of `f64`, which stays in the first-level cache.
const CHUNK_FRAMES: usize = 256;

/// A chain of sections over one channel. It owns its state and allocates nothing.
#[derive(Clone, Debug)]
pub struct Cascade {
    arch: Arch,
    curve: Curve,
    voice: Voice,
}

impl PartialEq for Cascade {
    /// Whether both go on alike; what the level is does not count.
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.voice == other.voice
    }
}

impl Fade {
    fn check(self) -> Result<(), CascadeError> {
        match self.is_in_range() {
            true => Ok(()),
            false => Err(CascadeError::FadeTooLong {
                found: self.longest(),
            }),
        }
    }
}

/// Why a cascade cannot be made, changed or loaded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CascadeError {
    /// More sections than fit.
    #[error("{found} filter sections were given, expected at most {SECTIONS_MAX}")]
    TooManySections {
        /// How many were given.
        found: usize,
    },
    /// There is no such section.
    #[error("filter section {found} was named, expected one below {count}")]
    NoSuchSection {
        /// The index that was given.
        found: usize,
        /// How many sections there are.
        count: usize,
    },
    /// The fade, or the time before it, is longer than anyone waits.
    #[error("a fade of {found} frames was asked for, expected at most {FADE_FRAMES_MAX}")]
    FadeTooLong {
        /// What was given, in frames.
        found: u32,
    },
    /// The buffer does not hold the state of exactly these sections.
    #[error("filter state has {found} numbers, expected {expected}")]
    StateLength {
        /// The length that was given.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// The state has a number that no running filter has.
    #[error(
        "filter state number {index} is out of range, expected a finite number of this cascade"
    )]
    StateValue {
        /// Where it stands.
        index: usize,
    },
}

impl Cascade {
    /// A cascade at rest, on the level of `cpu::arch`. No section at all is allowed, and passes
    /// the audio through.
    ///
    /// Thread: control; it reads the environment.
    ///
    /// # Errors
    /// `TooManySections` above `SECTIONS_MAX`.
    pub fn new(coefficients: &[Coefficients]) -> Result<Self, CascadeError> {
        Self::on(cpu::arch(), coefficients)
    }

    /// The same on one of the levels of `cpu::levels`. Any thread.
    ///
    /// # Errors
    /// `TooManySections` above `SECTIONS_MAX`.
    pub fn on(arch: Arch, coefficients: &[Coefficients]) -> Result<Self, CascadeError> {
        let count = coefficients.len();
        if count > SECTIONS_MAX {
            return Err(CascadeError::TooManySections { found: count });
        }
        Ok(Self {
            arch,
            curve: Curve::new(coefficients),
            voice: Voice::default(),
        })
    }

    /// How many sections there are. Any thread.
    #[must_use]
    pub fn section_count(&self) -> usize {
        self.curve.count()
    }

    /// Filters `input` into `output`, as many frames as the shorter has, and goes on from where
    /// the last call stopped. How the stream is divided into calls changes no bit.
    ///
    /// Thread: any, the audio thread included.
    pub fn process(&mut self, input: &[f32], output: &mut [f32]) {
        let mut wide = [0.0; CHUNK_FRAMES];
        for (from, to) in input
            .chunks(CHUNK_FRAMES)
            .zip(output.chunks_mut(CHUNK_FRAMES))
        {
            let frames = from.len().min(to.len());
            let wide = &mut wide[..frames];
            widen(self.arch, from, wide);
            self.process_wide(wide);
            narrow(self.arch, wide, to);
        }
    }

    /// Filters `samples` where they are; else the same as `process`.
    ///
    /// Thread: any, the audio thread included.
    pub fn process_in_place(&mut self, samples: &mut [f32]) {
        let mut wide = [0.0; CHUNK_FRAMES];
        for chunk in samples.chunks_mut(CHUNK_FRAMES) {
            let wide = &mut wide[..chunk.len()];
            widen(self.arch, chunk, wide);
            self.process_wide(wide);
            narrow(self.arch, wide, chunk);
        }
    }

    /// Filters samples in place in full precision, for measurements; else the same as `process`.
    ///
    /// Thread: any, the audio thread included.
    pub fn process_wide(&mut self, samples: &mut [f64]) {
        let mut rest = samples;
        while self.curve.is_changing() && !rest.is_empty() {
            let most = CHUNK_FRAMES.min(self.curve.frames_to_turn());
            let (changing, later) = rest.split_at_mut(rest.len().min(most));
            self.process_changing(changing);
            rest = later;
        }
        self.filter(rest, &mut []);
    }

    /// At most `CHUNK_FRAMES`, and no more than `frames_to_turn`.
    fn process_changing(&mut self, samples: &mut [f64]) {
        let mut spare = [0.0; CHUNK_FRAMES];
        let frames = samples.len();
        self.filter(samples, &mut spare[..frames]);
        let voice = &mut self.voice;
        let arrived = |section| voice.arrive(section);
        self.curve.pass_frames(frames, arrived);
    }

    fn filter(&mut self, samples: &mut [f64], spare: &mut [f64]) {
        let one = Channels {
            voices: [&mut self.voice],
            samples: [samples],
            spare: [spare],
        };
        one.filter(self.arch, &self.curve);
    }

    /// Lets another section take the place of one: see `Fade`. Of changes that are asked for while
    /// another is heard, the newest follows once that one is over; one back to what is heard ends
    /// a change that is not heard yet.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection` and `FadeTooLong`; the cascade is then as before.
    pub fn fade(
        &mut self,
        section: usize,
        target: Coefficients,
        fade: Fade,
    ) -> Result<(), CascadeError> {
        fade.check()?;
        let count = self.curve.count();
        if section >= count {
            return Err(CascadeError::NoSuchSection {
                found: section,
                count,
            });
        }
        if self.curve.fade(section, target, fade) {
            self.voice.forget_coming(section);
        }
        Ok(())
    }

    /// Forgets the audio heard so far and ends every change at its target.
    ///
    /// Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.curve.settle();
        self.voice = Voice::default();
    }

    /// How many numbers `save` writes and `load` reads. Any thread.
    #[must_use]
    pub fn state_len(&self) -> usize {
        self.curve.count() * NUMBERS_PER_SECTION
    }

    /// Writes the running state, coefficients and changes included, as plain finite numbers; a
    /// cascade that loads them goes on bit for bit as this one would.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `StateLength` unless `numbers` has room for exactly `state_len`.
    pub fn save(&self, numbers: &mut [f64]) -> Result<(), CascadeError> {
        self.check_length(numbers.len())?;
        let (rows, _) = numbers.as_chunks_mut();
        for (index, (row, section)) in rows.iter_mut().zip(self.curve.sections()).enumerate() {
            *row = section.numbers(self.voice.get(index));
        }
        Ok(())
    }

    /// Takes over a state that `save` wrote, all of it or nothing.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `StateLength` for another number of sections, `StateValue` for a number that no running
    /// filter has; the cascade is then as before.
    pub fn load(&mut self, numbers: &[f64]) -> Result<(), CascadeError> {
        self.check_length(numbers.len())?;
        let (rows, _) = numbers.as_chunks();
        let mut loaded = self.clone();
        loaded.voice = Voice::default();
        for (index, row) in rows.iter().enumerate() {
            let (section, memory) =
                Section::from_numbers(row).map_err(|within| CascadeError::StateValue {
                    index: index * NUMBERS_PER_SECTION + within,
                })?;
            loaded.curve.set(index, section);
            loaded.voice.set(index, memory);
        }
        *self = loaded;
        Ok(())
    }

    fn check_length(&self, found: usize) -> Result<(), CascadeError> {
        let expected = self.state_len();
        if found == expected {
            Ok(())
        } else {
            Err(CascadeError::StateLength { found, expected })
        }
    }
}
