//! How long the kernels take, named `step/case/level, size`; the plain level is there to compare
//! with. Each bench asserts its result as well.
//!
//! Run with `cargo bench -p segue-dsp`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ebur128::{EbuR128, Mode};
use pulp::Arch;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::eq::{Bank, Cascade, Fade, Planes};
use segue_dsp::gain::Multiplier;
use segue_dsp::levels::{FullScale, LevelMeter};
use segue_dsp::loudness::{ChannelWeight, LoudnessMeter, RangeHop};
use segue_dsp::true_peak::{Detector, TruePeak};
use std::fmt;

/// Block sizes in frames: a live one, and an offline one.
const BLOCKS: [usize; 2] = [128, 1024];

fn main() {
    divan::main();
}

/// The names of the levels that this processor has, plain first.
fn levels() -> impl Iterator<Item = &'static str> {
    cpu::levels().into_iter().map(cpu::name)
}

fn level(name: &str) -> Arch {
    let mut levels = cpu::levels().into_iter();
    levels
        .find(|level| cpu::name(*level) == name)
        .expect("its name is that of a level")
}

/// Noise between -0.5 and 0.5 that is the same in every run.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    std::iter::repeat_with(next).take(frames).collect()
}

/// Peaks that cancel in pairs, so that the result can be checked against the input.
fn bands(count: usize) -> Vec<Coefficients> {
    let band = |index: usize| Band {
        shape: Shape::Peak {
            gain_db: if index.is_multiple_of(2) { 6.0 } else { -6.0 },
        },
        frequency_hz: 100.0 * 1.4_f64.powi((index / 2) as i32),
        q: 1.0,
    };
    let design = |index| Coefficients::design(&band(index), 48_000.0).expect("in range");
    (0..count).map(design).collect()
}

/// A vector level, and how many frames a call has.
struct Case {
    level: Arch,
    frames: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", cpu::name(self.level), self.frames)
    }
}

/// Every block on every level of this machine.
fn cases() -> Vec<Case> {
    let blocks = |level| BLOCKS.map(|frames| Case { level, frames });
    cpu::levels().into_iter().flat_map(blocks).collect()
}

/// Two channels, planar.
struct Stereo {
    input: [Vec<f32>; 2],
    output: [Vec<f32>; 2],
}

impl Planes for Stereo {
    fn frames(&self) -> usize {
        self.input[0].len()
    }

    fn input(&self, channel: usize) -> &[f32] {
        &self.input[channel]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        &mut self.output[channel]
    }
}

#[divan::bench(name = "eq_stereo/16_peaks", args = cases())]
fn eq_stereo_16_peaks(bencher: Bencher<'_, '_>, case: &Case) {
    eq_stereo(bencher, case, 16);
}

/// A high-pass and eight bands take as long.
#[divan::bench(name = "eq_stereo/9_peaks", args = cases())]
fn eq_stereo_9_peaks(bencher: Bencher<'_, '_>, case: &Case) {
    eq_stereo(bencher, case, 9);
}

#[divan::bench(name = "eq_stereo/8_peaks", args = cases())]
fn eq_stereo_8_peaks(bencher: Bencher<'_, '_>, case: &Case) {
    eq_stereo(bencher, case, 8);
}

/// A high-pass takes as long.
#[divan::bench(name = "eq_stereo/1_peak", args = cases())]
fn eq_stereo_1_peak(bencher: Bencher<'_, '_>, case: &Case) {
    eq_stereo(bencher, case, 1);
}

/// Frames of both channels count as one.
fn eq_stereo(bencher: Bencher<'_, '_>, case: &Case, count: usize) {
    let mut bank = Bank::new(case.level, 2);
    for (index, coefficients) in bands(count).into_iter().enumerate() {
        bank.insert(index).expect("at most 16");
        bank.fade(index, coefficients, Fade::AT_ONCE)
            .expect("it is there");
    }
    let input = noise(case.frames);
    let [left, right] = [input.clone(), input];
    let mut block = Stereo {
        output: [left.clone(), right.clone()],
        input: [left, right],
    };
    bank.process(&mut block);
    if count.is_multiple_of(2) {
        let error = block.input[1]
            .iter()
            .zip(&block.output[1])
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(
            error < 1e-6,
            "pairs of opposite peaks change nothing, found {error}"
        );
    }
    bencher
        .counter(ItemsCount::new(case.frames))
        .bench_local(|| bank.process(black_box(&mut block)));
}

#[divan::bench(name = "eq_mono/16_peaks", args = cases())]
fn eq_mono_16_peaks(bencher: Bencher<'_, '_>, case: &Case) {
    let input = noise(case.frames);
    let mut output = input.clone();
    let mut cascade = Cascade::on(case.level, &bands(16)).expect("at most 16");
    cascade.process(&input, &mut output);
    let apart = |(a, b): (&f32, &f32)| (a - b).abs();
    let error = input.iter().zip(&output).map(apart).fold(0.0, f32::max);
    assert!(
        error < 1e-6,
        "pairs of opposite peaks change nothing, found {error}"
    );
    bencher
        .counter(ItemsCount::new(case.frames))
        .bench_local(|| cascade.process(black_box(&input), black_box(&mut output)));
}

