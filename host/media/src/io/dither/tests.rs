//! Tests of dither: what theory says of its error, and that nothing depends on how it is written.

use std::f64::consts::TAU;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::io::memory::Recorder;

/// A format with as many channels as are to be heard.
fn format(channels: usize) -> Format {
    Format::new(
        48_000,
        crate::audio::Layout::discrete(channels as u16),
        SampleFormat::F32,
    )
    .unwrap()
}

/// Writes planes with dither, in pieces that end at `cuts`; returns what the sink gets.
fn written(planes: &[Vec<f32>], samples: SampleFormat, cuts: &[usize]) -> Vec<Vec<f32>> {
    let frames = planes[0].len();
    let mut from = Buffer::new(planes.len(), frames.max(1));
    for (into, plane) in from.iter_mut().zip(planes) {
        into[..frames].copy_from_slice(plane);
    }
    let (sink, record) = Recorder::new(planes.len(), usize::MAX);
    let mut sink = dithered(sink, &format(planes.len()), samples);
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (frames + 1)).collect();
    cuts.extend([0, frames]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        sink.write(&from, pair[0]..pair[1]).unwrap();
    }
    sink.finish().unwrap();
    let record = record.lock().unwrap();
    record.channels.clone()
}

/// The error of a plane in steps, once it is rounded as the encoder rounds.
fn errors(plane: &[f32], samples: SampleFormat) -> Vec<f64> {
    let full_scale = f64::from(full_scale(samples).unwrap());
    let out = written(&[plane.to_vec()], samples, &[]);
    let pairs = out[0].iter().zip(plane);
    pairs
        .map(|(out, sample)| {
            (f64::from(*out) * full_scale).round_ties_even() - f64::from(*sample) * full_scale
        })
        .collect()
}

fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

const FRAMES: usize = 1 << 18;

/// Five times what the mean of so many independent errors strays.
const STRAY: f64 = 5.0 * 0.5 / 512.0;

#[test]
fn mean_and_power_of_the_error_are_the_same_wherever_the_signal_is() {
    for samples in [SampleFormat::U8, SampleFormat::S16] {
        let step = 1.0 / f64::from(full_scale(samples).unwrap());
        for place in [0.001, 0.1, 0.25, 0.4, 0.5, 0.77, -3.3, 17.999] {
            let plane = vec![(place * step) as f32; FRAMES];
            let errors = errors(&plane, samples);
            let mean_error = mean(errors.iter().copied(), FRAMES);
            let power = mean(errors.iter().map(|error| error * error), FRAMES);
            assert!(mean_error.abs() < STRAY, "{samples} {place} {mean_error}");
            // A twelfth of rounding and two of noise.
            assert!((power - 0.25).abs() < 0.005, "{samples} {place} {power}");
        }
    }
}

/// The part of a signal at a frequency, as an amplitude.
fn amplitude(signal: &[f64], cycles: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (frame, value) in signal.iter().enumerate() {
        let angle = TAU * cycles * frame as f64 / signal.len() as f64;
        real += value * angle.cos();
        imaginary += value * angle.sin();
    }
    2.0 * f64::hypot(real, imaginary) / signal.len() as f64
}

#[test]
fn a_tone_of_less_than_a_step_survives_without_harmonics() {
    let cycles = 5_461.0; // 1 kHz, and no divisor of the frames
    let tone: Vec<f32> = (0..FRAMES)
        .map(|frame| {
            let angle = TAU * cycles * frame as f64 / FRAMES as f64;
            (0.4 / 32_768.0 * angle.sin()) as f32
        })
        .collect();
    let errors = errors(&tone, SampleFormat::S16);
    for harmonic in [1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0] {
        let found = amplitude(&errors, harmonic * cycles);
        assert!(found < 0.006, "harmonic {harmonic}: {found}");
    }
    // Without noise all of it would be lost.
    assert!(tone.iter().all(|sample| (sample * 32_768.0).round() == 0.0));
}

#[test]
fn the_error_is_white_and_another_in_each_channel() {
    let plane: Vec<f32> = (0..FRAMES)
        .map(|frame| 0.3 * (frame as f32 * 0.01).sin() + 0.000_01)
        .collect();
    let out = written(&[plane.clone(), plane.clone()], SampleFormat::S16, &[]);
    let noise = |channel: usize| -> Vec<f64> {
        let pairs = out[channel].iter().zip(&plane);
        pairs
            .map(|(out, sample)| f64::from(out - sample) * 32_768.0)
            .collect()
    };
    let [left, right] = [noise(0), noise(1)];
    // Both have the power of a sixth: beside it, what independence leaves of a product is this.
    let stray = 5.0 / 6.0 / 512.0;
    for lag in (1..200).chain([256, 1_024, 4_096, 65_536]) {
        let count = FRAMES - lag;
        let with_itself = mean((0..count).map(|at| left[at] * left[at + lag]), count);
        assert!(with_itself.abs() < stray, "{lag}: {with_itself}");
    }
    for lag in 0..50 {
        let count = FRAMES - lag;
        let with_other = mean((0..count).map(|at| left[at] * right[at + lag]), count);
        assert!(with_other.abs() < stray, "{lag}: {with_other}");
    }
}

