//! The cascade as its users see it: blocks, linearity, glides, state, hostile input.

use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::eq::{
    Cascade, CascadeError, FADE_FRAMES_MAX, Fade, NUMBERS_PER_SECTION, SECTIONS_MAX,
};

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
    fn the_division_into_blocks_changes_no_bit_even_in_a_fade(
        count in 1..=SECTIONS_MAX,
        input in vec(-1.0..1.0_f32, 1..900),
        block_frames in 1..300_usize,
        warm_frames in 0..400_u32,
        fade_frames in 0..700_u32,
    ) {
        let fade = Fade { warm_frames, fade_frames };
        let mut whole = cascade(count);
        let target = section(Shape::Peak { gain_db: -9.0 }, 700.0);
        whole.fade(count / 2, target, fade).expect("in range");
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
        warm_frames in 0..400_u32,
        fade_frames in 0..700_u32,
    ) {
        let fade = Fade { warm_frames, fade_frames };
        let mut old = cascade(count);
        let target = section(Shape::Notch, 1_234.0);
        old.fade(0, target, fade).expect("in range");
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

/// A fade of 20 ms that begins once a change has been warm for as long.
const FADE: Fade = Fade {
    warm_frames: 960,
    fade_frames: 960,
};

/// So many frames of a tone of 440 Hz, then the first change; the second one later in it.
fn changed(changes: [(usize, Coefficients); 2], input: &[f64]) -> (Vec<f64>, Cascade) {
    let [(first, second), (later, third)] = changes;
    let mut cascade = Cascade::new(&[section(Shape::Peak { gain_db: 12.0 }, 400.0)]).expect("one");
    let mut output = input.to_vec();
    cascade.process_wide(&mut output[..first]);
    cascade.fade(0, second, FADE).expect("in range");
    cascade.process_wide(&mut output[first..later]);
    cascade.fade(0, third, FADE).expect("in range");
    cascade.process_wide(&mut output[later..]);
    (output, cascade)
}

/// The fades of sections that have all run from the first frame: each begins at its frame.
fn faded(sections: &[(usize, Coefficients)], input: &[f64]) -> Vec<f64> {
    let mut output = reference(&[section(Shape::Peak { gain_db: 12.0 }, 400.0)], input).0;
    for (start, coefficients) in sections {
        let (new, _) = reference(&[*coefficients], input);
        for (frame, (y, new)) in output.iter_mut().zip(new).enumerate().skip(*start) {
            let share = ((frame - start) as f64 / f64::from(FADE.fade_frames)).min(1.0);
            *y += (new - *y) * share;
        }
    }
    output
}

#[test]
fn a_change_is_the_cross_fade_of_two_sections_that_have_always_run() {
    let input: Vec<f64> = (0..9_600).map(|n| (f64::from(n) * 0.0576).sin()).collect();
    let cut = section(Shape::Peak { gain_db: -24.0 }, 400.0);
    let pass = section(Shape::HighPass, 2_000.0);
    let peak = section(Shape::Peak { gain_db: 12.0 }, 400.0);
    let check = |changes, heard: &[(usize, Coefficients)], target: Coefficients| {
        let (found, cascade) = changed(changes, &input);
        for (frame, (found, expected)) in found.iter().zip(faded(heard, &input)).enumerate() {
            let apart = (found - expected).abs();
            assert!(apart < 3e-4, "frame {frame} is {apart} off");
        }
        let mut settled = vec![0.0; cascade.state_len()];
        cascade.save(&mut settled).expect("the length fits");
        let Coefficients { b0, b1, b2, a1, a2 } = target;
        assert_eq!(settled[4..9], [b0, b1, b2, a1, a2]);
        assert_eq!(settled[19..], [0.0; 5]);
    };
    // The second change is asked for while the first is heard, and waits for its end at 2,920.
    check(
        [(1_000, cut), (2_500, pass)],
        &[(1_960, cut), (3_880, pass)],
        pass,
    );
    // The first one is not heard yet: to go back is to stay, and another one waits.
    check([(1_000, cut), (1_500, peak)], &[], peak);
    check(
        [(1_000, cut), (1_500, pass)],
        &[(1_960, cut), (3_880, pass)],
        pass,
    );
    // What is on its way already is no change.
    check([(1_000, cut), (2_500, cut)], &[(1_960, cut)], cut);
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
        two.fade(2, same, Fade::AT_ONCE),
        "filter section 2 was named, expected one below 2",
    );
    let too_long = Fade {
        warm_frames: 0,
        fade_frames: FADE_FRAMES_MAX + 1,
    };
    check(
        two.fade(0, same, too_long),
        "a fade of 67108865 frames was asked for, expected at most 67108864",
    );
    check(
        two.save(&mut [0.0; 47]),
        "filter state has 47 numbers, expected 48",
    );
    check(
        two.load(&[0.0; 49]),
        "filter state has 49 numbers, expected 48",
    );
    let mut two_settled = [0.0; 48];
    two.save(&mut two_settled).expect("the length fits");
    // No number; a pole outside the unit circle; a fade that is too long; a fade of no frames of
    // which one is done, or that another one follows.
    let bad = [
        (25, 25, f64::NAN),
        (32, 31, 1.001),
        (43, 43, f64::from(FADE_FRAMES_MAX) + 1.0),
        (45, 45, 1.0),
        (47, 45, 1.0),
    ];
    for (changed, named, value) in bad {
        let mut numbers = two_settled;
        numbers[changed] = value;
        let found = two.load(&numbers).expect_err("a refusal").to_string();
        let expected = format!(
            "filter state number {named} is out of range, expected a finite number of this cascade"
        );
        assert_eq!(found, expected);
    }
}
