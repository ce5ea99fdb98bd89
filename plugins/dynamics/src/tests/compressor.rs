//! Compressor: its curve, its times, its key.

use super::*;

/// The output level that equation 4 of Giannoulis, Massberg and Reiss gives.
fn curve_db(level_db: f64, threshold_db: f64, ratio: f64, knee_db: f64) -> f64 {
    let over_db = level_db - threshold_db;
    if 2.0 * over_db < -knee_db {
        level_db
    } else if 2.0 * over_db.abs() <= knee_db {
        let bent_db = over_db + knee_db / 2.0;
        level_db + (1.0 / ratio - 1.0) * bent_db * bent_db / (2.0 * knee_db)
    } else {
        threshold_db + over_db / ratio
    }
}

#[test]
fn the_static_curve_is_that_of_the_source() {
    for (threshold_db, ratio, knee_db) in [
        (-18.0, 3.0, 6.0),
        (-18.0, 3.0, 0.0),
        (-40.0, 1.5, 40.0),
        (-6.0, 100.0, 12.0),
        (-60.0, 4.0, 3.0),
        (0.0, 1.0, 6.0),
    ] {
        let mut bench = with::<Compressor>(&[
            ("threshold_db", threshold_db),
            ("ratio", ratio),
            ("knee_db", knee_db),
            ("attack_ms", 1.0),
            ("release_ms", 1.0),
        ])
        .activate()
        .unwrap();
        for step in 0..40 {
            let level = f64::from(step) * 3.0 - 100.0;
            let out = run(&mut bench, &steady(level, 2000));
            let found = level_db(out[1999]);
            let expected = curve_db(level, threshold_db, ratio, knee_db);
            assert!(
                (found - expected).abs() < CURVE_DB_MAX,
                "{level} dB over {threshold_db} dB by {ratio} and {knee_db}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn a_sine_follows_the_curve_by_its_peak() {
    for (level, frequency_hz) in [(0.0, 1000.0), (-6.0, 400.0), (-12.0, 3000.0)] {
        let mut bench = with::<Compressor>(&[
            ("threshold_db", -18.0),
            ("knee_db", 0.0),
            ("release_ms", 500.0),
        ])
        .activate()
        .unwrap();
        let out = run(&mut bench, &sine(level, frequency_hz, 48_000));
        let expected = curve_db(level, -18.0, 3.0, 0.0);
        let found = peak_db(&out[40_000..]);
        assert!(
            (found - expected).abs() < CURVE_DB_MAX,
            "{level} dB is {found}"
        );
    }
}

#[test]
fn the_root_mean_square_of_a_sine_lies_3_db_below_its_peak() {
    let rms = [
        ("detector", 1.0),
        ("rms_ms", 50.0),
        ("knee_db", 0.0),
        ("ratio", 100.0),
    ];
    let mut bench = with::<Compressor>(&rms).activate().unwrap();
    let out = run(&mut bench, &sine(0.0, 1000.0, 96_000));
    // Held at -18 dB: its peak comes 3.01 dB higher, but for the 100th that the ratio leaves.
    let expected = -18.0 + 3.0103 + 15.0 / 100.0;
    let found = peak_db(&out[90_000..]);
    assert!((found - expected).abs() < 0.1, "{found}");
}

/// A quiet second, a loud one, a quiet one; and its reductions.
fn up_and_down(times: &[(&str, f64)]) -> [Vec<f64>; 2] {
    let mut bench = with::<Compressor>(times).activate().unwrap();
    let quiet = steady(-40.0, 48_000);
    let loud = steady(0.0, 480_000);
    let later = steady(-40.0, 480_000);
    run(&mut bench, &quiet);
    [loud, later].map(|part| {
        let out = run(&mut bench, &part);
        reductions_db(&part, &out)
    })
}

#[test]
fn attack_and_release_take_their_time_to_63_percent_in_db() {
    for (attack_ms, release_ms) in [(10.0, 120.0), (0.5, 30.0), (100.0, 5.0), (30.0, 30.0)] {
        let [up, down] = up_and_down(&[("attack_ms", attack_ms), ("release_ms", release_ms)]);
        let settled = 18.0 * (1.0 - 1.0 / 3.0);
        assert!((up[479_999] - settled).abs() < 0.01);
        check_time(time_frames(&up, 0.0, settled), attack_ms);
        check_time(time_frames(&down, settled, 0.0), release_ms);
    }
}

#[test]
fn an_attack_of_nothing_is_there_at_once() {
    let [up, down] = up_and_down(&[("attack_ms", 0.0), ("release_ms", 0.0), ("knee_db", 0.0)]);
    assert!((up[0] - 12.0).abs() < 0.001, "{}", up[0]);
    assert!(down[0].abs() < 0.001, "{}", down[0]);
}

#[test]
fn a_slow_release_still_moves_at_the_highest_rates() {
    let mut bench = testing::processor::<Compressor>()
        .mono(768_000)
        .param("release_ms", 10_000.0)
        .param("attack_ms", 0.0)
        .param("knee_db", 0.0)
        .activate()
        .unwrap();
    run(&mut bench, &steady(0.0, 10));
    let quiet = steady(-40.0, 768_000);
    let out = run(&mut bench, &quiet);
    // A tenth of its time.
    let expected = 12.0 * (-0.1_f64).exp();
    let found = level_db(quiet[767_999]) - level_db(out[767_999]);
    assert!((found - expected).abs() < 0.001, "{found}, not {expected}");
}

#[test]
fn what_is_below_the_threshold_keeps_every_bit() {
    let signal = noise(1, 5000, 0.05);
    let out = run(&mut with::<Compressor>(&[]).activate().unwrap(), &signal[0]);
    assert_eq!(bits(&[out]), bits(&signal));
}

#[test]
fn makeup_and_mix_do_as_they_say() {
    let loud = steady(0.0, 48_000);
    let last = |params: &[(&str, f64)]| {
        let mut bench = with::<Compressor>(params).activate().unwrap();
        f64::from(run(&mut bench, &loud)[47_998])
    };
    let wet = last(&[("makeup_db", 6.0)]);
    assert!((wet - amplitude(-6.0)).abs() < 1e-4, "{wet}");
    let half = last(&[("makeup_db", 6.0), ("mix", 0.25)]);
    assert!(
        (half - (0.25 * amplitude(-6.0) + 0.75)).abs() < 1e-4,
        "{half}"
    );
    assert_eq!(last(&[("makeup_db", 6.0), ("mix", 0.0)]), 1.0);
}

#[test]
fn a_connected_key_is_listened_to_instead_of_the_signal() {
    let params = [("attack_ms", 0.0), ("knee_db", 0.0)];
    let mut keyed = with::<Compressor>(&params)
        .sidechain(Layout::STEREO)
        .activate()
        .unwrap();
    let soft = steady(-60.0, 1000);
    let loud = steady(0.0, 1000);
    keyed.sidechain(0, &[&soft, &loud]);
    let out = keyed.process(&[&soft]).unwrap();
    assert!((level_db(out[0][999]) + 72.0).abs() < 0.01);
    assert!((keyed.output("gain_reduction_db") - 12.0).abs() < 0.01);
    let mut soft_key = with::<Compressor>(&params)
        .sidechain(Layout::MONO)
        .activate()
        .unwrap();
    soft_key.sidechain(0, &[&soft]);
    assert_eq!(bits(&soft_key.process(&[&loud]).unwrap()), bits(&[loud]));
    assert_eq!(soft_key.output("gain_reduction_db"), 0.0);
}

#[test]
fn a_keys_channels_belong_to_those_of_the_signal() {
    let mut keyed = with::<Compressor>(&[("attack_ms", 0.0), ("knee_db", 0.0), ("link", 0.0)])
        .stereo(RATE_HZ)
        .sidechain(Layout::STEREO)
        .activate()
        .unwrap();
    let (soft, loud) = (steady(-60.0, 100), steady(0.0, 100));
    keyed.sidechain(0, &[&soft, &loud]);
    let out = keyed.process(&[&loud, &loud]).unwrap();
    assert_eq!(out[0][99].to_bits(), loud[99].to_bits());
    assert!((level_db(out[1][99]) + 12.0).abs() < 0.01);
}

#[test]
fn linked_channels_share_the_largest_reduction_and_others_do_not() {
    let params = [("attack_ms", 0.0), ("knee_db", 0.0)];
    for (link, quiet_db) in [(1.0, 12.0), (0.0, 2.0), (0.5, 7.0)] {
        let mut bench = with::<Compressor>(&params)
            .stereo(RATE_HZ)
            .param("link", link)
            .activate()
            .unwrap();
        let (quiet, loud) = (steady(-15.0, 1000), steady(0.0, 1000));
        let out = bench.process(&[&quiet, &loud]).unwrap();
        let found = [(&quiet, &out[0]), (&loud, &out[1])]
            .map(|(from, to)| level_db(from[999]) - level_db(to[999]));
        assert!((found[0] - quiet_db).abs() < 0.01, "{link}: {found:?}");
        assert!((found[1] - 12.0).abs() < 0.01, "{link}: {found:?}");
    }
}

#[test]
fn channels_that_were_apart_come_together_without_a_step() {
    let mut bench = with::<Compressor>(&[("link", 0.0), ("release_ms", 50.0)])
        .stereo(RATE_HZ)
        .activate()
        .unwrap();
    let (quiet, loud) = (vec![0.2; 96_000], vec![0.9; 96_000]);
    bench.change("link", 20_000, 1.0);
    let out = bench.run(&[&quiet, &loud], &[1000]).unwrap();
    let steps = out[0][10_000..]
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs());
    let largest = steps.fold(0.0, f32::max);
    assert!(largest < 1e-3, "{largest}");
    let gains = [out[0][95_999] / 0.2, out[1][95_999] / 0.9];
    assert!((gains[0] / gains[1] - 1.0).abs() < 1e-6, "{gains:?}");
}

#[test]
fn a_change_glides_where_nothing_else_smooths() {
    for change in [
        ("threshold_db", -40.0),
        ("ratio", 50.0),
        ("knee_db", 40.0),
        ("makeup_db", 20.0),
        ("mix", 0.2),
    ] {
        // A knee is felt most at the threshold.
        let at_threshold = change.0 == "knee_db";
        let (level, ratio) = if at_threshold {
            (-18.0, 100.0)
        } else {
            (0.0, 2.0)
        };
        let params = [("threshold_db", -18.0), ("ratio", ratio), ("knee_db", 0.0)];
        let step_db = largest_step_db::<Compressor>(&params, level, change);
        assert!(step_db < 0.3, "{change:?}: {step_db} dB");
    }
}
