//! Loudness against the minimum requirements of EBU Tech 3341 (2023) and EBU Tech 3342, with test
//! signals synthesized as the documents describe them: 1 kHz sines, in phase in all channels, at
//! 48 kHz. Their tolerances are asserted.
//!
//! Cases 7 and 8 of Tech 3341 (5 and 6 of Tech 3342) are recordings of programmes, which cannot be
//! synthesized; in their place `oracle.rs` compares made-up programmes of narrow and wide range
//! with another implementation. Cases 20 to 23 are recordings likewise.

#[path = "support/every_level.rs"]
mod every_level;

use segue_dsp::loudness::{ChannelWeight, Loudness, LoudnessMeter, RangeHop};
use std::f64::consts::TAU;

const RATE_HZ: u32 = 48_000;
/// What Tech 3341 allows a loudness to be off by.
const LOUDNESS_LU_MAX: f64 = 0.1;
/// What Tech 3342 allows a range to be off by.
const RANGE_LU_MAX: f64 = 1.0;
const STEREO: [ChannelWeight; 2] = [ChannelWeight::Full; 2];
/// Silence, as a level of a tone.
const SILENCE: f64 = f64::NEG_INFINITY;

/// A tone: its level as peak of the sine in dBFS, and how long it lasts.
type Tone = (f64, f64);

fn frames(seconds: f64) -> usize {
    (seconds * f64::from(RATE_HZ)).round() as usize
}

/// One channel of tones that follow each other without a break in phase.
fn tones(tones: &[Tone]) -> Vec<f32> {
    let mut samples = Vec::new();
    for &(level_db, seconds) in tones {
        let amplitude = 10.0_f64.powf(level_db / 20.0);
        let start = samples.len();
        let sine = |n: usize| (TAU * 1_000.0 * n as f64 / f64::from(RATE_HZ)).sin();
        samples.extend((start..start + frames(seconds)).map(|n| (amplitude * sine(n)) as f32));
    }
    samples
}

fn meter(weights: &[ChannelWeight]) -> LoudnessMeter {
    LoudnessMeter::new(RATE_HZ, weights, RangeHop::default()).expect("in range")
}

/// Both channels of a stereo programme, measured to its end.
fn stereo(programme: &[Tone]) -> Loudness {
    let samples = tones(programme);
    let mut meter = meter(&STEREO);
    meter
        .feed(&[&samples, &samples])
        .expect("two equal channels");
    meter.loudness()
}

fn check(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

fn check_integrated(programme: &[Tone]) {
    check(
        "integrated",
        stereo(programme).integrated_lufs,
        -23.0,
        LOUDNESS_LU_MAX,
    );
}

#[test]
fn cases_1_and_2_a_steady_tone_reads_its_level_on_every_scale() {
    for level_db in [-23.0, -33.0] {
        let loudness = stereo(&[(level_db, 20.0)]);
        check(
            "momentary",
            loudness.momentary_lufs,
            level_db,
            LOUDNESS_LU_MAX,
        );
        check(
            "short-term",
            loudness.short_term_lufs,
            level_db,
            LOUDNESS_LU_MAX,
        );
        check(
            "integrated",
            loudness.integrated_lufs,
            level_db,
            LOUDNESS_LU_MAX,
        );
    }
}

#[test]
fn case_3_quiet_ends_fall_to_the_relative_gate() {
    check_integrated(&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)]);
}

#[test]
fn case_4_silent_ends_fall_to_the_absolute_gate_first() {
    check_integrated(&[
        (-72.0, 10.0),
        (-36.0, 10.0),
        (-23.0, 60.0),
        (-36.0, 10.0),
        (-72.0, 10.0),
    ]);
}

#[test]
fn case_5_what_is_above_the_gates_counts_by_energy() {
    check_integrated(&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)]);
}

#[test]
fn case_6_five_channels_count_by_their_position() {
    use ChannelWeight::{Full, Surround};
    let levels_db = [-28.0, -28.0, -24.0, -30.0, -30.0];
    let block = levels_db.map(|level_db| tones(&[(level_db, 20.0)]));
    let mut meter = meter(&[Full, Full, Full, Surround, Surround]);
    meter.feed(&block).expect("five equal channels");
    check(
        "integrated",
        meter.loudness().integrated_lufs,
        -23.0,
        LOUDNESS_LU_MAX,
    );
}

/// Feeds a programme in steps of 10 ms and checks one scale after each, from some second on.
fn check_constant(programme: &[Tone], from_seconds: f64, scale: fn(&Loudness) -> f64) {
    let samples = tones(programme);
    let mut meter = meter(&STEREO);
    for (step, block) in samples.chunks(frames(0.01)).enumerate() {
        meter.feed(&[block, block]).expect("two equal channels");
        if (step + 1) as f64 * 0.01 >= from_seconds {
            check("constant", scale(&meter.loudness()), -23.0, LOUDNESS_LU_MAX);
        }
    }
}