proptest! {
    #[test]
    fn nothing_depends_on_how_it_is_written(
        seed in vec(-1.2_f32..1.2, 1..40), cuts in vec(any::<usize>(), 0..6), exact in 0_usize..9_000,
    ) {
        let plane = |scale: f32| -> Vec<f32> {
            let noisy = seed.iter().cycle().map(|sample| sample * scale).take(3_000);
            vec![0.25; exact].into_iter().chain(noisy).collect()
        };
        let planes = [plane(1.0), plane(0.5)];
        let whole = written(&planes, SampleFormat::S16, &[]);
        prop_assert_eq!(&whole, &written(&planes, SampleFormat::S16, &cuts));
        prop_assert_eq!(&whole[0][..exact], &planes[0][..exact]);
    }

    #[test]
    fn what_is_on_the_grid_stays_as_it_is(integers in vec(any::<i16>(), 1..400)) {
        let wide = integers.iter().map(|integer| f32::from(*integer) / 32_768.0).collect();
        let planes = [wide];
        prop_assert_eq!(&written(&planes, SampleFormat::S16, &[]), &planes);
        let narrow = integers.iter().map(|integer| f32::from(integer >> 8) / 128.0).collect();
        let planes = [narrow];
        prop_assert_eq!(&written(&planes, SampleFormat::U8, &[]), &planes);
    }

    #[test]
    fn noise_stays_below_a_step_and_makes_nothing_clip(samples in vec(-1.1_f32..1.1, 1..300)) {
        let highest = 32_767.0 / 32_768.0;
        let out = written(std::slice::from_ref(&samples), SampleFormat::S16, &[]);
        for (out, sample) in out[0].iter().zip(&samples) {
            prop_assert!((out - sample).abs() * 32_768.0 <= 1.01, "{sample} became {out}");
            let is_within = (-1.0..=highest).contains(sample);
            prop_assert!(!is_within || (-1.0..=highest).contains(out), "{sample} became {out}");
            let is_beyond = *sample < -1.0 || *sample > highest;
            prop_assert!(!is_beyond || out.abs() <= sample.abs(), "{sample} became {out}");
        }
    }
}

#[test]
fn noise_begins_in_all_channels_with_the_first_frame_that_has_to_be_rounded() {
    let mut planes = vec![vec![0.5; 10_000]; 2];
    planes[1][7_777] = 0.5 + 1.0 / 131_072.0;
    let out = written(&planes, SampleFormat::S16, &[]);
    for channel in [0, 1] {
        assert_eq!(out[channel][..7_777], planes[channel][..7_777]);
    }
    let noisy = |channel: usize| {
        let pairs = out[channel][7_777..].iter().zip(&planes[channel][7_777..]);
        pairs.filter(|(out, sample)| out != sample).count()
    };
    assert!(noisy(0) > 2_200 && noisy(1) > 2_200);
}

#[test]
fn a_key_ends_where_frames_count_past_32_bits() {
    let (sink, record) = Recorder::new(1, usize::MAX);
    let mut sink = Dithered {
        sink,
        block: Buffer::new(1, BLOCK_FRAMES),
        full_scale: 32_768.0,
        position_frames: KEY_FRAMES - 100,
        phase: Phase::Noisy,
    };
    sink.write(&Buffer::new(1, 300), 0..300).unwrap();
    let found = record.lock().unwrap().channels[0].clone();
    let expected = |frame: u64| noise(frame as u32, key(0, (frame / KEY_FRAMES) as u32)) / 32_768.0;
    let frames = KEY_FRAMES - 100..KEY_FRAMES + 200;
    assert_eq!(found, frames.map(expected).collect::<Vec<_>>());
    assert_ne!(noise(7, key(0, 0)), noise(7, key(0, 1)));
}

#[test]
fn depth_is_lost_where_integers_of_8_or_16_bits_had_more_before() {
    use SampleFormat::{ALaw, F32, F64, MuLaw, S8, S16, S24, S32, U8};
    for (to, from) in [
        (U8, &[S16, S24, S32, F32, F64, MuLaw, ALaw][..]),
        (S8, &[S16, S24, S32, F32, F64, MuLaw, ALaw]),
        (S16, &[S24, S32, F32, F64]),
        (S24, &[]),
        (S32, &[]),
        (F32, &[]),
        (F64, &[]),
        (MuLaw, &[]),
        (ALaw, &[]),
    ] {
        for one in [U8, S8, S16, S24, S32, F32, F64, MuLaw, ALaw] {
            assert_eq!(loses_depth(one, to), from.contains(&one), "{one} to {to}");
        }
    }
}

#[test]
fn what_gets_no_dither_is_written_as_it_is() {
    let planes = [vec![0.1, 0.2, 0.3]];
    for samples in [SampleFormat::S24, SampleFormat::F32, SampleFormat::MuLaw] {
        assert_eq!(written(&planes, samples, &[]), planes, "{samples}");
    }
}
