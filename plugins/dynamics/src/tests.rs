//! The three components from outside: static curves, times, keys, states, and what holds for all.

mod compressor;
mod gate;
mod limiter;
mod properties;
mod strict;
mod times;

use super::*;
use segue_plugin::testing;
use segue_plugin::testing::{Bench, ProcessorBench};

const RATE_HZ: u32 = 48_000;
/// What a static curve may be off by.
const CURVE_DB_MAX: f64 = 0.05;
/// What a time may be off by.
const TIME_SHARE_MAX: f64 = 0.02;

/// A processor with these parameters.
fn with<T: AudioProcessor>(params: &[(&str, f64)]) -> Bench<ProcessorBench<T>> {
    let bench = testing::processor::<T>().mono(RATE_HZ);
    params
        .iter()
        .fold(bench, |bench, (id, value)| bench.param(id, *value))
}

fn amplitude(level_db: f64) -> f64 {
    10.0_f64.powf(level_db / 20.0)
}

fn level_db(amplitude: f32) -> f64 {
    20.0 * f64::from(amplitude.abs()).log10()
}

/// A level that stands still, with a sign that changes: an alternation at half the sample rate.
fn steady(level_db: f64, frames: usize) -> Vec<f32> {
    let amplitude = amplitude(level_db) as f32;
    let sign = |frame: usize| if frame.is_multiple_of(2) { 1.0 } else { -1.0 };
    (0..frames).map(|frame| sign(frame) * amplitude).collect()
}

fn sine(level_db: f64, frequency_hz: f64, frames: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU * frequency_hz / f64::from(RATE_HZ);
    let value = |frame: usize| (amplitude(level_db) * (step * frame as f64).sin()) as f32;
    (0..frames).map(value).collect()
}

fn peak_db(samples: &[f32]) -> f64 {
    level_db(
        samples
            .iter()
            .fold(0.0, |peak: f32, sample| peak.max(sample.abs())),
    )
}

/// Noise, different in each channel and the same every time.
fn noise(channels: usize, frames: usize, amplitude: f32) -> Vec<Vec<f32>> {
    let mut random = 1_u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        amplitude * ((random >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    (0..channels)
        .map(|_| (0..frames).map(|_| next()).collect())
        .collect()
}

fn slices(channels: &[Vec<f32>]) -> Vec<&[f32]> {
    channels.iter().map(Vec::as_slice).collect()
}

fn bits(channels: &[Vec<f32>]) -> Vec<Vec<u32>> {
    let bits = |channel: &Vec<f32>| channel.iter().map(|sample| sample.to_bits()).collect();
    channels.iter().map(bits).collect()
}

/// One channel through a processor in blocks of 4,000 frames.
fn run<T: AudioProcessor>(bench: &mut ProcessorBench<T>, samples: &[f32]) -> Vec<f32> {
    bench.run(&[samples], &[4000]).unwrap().remove(0)
}

/// How much softer each frame came out, in dB.
fn reductions_db(input: &[f32], output: &[f32]) -> Vec<f64> {
    let pairs = input.iter().zip(output);
    pairs
        .map(|(from, to)| level_db(*from) - level_db(*to))
        .collect()
}

/// How many frames it takes, fractions included, to go 63.2 % of the way from `from` to `to`.
fn time_frames(reductions_db: &[f64], from: f64, to: f64) -> f64 {
    let share = |reduction_db: f64| (reduction_db - from) / (to - from);
    let aim = 1.0 - (-1.0_f64).exp();
    let after = reductions_db
        .iter()
        .position(|reduction_db| share(*reduction_db) >= aim)
        .expect("it gets there");
    let now = share(reductions_db[after]);
    let before = match after.checked_sub(1) {
        Some(frame) => share(reductions_db[frame]),
        None => 0.0,
    };
    // Frame 0 is one frame's way from the start.
    after as f64 + 1.0 - (now - aim) / (now - before)
}

fn check_time(found_frames: f64, time_ms: f64) {
    let expected_frames = time_ms * f64::from(RATE_HZ) / 1000.0;
    let off = found_frames / expected_frames - 1.0;
    assert!(
        off.abs() < TIME_SHARE_MAX,
        "{time_ms} ms took {found_frames} frames, expected {expected_frames}"
    );
}

/// How far the reduction of a steady signal moves from a frame to the next at most, in dB, while
/// one parameter changes and neither attack nor release smooths anything.
fn largest_step_db<T: AudioProcessor>(
    params: &[(&str, f64)],
    level_db: f64,
    (id, value): (&str, f64),
) -> f64 {
    let instant = [("attack_ms", 0.0), ("release_ms", 0.0)];
    let mut bench = with::<T>(&[&instant, params].concat()).activate().unwrap();
    let signal = steady(level_db, 6000);
    bench.change(id, 3000, value);
    let found = reductions_db(&signal, &run(&mut bench, &signal));
    assert!((found[5999] - found[2999]).abs() > 4.0, "{id} changes it");
    let steps = found[2000..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f64::max)
}
