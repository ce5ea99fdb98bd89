//! Limiter: its ceiling, held against another meter of true peaks; its latency and its release.

use super::*;
use ebur128::{EbuR128, Mode};
use std::f64::consts::TAU;

/// What a true peak may be above the ceiling.
const OVER_DB_MAX: f64 = 0.1;
const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

pub(super) fn limiter(
    rate_hz: u32,
    channels: u16,
    params: &[(&str, f64)],
) -> ProcessorBench<Limiter> {
    with(params)
        .format(Layout::discrete(channels), rate_hz)
        .activate()
        .unwrap()
}

/// The largest true peak of all channels, by the crate that is the oracle.
fn true_peak_dbtp(channels: &[Vec<f32>], rate_hz: u32) -> f64 {
    let count = channels.len() as u32;
    let mut meter = EbuR128::new(count, rate_hz, Mode::TRUE_PEAK).unwrap();
    meter.add_frames_planar_f32(&slices(channels)).unwrap();
    let peaks = (0..count).map(|channel| meter.true_peak(channel).unwrap());
    20.0 * peaks.fold(0.0, f64::max).log10()
}

/// The signal through a limiter, zeros behind it until everything is out.
pub(super) fn limited(bench: &mut ProcessorBench<Limiter>, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let latency = bench.latency_frames() as usize;
    let flushed: Vec<Vec<f32>> = channels
        .iter()
        .map(|channel| [&channel[..], &vec![0.0; latency]].concat())
        .collect();
    let out = bench.run(&slices(&flushed), &[1024]).unwrap();
    out.into_iter()
        .map(|channel| channel[latency..].to_vec())
        .collect()
}

/// Signals that are hard on a limiter, each a second of one channel.
fn hard(rate_hz: u32) -> Vec<(String, Vec<f32>)> {
    let frames = rate_hz as usize;
    let tone = |amplitude: f64, per_period: f64, degrees: f64| -> Vec<f32> {
        let phase = |frame: usize| TAU * frame as f64 / per_period + degrees.to_radians();
        (0..frames)
            .map(|frame| (amplitude * phase(frame).sin()) as f32)
            .collect()
    };
    let noise = noise(1, frames, 4.0).remove(0);
    let mut signals = vec![
        (
            "clipped noise".into(),
            noise.iter().map(|x| x.clamp(-1.0, 1.0)).collect(),
        ),
        ("signs".into(), noise.iter().map(|x| x.signum()).collect()),
        ("noise".into(), noise.clone()),
        (
            "bursts".into(),
            noise
                .iter()
                .enumerate()
                .map(|(frame, x)| if (frame / 97) % 9 == 0 { *x } else { 0.01 * x })
                .collect(),
        ),
        (
            "clicks".into(),
            (0..frames)
                .map(|frame| if frame.is_multiple_of(701) { 3.0 } else { 0.3 })
                .collect(),
        ),
        (
            // Signs that agree with those of a half-frame sinc: the worst that lies between.
            "worst between samples".into(),
            (0..frames)
                .map(|frame| {
                    let place = (frame % 400) as i64 - 200;
                    let sign = if place.rem_euclid(2) == 0 { 1.0 } else { -1.0 };
                    if place < 0 { -sign } else { sign }
                })
                .collect(),
        ),
    ];
    for (amplitude, per_period, degrees) in [
        // EBU Tech 3341, cases 15 to 19, the last one above full scale.
        (0.5, 4.0, 0.0),
        (0.5, 4.0, 45.0),
        (0.5, 6.0, 60.0),
        (0.5, 8.0, 67.5),
        (1.41, 4.0, 45.0),
        (2.0, 4.0, 45.0),
        (4.0, 3.17, 10.0),
        (1.0, 2.3, 0.0),
        (8.0, 480.0, 0.0),
    ] {
        let name = format!("{amplitude} every {per_period} frames from {degrees} degrees");
        signals.push((name, tone(amplitude, per_period, degrees)));
    }
    signals
}

#[test]
fn the_true_peak_is_never_above_the_ceiling() {
    for rate_hz in RATES_HZ {
        for (name, signal) in hard(rate_hz) {
            for (ceiling, lookahead_ms, release_ms) in [
                (-1.0, 5.0, 100.0),
                (-9.0, 5.0, 5.0),
                (-1.0, 1.0, 0.0),
                (-20.0, 1.5, 50.0),
            ] {
                let mut bench = limiter(
                    rate_hz,
                    1,
                    &[
                        ("ceiling_dbtp", ceiling),
                        ("lookahead_ms", lookahead_ms),
                        ("release_ms", release_ms),
                    ],
                );
                let out = limited(&mut bench, std::slice::from_ref(&signal));
                let found = true_peak_dbtp(&out, rate_hz);
                assert!(
                    found <= ceiling + OVER_DB_MAX,
                    "{name} at {rate_hz} Hz, {lookahead_ms} ms, {release_ms} ms: {found} dBTP over {ceiling}"
                );
            }
        }
    }
}

