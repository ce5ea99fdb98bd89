//! Pitch: the period of a voice.
//!
//! In: the last 36 ms of samples, and the period before. Out: the period in frames, 60 to 768.
//!
//! Source: the open-loop pitch search of the Opus codec (RFC 6716, section 4.5.3.1, and `celt/pitch.c`
//! of its reference), as RNNoise uses it: correlation at a quarter of the rate, refined at half of
//! it, then a test whether a fraction of the period explains the signal as well. Sums and roundings
//! are RNNoise's, one by one, so that the period is the same for every signal.

use crate::kernels::{correlations, correlations_at};
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

/// What correlations are scaled by before they are squared, so that squares stay numbers.
const SMALL: f32 = 1e-12;
/// The fractions of a period that are tried, and the period itself.
const FRACTIONS: usize = SECOND_CHECK.len() - 1;
/// The lags that are correlated side by side.
const LAGS_AT_ONCE: usize = 8;
/// Two lags for each fraction, and no lag beside the period itself, in whole groups.
const LAGS_TRIED: usize = (2 * FRACTIONS).next_multiple_of(LAGS_AT_ONCE);

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
        let longest = (period / 2).min(HALF_MAX - 1);
        let tried = Tried::new(half, longest);
        let energy = tried.energy();
        let energies = energies(half, energy);
        let mut best = Candidate::new(longest, tried.common(1), energy, energies[longest]);
        let first_gain = best.gain;
        for (fraction, [lag, second]) in fractions(longest) {
            let both = tried.common(fraction);
            let found = Candidate::new(lag, both, energy, (energies[lag] + energies[second]) / 2.0);
            let steady = self.steadiness(lag, fraction, longest);
            if found.gain > threshold(lag, first_gain, steady) {
                best = found;
            }
        }
        best.refined(half)
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
            gain: (f64::from(common) / f64::from(1.0 + energy * energy_before).sqrt()) as f32,
        }
    }

    /// The period at the whole rate, between which two neighbours the maximum lies considered.
    fn refined(self, half: &Half) -> Pitch {
        let near = [self.lag - 1, self.lag, self.lag + 1].map(|lag| before(half, lag));
        let near = correlations_at(before(half, 0), near);
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

/// How the compared samples correlate with those before, at every lag that is tried.
struct Tried([f32; LAGS_TRIED]);

impl Tried {
    fn new(half: &Half, longest: usize) -> Self {
        let mut lags = [0; LAGS_TRIED];
        lags[1] = longest;
        let mut end = 2;
        for (fraction, both) in fractions(longest) {
            end = 2 * fraction;
            lags[end - 2..end].copy_from_slice(&both);
        }
        let mut commons = [0.0; LAGS_TRIED];
        let groups = commons.as_chunks_mut().0.iter_mut();
        let used = end.div_ceil(LAGS_AT_ONCE);
        for (commons, lags) in groups.zip(lags.as_chunks::<LAGS_AT_ONCE>().0).take(used) {
            *commons = correlations_at(before(half, 0), lags.map(|lag| before(half, lag)));
        }
        Self(commons)
    }

    /// The energy of the compared samples.
    fn energy(&self) -> f32 {
        self.0[0]
    }

    /// The correlation at a fraction of the period, of its two lags the mean; at the period itself.
    fn common(&self, fraction: usize) -> f32 {
        match fraction {
            1 => self.0[1],
            _ => (self.0[2 * fraction - 2] + self.0[2 * fraction - 1]) / 2.0,
        }
    }
}

/// The fractions of a period, at half of the rate, that are long enough: which, the lag, and
/// another one at which the signal has to correlate too.
fn fractions(longest: usize) -> impl Iterator<Item = (usize, [usize; 2])> {
    let lags = move |(fraction, multiple): (usize, &usize)| {
        let lag = (2 * longest + fraction) / (2 * fraction);
        let second = match fraction {
            2 if lag + longest > HALF_MAX => longest,
            2 => lag + longest,
            _ => (2 * multiple * longest + fraction) / (2 * fraction),
        };
        (fraction, [lag, second])
    };
    let all = SECOND_CHECK.iter().enumerate().skip(2).map(lags);
    all.take_while(|(_, [lag, _])| *lag >= PERIOD_MIN / 2)
}

/// The samples a lag before those that are compared, at half of the rate.
fn before(half: &Half, lag: usize) -> &[f32; HALF_FRAMES] {
    half[HALF_MAX - lag..]
        .first_chunk()
        .expect("behind every lag there are the samples that are compared")
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
fn energies(half: &Half, own: f32) -> [f32; HALF_MAX + 1] {
    let mut energies = [0.0; HALF_MAX + 1];
    let mut energy = own;
    energies[0] = energy;
    for (lag, place) in energies.iter_mut().enumerate().skip(1) {
        let (comes, goes) = (half[HALF_MAX - lag], half[HALF_PAST - lag]);
        energy = energy + comes * comes - goes * goes;
        *place = energy.max(0.0);
    }
    energies
}

/// Where in the past the compared samples correlate best, in frames from its start.
fn search(arch: Arch, half: &Half) -> usize {
    let quarter: [f32; HALF_PAST / 2] = std::array::from_fn(|at| half[2 * at]);
    let mut coarse = [0.0; LAGS / 4];
    correlations(arch, &quarter[HALF_MAX / 2..], &quarter, &mut coarse);
    let (best, second) = two_best(&coarse, &quarter, FRAMES / 4);
    let mut fine = [0.0; LAGS / 2];
    for coarse in [best, second] {
        correlate_near(half, 2 * coarse, &mut fine);
    }
    let (best, _) = two_best(&fine, half, HALF_FRAMES);
    let leans = match best {
        0 => 0,
        best if best < fine.len() - 1 => lean([fine[best - 1], fine[best], fine[best + 1]]),
        _ => 0,
    };
    (2 * best).saturating_add_signed(-leans)
}

/// The correlations of the compared samples at a place and up to two beside it.
fn correlate_near(half: &Half, place: usize, fine: &mut [f32; LAGS / 2]) {
    const NEAR: usize = 5;
    let start = place.saturating_sub(NEAR / 2).min(fine.len() - NEAR);
    let places: [usize; NEAR] = std::array::from_fn(|at| start + at);
    let found = correlations_at(
        before(half, 0),
        places.map(|place| before(half, HALF_MAX - place)),
    );
    for (at, found) in places.into_iter().zip(found) {
        if at.abs_diff(place) <= NEAR / 2 {
            fine[at] = found.max(-1.0);
        }
    }
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
        let small = correlation * SMALL;
        let found = (small * small, energy, place);
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
    const SPLIT: usize = HALF_PAST - 4;
    let later = |lag: usize| half[lag..].first_chunk::<SPLIT>();
    let pasts = [0, 1, 2, 3, 4].map(|lag| later(lag).expect("four lags are left out at the end"));
    let mut sums = correlations_at(pasts[0], pasts);
    for (lag, sum) in sums.iter_mut().enumerate() {
        let rest = half[SPLIT..HALF_PAST - lag]
            .iter()
            .zip(&half[SPLIT + lag..]);
        *sum += rest.fold(0.0, |sum, (a, b)| sum + a * b);
    }
    sums
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
