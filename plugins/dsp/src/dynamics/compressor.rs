//! Compressor: what is loud becomes less so.
//!
//! In: a key, and a static curve. Out: gains, and the signal times them. No latency.
//!
//! Source: Giannoulis, Massberg and Reiss (2012), equation 4: with o the level over the
//! threshold, W the knee and R the ratio, the reduction is (1 - 1 / R) times 0 where 2 o < -W,
//! (o + W / 2)^2 / (2 W) where 2 |o| <= W, and o above. Written without a branch that is
//! t^2 / (2 W) + max(0, o - W / 2), t = o + W / 2 held between 0 and W. `dynamics` has what
//! follows.

mod curve;

use crate::dynamics::ballistics::{Follower, Pole, Poles, Times};
use crate::dynamics::chunk::{Apply, CHUNK_FRAMES, Chunk, Control, LANES_MAX, fused, larger};
use crate::dynamics::math::amplitude_from_db;
use crate::dynamics::state::{StateError, StateSink, StateSource, read_up_to};
use curve::{Curve, Part};
use pulp::{Arch, Simd, WithSimd};

/// What a mean square falls by in each frame: -300 dB, so that it never becomes denormal.
const SQUARE_SINK: f64 = 1e-30;
/// No mean square is larger: twice the square of the largest `f32`.
const SQUARE_MAX: f64 = 2.4e77;
/// What a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// The magnitude of each sample: a full-scale sine reads 0 dB.
    Peak,
    /// The root of the mean square, averaged by one pole: a full-scale sine reads -3 dB.
    Rms,
}

/// The parameters that may move from frame to frame.
#[derive(Clone, Copy, Debug)]
pub struct CompressorControls<'a> {
    /// Where the reduction starts.
    pub threshold_db: Control<'a>,
    /// How many dB over the threshold leave one, 1 at least.
    pub ratio: Control<'a>,
    /// How wide the curve bends, 0 for a corner.
    pub knee_db: Control<'a>,
    /// What is added afterwards.
    pub makeup_db: Control<'a>,
    /// How much of the compressed signal is heard and not of the dry one, 0 to 1.
    pub mix: Control<'a>,
    /// How much the channels share the largest of their reductions, 0 to 1.
    pub link: Control<'a>,
}

/// A compressor of several channels. It owns its state; only `new` allocates.
#[derive(Clone, Debug)]
pub struct Compressor {
    arch: Arch,
    sample_rate_hz: f64,
    detection: Detection,
    poles: Poles,
    average: Pole,
    /// The mean square of each channel of the key.
    squares: Vec<f64>,
    /// The levels of each channel of the key, while a chunk is worked on.
    levels: Vec<Chunk>,
    /// One for each channel.
    followers: Vec<Follower>,
    /// The gains of each channel, channel after channel; of the first one alone while they share.
    gains: Vec<f32>,
    gain_stride: usize,
    gain_rows: GainRows,
}

/// Whether all channels have the same gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GainRows {
    Shared,
    Each,
}

impl Compressor {
    /// A compressor at rest of so many channels whose key has at most as many, for blocks of at
    /// most `frames_max`. It allocates.
    #[must_use]
    pub fn new(arch: Arch, channels: usize, sample_rate_hz: f64, frames_max: usize) -> Self {
        let times = Times {
            attack_ms: 0.0,
            release_ms: 0.0,
        };
        let gain_stride = frames_max.next_multiple_of(LANES_MAX);
        Self {
            arch,
            sample_rate_hz,
            detection: Detection::Peak,
            poles: Poles::new(&times, sample_rate_hz),
            average: Pole::new(0.0, sample_rate_hz),
            squares: vec![0.0; channels],
            levels: vec![Chunk::ZERO; channels],
            followers: vec![Follower::default(); channels],
            gains: vec![1.0; channels * gain_stride],
            gain_stride,
            gain_rows: GainRows::Shared,
        }
    }

    /// The same for a key that may have more channels. It allocates.
    #[must_use]
    pub fn with_key_channels(mut self, key_channels_max: usize) -> Self {
        let channels = self.squares.len().max(key_channels_max);
        self.squares.resize(channels, 0.0);
        self.levels.resize(channels, Chunk::ZERO);
        self
    }

    /// Says how fast it is, and what a level is; `rms_ms` is the time of the mean square's pole.
    ///
    /// Thread: any, the audio thread included.
    pub fn set(&mut self, detection: Detection, times: &Times, rms_ms: f64) {
        self.detection = detection;
        self.poles = Poles::new(times, self.sample_rate_hz);
        self.average = Pole::new(rms_ms, self.sample_rate_hz);
    }

