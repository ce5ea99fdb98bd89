//! How long compressor, gate and limiter take for a block of stereo, named `kernel/signal/level`.
//! Each bench asserts its result as well.
//!
//! Run with `cargo bench -p segue-dsp --bench dynamics`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use pulp::Arch;
use segue_dsp::cpu;
use segue_dsp::dynamics::{
    Compressor, CompressorControls, Control, Detection, Gate, GateControls, Limiter, LimiterShape,
    Peaks, Times,
};

const RATE_HZ: u32 = 48_000;
/// A block as file runs have it.
const FRAMES: usize = 1024;
const TIMES: Times = Times {
    attack_ms: 10.0,
    release_ms: 120.0,
};

fn main() {
    divan::main();
}

/// Every level that this processor has, by name.
fn levels() -> Vec<&'static str> {
    cpu::levels().into_iter().map(cpu::name).collect()
}

fn level(name: &str) -> Arch {
    let found = cpu::levels()
        .into_iter()
        .find(|arch| cpu::name(*arch) == name);
    found.expect("the name is one of the levels")
}

/// Noise of a peak amplitude that is the same in every run.
fn noise(amplitude: f32) -> [Vec<f32>; 2] {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        amplitude * ((state >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    std::array::from_fn(|_| (0..FRAMES).map(|_| next()).collect())
}

fn peak(output: &[Vec<f32>; 2]) -> f32 {
    let samples = output.iter().flatten();
    samples.fold(0.0, |peak, sample| peak.max(sample.abs()))
}

fn compressor(bencher: Bencher<'_, '_>, name: &str, detection: Detection, link: f32) {
    let input = noise(0.7);
    let mut output = input.clone();
    let mut compressor = Compressor::new(level(name), 2, f64::from(RATE_HZ), FRAMES);
    compressor.set(detection, &TIMES, 10.0);
    let controls = CompressorControls {
        threshold_db: Control::Steady(-18.0),
        ratio: Control::Steady(3.0),
        knee_db: Control::Steady(6.0),
        makeup_db: Control::Steady(6.0),
        mix: Control::Steady(1.0),
        link: Control::Steady(link),
    };
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let input = black_box(&input);
        compressor.follow(&[&input[0], &input[1]], &controls);
        for (channel, output) in output.iter_mut().enumerate() {
            compressor.apply(channel, &input[channel], black_box(output));
        }
    });
    assert!((0.3..0.7).contains(&peak(&output)), "9 dB down, 6 dB up");
}

#[divan::bench(name = "compressor/linked", args = levels())]
fn compressor_linked(bencher: Bencher<'_, '_>, name: &str) {
    compressor(bencher, name, Detection::Peak, 1.0);
}

#[divan::bench(name = "compressor/apart", args = levels())]
fn compressor_apart(bencher: Bencher<'_, '_>, name: &str) {
    compressor(bencher, name, Detection::Peak, 0.0);
}

#[divan::bench(name = "compressor/rms", args = levels())]
fn compressor_rms(bencher: Bencher<'_, '_>, name: &str) {
    compressor(bencher, name, Detection::Rms, 1.0);
}

#[divan::bench(name = "gate/half_open", args = levels())]
fn gate(bencher: Bencher<'_, '_>, name: &str) {
    let input = noise(0.1);
    let mut output = input.clone();
    let mut gate = Gate::new(level(name), f64::from(RATE_HZ), FRAMES);
    gate.set(&TIMES, 0.0);
    let controls = GateControls {
        threshold_db: Control::Steady(-10.0),
        hysteresis_db: Control::Steady(0.0),
        ratio: Control::Steady(2.0),
        range_db: Control::Steady(60.0),
    };
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let input = black_box(&input);
        gate.follow(&[&input[0], &input[1]], &controls);
        for (channel, output) in output.iter_mut().enumerate() {
            gate.apply(&input[channel], black_box(output));
        }
    });
    assert!(peak(&output) < 0.1, "below the threshold is softer");
}

fn limiter(bencher: Bencher<'_, '_>, name: &str, peaks: Peaks, amplitude: f32) -> f32 {
    let input = noise(amplitude);
    let mut output = input.clone();
    let lookahead_frames = (RATE_HZ / 200) as usize;
    let shape = LimiterShape {
        channels: 2,
        sample_rate_hz: RATE_HZ,
        lookahead_frames,
        frames_max: FRAMES,
        peaks,
    };
    let mut limiter = Limiter::new(level(name), &shape);
    limiter.set(100.0);
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let input = black_box(&input);
        limiter.follow(&[&input[0], &input[1]], Control::Steady(-1.0));
        for (channel, output) in output.iter_mut().enumerate() {
            limiter.apply(channel, &input[channel], black_box(output));
        }
    });
    peak(&output)
}

#[divan::bench(name = "limiter/at_work", args = levels())]
fn limiter_at_work(bencher: Bencher<'_, '_>, name: &str) {
    let peak = limiter(bencher, name, Peaks::Standard, 2.0);
    assert!(peak < 0.9, "the ceiling is at 0.891, found {peak}");
}

#[divan::bench(name = "limiter/strict", args = levels())]
fn limiter_strict(bencher: Bencher<'_, '_>, name: &str) {
    let peak = limiter(bencher, name, Peaks::Strict, 2.0);
    assert!(peak < 0.9, "the ceiling is at 0.891, found {peak}");
}

#[divan::bench(name = "limiter/below", args = levels())]
fn limiter_below(bencher: Bencher<'_, '_>, name: &str) {
    let peak = limiter(bencher, name, Peaks::Standard, 0.3);
    assert!((0.2..=0.3).contains(&peak), "unchanged, found {peak}");
}
