//! Loudness as its users see it: blocks, silence, reset, hostile input. `ebu.rs` and `oracle.rs`
//! say whether the figures are right.

#[path = "support/every_level.rs"]
mod every_level;
#[path = "support/programme.rs"]
mod programme;

use programme::{Noise, ours, programme};
use proptest::collection::vec;
use proptest::prelude::*;
use pulp::Arch;
use segue_dsp::cpu;
use segue_dsp::loudness::{ChannelWeight, Loudness, LoudnessError, LoudnessMeter, RangeHop};

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

/// Of eight channels, two of which count otherwise.
const WEIGHTS: [ChannelWeight; 8] = [
    ChannelWeight::Full,
    ChannelWeight::Surround,
    ChannelWeight::Full,
    ChannelWeight::Excluded,
    ChannelWeight::Full,
    ChannelWeight::Excluded,
    ChannelWeight::Excluded,
    ChannelWeight::Surround,
];

/// Loudness and range; then the peaks, of the programme and of each channel.
fn figures(
    level: Arch,
    rate: u32,
    weights: &[ChannelWeight],
    block: &[Vec<f32>],
    lengths: &[usize],
) -> (Vec<f64>, Vec<f64>) {
    let mut meter = LoudnessMeter::on(level, rate, weights, RangeHop::default()).expect("in range");
    let (mut start, mut lengths) = (0, lengths.iter().cycle());
    while start < block[0].len() {
        let end = start + lengths.next().expect("a cycle does not end");
        let end = end.min(block[0].len());
        let piece: Vec<&[f32]> = block.iter().map(|channel| &channel[start..end]).collect();
        meter.feed(&piece).expect("equal channels");
        start = end;
    }
    let found = meter.loudness();
    let loudness = vec![
        found.momentary_lufs,
        found.short_term_lufs,
        found.integrated_lufs,
        found.range_lu,
        found.momentary_max_lufs,
        found.short_term_max_lufs,
    ];
    let channels = 0..block.len();
    let samples = channels
        .clone()
        .map(|channel| meter.sample_peak_dbfs(channel));
    let points = channels.map(|channel| meter.true_peak_dbtp(channel));
    (loudness, samples.chain(points).collect())
}

fn agree(found: &[f64], expected: &[f64], tolerance_db: f64) -> bool {
    let mut pairs = found.iter().zip(expected);
    pairs.all(|(found, expected)| found == expected || (found - expected).abs() <= tolerance_db)
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
    meter.take_peaks(0);
    meter.reset();
    meter.feed(&block).expect("equal channels");
    assert_eq!(meter.loudness(), first);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What `LoudnessMeter::on` promises, and that cutting changes no bit on any level.
    #[test]
    fn levels_agree_however_the_stream_is_divided(
        seed in any::<u32>(),
        frames in 0..40_000_usize,
        lengths in vec(1..2_000_usize, 1..8),
        channels in 1..=8_usize,
        rate in prop::sample::select(vec![8_000, 11_025, 44_100, 48_000, 88_200, 96_000, 192_000]),
    ) {
        let mut noise = Noise(seed);
        let mut channel = || (0..frames).map(|_| noise.next()).collect::<Vec<_>>();
        let block: Vec<Vec<f32>> = (0..channels).map(|_| channel()).collect();
        let weights = &WEIGHTS[..channels];
        let plain = figures(Arch::Scalar, rate, weights, &block, &[frames.max(1)]);
        for level in cpu::levels() {
            let whole = figures(level, rate, weights, &block, &[frames.max(1)]);
            prop_assert_eq!(&figures(level, rate, weights, &block, &lengths), &whole);
            prop_assert!(agree(&whole.0, &plain.0, 1e-6), "{level:?} {whole:?} {plain:?}");
            prop_assert!(agree(&whole.1, &plain.1, 1e-5), "{level:?} {whole:?} {plain:?}");
        }
    }

    #[test]
    fn any_input_at_all_gives_figures_that_are_no_nan(
        samples in vec(prop::num::f32::ANY, 0..3_000),
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

#[test]
fn the_largest_floats_give_finite_figures() {
    let square = [f32::MAX, f32::MIN].repeat(8_000);
    for rate in [8_000, 96_000, 768_000] {
        let block = [square.repeat(24)];
        let found = ours(rate, &[ChannelWeight::Full], RangeHop::default(), &block).1;
        assert!(found.true_peak_dbtp.is_finite() && found.sample_peak_dbfs.is_finite());
        assert!(found.momentary_max_lufs.is_finite(), "{found:?}");
    }
}

#[test]
fn peaks_of_stretches_leave_the_programme_as_it_is() {
    let block = programme(8_000, 2.0, 20.0, 2);
    let weights = [ChannelWeight::Full; 2];
    let whole = ours(8_000, &weights, RangeHop::default(), &block).1;
    let mut meter = LoudnessMeter::new(8_000, &weights, RangeHop::default()).expect("in range");
    let mut peaks_dbtp = Vec::new();
    for start in (0..block[0].len()).step_by(800) {
        let hop = block.iter().map(|channel| &channel[start..start + 800]);
        meter
            .feed(&hop.collect::<Vec<_>>())
            .expect("equal channels");
        peaks_dbtp.extend([0, 1].map(|channel| meter.take_peaks(channel).true_peak_dbtp));
    }
    assert_eq!(meter.loudness(), whole);
    assert_eq!(
        peaks_dbtp.iter().copied().fold(f64::MIN, f64::max),
        whole.true_peak_dbtp
    );
    assert!(
        peaks_dbtp
            .iter()
            .any(|peak_dbtp| *peak_dbtp < whole.true_peak_dbtp - 1.0)
    );
    // Taken a moment ago, and nothing since.
    assert_eq!(meter.take_peaks(1).sample_peak_dbfs, f64::NEG_INFINITY);
    assert_eq!(meter.take_peaks(2).true_peak_dbtp, f64::NEG_INFINITY);
}

#[test]
fn the_same_holds_on_every_level() {
    every_level::pass("on_every_level");
}
