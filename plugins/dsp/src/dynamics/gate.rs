//! Gate: what is soft becomes more so, down to silence.
//!
//! In: a key, a threshold and what is done below it. Out: gains, and the signal times them. No
//! latency.
//!
//! Source: U. Zölzer, DAFX, 2nd edition, section 4.2.2 (expander and noise gate) for the curve;
//! Giannoulis, Massberg and Reiss (2012) for the detector, upside down: a reduction is let go
//! over the attack and comes over the release.
//!
//! The gate opens with the frame that reaches the threshold. It closes once so many frames after
//! the last one above threshold minus hysteresis have gone by as `hold` says. While it is closed
//! a level of d dB below the threshold is reduced by (ratio - 1) d, at most by the range:
//!
//! ```text
//! held     = min(x, keep_release held + (1 - keep_release) x)
//! smoothed = max(held, keep_attack smoothed + (1 - keep_attack) held)
//! ```

use crate::dynamics::ballistics::{Poles, REDUCTION_DB_MAX, SINK, Times};
use crate::dynamics::chunk::{
    Apply, CHUNK_FRAMES, Chunk, Control, LANES_MAX, fused, larger, smaller,
};
use crate::dynamics::math::{amplitude_from_db, db_from_amplitude};
use crate::dynamics::state::{StateError, StateSink, StateSource, read_up_to};
use pulp::{Arch, Simd, WithSimd};

/// The most frames that a gate is held open: more than a minute at every rate.
const HOLD_FRAMES_MAX: f64 = 67_108_864.0;

/// The parameters that may move from frame to frame.
#[derive(Clone, Copy, Debug)]
pub struct GateControls<'a> {
    /// The level that opens.
    pub threshold_db: Control<'a>,
    /// How far below the threshold the level has to fall until the gate closes.
    pub hysteresis_db: Control<'a>,
    /// How many dB the output falls for each that the input lies below the threshold, 1 at least.
    pub ratio: Control<'a>,
    /// The largest reduction.
    pub range_db: Control<'a>,
}

/// A gate whose gains all channels share. It owns its state; only `new` allocates.
#[derive(Clone, Debug)]
pub struct Gate {
    arch: Arch,
    sample_rate_hz: f64,
    poles: Poles,
    hold_frames: f64,
    door: Door,
    gains: Vec<f32>,
}

/// What a gate remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Door {
    /// How many frames it stays open if no more sound comes; 0 is closed. Whole numbers.
    open_frames: f64,
    held_db: f64,
    smoothed_db: f64,
}

/// The thresholds of a chunk and the reductions below them.
struct GateCurve {
    open_db: Chunk,
    hysteresis_db: Chunk,
    /// Ratio - 1.
    slope: Chunk,
    range_db: Chunk,
}

impl Gate {
    /// A gate that is about to close, since nobody knows yet what comes, for blocks of at most
    /// `frames_max`. It allocates.
    #[must_use]
    pub fn new(arch: Arch, sample_rate_hz: f64, frames_max: usize) -> Self {
        let times = Times {
            attack_ms: 0.0,
            release_ms: 0.0,
        };
        Self {
            arch,
            sample_rate_hz,
            poles: Poles::new(&times, sample_rate_hz),
            hold_frames: 0.0,
            door: Door::START,
            gains: vec![1.0; frames_max.next_multiple_of(LANES_MAX)],
        }
    }

    /// Says how fast it is and how long it is held open.
    ///
    /// Thread: any, the audio thread included.
    pub fn set(&mut self, times: &Times, hold_ms: f64) {
        self.poles = Poles::new(times, self.sample_rate_hz);
        let hold_frames = (hold_ms * self.sample_rate_hz / 1000.0).round();
        self.hold_frames = hold_frames.clamp(0.0, HOLD_FRAMES_MAX - 1.0);
    }

    /// Works out the gains of a block from the key. Returns the largest reduction, in dB.
    ///
    /// As many frames as the first channel of the key has, `frames_max` at most; the other
    /// channels have as many. Thread: any, the audio thread included.
    pub fn follow(&mut self, key: &[&[f32]], controls: &GateControls<'_>) -> f32 {
        let frames = key.first().map_or(0, |first| first.len());
        self.arch.dispatch(Follow {
            frames: frames.min(self.gains.len()),
            gate: self,
            key,
            controls,
        })
    }

    /// Writes one channel of the signal times the gains.
    ///
    /// Thread: any, the audio thread included.
    pub fn apply(&self, input: &[f32], output: &mut [f32]) {
        let frames = input.len().min(output.len()).min(self.gains.len());
        self.arch.dispatch(Apply {
            gains: &self.gains[..frames],
            input: &input[..frames],
            output: &mut output[..frames],
        });
    }

    /// Forgets everything heard. Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.door = Door::START;
    }

    /// Remembers what another one does; its times stay. Thread: any, the audio thread included.
    pub fn copy_memory(&mut self, other: &Self) {
        self.door = other.door;
    }

    /// How many bytes the running state takes. Any thread.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        size_of::<[f64; 3]>()
    }

    /// Writes the running state: with it another gate goes on bit for bit.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the sink says.
    pub fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        let Door {
            open_frames,
            held_db,
            smoothed_db,
        } = self.door;
        sink.numbers(&[open_frames, held_db, smoothed_db])
    }

    /// Takes over what `save` wrote; after an error this one is to be thrown away.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the source says, and `Value` for a number that no gate has.
    pub fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        let open_frames = read_up_to(source, HOLD_FRAMES_MAX)?;
        let held_db = read_up_to(source, REDUCTION_DB_MAX)?;
        let smoothed_db = read_up_to(source, REDUCTION_DB_MAX)?;
        if open_frames.fract() != 0.0 || smoothed_db < held_db {
            return Err(StateError::Value);
        }
        self.door = Door {
            open_frames,
            held_db,
            smoothed_db,
        };
        Ok(())
    }
}

