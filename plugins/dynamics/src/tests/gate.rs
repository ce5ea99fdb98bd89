//! Gate: its curve, hysteresis, hold and times.

use super::*;

/// Times short enough to settle within a few hundred frames.
const FAST: [(&str, f64); 3] = [("attack_ms", 0.1), ("hold_ms", 0.0), ("release_ms", 1.0)];

fn gate(params: &[(&str, f64)]) -> ProcessorBench<Gate> {
    with(&[&FAST, params].concat()).activate().unwrap()
}

#[test]
fn below_the_threshold_the_curve_falls_by_the_ratio_and_stops_at_the_range() {
    for (threshold_db, ratio, range_db) in [
        (-50.0, 10.0, 60.0),
        (-20.0, 2.0, 20.0),
        (-40.0, 1.0, 60.0),
        (-30.0, 100.0, 150.0),
        (-10.0, 3.0, 0.0),
    ] {
        let mut bench = gate(&[
            ("threshold_db", threshold_db),
            ("ratio", ratio),
            ("range_db", range_db),
        ]);
        for step in 0..27 {
            let level = f64::from(step) * 3.0 - 80.5;
            let out = run(&mut bench, &steady(level, 2000));
            let below_db = f64::max(threshold_db - level, 0.0);
            let expected = level - f64::min((ratio - 1.0) * below_db, range_db);
            let found = level_db(out[1999]);
            assert!(
                (found - expected).abs() < CURVE_DB_MAX,
                "{level} dB under {threshold_db} by {ratio}: {found}, not {expected}"
            );
        }
    }
}

/// The reduction at the end of each of several steady levels.
fn settled_db(bench: &mut ProcessorBench<Gate>, levels_db: &[f64]) -> Vec<f64> {
    let settle = |level: &f64| {
        let part = steady(*level, 2000);
        reductions_db(&part, &run(bench, &part))[1999]
    };
    levels_db.iter().map(settle).collect()
}

#[test]
fn between_the_two_thresholds_it_stays_as_it_is() {
    let mut bench = gate(&[
        ("threshold_db", -40.0),
        ("hysteresis_db", 10.0),
        ("ratio", 2.0),
    ]);
    let levels = [-45.0, -39.0, -45.0, -49.9, -50.1, -45.0, -40.1, -39.9];
    let expected = [5.0, 0.0, 0.0, 0.0, 10.1, 5.0, 0.1, 0.0];
    for ((found, expected), level) in settled_db(&mut bench, &levels)
        .iter()
        .zip(expected)
        .zip(levels)
    {
        assert!(
            (found - expected).abs() < CURVE_DB_MAX,
            "{level} dB: {found}"
        );
    }
}

#[test]
fn it_stays_open_for_exactly_the_hold() {
    for hold_frames in [0, 1, 48, 4800] {
        let hold_ms = f64::from(hold_frames) / 48.0;
        let mut bench = gate(&[
            ("hold_ms", hold_ms),
            ("release_ms", 0.0),
            ("attack_ms", 0.0),
        ]);
        run(&mut bench, &steady(-20.0, 100));
        let quiet = steady(-80.0, 6000);
        let found = reductions_db(&quiet, &run(&mut bench, &quiet));
        let closes = found.iter().position(|reduction_db| *reduction_db > 1.0);
        assert_eq!(closes, Some(hold_frames as usize), "{hold_ms} ms");
    }
}

#[test]
fn attack_and_release_take_their_time_to_63_percent_in_db() {
    for (attack_ms, release_ms) in [(1.0, 150.0), (20.0, 20.0), (200.0, 5.0)] {
        let mut bench = gate(&[
            ("attack_ms", attack_ms),
            ("release_ms", release_ms),
            ("range_db", 30.0),
        ]);
        run(&mut bench, &steady(-20.0, 100));
        let quiet = steady(-80.0, 96_000);
        let closing = reductions_db(&quiet, &run(&mut bench, &quiet));
        check_time(time_frames(&closing, 0.0, 30.0), release_ms);
        let loud = steady(-20.0, 96_000);
        let opening = reductions_db(&loud, &run(&mut bench, &loud));
        check_time(time_frames(&opening, 30.0, 0.0), attack_ms);
    }
}

#[test]
fn a_tone_above_the_threshold_passes_untouched_once_it_is_open() {
    let mut bench = with::<Gate>(&[]).activate().unwrap();
    let tone = sine(-30.0, 100.0, 48_000);
    let out = run(&mut bench, &tone);
    assert_eq!(
        bits(&[out[24_000..].to_vec()]),
        bits(&[tone[24_000..].to_vec()])
    );
}

#[test]
fn a_key_opens_it_for_another_signal() {
    let bench = with::<Gate>(&FAST).sidechain(Layout::STEREO);
    let mut bench = bench.activate().unwrap();
    let (soft, loud) = (steady(-90.0, 2000), steady(-10.0, 2000));
    bench.sidechain(0, &[&soft, &loud]);
    assert_eq!(
        bits(&bench.process(&[&soft]).unwrap())[0][1000..],
        bits(std::slice::from_ref(&soft))[0][1000..]
    );
    assert_eq!(bench.output("gain_reduction_db"), 0.0);
    bench.sidechain(0, &[&soft, &soft]);
    let out = bench.process(&[&loud]).unwrap();
    assert!((level_db(out[0][1999]) + 70.0).abs() < 0.01);
    assert!((bench.output("gain_reduction_db") - 60.0).abs() < 0.01);
}

#[test]
fn all_channels_have_the_gain_of_the_loudest() {
    let mut bench = with::<Gate>(&FAST).stereo(RATE_HZ).activate().unwrap();
    let (soft, loud) = (steady(-90.0, 2000), steady(-10.0, 2000));
    let out = bench.process(&[&soft, &loud]).unwrap();
    assert_eq!(bits(&out), bits(&[soft, loud]));
}
