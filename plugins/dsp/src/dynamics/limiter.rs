//! Limiter: the true peak stays at the ceiling.
//!
//! In: a signal and a ceiling. Out: the signal, late by the look-ahead and the detector's latency,
//! times gains that are low enough where a peak comes and on their way there before it.
//!
//! Source: the look-ahead limiter of U. Zölzer, DAFX, 2nd edition, section 4.2.4, with the largest
//! of the look-ahead in place of the attack's pole, as P. Hämäläinen, "Smoothing of the control
//! signal without clipped output in digital peak limiters", DAFx 2002: the gain that a peak asks
//! for is held over the look-ahead, goes back by one pole in dB, and its mean over the look-ahead
//! arrives at the gain asked for just as the peak does. The mean of numbers none of which is above
//! the gain that is needed is not above it either.
//!
//! Peaks between the samples count (`true_peak::Detector`, ITU-R BS.1770-5, Annex 2). A gain that
//! moves bends the signal between its samples a little; the gain is therefore held around a peak
//! for `MARGIN_FRAMES` to both sides. A strict limiter hears peaks up to half the sample rate, which
//! follow from more samples: it holds the gain for longer, and looks ahead for as much longer.
//!
//! While nothing is above the ceiling, nothing changes: not one bit.

use crate::dynamics::ballistics::{Pole, REDUCTION_DB_MAX, Wide};
use crate::dynamics::chunk::{
    CHUNK_FRAMES, Chunk, Control, GROUP_FRAMES, LANES_MAX, fused, larger, scaled,
};
use crate::dynamics::math::{amplitude_from_db, db_from_amplitude};
use crate::dynamics::state::{StateError, StateSink, StateSource, read_up_to};
use crate::dynamics::window::{Largest, Mean, Ring};
use crate::true_peak::Detector;
use pulp::{Arch, Simd, WithSimd};

/// How long the gain rests around a peak, to each side; less where the look-ahead is short.
const MARGIN_FRAMES: usize = 4;
/// The same of a strict limiter, however short its look-ahead: beyond it a sample weighs less than
/// a hundredth in a point between others.
const MARGIN_FRAMES_STRICT: usize = 24;
/// The most numbers of a detector's state that fit here, for 64 channels of 79 samples.
const DETECTOR_NUMBERS_MAX: usize = 5120;

/// Which peaks a limiter knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peaks {
    /// Those of ITU-R BS.1770, which fall off towards half the sample rate.
    Standard,
    /// All of them, for more work and some frames more of latency.
    Strict,
}

/// What a limiter is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterShape {
    /// How many channels share its gains.
    pub channels: usize,
    /// In Hz.
    pub sample_rate_hz: u32,
    /// How far it looks ahead; a frame at least.
    pub lookahead_frames: usize,
    /// The longest block.
    pub frames_max: usize,
    /// Which peaks it knows of.
    pub peaks: Peaks,
}

/// A limiter whose gains all channels share. It owns its state; only `new` allocates.
#[derive(Clone, Debug)]
pub struct Limiter {
    arch: Arch,
    sample_rate_hz: f64,
    lookahead_frames: usize,
    detector: Detector,
    largest: Largest,
    release: Pole,
    reduction_db: f64,
    mean: Mean,
    /// The signal on its way, one for each channel.
    delays: Vec<Ring>,
    /// Peaks, then gains.
    gains: Vec<f32>,
}

impl Limiter {
    /// A limiter at rest. It allocates.
    #[must_use]
    pub fn new(arch: Arch, shape: &LimiterShape) -> Self {
        let LimiterShape {
            channels,
            sample_rate_hz,
            frames_max,
            peaks,
            ..
        } = *shape;
        let wished_frames = shape.lookahead_frames.max(1);
        let (detector, lookahead_frames, margin_frames) = match peaks {
            Peaks::Standard => (
                Detector::on(arch, channels, sample_rate_hz),
                wished_frames,
                MARGIN_FRAMES.min(wished_frames / 4),
            ),
            Peaks::Strict => (
                Detector::strict(arch, channels),
                wished_frames + MARGIN_FRAMES_STRICT,
                MARGIN_FRAMES_STRICT,
            ),
        };
        let latency_frames = lookahead_frames + detector.latency_frames();
        Self {
            arch,
            sample_rate_hz: f64::from(sample_rate_hz),
            lookahead_frames,
            detector,
            largest: Largest::new(lookahead_frames + 1 + margin_frames),
            release: Pole::new(0.0, 1.0),
            reduction_db: 0.0,
            mean: Mean::new(lookahead_frames + 1 - margin_frames),
            delays: vec![Ring::new(latency_frames); channels],
            gains: vec![1.0; frames_max.next_multiple_of(LANES_MAX)],
        }
    }

