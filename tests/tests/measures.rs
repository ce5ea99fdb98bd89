//! Measures through the whole product: loudness after EBU Tech 3341, levels as `audioop` has them.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::wav;
use serde_json::Value;

const RATE: u32 = 48_000;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.write(
        "plugins.toml",
        "[stream]\ninput = \"in.wav\"\n\n[[tap]]\nid = \"loudness\"\ncomponent = \"segue.loudness\"\n\
         \n[[tap]]\nid = \"levels\"\ncomponent = \"segue.levels\"\n",
    );
    desk
}

/// A stereo sine of 1 kHz in phase, at these levels for so many seconds each.
fn sine(parts: &[(f64, f64)]) -> Vec<Vec<f32>> {
    let mut channel = Vec::new();
    for (level_dbfs, seconds) in parts {
        let amplitude = 10f64.powf(level_dbfs / 20.0);
        let frames = (seconds * f64::from(RATE)).round() as usize;
        let start = channel.len();
        channel.extend((start..start + frames).map(|frame| {
            let phase = frame as f64 * 1_000.0 / f64::from(RATE) * std::f64::consts::TAU;
            (amplitude * phase.sin()) as f32
        }));
    }
    vec![channel.clone(), channel]
}

fn measure(desk: &Desk, signal: &[Vec<f32>]) -> Value {
    wav::write(&desk.path("in.wav"), RATE, signal);
    let _ = desk.segue(["run", "--report", "report.json"]).expect(0);
    serde_json::from_slice(&std::fs::read(desk.path("report.json")).unwrap()).unwrap()
}

fn reading(report: &Value, tap: usize, id: &str, channel: usize) -> f64 {
    let readings = report["taps"][tap]["readings"].as_array().unwrap();
    let found = readings
        .iter()
        .filter(|reading| reading["id"] == id)
        .nth(channel);
    let found = found.unwrap_or_else(|| panic!("{id} is not among {readings:?}"));
    found["value"]
        .as_f64()
        .unwrap_or_else(|| panic!("{id} has no value: {found}"))
}

/// EBU Tech 3341 (2016), table 1: integrated loudness within 0.1 LU.
#[test]
fn integrated_loudness_is_that_of_the_cases_of_ebu_tech_3341() {
    let desk = desk();
    let cases: [(&[(f64, f64)], f64); 5] = [
        (&[(-23.0, 20.0)], -23.0),
        (&[(-33.0, 20.0)], -33.0),
        (&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        (
            &[
                (-72.0, 10.0),
                (-36.0, 10.0),
                (-23.0, 60.0),
                (-36.0, 10.0),
                (-72.0, 10.0),
            ],
            -23.0,
        ),
        (&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ];
    for (parts, expected) in cases {
        let report = measure(&desk, &sine(parts));
        let found = reading(&report, 0, "integrated_lufs", 0);
        assert!(
            (found - expected).abs() <= 0.1,
            "{parts:?}: {found}, expected {expected}"
        );
    }
}

/// The oracle is Python's `audioop`, whose figures stand in a committed file of golden vectors; the
/// kernel is held to all of them. Here the plain figures of a signal that needs no oracle.
#[test]
fn levels_of_a_signal_that_can_be_counted() {
    let desk = desk();
    let report = measure(
        &desk,
        &[vec![0.5, -0.5, 0.25, -0.75, 0.5, 0.0], vec![0.125; 6]],
    );
    assert_eq!(reading(&report, 1, "peak", 0), 0.75);
    assert_eq!(reading(&report, 1, "peak", 1), 0.125);
    assert_eq!(reading(&report, 1, "rms", 1), 0.125);
    let crossings = reading(&report, 1, "zero_crossings", 0);
    assert!((3.0..=5.0).contains(&crossings), "{crossings}");
}
