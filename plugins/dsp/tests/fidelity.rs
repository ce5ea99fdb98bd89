//! Fidelity against the formulas as they are written, in `f64` and in whole numbers.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a failure is a panic"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::cpu;
use segue_dsp::fidelity::{Comparison, Fidelity, LIMIT_DB, Tally, Uneven};

/// A segment of 20 ms has 160 frames.
const RATE_HZ: u32 = 8_000;
const SEGMENT_FRAMES: usize = 160;

fn compared(reference: &[f32], signal: &[f32]) -> Fidelity {
    let mut comparison = Comparison::new(RATE_HZ);
    comparison.feed(reference, signal).unwrap();
    comparison.finish().fidelity()
}

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut random = seed;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    (0..frames).map(|_| next() as f32).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The three formulas word for word, for signals that are neither silent nor equal.
fn oracle(reference: &[f32], signal: &[f32]) -> Fidelity {
    let wide = |samples: &[f32]| -> Vec<f64> { samples.iter().copied().map(f64::from).collect() };
    let (s, e) = (wide(reference), wide(signal));
    let snr = |s: &[f64], e: &[f64]| {
        let noise: Vec<f64> = s.iter().zip(e).map(|(s, e)| s - e).collect();
        10.0 * (dot(s, s) / dot(&noise, &noise)).log10()
    };
    let pairs = s
        .chunks_exact(SEGMENT_FRAMES)
        .zip(e.chunks_exact(SEGMENT_FRAMES));
    let segments: Vec<f64> = pairs.map(|(s, e)| snr(s, e).clamp(-10.0, 35.0)).collect();
    let alpha = dot(&e, &s) / dot(&s, &s);
    let target: Vec<f64> = s.iter().map(|s| alpha * s).collect();
    let rest: Vec<f64> = target.iter().zip(&e).map(|(t, e)| t - e).collect();
    Fidelity {
        snr_db: snr(&s, &e),
        segmental_snr_db: segments.iter().sum::<f64>() / segments.len() as f64,
        si_sdr_db: 10.0 * (dot(&target, &target) / dot(&rest, &rest)).log10(),
    }
}

fn check(found: Fidelity, expected: Fidelity, tolerance_db: f64) {
    for (found, expected) in [
        (found.snr_db, expected.snr_db),
        (found.segmental_snr_db, expected.segmental_snr_db),
        (found.si_sdr_db, expected.si_sdr_db),
    ] {
        assert!(
            (found - expected).abs() <= tolerance_db,
            "{found}, expected {expected}"
        );
    }
}

fn fidelity(snr_db: f64, segmental_snr_db: f64, si_sdr_db: f64) -> Fidelity {
    Fidelity {
        snr_db,
        segmental_snr_db,
        si_sdr_db,
    }
}

#[test]
fn where_a_formula_has_no_value_there_is_an_answer() {
    let (some, silence) = (noise(1000, 1), vec![0.0; 1000]);
    assert_eq!(compared(&some, &some), fidelity(200.0, 35.0, 200.0));
    assert_eq!(compared(&silence, &silence), fidelity(200.0, 35.0, 200.0));
    assert_eq!(compared(&silence, &some), fidelity(-200.0, -10.0, -200.0));
    assert_eq!(compared(&some, &silence), fidelity(0.0, 0.0, -200.0));
    assert_eq!(compared(&[], &[]), fidelity(200.0, 35.0, 200.0));
    let negated: Vec<f32> = some.iter().map(|sample| -sample).collect();
    let upside_down = compared(&some, &negated);
    check(
        upside_down,
        fidelity(-6.020_599_913, -6.020_599_913, 200.0),
        1e-9,
    );
}

#[test]
fn level_counts_for_the_first_two_and_not_for_the_third() {
    let some = noise(4800, 1);
    let half: Vec<f32> = some.iter().map(|sample| sample * 0.5).collect();
    check(
        compared(&some, &half),
        fidelity(6.020_599_913, 6.020_599_913, 200.0),
        1e-9,
    );
    // A gain that rounds every sample leaves the noise of that rounding, and it is told.
    let third: Vec<f32> = some.iter().map(|sample| sample * 0.3).collect();
    let found = compared(&some, &third).si_sdr_db;
    assert!((145.0..165.0).contains(&found), "{found}");
}

#[test]
fn an_orthogonal_signal_has_nothing_of_the_reference() {
    let reference: Vec<f32> = [1.0, 1.0].repeat(160);
    let signal: Vec<f32> = [1.0, -1.0].repeat(160);
    let three_db = 10.0 * 0.5_f64.log10();
    assert_eq!(compared(&reference, &signal).si_sdr_db, -LIMIT_DB);
    check(
        compared(&reference, &signal),
        fidelity(three_db, three_db, -200.0),
        1e-9,
    );
}

#[test]
fn segments_are_limited_and_silent_ones_left_out() {
    let mut reference = vec![1.0; 6 * SEGMENT_FRAMES + 50];
    let mut signal = reference.clone();
    reference[SEGMENT_FRAMES..2 * SEGMENT_FRAMES].fill(0.0); // Silent in both: left out.
    signal[SEGMENT_FRAMES..2 * SEGMENT_FRAMES].fill(0.0);
    reference[2 * SEGMENT_FRAMES..3 * SEGMENT_FRAMES].fill(0.0); // Not in the signal: -10.
    signal[3 * SEGMENT_FRAMES..4 * SEGMENT_FRAMES].fill(0.0); // All missing: 0.
    signal[4 * SEGMENT_FRAMES..5 * SEGMENT_FRAMES].fill(0.9); // 20.
    signal[6 * SEGMENT_FRAMES..].fill(0.5); // Fills no segment.
    let found = compared(&reference, &signal).segmental_snr_db;
    let expected = (35.0 - 10.0 + 0.0 + 20.0 + 35.0) / 5.0;
    assert!(
        (found - expected).abs() < 1e-5,
        "{found}, expected {expected}"
    );
    // All there is, is enough.
    let short = compared(&reference[..50], &signal[6 * SEGMENT_FRAMES..]).segmental_snr_db;
    assert!((short - 6.020_599_913).abs() < 1e-9, "{short}");
}