#[divan::bench(name = "gain/constant", args = cases())]
fn gain_constant(bencher: Bencher<'_, '_>, case: &Case) {
    let input = noise(case.frames);
    let mut output = input.clone();
    let multiplier = Multiplier::on(case.level);
    bencher
        .counter(ItemsCount::new(case.frames))
        .bench_local(|| {
            multiplier.apply(black_box(0.5), black_box(&input), black_box(&mut output));
        });
    assert!(input.iter().zip(&output).all(|(x, y)| *y == 0.5 * x));
}

#[divan::bench(name = "gain/per_frame", args = cases())]
fn gain_per_frame(bencher: Bencher<'_, '_>, case: &Case) {
    let input = noise(case.frames);
    let mut output = input.clone();
    let multiplier = Multiplier::on(case.level);
    bencher
        .counter(ItemsCount::new(case.frames))
        .bench_local(|| {
            multiplier.apply_each(black_box(&input), black_box(&input), black_box(&mut output));
        });
    assert!(input.iter().zip(&output).all(|(x, y)| *y == x * x));
}

#[divan::bench(name = "levels/noise/96000", args = levels())]
fn levels_noise(bencher: Bencher<'_, '_>, name: &str) {
    let input = noise(STEREO_FRAMES);
    let mut meter = LevelMeter::on(level(name), FullScale::Pcm { bits: 24 });
    bencher
        .counter(ItemsCount::new(STEREO_FRAMES))
        .bench_local(|| meter.feed(black_box(&input)));
    let rms = meter.levels().rms;
    assert!(
        (rms - 12.0_f64.sqrt().recip()).abs() < 0.03,
        "even noise has 1/sqrt(12), found {rms}"
    );
}

/// Two seconds of stereo, so that every window and gate is at work.
const STEREO_FRAMES: usize = 96_000;

#[divan::bench(name = "loudness/stereo/96000", args = levels())]
fn loudness_stereo(bencher: Bencher<'_, '_>, name: &str) {
    let input = noise(STEREO_FRAMES);
    let weights = [ChannelWeight::Full; 2];
    let hop = RangeHop::default();
    let meter = LoudnessMeter::on(level(name), 48_000, &weights, hop);
    let mut meter = meter.expect("in range");
    bencher
        .counter(ItemsCount::new(STEREO_FRAMES))
        .bench_local(|| {
            let fed = meter.feed(black_box(&[&input, &input]));
            assert_eq!(fed, Ok(()));
        });
    let lufs = meter.loudness().integrated_lufs;
    assert!(
        (-9.0..-4.0).contains(&lufs),
        "even noise at half scale in stereo, found {lufs}"
    );
}

/// The same with the crate that is the oracle of the tests, for the ratio.
#[divan::bench(name = "loudness/stereo_ebur128_crate/96000")]
fn loudness_stereo_crate(bencher: Bencher<'_, '_>) {
    let input = noise(STEREO_FRAMES);
    let mode = Mode::all();
    let mut meter = EbuR128::new(2, 48_000, mode).expect("in range");
    bencher
        .counter(ItemsCount::new(STEREO_FRAMES))
        .bench_local(|| {
            meter
                .add_frames_planar_f32(black_box(&[&input, &input]))
                .expect("two equal channels");
        });
    let lufs = meter.loudness_global().expect("mode I");
    assert!(
        (-9.0..-4.0).contains(&lufs),
        "even noise at half scale in stereo, found {lufs}"
    );
}

#[divan::bench(name = "true_peak/rising/96000", args = levels())]
fn true_peak_rising(bencher: Bencher<'_, '_>, name: &str) {
    // Ever louder, so that no chunk can be skipped: the dearest case.
    let rising = |(n, x): (usize, f32)| x * (1.0 + n as f32 * 1e-5);
    let input: Vec<f32> = noise(STEREO_FRAMES)
        .into_iter()
        .enumerate()
        .map(rising)
        .collect();
    let fresh = TruePeak::on(level(name), 48_000);
    bencher
        .counter(ItemsCount::new(STEREO_FRAMES))
        .bench_local(|| {
            let mut meter = fresh.clone();
            meter.feed(black_box(&input));
            assert!(meter.peak() > 0.5);
            meter
        });
}

#[divan::bench(name = "true_peak/detector_stereo/1024", args = levels())]
fn true_peak_detector(bencher: Bencher<'_, '_>, name: &str) {
    let input = noise(1024);
    let mut peaks = vec![0.0; input.len()];
    let mut detector = Detector::on(level(name), 2, 48_000);
    bencher
        .counter(ItemsCount::new(input.len()))
        .bench_local(|| {
            detector.process(black_box(&[&input, &input]), black_box(&mut peaks));
        });
    let highest = peaks.iter().copied().fold(0.0, f32::max);
    assert!(
        highest > 0.5,
        "even noise peaks between its samples, found {highest}"
    );
}