    /// How many frames the output is late. Any thread.
    #[must_use]
    pub fn latency_frames(&self) -> usize {
        self.lookahead_frames + self.detector.latency_frames()
    }

    /// Says how long it takes the gain to go back, to 63 % of the way in dB.
    ///
    /// Thread: any, the audio thread included.
    pub fn set(&mut self, release_ms: f64) {
        self.release = Pole::new(release_ms, self.sample_rate_hz);
    }

    /// Works out the gains of a block. Returns the largest reduction, in dB.
    ///
    /// As many frames as the shortest channel has, `frames_max` at most. Thread: any, the audio
    /// thread included.
    pub fn follow(&mut self, inputs: &[&[f32]], ceiling_dbtp: Control<'_>) -> f32 {
        let frames = inputs.iter().map(|input| input.len()).min();
        let frames = frames.unwrap_or_default().min(self.gains.len());
        self.detector.process(inputs, &mut self.gains[..frames]);
        self.arch.dispatch(Follow {
            limiter: self,
            frames,
            ceiling_dbtp,
        })
    }

    /// Writes one channel of the signal, late, times the gains; to be called once a block for
    /// each channel.
    ///
    /// Thread: any, the audio thread included.
    pub fn apply(&mut self, channel: usize, input: &[f32], output: &mut [f32]) {
        let frames = input.len().min(output.len()).min(self.gains.len());
        self.arch.dispatch(Delayed {
            delay: &mut self.delays[channel],
            gains: &self.gains[..frames],
            input: &input[..frames],
            output: &mut output[..frames],
        });
    }

    /// Forgets everything heard. Thread: any, the audio thread included.
    pub fn reset(&mut self) {
        self.detector.reset();
        self.largest.reset();
        self.reduction_db = 0.0;
        self.mean.reset();
        for delay in &mut self.delays {
            delay.numbers.fill(0.0);
        }
    }

    /// How many bytes the running state takes. Any thread.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        let delayed = self.delays.len() * self.latency_frames();
        let windows = self.largest.state_len() + self.mean.state_len();
        size_of::<f64>() + (self.detector.state_len() + windows + delayed) * size_of::<f32>()
    }

    /// Writes the running state: with it another one of the same rate, channels and look-ahead
    /// goes on bit for bit.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the sink says.
    pub fn save(&self, sink: &mut impl StateSink) -> Result<(), StateError> {
        sink.numbers(&[self.reduction_db])?;
        let mut numbers = [0.0; DETECTOR_NUMBERS_MAX];
        let numbers = self.detector_numbers(&mut numbers)?;
        self.detector
            .save(numbers)
            .map_err(|_| StateError::Length)?;
        sink.samples(numbers)?;
        self.largest.save(sink)?;
        self.mean.save(sink)?;
        self.delays.iter().try_for_each(|delay| delay.save(sink))
    }

    /// Takes over what `save` wrote; after an error this one is to be thrown away.
    ///
    /// Thread: any, the audio thread included.
    ///
    /// # Errors
    /// What the source says, and `Value` for a number that no limiter has.
    pub fn load(&mut self, source: &mut impl StateSource) -> Result<(), StateError> {
        self.reduction_db = read_up_to(source, REDUCTION_DB_MAX)?;
        let mut numbers = [0.0; DETECTOR_NUMBERS_MAX];
        let numbers = self.detector_numbers(&mut numbers)?;
        source.samples(numbers)?;
        self.detector.load(numbers).map_err(|_| StateError::Value)?;
        self.largest.load(source)?;
        self.mean.load(source)?;
        for delay in &mut self.delays {
            delay.load(source, f32::MIN, f32::MAX)?;
        }
        Ok(())
    }

    fn detector_numbers<'a>(&self, all: &'a mut [f32]) -> Result<&'a mut [f32], StateError> {
        all.get_mut(..self.detector.state_len())
            .ok_or(StateError::Length)
    }
}

/// Replaces the peaks of a block by gains.
struct Follow<'a, 'b> {
    limiter: &'a mut Limiter,
    frames: usize,
    ceiling_dbtp: Control<'b>,
}