#[test]
fn one_sample_of_many_is_heard_to_the_last_step() {
    // Whole numbers of 24 bits, one of them 1 too large: exact sums tell exactly how far that is.
    let whole: Vec<i128> = noise(200_000, 7)
        .iter()
        .map(|x| (x * 8_388_607.0) as i128)
        .collect();
    let reference: Vec<f32> = whole.iter().map(|x| *x as f32).collect();
    let mut changed = whole.clone();
    changed[123_456] += 1;
    let signal: Vec<f32> = changed.iter().map(|x| *x as f32).collect();
    let dot = |a: &[i128], b: &[i128]| -> i128 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let (s, e, b) = (
        dot(&whole, &whole),
        dot(&changed, &changed),
        dot(&whole, &changed),
    );
    let snr_db = 10.0 * (s as f64).log10();
    assert!((185.0..200.0).contains(&snr_db), "{snr_db}");
    // Σ s² Σ ŝ² - (Σ sŝ)² from the differences, as whole numbers: the products have 160 bits.
    let d = b - s;
    assert_eq!(e - 2 * b + s, 1);
    let si_sdr_db = 10.0 * ((b as f64).powi(2) / (s as f64 - (d as f64).powi(2))).log10();
    let found = compared(&reference, &signal);
    assert!(
        (found.snr_db - snr_db).abs() < 1e-6,
        "{found:?}, expected {snr_db}"
    );
    assert!(
        (found.si_sdr_db - si_sdr_db).abs() < 1e-6,
        "{found:?}, expected {si_sdr_db}"
    );
}

#[test]
fn the_largest_and_the_least_samples_have_answers() {
    for (a, b) in [
        (f32::MAX, f32::MIN),
        (f32::MAX, 1e-45),
        (1e-45, 3e-45),
        (1e-45, f32::MAX),
    ] {
        let found = compared(&[a; 500], &[b; 500]);
        for answer in [found.snr_db, found.segmental_snr_db, found.si_sdr_db] {
            assert!((-200.0..=200.0).contains(&answer), "{a} {b}: {found:?}");
        }
    }
    check(
        compared(&[1e-45; 500], &[3e-45; 500]),
        fidelity(0.0, 0.0, 200.0),
        1e-9,
    );
}

#[test]
fn uneven_lengths_are_refused_and_change_nothing() {
    let some = noise(500, 3);
    let mut comparison = Comparison::new(RATE_HZ);
    comparison.feed(&some, &some).unwrap();
    let refused = comparison.feed(&some[..3], &some[..4]);
    assert_eq!(
        refused,
        Err(Uneven {
            reference_frames: 3,
            signal_frames: 4
        })
    );
    assert_eq!(comparison.finish().fidelity(), fidelity(200.0, 35.0, 200.0));
}

#[test]
fn reset_starts_anew() {
    let (some, other) = (noise(500, 3), noise(500, 4));
    let mut comparison = Comparison::new(RATE_HZ);
    comparison.feed(&some, &other).unwrap();
    comparison.take_stretch();
    comparison.feed(&some, &other).unwrap();
    comparison.reset();
    comparison.feed(&other, &some).unwrap();
    assert_eq!(comparison.finish().fidelity(), compared(&other, &some));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_formulas(
        frames in SEGMENT_FRAMES..3000,
        seed in any::<u32>(),
        gain in -2.0..2.0_f32,
        noise_gain in 1e-4..3.0_f32,
    ) {
        let reference = noise(frames, seed);
        let added = noise(frames, seed ^ 0x5555);
        let pairs = reference.iter().zip(&added);
        let signal: Vec<f32> = pairs.map(|(s, n)| gain * s + noise_gain * n).collect();
        check(compared(&reference, &signal), oracle(&reference, &signal), 1e-6);
    }

    #[test]
    fn neither_cuts_nor_levels_change_a_bit(
        frames in 1..3000_usize,
        seed in any::<u32>(),
        cuts in vec(1..700_usize, 1..6),
        hop in 1..900_usize,
    ) {
        let (reference, signal) = (noise(frames, seed), noise(frames, !seed));
        let hops = |arch, cuts: &[usize]| -> (Vec<Tally>, Tally) {
            let mut comparison = Comparison::on(arch, RATE_HZ);
            let (mut start, mut taken) = (0, Vec::new());
            for cut in cuts.iter().cycle() {
                let end = frames.min(start + cut).min((start / hop + 1) * hop);
                comparison.feed(&reference[start..end], &signal[start..end]).unwrap();
                start = end;
                if start.is_multiple_of(hop) {
                    taken.push(comparison.take_stretch());
                }
                if start == frames {
                    break;
                }
            }
            (taken, comparison.finish())
        };
        let whole = hops(cpu::levels()[0], &[frames]);
        for arch in cpu::levels() {
            prop_assert_eq!(&hops(arch, &cuts), &whole, "{}", cpu::name(arch));
        }
        // The stretches add up: nothing is lost or counted twice at their ends.
        let rest = frames - frames % hop;
        if rest > SEGMENT_FRAMES {
            let sum = whole.0.iter().fold(Tally::default(), |sum, hop| sum.plus(*hop));
            check(sum.fidelity(), compared(&reference[..rest], &signal[..rest]), 1e-9);
        }
    }
}
