//! The engine as a host sees it.

mod oracle;

use super::*;
use segue_plugin::testing;
use segue_plugin::testing::{Bench, DecisionBench};

const RATE_HZ: u32 = 48_000;
const LOUDNESS: &[&str] = &["short_term_lufs", "true_peak_dbtp"];

fn with(params: &[(&str, f64)]) -> Bench<DecisionBench> {
    let bench = testing::decision::<Threshold>().stereo(RATE_HZ);
    let bench = bench.source("loudness", LOUDNESS);
    params
        .iter()
        .fold(bench, |bench, (id, value)| bench.param(id, *value))
}

/// A value of a reading of the first source.
fn value(reading: usize, position_frames: u64, value: f64) -> Reading {
    Reading {
        position_frames,
        source: 0,
        reading,
        channel: 0,
        value,
    }
}

fn decide(bench: &mut DecisionBench, readings: &[Reading]) -> Vec<String> {
    let frame = readings.last().map_or(0, |last| last.position_frames);
    bench.decide(frame, readings).unwrap()
}

#[test]
fn a_breach_is_told_once_and_again_after_recovery() {
    let mut engine = with(&[("peak_max_dbtp", -0.9), ("hold_ms", 500.0)])
        .activate()
        .unwrap();
    let mut at = |frame, peak_dbtp| decide(&mut engine, &[value(1, frame, peak_dbtp)]);
    let nothing: [&str; 0] = [];
    assert_eq!(at(4_800, -0.3), nothing);
    assert_eq!(at(9_600, -1.0), nothing);
    assert_eq!(at(24_000, -0.2), nothing);
    assert_eq!(
        at(28_800, -0.312_34),
        [
            "alert: loudness: true_peak_dbtp is -0.312 at frame 28800, above peak_max_dbtp = -0.9 \
          since frame 4800"
        ]
    );
    assert_eq!(at(33_600, 3.0), nothing);
    assert_eq!(at(38_400, -1.9), nothing);
    assert_eq!(at(43_200, 0.0), nothing);
    assert_eq!(at(67_200, 0.0).len(), 1);
}

#[test]
fn dead_air_is_heard_and_can_end_the_session() {
    let stop = [
        ("loudness_min_lufs", -50.0),
        ("hold_ms", 1000.0),
        ("action", 1.0),
    ];
    let mut engine = with(&stop).activate().unwrap();
    let second = u64::from(RATE_HZ);
    assert_eq!(decide(&mut engine, &[value(0, second, -200.0)]), [""; 0]);
    assert_eq!(
        decide(&mut engine, &[value(0, 2 * second, -200.0)]),
        [
            "stop: loudness: short_term_lufs is -200 at frame 96000, below loudness_min_lufs = -50 \
          since frame 48000"
        ]
    );
}

#[test]
fn each_channel_of_each_source_is_told_apart() {
    let bench = testing::decision::<Threshold>()
        .stereo(RATE_HZ)
        .param("clipped_max", 0.0);
    let bench = bench.source("in", &["peak", "clipped_samples"]);
    let mut engine = bench
        .source("out", &["clipped_samples"])
        .activate()
        .unwrap();
    let clipped = |source, reading, channel, value| Reading {
        position_frames: 4800,
        source,
        reading,
        channel,
        value,
    };
    let readings = [
        clipped(0, 0, 0, 7.0), // A peak, which no limit is about.
        clipped(0, 1, 0, 2.0),
        clipped(0, 1, 1, 0.0),
        clipped(1, 0, 0, 0.0),
        clipped(1, 0, 1, 5.0),
        clipped(1, 0, 2, 9.0), // A channel that the source does not have.
        clipped(9, 0, 0, 9.0), // A source that there is not.
    ];
    let told = |source: &str, channel: u32, value: u32| {
        format!(
            "alert: {source}: clipped_samples of channel {channel} is {value} at frame 4800, \
             above clipped_max = 0 since frame 4800"
        )
    };
    let expected = [told("in", 1, 2), told("out", 2, 5)];
    assert_eq!(decide(&mut engine, &readings), expected);
    assert_eq!(decide(&mut engine, &readings), [""; 0]);
    engine.reset();
    assert_eq!(decide(&mut engine, &readings), expected);
    // None clipped is back: a count has no hysteresis.
    assert_eq!(decide(&mut engine, &[clipped(0, 1, 0, 0.0)]), [""; 0]);
    assert_eq!(decide(&mut engine, &readings), [told("in", 1, 2)]);
}

#[test]
fn any_reading_can_have_limits() {
    let bench = testing::decision::<Threshold>().source("comp", &["gain_reduction_db"]);
    let bench = bench
        .text("reading", "gain_reduction_db")
        .param("above", 12.0)
        .param("below", 0.5);
    let mut engine = bench.param("hysteresis", 0.25).activate().unwrap();
    let at = |frame, reduction_db| value(0, frame, reduction_db);
    assert_eq!(
        decide(
            &mut engine,
            &[at(1, 13.5), at(2, 0.000_01), at(3, 0.7), at(4, 0.4)]
        ),
        [
            "alert: comp: gain_reduction_db is 13.5 at frame 1, above 12 since frame 1",
            "alert: comp: gain_reduction_db is 1.00e-5 at frame 2, below 0.5 since frame 2",
        ]
    );
    assert_eq!(decide(&mut engine, &[at(5, 0.75), at(6, 0.3)]).len(), 1);
}

