//! Pitch: the period of a voice.
//!
//! In: the last 36 ms of samples, and the period before. Out: the period in frames, 60 to 768.
//!
//! Source: the open-loop pitch search of the Opus codec (RFC 6716, section 4.5.3.1, and `celt/pitch.c`
//! of its reference), as RNNoise uses it: correlation at a quarter of the rate, refined at half of
//! it, then a test whether a fraction of the period explains the signal as well.

use crate::kernels::{correlations, inner_product};
use pulp::Arch;

/// The samples it looks at.
pub(crate) const PAST_FRAMES: usize = PERIOD_MAX + FRAMES;
/// The longest period.
const PERIOD_MAX: usize = 768;
/// The shortest period.
const PERIOD_MIN: usize = 60;
/// The samples that are compared with those a period before.
const FRAMES: usize = 960;
/// How many periods are looked at.
const LAGS: usize = PERIOD_MAX - 3 * PERIOD_MIN;
/// The samples at half of the rate.
const HALF_PAST: usize = PAST_FRAMES / 2;
/// The longest period at half of the rate.
const HALF_MAX: usize = PERIOD_MAX / 2;
/// Those that are compared, at half of the rate.
const HALF_FRAMES: usize = FRAMES / 2;
/// For each fraction of a period, the multiple of it that has to correlate as well.
const SECOND_CHECK: [usize; 16] = [0, 0, 3, 2, 3, 2, 5, 2, 3, 2, 3, 2, 5, 2, 3, 2];

/// The period found last, and how periodic the signal was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pitch {
    pub(crate) period_frames: usize,
    pub(crate) gain: f32,
}

/// The samples at half of the rate, their spectrum flattened.
type Half = [f32; HALF_PAST];

impl Pitch {
    /// The pitch of these samples; the one before makes it steadier. Thread: audio.
    pub(crate) fn next(self, arch: Arch, past: &[f32; PAST_FRAMES]) -> Self {
        let half = flattened(past);
        let period = PERIOD_MAX - search(arch, &half);
        self.without_multiples(&half, period)
    }

    /// The shortest fraction of the period that explains the signal about as well.
    fn without_multiples(self, half: &Half, period: usize) -> Self {
        let x = &half[HALF_MAX..];
        let longest = (period / 2).min(HALF_MAX - 1);
        let energies = energies(half);
        let common = |lag: usize| inner_product(x, &half[HALF_MAX - lag..], HALF_FRAMES);
        let energy = energies[0];
        let mut best = Candidate::new(longest, common(longest), energy, energies[longest]);
        let first_gain = best.gain;
        for (fraction, multiple) in SECOND_CHECK.iter().enumerate().skip(2) {
            let lag = (2 * longest + fraction) / (2 * fraction);
            if lag < PERIOD_MIN / 2 {
                break;
            }
            let second = match fraction {
                2 if lag + longest > HALF_MAX => longest,
                2 => lag + longest,
                _ => (2 * multiple * longest + fraction) / (2 * fraction),
            };
            let both = (common(lag) + common(second)) / 2.0;
            let found = Candidate::new(lag, both, energy, (energies[lag] + energies[second]) / 2.0);
            let steady = self.steadiness(lag, fraction, longest);
            if found.gain > threshold(lag, first_gain, steady) {
                best = found;
            }
        }
        best.refined(common)
    }

    /// What speaks for a period near the one before.
    fn steadiness(self, lag: usize, fraction: usize, longest: usize) -> f32 {
        match lag.abs_diff(self.period_frames / 2) {
            0..=1 => self.gain,
            2 if 5 * fraction * fraction < longest => self.gain / 2.0,
            _ => 0.0,
        }
    }
}

/// A period at half of the rate.
#[derive(Clone, Copy)]
struct Candidate {
    lag: usize,
    common: f32,
    energy: f32,
    gain: f32,
}

impl Candidate {
    fn new(lag: usize, common: f32, energy: f32, energy_before: f32) -> Self {
        Self {
            lag,
            common,
            energy: energy_before,
            gain: common / (1.0 + energy * energy_before).sqrt(),
        }
    }

    /// The period at the whole rate, between which two neighbours the maximum lies considered.
    fn refined(self, common: impl Fn(usize) -> f32) -> Pitch {
        let near = [self.lag - 1, self.lag, self.lag + 1].map(common);
        let best_common = self.common.max(0.0);
        let gain = if self.energy <= best_common {
            1.0
        } else {
            best_common / (self.energy + 1.0)
        };
        let period = (2 * self.lag).saturating_add_signed(lean(near));
        Pitch {
            period_frames: period.max(PERIOD_MIN),
            gain: gain.min(self.gain),
        }
    }
}

/// What a fraction of a period has to reach; short periods correlate by chance.
fn threshold(lag: usize, first_gain: f32, steady: f32) -> f32 {
    if lag < 3 * PERIOD_MIN / 2 {
        (0.85 * first_gain - steady).max(0.4)
    } else {
        (0.7 * first_gain - steady).max(0.3)
    }
}

/// Towards which neighbour a maximum leans: one up, one down, or neither.
fn lean([before, at, after]: [f32; 3]) -> isize {
    if after - before > 0.7 * (at - before) {
        1
    } else if before - after > 0.7 * (at - after) {
        -1
    } else {
        0
    }
}

