//! The metric as a host sees it. Whether the figures are right is asked in `segue_dsp`.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use segue_plugin::testing;
use segue_plugin::testing::ObserverBench;

const RATE_HZ: u32 = 8_000;
const HOP_FRAMES: usize = 800;

fn bench() -> ObserverBench {
    let bench = testing::metric::<Compare>().stereo(RATE_HZ);
    bench.activate().unwrap()
}

/// Noise, the same for the same seed.
fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut random = seed;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    (0..frames).map(|_| next() as f32).collect()
}

fn scaled(channel: &[f32], factor: f32) -> Vec<f32> {
    channel.iter().map(|sample| sample * factor).collect()
}

/// Readings in their order: of all channels, then left and right of each.
fn check(found: &[f64], expected: [f64; 9]) {
    assert_eq!(found.len(), 9);
    for (found_db, expected_db) in found.iter().zip(expected) {
        assert!(
            (found_db - expected_db).abs() < 1e-5,
            "{found:?}, expected {expected:?}"
        );
    }
}

#[test]
fn hops_are_of_themselves_and_the_end_is_of_everything() {
    let mut reference = noise(2 * HOP_FRAMES, 1);
    for sample in &mut reference {
        *sample = sample.signum() * 0.5;
    }
    let mut left = reference.clone();
    for sample in &mut left[HOP_FRAMES..] {
        *sample *= 0.9;
    }
    let mut tap = bench();
    tap.feed_with(&[&left, &reference], &[&reference, &reference])
        .unwrap();
    let three_db = 10.0 * 2.0_f64.log10();
    check(
        &tap.emitted()[0],
        [200.0, 35.0, 200.0, 200.0, 200.0, 35.0, 35.0, 200.0, 200.0],
    );
    // Two channels of one power: two references over one difference, and one gain is not right
    // for both: with 0.9 and 1 it is 0.95, and 0.05 is left of either.
    let si_sdr_db = 20.0 * (0.95_f64 / 0.05).log10();
    let second = &tap.emitted()[1];
    assert!(second[7] > 130.0, "level does not count: {second:?}");
    let of_left = [
        20.0 + three_db,
        27.5,
        si_sdr_db,
        20.0,
        200.0,
        20.0,
        35.0,
        second[7],
        200.0,
    ];
    check(second, of_left);
    let whole = tap.finish().unwrap();
    check(&whole[..1].repeat(9), [20.0 + 2.0 * three_db; 9]);
    assert!(
        (whole[1] - (35.0 * 3.0 + 20.0) / 4.0).abs() < 1e-5,
        "{whole:?}"
    );
    assert!((whole[3] - (20.0 + three_db)).abs() < 1e-5, "{whole:?}");
}

#[test]
fn every_reading_has_a_value_in_its_range_from_the_first_hop_on() {
    let (some, silence) = (noise(HOP_FRAMES, 1), vec![0.0; HOP_FRAMES]);
    let huge = scaled(&some, f32::MAX);
    for (left, right) in [
        (&some, &silence),
        (&silence, &some),
        (&huge, &some),
        (&huge, &huge),
    ] {
        let mut tap = bench();
        tap.feed_with(&[left, right], &[right, &some]).unwrap();
        let values = [tap.emitted()[0].clone(), tap.finish().unwrap()];
        for values in values {
            for (value, decl) in values[..3].iter().zip(&READINGS) {
                assert!(
                    (decl.min..=decl.max).contains(value),
                    "{} is {value}",
                    decl.id
                );
            }
            assert!(
                values.iter().all(|value| value.abs() <= LIMIT_DB),
                "{values:?}"
            );
        }
    }
}

#[test]
fn of_nothing_there_is_no_reading() {
    assert!(bench().finish().unwrap().iter().all(|value| value.is_nan()));
}

#[test]
fn a_reference_of_other_channels_is_refused() {
    let some = noise(100, 1);
    let sentence = "the reference has other channels or frames than the signal";
    for reference in [&[][..], &[&some[..]], &[&some[..]; 3]] {
        let refused = bench().feed_with(&[&some, &some], reference).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
    }
}

#[test]
fn reset_starts_anew() {
    let (some, other) = (noise(HOP_FRAMES, 1), noise(HOP_FRAMES, 2));
    let mut fresh = bench();
    fresh
        .feed_with(&[&some, &other], &[&other, &other])
        .unwrap();
    let mut tap = bench();
    tap.feed_with(&[&other, &other], &[&some, &some]).unwrap();
    tap.reset();
    tap.feed_with(&[&some, &other], &[&other, &other]).unwrap();
    assert_eq!(tap.emitted()[1], fresh.emitted()[0]);
    assert_eq!(tap.finish().unwrap(), fresh.finish().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn cuts_change_no_bit(
        frames in 1..5000_usize,
        seed in any::<u32>(),
        cuts in vec(1..1500_usize, 1..6),
    ) {
        let channels: Vec<_> = (0..4).map(|n| noise(frames, seed.wrapping_add(n))).collect();
        let mut whole = bench();
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| &channels[n][..]);
        whole.feed_with(&[a, b], &[c, d]).unwrap();
        let mut cut = bench();
        let mut start = 0;
        for length in cuts.iter().cycle() {
            let end = frames.min(start + length);
            let part = start..end;
            let [a, b, c, d] = [a, b, c, d].map(|channel| &channel[part.clone()]);
            cut.feed_with(&[a, b], &[c, d]).unwrap();
            start = end;
            if start == frames {
                break;
            }
        }
        prop_assert_eq!(whole.emitted(), cut.emitted());
        prop_assert_eq!(whole.finish().unwrap(), cut.finish().unwrap());
    }
}