    /// Works out the gains of a block from the key, which has a channel for each of the signal's
    /// or is shared by all of them. Returns the largest reduction, in dB.
    ///
    /// As many frames as the first channel of the key has, `frames_max` at most; the other
    /// channels have as many. Thread: any, the audio thread included.
    pub fn follow(&mut self, key: &[&[f32]], controls: &CompressorControls<'_>) -> f32 {
        let key = &key[..key.len().min(self.levels.len())];
        let frames = key.first().map_or(0, |first| first.len());
        self.arch.dispatch(Follow {
            frames: frames.min(self.gain_stride),
            compressor: self,
            key,
            controls,
        })
    }

    /// Writes one channel of the signal times its gains.
    ///
    /// Thread: any, the audio thread included.
    pub fn apply(&self, channel: usize, input: &[f32], output: &mut [f32]) {
        let frames = input.len().min(output.len()).min(self.gain_stride);
        let row = match self.gain_rows {
            GainRows::Shared => 0,
            GainRows::Each => channel * self.gain_stride,
        };
        self.arch.dispatch(Apply {
            gains: &self.gains[row..row + frames],
            input: &input[..frames],
            output: &mut output[..frames],
        });
    }

    /// Forgets everything heard. Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.squares.fill(0.0);
        self.followers.fill(Follower::default());
    }

    /// Remembers what another one of as many channels does; its times stay.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Panics
    /// When the other one has other channels.
    pub fn copy_memory(&mut self, other: &Self) {
        self.squares.copy_from_slice(&other.squares);
        self.followers.copy_from_slice(&other.followers);
    }

    /// How many bytes the running state takes, as numbers of 8 and samples of 4. Any thread.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        (self.squares.len() + 2 * self.followers.len()) * size_of::<f64>()
    }

    /// Writes the running state: with it another one of as many channels goes on bit for bit.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the sink says.
    pub fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        sink.numbers(&self.squares)?;
        self.followers.iter().try_for_each(|each| each.save(sink))
    }

    /// Takes over what `save` wrote; after an error this one is to be thrown away.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the source says, and `Value` for a number that no compressor has.
    pub fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        for square in &mut self.squares {
            *square = read_up_to(source, SQUARE_MAX)?;
        }
        for follower in &mut self.followers {
            *follower = Follower::load(source)?;
        }
        Ok(())
    }

    /// Whether one channel's gains are those of all, to the last bit.
    fn shares(&self, link: Control<'_>) -> bool {
        let (first, others) = match self.followers.split_first() {
            Some(split) => split,
            None => return true,
        };
        let linked = matches!(link, Control::Steady(share) if share >= 1.0);
        others.is_empty() || linked && others.iter().all(|other| other == first)
    }
}

/// Works out the gains of a block.
struct Follow<'a, 'b> {
    compressor: &'a mut Compressor,
    key: &'a [&'b [f32]],
    frames: usize,
    controls: &'a CompressorControls<'b>,
}

impl WithSimd for Follow<'_, '_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> f32 {
        let shares = self.compressor.shares(self.controls.link);
        self.compressor.gain_rows = if shares {
            GainRows::Shared
        } else {
            GainRows::Each
        };
        let mut curve = Curve::FLAT;
        let mut largest_db = 0.0_f32;
        for start in (0..self.frames).step_by(CHUNK_FRAMES) {
            let frames = CHUNK_FRAMES.min(self.frames - start);
            let part = Part { start, frames };
            curve.set(self.controls, part);
            let chunk_db = if shares {
                self.follow_together(simd, part, &curve)
            } else {
                self.follow_each(simd, part, &curve)
            };
            largest_db = largest_db.max(chunk_db);
        }
        largest_db
    }
}

