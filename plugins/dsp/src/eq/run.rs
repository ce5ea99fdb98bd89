//! Run: samples of any kind through a curve, changing or settled.
//!
//! In: a curve, what as many channels remember, and their samples. Out: the samples filtered.

use std::ops::Range;

use pulp::Arch;

use crate::biquad::Coefficients;
use crate::eq::curve::{Curve, Rows};
use crate::eq::kernel::Run;
use crate::eq::lanes::{Job, Lanes, dispatch};
use crate::eq::memory::{Memory, Voice};
use crate::eq::section::{Change, Phase};

/// Channels of equal length that go through a curve in place. The caller counts the frames, once
/// every channel has been through it; none has more than `frames_to_turn`.
pub(super) struct Channels<'a, const CHANNELS: usize> {
    pub(super) voices: [&'a mut Voice; CHANNELS],
    pub(super) samples: [&'a mut [f64]; CHANNELS],
    /// As long, for what is filtered a second time; empty where nothing changes.
    pub(super) spare: [&'a mut [f64]; CHANNELS],
}

impl<const CHANNELS: usize> Channels<'_, CHANNELS> {
    /// Runs them through all sections.
    #[inline(always)]
    pub(super) fn filter(mut self, arch: Arch, curve: &Curve) {
        if curve.is_changing() {
            self.filter_changing(arch, curve);
            return;
        }
        let run = Run {
            rows: curve.rows(),
            sections: curve.count(),
            memories: self.voices.map(|voice| &mut voice.heard),
            samples: self.samples,
        };
        dispatch(arch, run);
    }

    /// One changing section after the other, and at once those between them.
    #[inline(never)]
    fn filter_changing(&mut self, arch: Arch, curve: &Curve) {
        let mut first = 0;
        for (index, change) in curve.changes() {
            self.filter_part(arch, curve, first..index);
            self.keep_input();
            self.filter_part(arch, curve, index..index + 1);
            self.change(arch, index, change);
            first = index + 1;
        }
        self.filter_part(arch, curve, first..curve.count());
    }

    /// Runs the samples through some sections, as they are heard.
    fn filter_part(&mut self, arch: Arch, curve: &Curve, sections: Range<usize>) {
        if sections.is_empty() {
            return;
        }
        let mut parts = self
            .voices
            .each_ref()
            .map(|voice| voice.heard.part(&sections));
        let run = Run {
            rows: &curve.part(&sections),
            sections: sections.len(),
            memories: parts.each_mut(),
            samples: self.samples.each_mut().map(|samples| &mut **samples),
        };
        dispatch(arch, run);
        for (voice, part) in self.voices.iter_mut().zip(&parts) {
            voice.heard.set_part(&sections, part);
        }
    }

    fn keep_input(&mut self) {
        for (spare, samples) in self.spare.iter_mut().zip(&self.samples) {
            spare.copy_from_slice(samples);
        }
    }

    /// What takes a section's place hears what that one heard; the samples are what it returned.
    fn change(&mut self, arch: Arch, index: usize, change: &Change) {
        match change.phase() {
            Phase::Led => self.lead(index, &change.coming),
            Phase::Warm => self.filter_coming(arch, index, &change.coming),
            Phase::Fading { done_frames, step } => {
                self.filter_coming(arch, index, &change.coming);
                self.mix(done_frames, step);
            }
        }
    }

    /// Makes the new memory from the old section's input and output: the equations of the
    /// cascade, with another y. What the new section returns next goes on from there.
    fn lead(&mut self, index: usize, coming: &Coefficients) {
        let Coefficients { b1, b2, a1, a2, .. } = *coming;
        let heard = self.spare.iter().zip(&self.samples);
        for (voice, (input, output)) in self.voices.iter_mut().zip(heard) {
            for (x, y) in input.iter().zip(&**output) {
                let [_, s2] = voice.coming.get(index);
                let s1 = (b1 * x + s2) - a1 * y;
                voice.coming.set(index, [s1, b2 * x - a2 * y]);
            }
        }
    }

    /// Runs what was kept through the new section.
    fn filter_coming(&mut self, arch: Arch, index: usize, coming: &Coefficients) {
        let section = index..index + 1;
        let mut parts: [Memory; CHANNELS] = self
            .voices
            .each_ref()
            .map(|voice| voice.coming.part(&section));
        let run = Run {
            rows: &Rows::of(coming),
            sections: 1,
            memories: parts.each_mut(),
            samples: self.spare.each_mut().map(|spare| &mut **spare),
        };
        dispatch(arch, run);
        for (voice, part) in self.voices.iter_mut().zip(&parts) {
            voice.coming.set_part(&section, part);
        }
    }

    /// The share of a frame follows from its number alone, wherever a block begins.
    fn mix(&mut self, done_frames: u32, step: f64) {
        for (samples, spare) in self.samples.iter_mut().zip(&self.spare) {
            for (frame, (y, new)) in (done_frames..).zip(samples.iter_mut().zip(&**spare)) {
                *y += (new - *y) * (f64::from(frame) * step);
            }
        }
    }
}

/// Writes `from` into `to`, exactly.
pub(super) fn widen(arch: Arch, from: &[f32], to: &mut [f64]) {
    dispatch(arch, Widen { from, to });
}

/// Writes `from` into `to`, rounded.
pub(super) fn narrow(arch: Arch, from: &[f64], to: &mut [f32]) {
    dispatch(arch, Narrow { from, to });
}

struct Widen<'a> {
    from: &'a [f32],
    to: &'a mut [f64],
}

impl Job for Widen<'_> {
    #[inline(always)]
    fn run<S: Lanes>(self, _simd: S) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = f64::from(*from);
        }
    }
}

struct Narrow<'a> {
    from: &'a [f64],
    to: &'a mut [f32],
}

impl Job for Narrow<'_> {
    #[inline(always)]
    fn run<S: Lanes>(self, _simd: S) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to = *from as f32;
        }
    }
}
