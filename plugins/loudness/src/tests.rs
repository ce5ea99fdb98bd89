//! The metric as a host sees it. Whether the figures are right is asked in `segue_dsp`.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::loudness::ChannelWeight;
use segue_plugin::testing;
use segue_plugin::testing::ObserverBench;

const RATE_HZ: u32 = 8_000;
const HOP_FRAMES: usize = 800;

fn bench() -> ObserverBench {
    testing::metric::<EbuR128>()
        .stereo(RATE_HZ)
        .activate()
        .unwrap()
}

/// A sine of 1 kHz, at 8 kHz.
fn sine(amplitude: f32, frames: usize) -> Vec<f32> {
    let turn = |frame: usize| (frame % 8) as f32 / 8.0 * std::f32::consts::TAU;
    (0..frames)
        .map(|frame| amplitude * turn(frame).sin())
        .collect()
}

fn reading(id: &str, values: &[f64]) -> f64 {
    values[READINGS
        .iter()
        .position(|reading| reading.id == id)
        .unwrap()]
}

#[test]
fn what_is_not_known_yet_has_no_value() {
    let tone = sine(0.5, 31 * HOP_FRAMES);
    let mut tap = bench();
    tap.feed(&[&tone, &tone]).unwrap();
    let known = |id| {
        let hops = tap.emitted().iter();
        hops.map(|values| !reading(id, values).is_nan())
            .position(|known| known)
    };
    assert_eq!(known("momentary_lufs"), Some(3));
    assert_eq!(known("momentary_max_lufs"), Some(3));
    assert_eq!(known("integrated_lufs"), Some(3));
    assert_eq!(known("short_term_lufs"), Some(29));
    assert_eq!(known("short_term_max_lufs"), Some(29));
    assert_eq!(known("range_lu"), Some(29));
    assert_eq!(known("true_peak_dbtp"), Some(0));
}

#[test]
fn the_end_adds_nothing_to_the_loudness() {
    // Ten frames short of the first 400 ms: zeros for the true peak must not complete them.
    let tone = sine(0.5, 4 * HOP_FRAMES - 10);
    let mut tap = bench();
    tap.feed(&[&tone, &tone]).unwrap();
    assert!(reading("integrated_lufs", &tap.finish().unwrap()).is_nan());
}

#[test]
fn reset_starts_anew() {
    let (loud, quiet) = (sine(0.9, 31 * HOP_FRAMES), sine(0.1, 4 * HOP_FRAMES));
    let mut fresh = bench();
    fresh.feed(&[&quiet, &quiet]).unwrap();
    let mut tap = bench();
    tap.feed(&[&loud, &loud]).unwrap();
    tap.reset();
    tap.feed(&[&quiet, &quiet]).unwrap();
    let bits = |hops: &[Vec<f64>]| {
        hops.concat()
            .iter()
            .map(|v| v.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&tap.emitted()[31..]), bits(fresh.emitted()));
}

#[test]
fn silence_reads_a_number_once_it_is_known() {
    let silence = vec![0.0; 30 * HOP_FRAMES];
    let mut tap = bench();
    tap.feed(&[&silence, &silence]).unwrap();
    let last = tap.emitted().last().unwrap();
    for id in [
        "momentary_lufs",
        "short_term_lufs",
        "true_peak_dbtp",
        "sample_peak_dbfs",
    ] {
        assert_eq!(reading(id, last), -200.0, "{id}");
    }
    assert!(reading("integrated_lufs", last).is_nan());
    let whole = tap.finish().unwrap();
    assert!(reading("integrated_lufs", &whole).is_nan());
    assert_eq!(reading("true_peak_dbtp", &whole), -200.0);
    assert!(bench().finish().unwrap().iter().all(|value| value.is_nan()));
}

#[test]
fn peaks_are_of_the_hop_and_at_the_end_of_the_stream() {
    let tone = [sine(0.5, HOP_FRAMES), sine(0.125, HOP_FRAMES)].concat();
    let quiet: Vec<f32> = tone.iter().map(|sample| sample / 2.0).collect();
    let mut tap = bench();
    tap.feed(&[&tone, &quiet]).unwrap();
    let level = |amplitude: f64| 20.0 * amplitude.log10();
    let check = |values: &[f64], id, expected: f64| {
        let found = reading(id, values);
        assert!(
            (found - expected).abs() < 0.1,
            "{id} is {found}, expected {expected}"
        );
    };
    let second = &tap.emitted()[1];
    check(second, "true_peak_dbtp", level(0.5)); // Between the hops, where the filter looks back.
    check(second, "sample_peak_dbfs", level(0.125));
    check(second, "true_peak_max_dbtp", level(0.5));
    let whole = tap.finish().unwrap();
    check(&whole, "true_peak_dbtp", level(0.5));
    check(&whole, "sample_peak_dbfs", level(0.5));
    assert!(reading("momentary_lufs", &whole).is_nan());
    let right = whole.len() - 1;
    assert!((whole[right] - level(0.25)).abs() < 0.1);
}

