//! The cascade as its users see it: blocks, linearity, glides, state, hostile input.

use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::eq::{Cascade, CascadeError, GLIDE_FRAMES_MAX, NUMBERS_PER_SECTION, SECTIONS_MAX};

fn section(shape: Shape, frequency_hz: f64) -> Coefficients {
    Coefficients::design(
        &Band {
            shape,
            frequency_hz,
            q: 0.8,
        },
        48_000.0,
    )
    .expect("in range")
}

/// A cascade of so many different sections.
fn cascade(count: usize) -> Cascade {
    let shapes = [
        Shape::HighPass,
        Shape::Peak { gain_db: 5.0 },
        Shape::HighShelf { gain_db: -4.0 },
        Shape::LowShelf { gain_db: 3.0 },
        Shape::LowPass,
    ];
    let at = |index: usize| section(shapes[index % 5], 60.0 * 1.4_f64.powi(index as i32));
    Cascade::new(&(0..count).map(at).collect::<Vec<_>>()).expect("at most 16")
}

fn filtered(cascade: &mut Cascade, input: &[f32]) -> Vec<f32> {
    let mut output = vec![9.0; input.len()];
    cascade.process(input, &mut output);
    output
}

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|sample| sample.to_bits()).collect()
}

/// How far a vector level may be from the plain reference, as a share of the largest sample
/// anywhere in the cascade: rounding, as up to sixteen resonances amplify it.
const LEVELS_APART_MAX: f64 = 1e-9;

/// One section after the other, one frame at a time: what every faster way must come to. With it,
/// the largest sample before, between and behind the sections.
fn reference(coefficients: &[Coefficients], input: &[f64]) -> (Vec<f64>, f64) {
    let mut signal = input.to_vec();
    let loudest = |signal: &[f64]| signal.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
    let mut peak = loudest(&signal).max(f64::MIN_POSITIVE);
    for c in coefficients {
        let (mut s1, mut s2) = (0.0, 0.0);
        for x in &mut signal {
            let y = c.b0 * *x + s1;
            s1 = (c.b1 * *x + s2) - c.a1 * y;
            s2 = c.b2 * *x - c.a2 * y;
            *x = y;
        }
        peak = peak.max(loudest(&signal));
    }
    (signal, peak)
}

/// Any band that a person may set, at 48 kHz.
fn any_section() -> impl Strategy<Value = Coefficients> {
    let shape = prop_oneof![
        Just(Shape::LowPass),
        Just(Shape::HighPass),
        Just(Shape::Notch),
        (-24.0..24.0_f64).prop_map(|gain_db| Shape::Peak { gain_db }),
        (-24.0..24.0_f64).prop_map(|gain_db| Shape::LowShelf { gain_db }),
        (-24.0..24.0_f64).prop_map(|gain_db| Shape::HighShelf { gain_db }),
    ];
    (shape, 1.3..4.3_f64, -0.7..1.0_f64).prop_map(|(shape, decades, q_decades)| {
        let band = Band {
            shape,
            frequency_hz: 10.0_f64.powf(decades),
            q: 10.0_f64.powf(q_decades),
        };
        Coefficients::design(&band, 48_000.0).expect("in range")
    })
}

