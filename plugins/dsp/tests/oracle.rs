//! Loudness against the crate `ebur128`, which agrees with libebur128 and ffmpeg: every figure of
//! made-up programmes of narrow and wide range, at many rates and layouts, within 0.01 LU or dB.
//! And what has no oracle: block division, hostile input, hours.

use ebur128::{Channel, EbuR128, Mode};
use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::loudness::{ChannelWeight, Loudness, LoudnessError, LoudnessMeter, RangeHop};

/// What the two may differ by, in LU or dB.
const TOLERANCE: f64 = 0.01;

/// Repeatable noise between -1 and 1.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// Noise and two tones whose level wanders over so many dB, a new level about every second, with
/// clicks between; each channel different.
fn programme(sample_rate_hz: u32, seconds: f64, range_db: f32, channels: u32) -> Vec<Vec<f32>> {
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

fn ours(
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

fn oracle_channel(weight: ChannelWeight) -> Channel {
    match weight {
        ChannelWeight::Full => Channel::Left,
        ChannelWeight::Surround => Channel::LeftSurround,
        ChannelWeight::Excluded => Channel::Unused,
    }
}

fn oracle(rate: u32, weights: &[ChannelWeight]) -> EbuR128 {
    let mut oracle =
        EbuR128::new(weights.len() as u32, rate, Mode::all() - Mode::HISTOGRAM).expect("in range");
    let map: Vec<Channel> = weights
        .iter()
        .map(|weight| oracle_channel(*weight))
        .collect();
    oracle
        .set_channel_map(&map)
        .expect("one position a channel");
    oracle
}

/// Feeds the oracle in pieces of 100 ms; gives it and its largest momentary and short-term.
fn theirs(rate: u32, weights: &[ChannelWeight], block: &[Vec<f32>]) -> (EbuR128, f64, f64) {
    let mut oracle = oracle(rate, weights);
    let (mut momentary_max, mut short_term_max) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let hop = rate as usize / 10;
    let frames = block[0].len();
    for (index, start) in (0..frames).step_by(hop).enumerate() {
        let end = frames.min(start + hop);
        let piece: Vec<&[f32]> = block.iter().map(|channel| &channel[start..end]).collect();
        oracle
            .add_frames_planar_f32(&piece)
            .expect("equal channels");
        if index >= 3 {
            momentary_max = oracle
                .loudness_momentary()
                .expect("mode M")
                .max(momentary_max);
        }
        if index >= 29 {
            short_term_max = oracle
                .loudness_shortterm()
                .expect("mode S")
                .max(short_term_max);
        }
    }
    (oracle, momentary_max, short_term_max)
}

fn check(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE,
        "{what}: {found}, expected {expected}"
    );
}

/// Every figure of one programme.
fn compare(rate: u32, weights: &[ChannelWeight], seconds: f64, range_db: f32) {
    let block = programme(rate, seconds, range_db, weights.len() as u32);
    let (meter, found) = ours(rate, weights, RangeHop::Second, &block);
    let (oracle, momentary_max, short_term_max) = theirs(rate, weights, &block);
    check(
        "momentary",
        found.momentary_lufs,
        oracle.loudness_momentary().expect("mode M"),
    );
    check(
        "short-term",
        found.short_term_lufs,
        oracle.loudness_shortterm().expect("mode S"),
    );
    check(
        "integrated",
        found.integrated_lufs,
        oracle.loudness_global().expect("mode I"),
    );
    check(
        "range",
        found.range_lu,
        oracle.loudness_range().expect("mode LRA"),
    );
    check("short-term max", found.short_term_max_lufs, short_term_max);
    // Ours looks ten times as often: it may find more, never less.
    assert!(
        found.momentary_max_lufs >= momentary_max - TOLERANCE,
        "momentary max"
    );
    assert!(
        found.momentary_max_lufs <= momentary_max + 1.0,
        "momentary max"
    );
    for channel in 0..weights.len() {
        let db = |amplitude: f64| 20.0 * amplitude.log10();
        let sample_peak = oracle
            .sample_peak(channel as u32)
            .expect("mode SAMPLE_PEAK");
        let true_peak = oracle.true_peak(channel as u32).expect("mode TRUE_PEAK");
        check(
            "sample peak",
            meter.sample_peak_dbfs(channel),
            db(sample_peak),
        );
        check("true peak", meter.true_peak_dbtp(channel), db(true_peak));
    }
}

#[test]
fn stereo_agrees_at_every_usual_rate() {
    for rate in [
        8_000, 16_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000,
    ] {
        compare(rate, &[ChannelWeight::Full; 2], 8.0, 30.0);
    }
}

#[test]
fn narrow_and_wide_programmes_agree() {
    for range_db in [3.0, 20.0, 50.0] {
        compare(16_000, &[ChannelWeight::Full; 2], 120.0, range_db);
    }
}

#[test]
fn every_layout_agrees() {
    use ChannelWeight::{Excluded, Full, Surround};
    compare(48_000, &[Full], 8.0, 20.0);
    compare(
        48_000,
        &[Full, Full, Full, Excluded, Surround, Surround],
        8.0,
        20.0,
    );
    compare(
        44_100,
        &[Full, Full, Full, Excluded, Full, Full, Surround, Surround],
        6.0,
        20.0,
    );
}

#[test]
fn range_at_ten_values_a_second_is_that_of_the_oracles_short_terms() {
    const RATE: u32 = 16_000;
    let weights = [ChannelWeight::Full; 2];
    let block = programme(RATE, 90.0, 35.0, 2);
    let found = ours(RATE, &weights, RangeHop::TenthOfSecond, &block)
        .1
        .range_lu;
    let mut oracle = oracle(RATE, &weights);
    let mut energies = Vec::new();
    for (left, right) in block[0].chunks(1_600).zip(block[1].chunks(1_600)) {
        oracle
            .add_frames_planar_f32(&[left, right])
            .expect("equal channels");
        energies.push(10.0_f64.powf(oracle.loudness_shortterm().expect("mode S") / 10.0));
    }
    let mut energies = energies.split_off(29);
    energies.retain(|energy| *energy > 1e-7);
    let gate = energies.iter().sum::<f64>() / energies.len() as f64 / 100.0;
    energies.retain(|energy| *energy > gate);
    energies.sort_by(f64::total_cmp);
    let at = |share: f64| energies[((energies.len() - 1) as f64 * share).round() as usize];
    check("range", found, 10.0 * (at(0.95) / at(0.1)).log10());
}

#[test]
fn silence_is_minus_infinity_and_has_no_range() {
    let silence = [vec![0.0; 48_000 * 4], vec![0.0; 48_000 * 4]];
    let found = ours(
        48_000,
        &[ChannelWeight::Full; 2],
        RangeHop::default(),
        &silence,
    )
    .1;
    let nothing = Loudness {
        momentary_lufs: f64::NEG_INFINITY,
        short_term_lufs: f64::NEG_INFINITY,
        integrated_lufs: f64::NEG_INFINITY,
        range_lu: 0.0,
        momentary_max_lufs: f64::NEG_INFINITY,
        short_term_max_lufs: f64::NEG_INFINITY,
        sample_peak_dbfs: f64::NEG_INFINITY,
        true_peak_dbtp: f64::NEG_INFINITY,
        non_finite_samples: 0,
    };
    assert_eq!(found, nothing);
    let empty = ours(
        768_000,
        &[ChannelWeight::Full],
        RangeHop::default(),
        &[vec![]],
    )
    .1;
    assert_eq!(empty, nothing);
}

fn distorted(block: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let channel = |samples: &Vec<f32>| samples.iter().map(|x| 40.0 * x * x.abs()).collect();
    block.iter().map(channel).collect()
}

#[test]
fn reset_starts_anew() {
    let block = programme(8_000, 4.0, 20.0, 2);
    let weights = [ChannelWeight::Full; 2];
    let first = ours(8_000, &weights, RangeHop::default(), &block).1;
    // Louder, and with a different range, and with what is not a number.
    let louder = distorted(&block);
    let mut meter = ours(8_000, &weights, RangeHop::default(), &louder).0;
    meter
        .feed(&[&[f32::NAN, 1.0], &[1.0, 0.9]])
        .expect("equal channels");
    meter.reset();
    meter.feed(&block).expect("equal channels");
    assert_eq!(meter.loudness(), first);
}

#[test]
fn an_hour_later_a_figure_is_as_exact_as_in_the_first_minute() {
    let weights = [ChannelWeight::Full];
    let block = programme(8_000, 60.0, 30.0, 1);
    let mut meter = LoudnessMeter::new(8_000, &weights, RangeHop::Second).expect("in range");
    let mut oracle = oracle(8_000, &weights);
    for _ in 0..60 {
        meter.feed(&block).expect("one channel");
        oracle
            .add_frames_planar_f32(&[&block[0]])
            .expect("one channel");
    }
    let found = meter.loudness();
    check(
        "integrated",
        found.integrated_lufs,
        oracle.loudness_global().expect("mode I"),
    );
    check(
        "range",
        found.range_lu,
        oracle.loudness_range().expect("mode LRA"),
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_division_into_blocks_changes_no_bit(
        seed in any::<u32>(),
        frames in 0..40_000_usize,
        lengths in vec(1..2_000_usize, 1..8),
        rate in prop::sample::select(vec![8_000_u32, 11_025, 44_100, 96_000]),
    ) {
        let mut noise = Noise(seed);
        let block: Vec<Vec<f32>> =
            (0..2).map(|_| (0..frames).map(|_| noise.next()).collect()).collect();
        let weights = [ChannelWeight::Full, ChannelWeight::Surround];
        let whole = ours(rate, &weights, RangeHop::default(), &block).1;
        let mut parted = LoudnessMeter::new(rate, &weights, RangeHop::default()).expect("in range");
        let (mut start, mut lengths) = (0, lengths.iter().cycle());
        while start < frames {
            let end = frames.min(start + lengths.next().expect("a cycle does not end"));
            parted.feed(&[&block[0][start..end], &block[1][start..end]]).expect("equal channels");
            start = end;
        }
        prop_assert_eq!(parted.loudness(), whole);
    }

    #[test]
    fn any_input_at_all_gives_figures_that_are_no_nan(
        samples in vec(any::<f32>(), 0..3_000),
        rate in prop::sample::select(vec![8_000_u32, 48_000, 768_000]),
    ) {
        // Repeated until gating blocks exist.
        let samples = samples.repeat(40);
        let bad = samples.iter().filter(|sample| !sample.is_finite()).count() as u64;
        let found = ours(rate, &[ChannelWeight::Full], RangeHop::default(), &[samples]).1;
        for figure in [
            found.momentary_lufs,
            found.short_term_lufs,
            found.integrated_lufs,
            found.range_lu,
            found.momentary_max_lufs,
            found.short_term_max_lufs,
            found.sample_peak_dbfs,
            found.true_peak_dbtp,
        ] {
            prop_assert!(figure < f64::INFINITY, "{found:?}");
        }
        prop_assert_eq!(found.non_finite_samples, bad);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    fn check<T>(result: Result<T, LoudnessError>, expected: &str) {
        assert_eq!(result.err().expect("a refusal").to_string(), expected);
    }
    let full = [ChannelWeight::Full; 65];
    let make = |rate, channels: usize| {
        LoudnessMeter::new(rate, &full[..channels], RangeHop::default()).map(|_| ())
    };
    check(
        make(1, 2),
        "loudness at a sample rate of 1 Hz was asked for, expected 8000 to 768000 Hz",
    );
    check(
        make(48_000, 0),
        "loudness of 0 channels was asked for, expected 1 to 64",
    );
    check(
        make(48_000, 65),
        "loudness of 65 channels was asked for, expected 1 to 64",
    );
    let mut meter = ours(48_000, &full[..2], RangeHop::default(), &[vec![], vec![]]).0;
    check(
        meter.feed(&[&[0.0]]),
        "a block of 1 channels was fed to a loudness meter of 2",
    );
    check(
        meter.feed(&[&[0.0, 0.0][..], &[0.0]]),
        "channel 1 of a block has 1 frames, expected 2 as in channel 0",
    );
}