#[test]
fn case_9_short_term_is_constant_over_tones_that_repeat_every_3_s() {
    let pair = [(-20.0, 1.34), (-30.0, 1.66)];
    check_constant(&pair.repeat(5), 3.0, |loudness| loudness.short_term_lufs);
}

#[test]
fn case_12_momentary_is_constant_over_tones_that_repeat_every_400_ms() {
    let pair = [(-20.0, 0.18), (-30.0, 0.22)];
    check_constant(&pair.repeat(25), 1.0, |loudness| loudness.momentary_lufs);
}

#[test]
fn case_10_the_largest_short_term_is_found_wherever_the_tone_starts() {
    for index in 1..=20 {
        let lead_seconds = f64::from(index) * 0.15;
        let loudness = stereo(&[(SILENCE, lead_seconds), (-23.0, 3.0), (SILENCE, 1.0)]);
        check(
            "short-term max",
            loudness.short_term_max_lufs,
            -23.0,
            LOUDNESS_LU_MAX,
        );
    }
}

#[test]
fn case_13_the_largest_momentary_is_found_wherever_the_tone_starts() {
    for index in 1..=20 {
        let lead_seconds = f64::from(index) * 0.02;
        let loudness = stereo(&[(SILENCE, lead_seconds), (-23.0, 0.4), (SILENCE, 1.0)]);
        check(
            "momentary max",
            loudness.momentary_max_lufs,
            -23.0,
            LOUDNESS_LU_MAX,
        );
    }
}

#[test]
fn cases_11_and_14_maxima_follow_louder_and_louder_tones() {
    let mut meters = [meter(&STEREO), meter(&STEREO)];
    for index in 0..20 {
        let level_db = -38.0 + f64::from(index);
        for (meter, (tone_seconds, lead_seconds)) in
            meters.iter_mut().zip([(3.0, 0.15), (0.4, 0.02)])
        {
            let lead = f64::from(index + 1) * lead_seconds;
            let programme = [
                (SILENCE, lead),
                (level_db, tone_seconds),
                (SILENCE, 3.0 - lead),
            ];
            let samples = tones(&programme);
            meter
                .feed(&[&samples, &samples])
                .expect("two equal channels");
        }
        let [short_term, momentary] = meters.each_ref().map(LoudnessMeter::loudness);
        check(
            "short-term",
            short_term.short_term_max_lufs,
            level_db,
            LOUDNESS_LU_MAX,
        );
        check(
            "momentary",
            momentary.momentary_max_lufs,
            level_db,
            LOUDNESS_LU_MAX,
        );
    }
}

/// A sine of so many frames a period, faded in over 10 ms so that its onset adds no overshoot of
/// its own, in stereo.
fn true_peak_dbtp(amplitude: f64, frames_per_period: f64, phase_degrees: f64) -> f64 {
    let fade = |n: usize| (n as f64 / 480.0).min(1.0);
    let phase = |n: usize| TAU * n as f64 / frames_per_period + phase_degrees.to_radians();
    let sine = |n: usize| (fade(n) * amplitude * phase(n).sin()) as f32;
    let samples: Vec<f32> = (0..RATE_HZ as usize).map(sine).collect();
    let mut meter = meter(&STEREO);
    meter
        .feed(&[&samples, &samples])
        .expect("two equal channels");
    meter.loudness().true_peak_dbtp
}

#[test]
fn cases_15_to_19_true_peaks_between_the_samples_are_found() {
    for (case, amplitude, frames_per_period, phase_degrees, expected_dbtp) in [
        (15, 0.50, 4.0, 0.0, -6.0),
        (16, 0.50, 4.0, 45.0, -6.0),
        (17, 0.50, 6.0, 60.0, -6.0),
        (18, 0.50, 8.0, 67.5, -6.0),
        (19, 1.41, 4.0, 45.0, 3.0),
    ] {
        let found = true_peak_dbtp(amplitude, frames_per_period, phase_degrees);
        let off = found - expected_dbtp;
        assert!(
            (-0.4..=0.2).contains(&off),
            "case {case}: {found}, expected {expected_dbtp} dBTP"
        );
    }
}

#[test]
fn tech_3342_cases_1_to_4_ranges_of_steady_tones() {
    for (levels_db, expected_lu) in [
        (&[-20.0, -30.0][..], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ] {
        let programme: Vec<Tone> = levels_db.iter().map(|level_db| (*level_db, 20.0)).collect();
        check(
            "range",
            stereo(&programme).range_lu,
            expected_lu,
            RANGE_LU_MAX,
        );
    }
}

#[test]
fn the_same_holds_on_every_level() {
    every_level::pass("on_every_level");
}