#[test]
fn what_lies_behind_the_last_sample_counts() {
    // Half a step of the strongest overshoot is missing before zeros come.
    let edge: Vec<f32> = (0..400)
        .map(|frame| [1.0, 1.0, -1.0, -1.0][frame % 4])
        .collect();
    let mut tap = bench();
    tap.feed(&[&edge, &edge]).unwrap();
    let whole = tap.finish().unwrap();
    let mut meter =
        LoudnessMeter::new(RATE_HZ, &[ChannelWeight::Full], RangeHop::default()).unwrap();
    meter.feed(&[[&edge[..], &[0.0; 12]].concat()]).unwrap();
    assert_eq!(
        reading("true_peak_dbtp", &whole),
        meter.loudness().true_peak_dbtp
    );
}

#[test]
fn a_rate_without_a_weighting_curve_is_refused() {
    let refused = testing::metric::<EbuR128>()
        .mono(7_999)
        .activate()
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "measures at 8000 to 768000 Hz, not at 7999 Hz"
    );
}

#[test]
fn channels_count_by_their_speakers() {
    let tone = sine(0.5, 4 * HOP_FRAMES);
    let silence = vec![0.0; tone.len()];
    let only = |speaker: usize| {
        let mut channels = [&silence[..]; 6];
        channels[speaker] = &tone;
        let tap = testing::metric::<EbuR128>().format(Layout::SURROUND_5_1, RATE_HZ);
        let mut tap = tap.activate().unwrap();
        tap.feed(&channels).unwrap();
        reading("momentary_lufs", &tap.emitted()[3])
    };
    assert_eq!(only(3), -200.0);
    assert!((only(4) - only(0) - 10.0 * 1.41_f64.log10()).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn cuts_change_no_bit_and_the_kernel_agrees(
        amplitudes in vec(0.0..1.5_f32, 35),
        cuts in vec(1..3000_usize, 1..6),
    ) {
        let tone: Vec<f32> = amplitudes.iter().flat_map(|a| sine(*a, HOP_FRAMES)).collect();
        let shifted: Vec<f32> = tone.iter().rev().copied().collect();
        let mut whole = bench();
        whole.feed(&[&tone, &shifted]).unwrap();
        let mut cut = bench();
        let mut start = 0;
        for length in cuts.iter().cycle() {
            let end = tone.len().min(start + length);
            cut.feed(&[&tone[start..end], &shifted[start..end]]).unwrap();
            start = end;
            if start == tone.len() {
                break;
            }
        }
        let bits = |hops: &[Vec<f64>]| -> Vec<u64> {
            hops.concat().iter().map(|value| value.to_bits()).collect()
        };
        prop_assert_eq!(bits(whole.emitted()), bits(cut.emitted()));
        let mut meter =
            LoudnessMeter::new(RATE_HZ, &[ChannelWeight::Full; 2], RangeHop::default()).unwrap();
        meter.feed(&[&tone, &shifted]).unwrap();
        let loudness = meter.loudness();
        let last = whole.emitted().last().unwrap();
        prop_assert_eq!(reading("momentary_lufs", last), loudness.momentary_lufs);
        prop_assert_eq!(reading("short_term_lufs", last), loudness.short_term_lufs);
        prop_assert_eq!(reading("true_peak_max_dbtp", last), loudness.true_peak_dbtp);
        let end = whole.finish().unwrap();
        prop_assert_eq!(reading("integrated_lufs", &end), loudness.integrated_lufs);
        prop_assert_eq!(reading("range_lu", &end), loudness.range_lu);
        prop_assert_eq!(reading("momentary_max_lufs", &end), loudness.momentary_max_lufs);
        prop_assert_eq!(reading("short_term_max_lufs", &end), loudness.short_term_max_lufs);
    }
}
