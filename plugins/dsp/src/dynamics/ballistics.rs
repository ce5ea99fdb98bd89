//! Ballistics: how fast a reduction comes and goes.
//!
//! In: reductions that a static curve asks for, in dB. Out: the reductions that are applied.
//! `dynamics` has the formulas and their source.

use crate::dynamics::chunk::{GROUP_FRAMES, fused, larger, smaller};
use crate::dynamics::state::{StateError, StateSink, StateSource, read_up_to};
use pulp::Simd;

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
pub(super) struct Wide<const FRAMES: usize> {
    /// What is asked for.
    pub(super) asked_db: [f64; FRAMES],
    /// What a release takes of it.
    pub(super) taken_db: [f64; FRAMES],
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

impl<const FRAMES: usize> Wide<FRAMES> {
    #[inline(always)]
    pub(super) fn new<S: Simd>(release: Pole, reductions_db: &[f32; FRAMES]) -> Self {
        let asked_db = reductions_db.map(f64::from);
        Self {
            asked_db,
            taken_db: asked_db.map(|asked_db| fused::<S>(release.take, asked_db, -SINK)),
        }
    }
}

impl Follower {
    /// Replaces the reductions asked for by those applied.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&mut self, poles: &Poles, reductions_db: &mut [f32]) {
        let (groups, rest) = reductions_db.as_chunks_mut::<GROUP_FRAMES>();
        for group in groups {
            self.run_group::<S, GROUP_FRAMES>(poles, group);
        }
        for frame in rest.as_chunks_mut().0 {
            self.run_group::<S, 1>(poles, frame);
        }
    }

    /// What does not wait for the frame before is done beside it.
    #[inline(always)]
    fn run_group<S: Simd, const FRAMES: usize>(
        &mut self,
        poles: &Poles,
        reductions_db: &mut [f32; FRAMES],
    ) {
        let Poles { attack, release } = *poles;
        let mut wide = Wide::new::<S>(release, reductions_db);
        let Self {
            mut held_db,
            mut smoothed_db,
        } = *self;
        for (asked_db, taken_db) in wide.asked_db.iter_mut().zip(wide.taken_db) {
            held_db = larger(*asked_db, fused::<S>(release.keep, held_db, taken_db));
            let taken_db = attack.take * held_db;
            smoothed_db = smaller(held_db, fused::<S>(attack.keep, smoothed_db, taken_db));
            *asked_db = smoothed_db;
        }
        (self.held_db, self.smoothed_db) = (held_db, smoothed_db);
        *reductions_db = wide.asked_db.map(|db| db as f32);
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
