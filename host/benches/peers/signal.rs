//! Signal: ten minutes that keep every processor busy: tones, noise, and a level that moves.

use std::io;
use std::path::Path;

const SAMPLE_RATE_HZ: u32 = 48_000;

/// Writes stereo, 16 bit: two tones under noise, 12 dB louder for one second in four, so that a
/// compressor and a limiter have work.
pub(crate) fn write(path: &Path, seconds: u32) -> io::Result<()> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let wrap = |error: hound::Error| io::Error::other(error);
    let mut writer = hound::WavWriter::create(path, spec).map_err(wrap)?;
    let period = period();
    for _ in 0..seconds / 4 {
        let mut fast = writer.get_i16_writer(period.len() as u32);
        period.iter().for_each(|sample| fast.write_sample(*sample));
        fast.flush().map_err(wrap)?;
    }
    writer.finalize().map_err(wrap)
}

/// Four seconds.
fn period() -> Vec<i16> {
    let mut seed = 1_u32;
    let mut noise = || {
        // Numerical Recipes' linear congruential generator: white enough for a bench.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 16) / 32_768.0 - 1.0
    };
    let mut samples = Vec::with_capacity(8 * SAMPLE_RATE_HZ as usize);
    for frame in 0..4 * SAMPLE_RATE_HZ {
        let gain = if frame < SAMPLE_RATE_HZ { 0.8 } else { 0.2 };
        for tone_hz in [440.0, 997.0] {
            let phase = std::f64::consts::TAU * tone_hz * f64::from(frame);
            let tone = (phase / f64::from(SAMPLE_RATE_HZ)).sin();
            samples.push((gain * (0.7 * tone + 0.25 * noise()) * 32_767.0) as i16);
        }
    }
    samples
}