impl<'b> Follow<'_, 'b> {
    /// One chunk where all channels share one reduction.
    #[inline(always)]
    fn follow_together<S: Simd>(&mut self, simd: S, part: Part, curve: &Curve) -> f32 {
        let mut row = Chunk::ZERO;
        for channel in 0..self.key.len() {
            let samples = self.samples(channel, part);
            self.compressor
                .raise_to_levels(simd, channel, samples, &mut row);
        }
        curve.reductions(simd, &mut row, part.frames);
        let Some((first, others)) = self.compressor.followers.split_first_mut() else {
            return 0.0;
        };
        first.run::<S>(&self.compressor.poles, row.frames_mut(part.frames));
        others.fill(*first);
        self.write_gains(simd, 0, part, &row)
    }

    /// One chunk where each channel goes its own way, drawn to the largest reduction by `link`.
    #[inline(always)]
    fn follow_each<S: Simd>(&mut self, simd: S, part: Part, curve: &Curve) -> f32 {
        let mut largest = Chunk::ZERO;
        for channel in 0..self.key.len() {
            let samples = self.samples(channel, part);
            let mut row = Chunk::ZERO;
            self.compressor
                .raise_to_levels(simd, channel, samples, &mut row);
            largest.raise_to(simd, &row, part.frames);
            self.compressor.levels[channel] = row;
        }
        curve.reductions(simd, &mut largest, part.frames);
        let mut apart = Chunk::ZERO;
        apart.fill(self.controls.link, part.start, part.frames, |link| {
            1.0 - link
        });
        let own_key = self.key.len() == self.compressor.followers.len();
        let mut largest_db = 0.0_f32;
        for channel in 0..self.compressor.followers.len() {
            let mut row = largest.clone();
            if own_key {
                let mut own = self.compressor.levels[channel].clone();
                curve.reductions(simd, &mut own, part.frames);
                row.draw_apart(simd, &apart, &own, part.frames);
            }
            let follower = &mut self.compressor.followers[channel];
            follower.run::<S>(&self.compressor.poles, row.frames_mut(part.frames));
            largest_db = largest_db.max(self.write_gains(simd, channel, part, &row));
        }
        largest_db
    }

    /// Turns reductions into gains, makeup and mix included; returns the largest reduction.
    #[inline(always)]
    fn write_gains<S: Simd>(
        &mut self,
        simd: S,
        channel: usize,
        part: Part,
        reductions: &Chunk,
    ) -> f32 {
        let [mut makeup_db, mut mix] = [Chunk::ZERO; 2];
        makeup_db.fill(self.controls.makeup_db, part.start, part.frames, |db| db);
        mix.fill(self.controls.mix, part.start, part.frames, |mix| mix);
        let row = channel * self.compressor.gain_stride + part.start;
        let row = &mut self.compressor.gains[row..row + part.frames.next_multiple_of(LANES_MAX)];
        let gains = S::as_mut_simd_f32s(row).0.iter_mut();
        let one = simd.splat_f32s(1.0);
        let mut largest_db = simd.splat_f32s(0.0);
        let reductions = reductions.registers::<S>(part.frames);
        let makeup_db = makeup_db.registers::<S>(part.frames);
        let mix = mix.registers::<S>(part.frames);
        for (((gain, reduction_db), makeup_db), mix) in
            gains.zip(reductions).zip(makeup_db).zip(mix)
        {
            largest_db = simd.max_f32s(largest_db, *reduction_db);
            let wet = amplitude_from_db(simd, simd.sub_f32s(*makeup_db, *reduction_db));
            *gain = simd.mul_add_e_f32s(*mix, wet, simd.sub_f32s(one, *mix));
        }
        // What stands behind the end is no reduction.
        simd.reduce_max_f32s(largest_db)
    }

    #[inline(always)]
    fn samples(&self, channel: usize, part: Part) -> &'b [f32] {
        &self.key[channel][part.start..part.start + part.frames]
    }
}

impl Compressor {
    /// Raises each frame to the level of one channel of the key; to be called once a frame.
    #[inline(always)]
    fn raise_to_levels<S: Simd>(
        &mut self,
        simd: S,
        channel: usize,
        samples: &[f32],
        row: &mut Chunk,
    ) {
        if self.detection == Detection::Peak {
            return row.raise_to_peaks(simd, samples);
        }
        let Pole { keep, take } = self.average;
        let mut square = self.squares[channel];
        for (level, sample) in row.frames_mut(samples.len()).iter_mut().zip(samples) {
            let sample = f64::from(*sample);
            let taken = fused::<S>(take * sample, sample, -SQUARE_SINK);
            square = larger(0.0, fused::<S>(keep, square, taken));
            *level = level.max(square.sqrt().min(f64::from(f32::MAX)) as f32);
        }
        self.squares[channel] = square;
    }
}

impl Chunk {
    /// Moves each number towards another one by a share: it stays itself where the share is 0.
    #[inline(always)]
    fn draw_apart<S: Simd>(&mut self, simd: S, share: &Self, other: &Self, frames: usize) {
        let others = other.registers::<S>(frames);
        let shares = share.registers::<S>(frames);
        let registers = self.registers_mut::<S>(frames).iter_mut();
        for ((number, other), share) in registers.zip(others).zip(shares) {
            let way = simd.sub_f32s(*other, *number);
            *number = simd.mul_add_e_f32s(*share, way, *number);
        }
    }
}
