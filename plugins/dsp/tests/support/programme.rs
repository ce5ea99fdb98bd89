//! Programme: made-up audio that wanders in level, and its loudness.
//!
//! In: a rate, a length, a range. Out: channels of samples; what our meter says of them.

use segue_dsp::loudness::{ChannelWeight, Loudness, LoudnessMeter, RangeHop};

/// Repeatable noise between -1 and 1.
pub(crate) struct Noise(pub(crate) u32);

impl Noise {
    /// The next sample.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// Noise and two tones whose level wanders over so many dB, a new level about every second, with
/// clicks between; each channel different.
pub(crate) fn programme(
    sample_rate_hz: u32,
    seconds: f64,
    range_db: f32,
    channels: u32,
) -> Vec<Vec<f32>> {
    let frames = (seconds * f64::from(sample_rate_hz)) as usize;
    let channel = |seed: u32| {
        let mut noise = Noise(seed.wrapping_mul(7_919).wrapping_add(1));
        let mut level = 0.1;
        let mut target = 0.1;
        let sample = |n: usize| {
            let seconds = n as f32 / sample_rate_hz as f32;
            if n.is_multiple_of(sample_rate_hz as usize) {
                target = 10.0_f32.powf((-8.0 - (noise.next() + 1.0) / 2.0 * range_db) / 20.0);
            }
            level += (target - level) * 20.0 / sample_rate_hz as f32;
            let tones =
                (seconds * 1_500.0).sin() + (seconds * (5_000.0 + 900.0 * seed as f32)).sin();
            let click = if noise.next() > 0.9999 { 1.5 } else { 1.0 };
            level * click * (0.5 * noise.next() + 0.4 * tones)
        };
        (0..frames).map(sample).collect()
    };
    (0..channels).map(channel).collect()
}

/// One channel's samples after the other, measured in one call.
pub(crate) fn ours(
    rate: u32,
    weights: &[ChannelWeight],
    hop: RangeHop,
    block: &[Vec<f32>],
) -> (LoudnessMeter, Loudness) {
    let mut meter = LoudnessMeter::new(rate, weights, hop).expect("in range");
    meter.feed(block).expect("equal channels");
    let loudness = meter.loudness();
    (meter, loudness)
}