#[test]
fn a_steady_tone_is_brought_to_the_ceiling_and_not_below() {
    for level in [6.0, 0.5, 20.0] {
        let signal = sine(level, 997.0, 48_000);
        let mut bench = limiter(RATE_HZ, 1, &[("release_ms", 1000.0)]);
        let out = limited(&mut bench, &[signal]);
        let found = peak_db(&out[0][24_000..]);
        assert!(
            (found + 1.0).abs() < CURVE_DB_MAX,
            "{level} dB became {found}"
        );
    }
}

#[test]
fn what_is_below_the_ceiling_comes_out_later_and_to_the_last_bit() {
    for rate_hz in RATES_HZ {
        let signal = noise(2, 20_000, 0.3);
        let out = limited(&mut limiter(rate_hz, 2, &[]), &signal);
        assert_eq!(bits(&out), bits(&signal), "{rate_hz} Hz");
    }
}

#[test]
fn below_the_ceiling_it_is_exact_again_after_a_peak() {
    let mut signal = noise(1, 96_000, 0.3);
    signal[0][100] = 5.0;
    let out = limited(&mut limiter(RATE_HZ, 1, &[("release_ms", 20.0)]), &signal);
    assert_ne!(bits(&out)[0][200], bits(&signal)[0][200]);
    assert_eq!(bits(&out)[0][90_000..], bits(&signal)[0][90_000..]);
}

#[test]
fn the_latency_is_the_look_ahead_and_the_detectors_and_follows_no_live_change() {
    for (rate_hz, lookahead_ms, expected) in [
        (48_000, 5.0, 240 + 6),
        (44_100, 1.5, 66 + 6),
        (96_000, 5.0, 480 + 12),
        (192_000, 5.0, 960),
        (8_000, 0.1, 1 + 6),
        (1, 0.1, 1 + 6),
    ] {
        let mut bench = limiter(rate_hz, 1, &[("lookahead_ms", lookahead_ms)]);
        assert_eq!(bench.latency_frames(), expected, "{rate_hz} Hz");
        assert_eq!(bench.tail_frames(), 0);
        bench.set("lookahead_ms", 20.0);
        let mut click = vec![0.0; 2000];
        click[0] = 0.5;
        let out = run(&mut bench, &click);
        let came = out.iter().position(|sample| *sample != 0.0);
        assert_eq!(came, Some(expected as usize), "{rate_hz} Hz");
    }
}

#[test]
fn the_release_takes_its_time_to_63_percent_in_db() {
    for release_ms in [5.0, 100.0, 700.0] {
        let mut bench = limiter(RATE_HZ, 1, &[("release_ms", release_ms)]);
        run(&mut bench, &steady(11.0, 4800));
        // What was before the step has left, and its last peak has left the windows.
        let quiet = steady(-20.0, 192_000);
        let latency = bench.latency_frames() as usize;
        let out = run(&mut bench, &quiet);
        let found = reductions_db(&quiet[latency..], &out[latency..]);
        // From here on one pole and a mean of 5 ms, which is late by half of it.
        let start = 300;
        let from = found[start];
        assert!(from > 1.0);
        check_time(time_frames(&found[start + 1..], from, 0.0), release_ms);
    }
}

#[test]
fn all_channels_have_one_gain() {
    let loud = steady(12.0, 4800);
    let soft = steady(-20.0, 4800);
    let mut bench = limiter(RATE_HZ, 2, &[]);
    let out = limited(&mut bench, &[loud, soft]);
    let gains = [level_db(out[0][4000]) - 12.0, level_db(out[1][4000]) + 20.0];
    assert!((gains[0] - gains[1]).abs() < 1e-4, "{gains:?}");
    assert!(gains[0] < -12.9, "{gains:?}");
    assert!(bench.output("gain_reduction_db") > 12.9);
}

#[test]
fn a_gain_moves_no_faster_than_the_look_ahead() {
    let mut signal = vec![0.2; 9600];
    signal[4800..4810].fill(20.0);
    let out = limited(&mut limiter(RATE_HZ, 1, &[]), &[signal.clone()]);
    let gains: Vec<f32> = out[0]
        .iter()
        .zip(&signal)
        .map(|(to, from)| to / from)
        .collect();
    let steps = gains.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let largest = steps.fold(0.0, f32::max);
    // All the way from 1 to 0 in the 237 frames of the mean.
    assert!(largest < 1.0 / 236.0, "{largest}");
}