/// The energy of the compared samples `lag` frames before, for every lag.
fn energies(half: &Half) -> [f32; HALF_MAX + 1] {
    let x = &half[HALF_MAX..];
    let mut energies = [0.0; HALF_MAX + 1];
    let mut energy = inner_product(x, x, HALF_FRAMES);
    energies[0] = energy;
    for (lag, place) in energies.iter_mut().enumerate().skip(1) {
        let (comes, goes) = (half[HALF_MAX - lag], half[HALF_PAST - lag]);
        energy += comes * comes - goes * goes;
        *place = energy.max(0.0);
    }
    energies
}

/// Where in the past the compared samples correlate best, in frames from its start.
fn search(arch: Arch, half: &Half) -> usize {
    let x = &half[HALF_MAX..];
    let quarter: [f32; HALF_PAST / 2] = std::array::from_fn(|at| half[2 * at]);
    let mut coarse = [0.0; LAGS / 4];
    correlations(arch, &quarter[HALF_MAX / 2..], &quarter, &mut coarse);
    let (best, second) = two_best(&coarse, &quarter, FRAMES / 4);
    let mut fine = [0.0; LAGS / 2];
    for (lag, place) in fine.iter_mut().enumerate() {
        if lag.abs_diff(2 * best) <= 2 || lag.abs_diff(2 * second) <= 2 {
            *place = inner_product(x, &half[lag..], HALF_FRAMES).max(-1.0);
        }
    }
    let (best, _) = two_best(&fine, half, HALF_FRAMES);
    let leans = match best {
        0 => 0,
        best if best < fine.len() - 1 => lean([fine[best - 1], fine[best], fine[best + 1]]),
        _ => 0,
    };
    (2 * best).saturating_add_signed(-leans)
}

/// The places of the largest and the second largest correlation by energy.
fn two_best(correlations: &[f32], samples: &[f32], frames: usize) -> (usize, usize) {
    // Squared correlation, energy, place.
    let (mut best, mut second) = ((-1.0, 0.0, 0), (-1.0, 0.0, 1));
    let mut energy = 1.0;
    for sample in &samples[..frames] {
        energy += sample * sample;
    }
    for (place, correlation) in correlations.iter().enumerate() {
        let found = (correlation * correlation, energy, place);
        // By products, so that nothing is divided.
        let beats = |other: (f32, f32, usize)| found.0 * other.1 > other.0 * energy;
        if *correlation > 0.0 && beats(second) {
            if beats(best) {
                second = best;
                best = found;
            } else {
                second = found;
            }
        }
        let (comes, goes) = (samples[place + frames], samples[place]);
        energy = (energy + (comes * comes - goes * goes)).max(1.0);
    }
    (best.2, second.2)
}

/// Half of the rate, and what a short predictor knows taken out, so that formants do not count as
/// periods.
fn flattened(past: &[f32; PAST_FRAMES]) -> Half {
    let mut half: Half = std::array::from_fn(|at| {
        let before = if at == 0 { 0.0 } else { past[2 * at - 1] };
        ((before + past[2 * at + 1]) / 2.0 + past[2 * at]) / 2.0
    });
    let mut correlations = autocorrelations(&half);
    correlations[0] *= 1.0001; // A noise floor at -40 dB.
    for (lag, value) in correlations.iter_mut().enumerate().skip(1) {
        let width = 0.008 * lag as f32;
        *value -= *value * width * width;
    }
    let mut predictor = predictor(&correlations);
    let mut damping = 1.0;
    for coefficient in &mut predictor {
        damping *= 0.9;
        *coefficient *= damping;
    }
    let [a, b, c, d] = predictor;
    // And a zero.
    let filter = [a + 0.8, b + 0.8 * a, c + 0.8 * b, d + 0.8 * c, 0.8 * d];
    let mut memory = [0.0; 5];
    for sample in &mut half {
        let input = *sample;
        for (coefficient, before) in filter.iter().zip(&memory) {
            *sample += coefficient * before;
        }
        memory.copy_within(..4, 1);
        memory[0] = input;
    }
    half
}

fn autocorrelations(half: &Half) -> [f32; 5] {
    std::array::from_fn(|lag| {
        let split = HALF_PAST - 4;
        let sum = |start: usize, end: usize| {
            let pairs = half[start..end].iter().zip(&half[start + lag..]);
            pairs.fold(0.0, |sum, (a, b)| sum + a * b)
        };
        sum(0, split) + sum(split, HALF_PAST - lag)
    })
}

/// The linear predictor of order 4, by Levinson and Durbin's recursion.
fn predictor(correlations: &[f32; 5]) -> [f32; 4] {
    let mut coefficients = [0.0_f32; 4];
    let mut error = correlations[0];
    if error == 0.0 {
        return coefficients;
    }
    for order in 0..4 {
        let mut sum = 0.0;
        for at in 0..order {
            sum += coefficients[at] * correlations[order - at];
        }
        let reflection = -(sum + correlations[order + 1]) / error;
        coefficients[order] = reflection;
        for at in 0..order.div_ceil(2) {
            let (low, high) = (coefficients[at], coefficients[order - 1 - at]);
            coefficients[at] = low + reflection * high;
            coefficients[order - 1 - at] = high + reflection * low;
        }
        error -= reflection * reflection * error;
        // At 30 dB of gain it knows enough.
        if error < 0.001 * correlations[0] {
            break;
        }
    }
    coefficients
}
