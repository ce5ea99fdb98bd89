//! The detector against all points one by one, on every level, however a stream is cut.

use super::*;
use crate::cpu::levels;
use crate::true_peak::phases::{HALF_WIDTH, windowed_sinc};
use proptest::collection::vec;
use proptest::prelude::*;

const RATES_HZ: [u32; 5] = [44_100, 48_000, 96_000, 176_400, 192_000];

fn envelope(detector: &mut Detector, channels: &[Vec<f32>], cuts: &[usize]) -> Vec<f32> {
    let frames = channels[0].len();
    let mut peaks = vec![f32::NAN; frames];
    let mut from = 0;
    for to in cuts.iter().map(|cut| cut % (frames + 1)).chain([frames]) {
        let to = to.max(from);
        let inputs: Vec<&[f32]> = channels.iter().map(|samples| &samples[from..to]).collect();
        detector.process(&inputs, &mut peaks[from..to]);
        from = to;
    }
    peaks
}

/// All points less than a frame away, one by one in full precision.
fn plainly(channels: &[Vec<f32>], frame: i64, sample_rate_hz: u32) -> f64 {
    let per_sample = match sample_rate_hz {
        192_000.. => 1,
        96_000.. => 2,
        _ => 4,
    };
    let half_width = HALF_WIDTH as i64;
    let reach = half_width / per_sample;
    let value = |samples: &[f32], point: i64| -> f64 {
        let near = (frame - reach - 1)..=(frame + reach + 1);
        near.filter_map(|n| {
            let sample = samples.get(usize::try_from(n).ok()?)?;
            let distance = point - n * per_sample;
            let tap = windowed_sinc(distance as f64, per_sample as usize);
            (distance.abs() <= half_width).then_some(f64::from(*sample) * tap)
        })
        .sum()
    };
    let points = frame * per_sample + 1 - per_sample..frame * per_sample + per_sample;
    channels
        .iter()
        .flat_map(|samples| points.clone().map(|point| value(samples, point).abs()))
        .fold(0.0, f64::max)
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn signal() -> impl Strategy<Value = Vec<Vec<f32>>> {
    (1..5_usize, 0..700_usize)
        .prop_flat_map(|(channels, frames)| vec(vec(-1.0..1.0_f32, frames), channels))
}

fn rate() -> impl Strategy<Value = u32> {
    prop::sample::select(RATES_HZ.to_vec())
}

proptest! {
    #[test]
    fn each_number_is_the_highest_around_its_frame(channels in signal(), rate in rate()) {
        for level in levels() {
            let mut detector = Detector::on(level, channels.len(), rate);
            let latency = detector.latency_frames();
            let found = envelope(&mut detector, &channels, &[]);
            for (frame, found) in found.iter().enumerate() {
                let expected = plainly(&channels, frame as i64 - latency as i64, rate);
                let off = (f64::from(*found) - expected).abs();
                prop_assert!(off <= 1e-6, "{level:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_division_into_blocks_changes_no_bit(
        channels in signal(),
        cuts in vec(0..700_usize, 0..8),
        rate in rate(),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        for level in levels() {
            let detector = Detector::on(level, channels.len(), rate);
            let whole = envelope(&mut detector.clone(), &channels, &[]);
            let parts = envelope(&mut detector.clone(), &channels, &cuts);
            prop_assert_eq!(bits(&parts), bits(&whole), "{:?}", level);
        }
    }

    #[test]
    fn a_loaded_state_goes_on_bit_for_bit(channels in signal(), rate in rate()) {
        for level in levels() {
            let fresh = Detector::on(level, channels.len(), rate);
            let (mut first, mut second) = (fresh.clone(), fresh);
            envelope(&mut first, &channels, &[]);
            let mut numbers = vec![f32::NAN; first.state_len()];
            first.save(&mut numbers).unwrap();
            second.load(&numbers).unwrap();
            let goes_on = [first, second].map(|mut it| bits(&envelope(&mut it, &channels, &[])));
            prop_assert_eq!(&goes_on[0], &goes_on[1], "{:?}", level);
        }
    }
}

#[test]
fn a_click_is_answered_at_its_frame_and_reaches_as_far_as_its_neighbours_gaps() {
    for (rate, latency) in [(48_000, 6), (96_000, 12), (192_000, 0)] {
        let mut click = vec![0.0; 40];
        click[10] = -0.5;
        let mut detector = Detector::new(1, rate);
        assert_eq!(detector.latency_frames(), latency);
        let peaks = envelope(&mut detector, &[click], &[]);
        assert_eq!(peaks[10 + latency], 0.5, "{rate} Hz");
        let beside = peaks[9 + latency];
        assert_eq!(beside.to_bits(), peaks[11 + latency].to_bits(), "{rate} Hz");
        assert_eq!(beside > 0.25, rate < 192_000, "{rate} Hz");
    }
}

#[test]
fn any_input_at_all_gives_finite_peaks() {
    let wild = [
        f32::NAN,
        f32::INFINITY,
        f32::MAX,
        f32::MIN,
        f32::NEG_INFINITY,
        1.0,
    ];
    for rate in [0, 48_000, 96_000, u32::MAX] {
        let mut detector = Detector::new(1, rate);
        let peaks = envelope(&mut detector, &[wild.repeat(20)], &[]);
        assert!(peaks.iter().all(|peak| peak.is_finite()), "{rate} Hz");
        let mut numbers = vec![0.0; detector.state_len()];
        detector.save(&mut numbers).unwrap();
        assert_eq!(detector.load(&numbers), Ok(()));
    }
}

#[test]
fn a_state_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut detector = Detector::new(2, 48_000);
    let found = detector.load(&[0.0; 22]);
    let expected = Err(DetectorError::StateLength {
        found: 22,
        expected: 23,
    });
    assert_eq!(found, expected);
    for (index, number) in [(0, -1.0), (0, f32::NAN), (1, f32::INFINITY), (22, f32::NAN)] {
        let mut numbers = [0.5; 23];
        numbers[index] = number;
        assert_eq!(
            detector.load(&numbers),
            Err(DetectorError::StateValue { index })
        );
    }
    let mut numbers = [1.0; 23];
    detector.save(&mut numbers).unwrap();
    assert_eq!(numbers, [0.0; 23]);
}

#[test]
fn missing_channels_are_silent_and_surplus_ones_unheard() {
    let mut detector = Detector::new(2, 48_000);
    let mut peaks = [1.0; 8];
    detector.process(&[&[0.25; 8]], &mut peaks);
    detector.process(&[&[0.0; 8], &[0.0; 8], &[9.0; 8]], &mut peaks);
    assert!(peaks.iter().all(|peak| *peak < 0.5), "{peaks:?}");
}
