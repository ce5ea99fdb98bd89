//! Ballistics: how fast a reduction comes and goes.
//!
//! In: reductions that a static curve asks for, in dB. Out: the reductions that are applied.
//! `dynamics` has the formulas and their source.

use crate::dynamics::chunk::{GROUP_FRAMES, fused, larger, smaller};
use crate::dynamics::state::{StateError, StateSink, StateSource, read_up_to};
use pulp::Simd;
use std::marker::PhantomData;

/// What a decaying number falls by in each frame besides: it reaches its end instead of becoming
/// denormal, and a decibel takes 300 years at it.
pub(super) const SINK: f64 = 1e-15;
/// No reduction is larger, in dB: all that `f32` holds lies within 1,540 dB.
pub(super) const REDUCTION_DB_MAX: f64 = 1e5;

/// Times of a compressor or a gate, in ms; 0 is at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// How long the processor takes to react to what is loud, to 63 % of the way in dB.
    pub attack_ms: f64,
    /// How long it takes to go back, to 63 % of the way in dB.
    pub release_ms: f64,
}

/// A one-pole low-pass: what is kept of the number before, and what is taken of the new one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pole {
    pub(super) keep: f64,
    pub(super) take: f64,
}

/// The poles of both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Poles {
    pub(super) attack: Pole,
    pub(super) release: Pole,
}

/// The two numbers that a compressor's detector remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Follower {
    held_db: f64,
    smoothed_db: f64,
}

/// Reductions of a few frames in full precision.
pub(super) struct Wide<S> {
    asked_db: [f64; GROUP_FRAMES],
    taken_db: [f64; GROUP_FRAMES],
    level: PhantomData<S>,
}

impl Pole {
    /// A pole that has gone 63 % of its way after so long.
    pub(super) fn new(time_ms: f64, sample_rate_hz: f64) -> Self {
        let frames = time_ms.clamp(0.0, crate::dynamics::TIME_MS_MAX) * sample_rate_hz / 1000.0;
        // Of 0 frames minus infinity: all is taken, nothing kept.
        let exponent = -1.0 / frames;
        Self {
            keep: exponent.exp(),
            take: -exponent.exp_m1(),
        }
    }
}

impl Poles {
    pub(super) fn new(times: &Times, sample_rate_hz: f64) -> Self {
        Self {
            attack: Pole::new(times.attack_ms, sample_rate_hz),
            release: Pole::new(times.release_ms, sample_rate_hz),
        }
    }
}

impl<S: Simd> Wide<S> {
    /// At most `GROUP_FRAMES` reductions, and what a release takes of each.
    #[inline(always)]
    pub(super) fn new(release: Pole, reductions_db: &[f32]) -> Self {
        let mut wide = Self {
            asked_db: [0.0; GROUP_FRAMES],
            taken_db: [0.0; GROUP_FRAMES],
            level: PhantomData,
        };
        for (asked_db, reduction_db) in wide.asked_db.iter_mut().zip(reductions_db) {
            *asked_db = f64::from(*reduction_db);
        }
        for (taken_db, asked_db) in wide.taken_db.iter_mut().zip(&wide.asked_db) {
            *taken_db = fused::<S>(release.take, *asked_db, -SINK);
        }
        wide
    }

    /// Each reduction, to be replaced, and what is taken of it.
    #[inline(always)]
    pub(super) fn frames(&mut self, frames: usize) -> impl Iterator<Item = (&mut f64, f64)> {
        let taken_db = self.taken_db[..frames].iter().copied();
        self.asked_db[..frames].iter_mut().zip(taken_db)
    }

    #[inline(always)]
    pub(super) fn write(&self, reductions_db: &mut [f32]) {
        for (to, from) in reductions_db.iter_mut().zip(&self.asked_db) {
            *to = *from as f32;
        }
    }
}

impl Follower {
    /// Replaces the reductions asked for by those applied.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&mut self, poles: &Poles, reductions_db: &mut [f32]) {
        let (groups, rest) = reductions_db.as_chunks_mut::<GROUP_FRAMES>();
        for group in groups {
            self.run_group::<S>(poles, group);
        }
        self.run_group::<S>(poles, rest);
    }

    /// At most `GROUP_FRAMES`. What does not wait for the frame before is done beside it.
    #[inline(always)]
    fn run_group<S: Simd>(&mut self, poles: &Poles, reductions_db: &mut [f32]) {
        let Poles { attack, release } = *poles;
        let mut wide = Wide::<S>::new(release, reductions_db);
        let Self {
            mut held_db,
            mut smoothed_db,
        } = *self;
        for (asked_db, taken_db) in wide.frames(reductions_db.len()) {
            held_db = larger(*asked_db, fused::<S>(release.keep, held_db, taken_db));
            let taken_db = attack.take * held_db;
            smoothed_db = smaller(held_db, fused::<S>(attack.keep, smoothed_db, taken_db));
            *asked_db = smoothed_db;
        }
        (self.held_db, self.smoothed_db) = (held_db, smoothed_db);
        wide.write(reductions_db);
    }

    pub(super) fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        sink.numbers(&[self.held_db, self.smoothed_db])
    }

    pub(super) fn load(source: &mut impl StateSource) -> Result<Self, StateError> {
        let held_db = read_up_to(source, REDUCTION_DB_MAX)?;
        let smoothed_db = read_up_to(source, held_db)?;
        Ok(Self {
            held_db,
            smoothed_db,
        })
    }
}
