//! The engine as a host sees it.

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