proptest! {
    #[test]
    fn every_level_comes_to_what_plain_sections_come_to(
        coefficients in vec(any_section(), 0..=SECTIONS_MAX),
        input in vec(-1.0..1.0_f64, 0..600),
        block_frames in 1..300_usize,
    ) {
        let (expected, peak) = reference(&coefficients, &input);
        for level in cpu::levels() {
            let mut whole = Cascade::on(level, &coefficients).expect("at most 16");
            let mut parted = whole.clone();
            let mut found = input.clone();
            whole.process_wide(&mut found);
            for (found, expected) in found.iter().zip(&expected) {
                let apart = (found - expected).abs() / peak;
                prop_assert!(apart <= LEVELS_APART_MAX, "{}: {apart}", cpu::name(level));
            }
            let mut blocks = input.clone();
            for block in blocks.chunks_mut(block_frames) {
                parted.process_wide(block);
            }
            let bits = |samples: &[f64]| samples.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&blocks), bits(&found));
            prop_assert_eq!(parted, whole);
        }
    }

    #[test]
    fn the_division_into_blocks_changes_no_bit_even_in_a_glide(
        count in 1..=SECTIONS_MAX,
        input in vec(-1.0..1.0_f32, 1..900),
        block_frames in 1..300_usize,
        glide_frames in 0..700_u32,
    ) {
        let mut whole = cascade(count);
        let target = section(Shape::Peak { gain_db: -9.0 }, 700.0);
        whole.glide(count / 2, target, glide_frames).expect("in range");
        let mut parted = whole.clone();
        let expected = filtered(&mut whole, &input);
        let mut found = Vec::new();
        for (index, block) in input.chunks(block_frames).enumerate() {
            if index.is_multiple_of(2) {
                found.extend(filtered(&mut parted, block));
            } else {
                let mut in_place = block.to_vec();
                parted.process_in_place(&mut in_place);
                found.extend(in_place);
            }
        }
        prop_assert_eq!(bits(&found), bits(&expected));
        prop_assert_eq!(parted, whole);
    }

    #[test]
    fn the_answer_to_a_sum_is_the_sum_of_the_answers(
        count in 1..=SECTIONS_MAX,
        pair in vec((-1.0..1.0_f32, -1.0..1.0_f32), 1..600),
        factor in -2.0..2.0_f32,
    ) {
        let (a, b): (Vec<f32>, Vec<f32>) = pair.iter().copied().unzip();
        let mixed: Vec<f32> = pair.iter().map(|(a, b)| a + factor * b).collect();
        let [a, b, mixed] = [a, b, mixed].map(|input| filtered(&mut cascade(count), &input));
        for ((a, b), mixed) in a.iter().zip(&b).zip(&mixed) {
            prop_assert!((a + factor * b - mixed).abs() < 1e-4);
        }
    }

    #[test]
    fn a_loaded_state_goes_on_bit_for_bit(
        count in 1..=SECTIONS_MAX,
        before in vec(-1.0..1.0_f32, 0..400),
        after in vec(-1.0..1.0_f32, 1..400),
        glide_frames in 0..700_u32,
    ) {
        let mut old = cascade(count);
        let target = section(Shape::Notch, 1_234.0);
        old.glide(0, target, glide_frames).expect("in range");
        filtered(&mut old, &before);
        let mut numbers = vec![0.0; old.state_len()];
        old.save(&mut numbers).expect("the length fits");
        let mut new = Cascade::new(&vec![Coefficients::IDENTITY; count]).expect("at most 16");
        new.load(&numbers).expect("a running state");
        prop_assert_eq!(bits(&filtered(&mut new, &after)), bits(&filtered(&mut old, &after)));
    }

    #[test]
    fn numbers_from_anywhere_load_whole_or_not_at_all(
        numbers in vec(prop::num::f64::ANY, 2 * NUMBERS_PER_SECTION),
        replaced in 0..2 * NUMBERS_PER_SECTION,
    ) {
        let mut cascade = cascade(2);
        let before = cascade.clone();
        let mut valid = vec![0.0; cascade.state_len()];
        cascade.save(&mut valid).expect("the length fits");
        valid[replaced] = numbers[replaced];
        for numbers in [&numbers, &valid] {
            if cascade.load(numbers).is_err() {
                prop_assert_eq!(&cascade, &before);
            } else {
                filtered(&mut cascade, &[0.5; 300]);
                cascade = before.clone();
            }
        }
    }

    #[test]
    fn any_input_at_all_is_survived(input in vec(prop::num::f32::ANY, 0..300), count in 0..=SECTIONS_MAX) {
        let mut cascade = cascade(count);
        prop_assert_eq!(filtered(&mut cascade, &input).len(), input.len());
        cascade.reset();
        prop_assert!(filtered(&mut cascade, &[0.0; 50]).iter().all(|y| *y == 0.0));
    }
}