impl WithSimd for Follow<'_, '_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut largest_db = 0.0_f32;
        for start in (0..self.frames).step_by(CHUNK_FRAMES) {
            let frames = CHUNK_FRAMES.min(self.frames - start);
            let mut row = Chunk::ZERO;
            let mut ceiling_dbtp = Chunk::ZERO;
            ceiling_dbtp.fill(self.ceiling_dbtp, start, frames, |db| db);
            row.frames_mut(frames)
                .copy_from_slice(&self.limiter.gains[start..start + frames]);
            let limiter = &mut *self.limiter;
            limiter.largest.run(simd, row.frames_mut(frames));
            let chunk_db = limiter.turn_into_gains(simd, &mut row, &ceiling_dbtp, frames);
            self.limiter.gains[start..start + frames].copy_from_slice(row.frames(frames));
            largest_db = largest_db.max(chunk_db);
        }
        largest_db
    }
}

impl Limiter {
    /// Replaces held peaks by gains; returns the largest reduction.
    #[inline(always)]
    fn turn_into_gains<S: Simd>(
        &mut self,
        simd: S,
        row: &mut Chunk,
        ceiling_dbtp: &Chunk,
        frames: usize,
    ) -> f32 {
        let mut most_db = simd.splat_f32s(f32::MIN);
        let ceilings = ceiling_dbtp.registers::<S>(frames);
        for (number, ceiling_dbtp) in row.registers_mut::<S>(frames).iter_mut().zip(ceilings) {
            *number = simd.sub_f32s(db_from_amplitude(simd, *number), *ceiling_dbtp);
            most_db = simd.max_f32s(most_db, *number);
        }
        let rests = self.reduction_db == 0.0 && self.mean.is_unity();
        if rests && simd.reduce_max_f32s(most_db) <= 0.0 {
            row.frames_mut(frames).fill(1.0);
            return 0.0;
        }
        let (groups, rest) = row.frames_mut(frames).as_chunks_mut::<GROUP_FRAMES>();
        for group in groups {
            self.release::<S, GROUP_FRAMES>(group);
        }
        for frame in rest.as_chunks_mut().0 {
            self.release::<S, 1>(frame);
        }
        let mut largest_db = simd.splat_f32s(0.0);
        for number in row.registers_mut::<S>(frames) {
            largest_db = simd.max_f32s(largest_db, *number);
            *number = amplitude_from_db(simd, simd.neg_f32s(*number));
        }
        let (groups, rest) = row.frames_mut(frames).as_chunks_mut::<GROUP_FRAMES>();
        for group in groups {
            self.mean.run::<GROUP_FRAMES>(group);
        }
        for frame in rest.as_chunks_mut().0 {
            self.mean.run::<1>(frame);
        }
        simd.reduce_max_f32s(largest_db)
    }

    /// Replaces what peaks are over the ceiling by the reductions that go back slowly.
    #[inline(always)]
    fn release<S: Simd, const FRAMES: usize>(&mut self, over_db: &mut [f32; FRAMES]) {
        let asked_db = over_db.map(|over_db| if over_db > 0.0 { over_db } else { 0.0 });
        let wide = Wide::new::<S>(self.release, &asked_db);
        let keep = self.release.keep;
        let mut reduction_db = self.reduction_db;
        for ((asked_db, taken_db), to) in wide.asked_db.iter().zip(wide.taken_db).zip(over_db) {
            reduction_db = larger(*asked_db, fused::<S>(keep, reduction_db, taken_db));
            *to = reduction_db as f32;
        }
        self.reduction_db = reduction_db;
    }
}

/// Writes what comes out of a delay times the gains.
struct Delayed<'a> {
    delay: &'a mut Ring,
    gains: &'a [f32],
    input: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Delayed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            delay,
            mut gains,
            mut input,
            mut output,
        } = self;
        while !output.is_empty() {
            let delayed = delay.next(output.len());
            let part = delayed.len();
            let (output_now, output_later) = output.split_at_mut(part);
            let (to, to_rest) = S::as_mut_simd_f32s(output_now);
            let (old, old_rest) = S::as_mut_simd_f32s(delayed);
            let (gain, gain_rest) = S::as_simd_f32s(&gains[..part]);
            let (new, new_rest) = S::as_simd_f32s(&input[..part]);
            for (((to, old), gain), new) in to.iter_mut().zip(old).zip(gain).zip(new) {
                *to = scaled(simd, *old, *gain);
                *old = *new;
            }
            let rest = to_rest
                .iter_mut()
                .zip(old_rest)
                .zip(gain_rest)
                .zip(new_rest);
            for (((to, old), gain), new) in rest {
                *to = *old * gain;
                *old = *new;
            }
            (gains, input, output) = (&gains[part..], &input[part..], output_later);
        }
    }
}
