//! Loudness against the crate `ebur128`, which agrees with libebur128 and ffmpeg: every figure of
//! made-up programmes of narrow and wide range, at many rates and layouts, within 0.01 LU or dB.

#[path = "support/every_level.rs"]
mod every_level;
#[path = "support/programme.rs"]
mod programme;

use ebur128::{Channel, EbuR128, Mode};
use programme::{ours, programme};
use segue_dsp::loudness::{ChannelWeight, LoudnessMeter, RangeHop};

/// What the two may differ by, in LU or dB.
const TOLERANCE: f64 = 0.01;

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

#[test]
fn the_same_holds_on_every_level() {
    every_level::pass("on_every_level");
}