/// Works out the gains of a block.
struct Follow<'a, 'b> {
    gate: &'a mut Gate,
    key: &'a [&'b [f32]],
    frames: usize,
    controls: &'a GateControls<'b>,
}

impl WithSimd for Follow<'_, '_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut curve = GateCurve::FLAT;
        let mut largest_db = 0.0_f32;
        for start in (0..self.frames).step_by(CHUNK_FRAMES) {
            let frames = CHUNK_FRAMES.min(self.frames - start);
            curve.set(self.controls, start, frames);
            let mut levels_db = Chunk::ZERO;
            for channel in self.key {
                levels_db.raise_to_peaks(simd, &channel[start..start + frames]);
            }
            let mut row = Chunk::ZERO;
            curve.reductions(simd, &mut levels_db, &mut row, frames);
            let Gate {
                poles, hold_frames, ..
            } = *self.gate;
            let levels_db = levels_db.frames(frames).iter();
            let hysteresis_db = curve.hysteresis_db.frames(frames);
            let open_db = curve.open_db.frames(frames).iter().zip(hysteresis_db);
            let asked_db = row.frames_mut(frames).iter_mut();
            for ((asked_db, level_db), (open_db, hysteresis_db)) in
                asked_db.zip(levels_db).zip(open_db)
            {
                let door = &mut self.gate.door;
                let over_db = level_db - open_db;
                door.turn(over_db, *hysteresis_db, hold_frames);
                let applied_db = door.step::<S>(&poles, *asked_db);
                largest_db = largest_db.max(applied_db);
                *asked_db = applied_db;
            }
            let gains = &mut self.gate.gains[start..start + frames.next_multiple_of(LANES_MAX)];
            let gains = S::as_mut_simd_f32s(gains).0.iter_mut();
            for (gain, reduction_db) in gains.zip(row.registers::<S>(frames)) {
                *gain = amplitude_from_db(simd, simd.neg_f32s(*reduction_db));
            }
        }
        largest_db
    }
}

impl Door {
    /// Closed, its reduction still to come.
    const START: Self = Self {
        open_frames: 0.0,
        held_db: 0.0,
        smoothed_db: 0.0,
    };

    /// Opens, stays or closes by how far the level of a frame is over the threshold.
    #[inline(always)]
    fn turn(&mut self, over_db: f32, hysteresis_db: f32, hold_frames: f64) {
        let is_open = self.open_frames > 0.0;
        let keeps_open = is_open && over_db >= -hysteresis_db;
        if over_db >= 0.0 || keeps_open {
            self.open_frames = hold_frames + 1.0;
        } else if is_open {
            self.open_frames -= 1.0;
        }
    }

    /// The reduction applied where one is asked for while the gate is closed.
    #[inline(always)]
    fn step<S: Simd>(&mut self, poles: &Poles, asked_db: f32) -> f32 {
        let is_open = self.open_frames > 0.0;
        let asked_db = if is_open { 0.0 } else { f64::from(asked_db) };
        let taken_db = poles.release.take * asked_db;
        let coming_db = fused::<S>(poles.release.keep, self.held_db, taken_db);
        self.held_db = smaller(asked_db, coming_db);
        let taken_db = fused::<S>(poles.attack.take, self.held_db, -SINK);
        let going_db = fused::<S>(poles.attack.keep, self.smoothed_db, taken_db);
        self.smoothed_db = larger(self.held_db, going_db);
        self.smoothed_db as f32
    }
}

impl GateCurve {
    const FLAT: Self = Self {
        open_db: Chunk::ZERO,
        hysteresis_db: Chunk::ZERO,
        slope: Chunk::ZERO,
        range_db: Chunk::ZERO,
    };

    #[inline(always)]
    fn set(&mut self, controls: &GateControls<'_>, start: usize, frames: usize) {
        self.open_db
            .fill(controls.threshold_db, start, frames, |db| db);
        self.hysteresis_db
            .fill(controls.hysteresis_db, start, frames, |db| db.max(0.0));
        self.slope.fill(controls.ratio, start, frames, |ratio| {
            (ratio - 1.0).max(0.0)
        });
        self.range_db
            .fill(controls.range_db, start, frames, |db| db.max(0.0));
    }

    /// Replaces levels, as amplitudes, by levels in dB, and writes what a closed gate asks for.
    #[inline(always)]
    fn reductions<S: Simd>(&self, simd: S, levels: &mut Chunk, row: &mut Chunk, frames: usize) {
        let rows = row.registers_mut::<S>(frames).iter_mut();
        let levels = levels.registers_mut::<S>(frames).iter_mut();
        let thresholds = self.open_db.registers::<S>(frames);
        let slopes = self.slope.registers::<S>(frames);
        let ranges = self.range_db.registers::<S>(frames);
        let zero = simd.splat_f32s(0.0);
        for ((((number, level), threshold_db), slope), range_db) in
            rows.zip(levels).zip(thresholds).zip(slopes).zip(ranges)
        {
            *level = db_from_amplitude(simd, *level);
            let below_db = simd.sub_f32s(*threshold_db, *level);
            let below_db = simd.max_f32s(below_db, zero);
            *number = simd.min_f32s(simd.mul_f32s(*slope, below_db), *range_db);
        }
    }
}