#[test]
fn a_glide_makes_no_step_and_ends_at_its_target() {
    const FRAMES: usize = 9_600;
    let sine = |n: usize| (n as f32 * 0.05).sin() * 0.5;
    let input: Vec<f32> = (0..FRAMES).map(sine).collect();
    let target = section(Shape::Peak { gain_db: -24.0 }, 400.0);
    let largest_step = |glide_frames: u32| {
        let mut cascade =
            Cascade::new(&[section(Shape::Peak { gain_db: 12.0 }, 400.0)]).expect("one section");
        let mut output = filtered(&mut cascade, &input[..FRAMES / 2]);
        cascade.glide(0, target, glide_frames).expect("in range");
        output.extend(filtered(&mut cascade, &input[FRAMES / 2..]));
        let steps = output.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        (steps.fold(0.0, f32::max), cascade)
    };
    let before = filtered(
        &mut Cascade::new(&[section(Shape::Peak { gain_db: 12.0 }, 400.0)]).expect("one section"),
        &input,
    );
    let own = before
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max);
    let (at_once, _) = largest_step(0);
    let (gliding, cascade) = largest_step(960);
    assert!(
        at_once > 1.5 * own,
        "a sudden change steps by {at_once}, the signal by {own}"
    );
    assert!(
        gliding <= 1.01 * own,
        "the glide steps by {gliding}, the signal by {own}"
    );
    let mut numbers = vec![0.0; cascade.state_len()];
    cascade.save(&mut numbers).expect("the length fits");
    assert_eq!(
        numbers[7..12],
        [target.b0, target.b1, target.b2, target.a1, target.a2]
    );
    assert_eq!(numbers[12], numbers[13]);
}

#[test]
fn no_section_passes_the_audio_through() {
    let mut empty = Cascade::new(&[]).expect("none is allowed");
    assert_eq!((empty.section_count(), empty.state_len()), (0, 0));
    assert_eq!(filtered(&mut empty, &[0.25, -1.0]), [0.25, -1.0]);
    assert_eq!(empty.save(&mut []), Ok(()));
}

#[test]
fn the_shorter_slice_decides_and_the_rest_stays() {
    let mut output = [9.0; 4];
    cascade(3).process(&[0.0; 2], &mut output);
    assert_eq!(output, [0.0, 0.0, 9.0, 9.0]);
    let mut output = [9.0; 2];
    cascade(3).process(&[0.0; 700], &mut output);
    assert_eq!(output, [0.0, 0.0]);
}

#[test]
fn a_bad_sample_stays_until_reset() {
    let mut cascade = cascade(4);
    assert!(
        filtered(&mut cascade, &[f32::NAN, 0.0, 0.0])
            .iter()
            .all(|y| y.is_nan())
    );
    assert!(
        filtered(&mut cascade, &[0.0; 20])
            .iter()
            .all(|y| y.is_nan())
    );
    cascade.reset();
    assert_eq!(filtered(&mut cascade, &[0.0; 3]), [0.0; 3]);
}

#[test]
fn what_does_not_fit_is_named() {
    let check = |error: Result<(), CascadeError>, expected: &str| {
        assert_eq!(error.expect_err("a refusal").to_string(), expected);
    };
    let mut two = cascade(2);
    let same = Coefficients::IDENTITY;
    let many = Cascade::new(&[same; 17]).map(|_| ());
    check(many, "17 filter sections were given, expected at most 16");
    check(
        two.glide(2, same, 0),
        "filter section 2 was named, expected one below 2",
    );
    check(
        two.glide(0, same, GLIDE_FRAMES_MAX + 1),
        "a glide of 67108865 frames was asked for, expected at most 67108864",
    );
    check(
        two.save(&mut [0.0; 27]),
        "filter state has 27 numbers, expected 28",
    );
    check(
        two.load(&[0.0; 29]),
        "filter state has 29 numbers, expected 28",
    );
    let mut numbers = [0.0; 28];
    numbers[15] = f64::NAN;
    check(
        two.load(&numbers),
        "filter state number 15 is out of range, expected a finite number of this cascade",
    );
    numbers[15] = 0.0;
    numbers[11] = 1.001; // A pole outside the unit circle.
    check(
        two.load(&numbers),
        "filter state number 10 is out of range, expected a finite number of this cascade",
    );
    numbers[11] = 0.0;
    numbers[26] = 1.0; // One frame of a glide of none is done.
    check(
        two.load(&numbers),
        "filter state number 26 is out of range, expected a finite number of this cascade",
    );
}
