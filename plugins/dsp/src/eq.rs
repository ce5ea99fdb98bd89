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
//! **Change of coefficients.** `glide` moves a section's five coefficients in straight lines from
//! old to new, frame by frame, while the state runs on. The stable region of (a1, a2) is a
//! triangle, thus convex: every section on the way is stable too. It costs a division and five
//! multiplications a frame while it lasts, nothing afterwards, and makes no step.
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
mod kernel;
mod lanes;
mod memory;
mod run;
mod section;

use crate::biquad::Coefficients;
use crate::cpu;
pub use bank::{Bank, Planes};
use curve::Curve;
use memory::Memory;
use pulp::Arch;
use run::{filter, narrow, widen};
use section::Section;
use thiserror::Error;

/// The most sections in one cascade.
pub const SECTIONS_MAX: usize = 16;
/// How many numbers describe the running state of one section.
pub const NUMBERS_PER_SECTION: usize = section::NUMBERS;
/// The longest glide, in frames: more than a minute at every rate.
pub const GLIDE_FRAMES_MAX: u32 = 1 << 26;
/// Frames worked on at a time: 2 KiB of `f64`, which stays in the first-level cache.
const CHUNK_FRAMES: usize = 256;

/// A chain of sections over one channel. It owns its state and allocates nothing.
#[derive(Clone, Debug)]
pub struct Cascade {
    arch: Arch,
    curve: Curve,
    memory: Memory,
}

impl PartialEq for Cascade {
    /// Whether both go on alike; what the level is does not count.
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve && self.memory == other.memory
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
    /// The glide is longer than anyone waits.
    #[error("a glide of {found} frames was asked for, expected at most {GLIDE_FRAMES_MAX}")]
    GlideTooLong {
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
            memory: Memory::default(),
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
        let frames = samples.len();
        filter(self.arch, &self.curve, [&mut self.memory], [samples]);
        self.curve.pass_frames(frames);
    }

    /// Moves one section to other coefficients over so many frames; 0 changes at once. A glide
    /// under way starts anew from where it is.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// `NoSuchSection` and `GlideTooLong`; the cascade is then as before.
    pub fn glide(
        &mut self,
        section: usize,
        target: Coefficients,
        frames: u32,
    ) -> Result<(), CascadeError> {
        if frames > GLIDE_FRAMES_MAX {
            return Err(CascadeError::GlideTooLong { found: frames });
        }
        let count = self.curve.count();
        if section >= count {
            return Err(CascadeError::NoSuchSection {
                found: section,
                count,
            });
        }
        self.curve.glide(section, target, frames);
        Ok(())
    }

    /// Forgets the audio heard so far and ends every glide at its target.
    ///
    /// Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.curve.settle();
        self.memory = Memory::default();
    }

    /// How many numbers `save` writes and `load` reads. Any thread.
    #[must_use]
    pub fn state_len(&self) -> usize {
        self.curve.count() * NUMBERS_PER_SECTION
    }

    /// Writes the running state, coefficients and glides included, as plain finite numbers; a
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
            *row = section.numbers(self.memory.get(index));
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
        loaded.memory = Memory::default();
        for (index, row) in rows.iter().enumerate() {
            let (section, memory) =
                Section::from_numbers(row).map_err(|within| CascadeError::StateValue {
                    index: index * NUMBERS_PER_SECTION + within,
                })?;
            loaded.curve.set(index, section);
            loaded.memory.set(index, memory);
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