#[test]
fn what_cannot_be_is_refused_with_what_there_is() {
    let check = |bench: Bench<DecisionBench>, expected: &str| {
        assert_eq!(bench.activate().unwrap_err().to_string(), expected);
    };
    check(
        with(&[("clipped_max", 3.0)]).source("levels", &["peak", "rms"]),
        "clipped_max is set, but no source has a reading clipped_samples: loudness has \
         short_term_lufs, true_peak_dbtp; levels has peak, rms",
    );
    check(
        testing::decision::<Threshold>().param("peak_max_dbtp", -1.0),
        "peak_max_dbtp is set, but no source has a reading true_peak_dbtp: it reads no tap",
    );
    check(
        with(&[("above", 3.0)]).text("reading", "loudnes"),
        "above is set, but no source has a reading loudnes: loudness has short_term_lufs, \
         true_peak_dbtp",
    );
    check(
        with(&[("below", 3.0)]),
        "above and below need the setting reading, the id of what they bound",
    );
    check(
        with(&[]).text("reading", "true_peak_dbtp"),
        "the setting reading names true_peak_dbtp without a limit, expected above or below",
    );
    check(
        with(&[("loudness_min_lufs", -10.0), ("loudness_max_lufs", -20.0)]),
        "loudness_min_lufs = -10 is over loudness_max_lufs = -20: every value would breach one of \
         them",
    );
    // All limits off, and nothing to read: what a host does to try it out.
    assert!(testing::decision::<Threshold>().activate().is_ok());
}

#[test]
fn a_limit_set_live_is_in_force_or_said_to_be_none() {
    let mut engine = with(&[]).activate().unwrap();
    let loud = [value(1, 10, 0.0)];
    assert_eq!(decide(&mut engine, &loud), [""; 0]);
    engine.change("peak_max_dbtp", -1.0);
    assert_eq!(decide(&mut engine, &loud).len(), 1);
    // Off ends the breach, so on again finds a new one.
    engine.change("peak_max_dbtp", OFF_DB);
    assert_eq!(decide(&mut engine, &loud), [""; 0]);
    engine.change("peak_max_dbtp", -1.0);
    assert_eq!(decide(&mut engine, &loud).len(), 1);
    let missing = "alert: clipped_max was set, but no source has a reading clipped_samples";
    for _ in 0..2 {
        engine.change("clipped_max", 1.0);
        assert_eq!(decide(&mut engine, &loud), [missing]);
        assert_eq!(decide(&mut engine, &loud), [""; 0]);
        engine.change("clipped_max", OFF_COUNT);
        assert_eq!(decide(&mut engine, &loud), [""; 0]);
    }
    engine.change("above", 1.0);
    assert_eq!(
        decide(&mut engine, &loud),
        ["alert: above was set, but the setting reading names nothing"]
    );
}

#[test]
fn what_has_no_room_is_told_with_the_next_value() {
    let layout = Layout::discrete(64);
    let bench = testing::decision::<Threshold>().format(layout, RATE_HZ);
    let bench = bench
        .source("levels", &["clipped_samples", "peak"])
        .param("clipped_max", 0.0);
    let bench = bench.text("reading", "peak").param("above", 0.5);
    let mut engine = bench.activate().unwrap();
    let all: Vec<Reading> = [0, 1]
        .into_iter()
        .flat_map(|reading| (0..64).map(move |channel| (reading, channel)))
        .map(|(reading, channel)| Reading {
            position_frames: 1,
            source: 0,
            reading,
            channel,
            value: 1.0,
        })
        .collect();
    let told = |actions: Vec<String>, word: &str| {
        assert_eq!(actions.len(), ACTIONS_MAX);
        assert!(actions.iter().all(|action| action.contains(word)));
    };
    told(decide(&mut engine, &all), "clipped_samples");
    told(decide(&mut engine, &all), "peak");
    assert_eq!(decide(&mut engine, &all), [""; 0]);
}

#[test]
fn a_reading_without_a_value_counts_for_nothing() {
    let mut engine = with(&[("peak_max_dbtp", -1.0), ("hold_ms", 1.0)])
        .activate()
        .unwrap();
    let values = [
        value(1, 0, 0.0),
        value(1, 24, f64::NAN),
        value(1, 48, f64::INFINITY),
    ];
    assert_eq!(
        decide(&mut engine, &values),
        [
            "alert: loudness: true_peak_dbtp is inf at frame 48, above peak_max_dbtp = -1 since \
          frame 0"
        ]
    );
}
