//! The bank as its users see it: every channel as if alone, sections that come and go, hostile
//! input; on every vector level.

use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::eq::{
    Bank, Cascade, CascadeError, FADE_FRAMES_MAX, Fade, NUMBERS_PER_SECTION, Planes, SECTIONS_MAX,
};

/// A block of planar audio.
#[derive(Clone)]
struct Block {
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
}

impl Block {
    fn new(input: Vec<Vec<f32>>) -> Self {
        let output = input.iter().map(|samples| vec![9.0; samples.len()]);
        Self {
            output: output.collect(),
            input,
        }
    }
}

impl Planes for Block {
    fn frames(&self) -> usize {
        self.input.first().map_or(0, Vec::len)
    }

    fn input(&self, channel: usize) -> &[f32] {
        &self.input[channel]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        &mut self.output[channel]
    }
}

fn section(shape: Shape, frequency_hz: f64) -> Coefficients {
    let band = Band {
        shape,
        frequency_hz,
        q: 0.8,
    };
    Coefficients::design(&band, 48_000.0).expect("in range")
}

/// So many different sections.
fn sections(count: usize) -> Vec<Coefficients> {
    let shapes = [
        Shape::HighPass,
        Shape::Peak { gain_db: 5.0 },
        Shape::HighShelf { gain_db: -4.0 },
        Shape::LowShelf { gain_db: 3.0 },
        Shape::LowPass,
    ];
    let at = |index: usize| section(shapes[index % 5], 60.0 * 1.4_f64.powi(index as i32));
    (0..count).map(at).collect()
}

/// A bank of these sections, as they are from the first frame.
fn bank(level: pulp::Arch, channels: usize, sections: &[Coefficients]) -> Bank {
    let mut bank = Bank::new(level, channels);
    for (index, coefficients) in sections.iter().enumerate() {
        bank.insert(index).expect("at most 16");
        bank.fade(index, *coefficients, Fade::AT_ONCE)
            .expect("it is there");
    }
    bank
}

/// The frames of all channels, through a bank in blocks of so many.
fn run(bank: &mut Bank, input: &[Vec<f32>], block_frames: usize) -> Vec<Vec<u32>> {
    let mut output = vec![Vec::new(); input.len()];
    let frames = input.first().map_or(0, Vec::len);
    for start in (0..frames).step_by(block_frames) {
        let end = frames.min(start + block_frames);
        let block = input.iter().map(|samples| samples[start..end].to_vec());
        let mut block = Block::new(block.collect());
        bank.process(&mut block);
        for (all, block) in output.iter_mut().zip(block.output) {
            all.extend(block.into_iter().map(f32::to_bits));
        }
    }
    output
}

/// Noise of so many channels, each different.
fn noise(channels: usize, frames: usize) -> Vec<Vec<f32>> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..channels)
        .map(|_| (0..frames).map(|_| next()).collect())
        .collect()
}

proptest! {
    #[test]
    fn every_channel_comes_out_as_from_a_cascade_of_its_own(
        count in 0..=SECTIONS_MAX,
        channels in 1..6_usize,
        frames in 1..1300_usize,
        block_frames in 1..1300_usize,
        warm_frames in 0..400_u32,
        fade_frames in 0..700_u32,
    ) {
        let fade = Fade { warm_frames, fade_frames };
        let input = noise(channels, frames);
        let target = section(Shape::Peak { gain_db: -9.0 }, 700.0);
        for level in cpu::levels() {
            let sections = sections(count);
            let mut bank = bank(level, channels, &sections);
            let mut cascade = Cascade::on(level, &sections).expect("at most 16");
            if count > 0 {
                bank.fade(count / 2, target, fade).expect("in range");
                cascade.fade(count / 2, target, fade).expect("in range");
            }
            let found = run(&mut bank, &input, block_frames);
            for (found, input) in found.iter().zip(&input) {
                let mut output = vec![9.0; frames];
                cascade.clone().process(input, &mut output);
                let expected: Vec<u32> = output.into_iter().map(f32::to_bits).collect();
                prop_assert_eq!(found, &expected);
            }
        }
    }

    #[test]
    fn sections_that_come_and_go_leave_the_others_as_they_are(
        count in 1..SECTIONS_MAX,
        at in any::<prop::sample::Index>(),
        before in 1..300_usize,
    ) {
        let (input, later) = (noise(2, before), noise(2, 300));
        for level in cpu::levels() {
            let mut plain = bank(level, 2, &sections(count));
            run(&mut plain, &input, 100);
            let mut other = plain.clone();
            let at = at.index(count + 1);
            other.insert(at).expect("there is room");
            prop_assert_eq!(other.section_count(), count + 1);
            for channel in 0..2 {
                prop_assert_eq!(other.numbers(channel, at)[..4].to_vec(), [0.0; 4]);
                for section in 0..count {
                    let moved = section + usize::from(section >= at);
                    let found = other.numbers(channel, moved);
                    prop_assert_eq!(found, plain.numbers(channel, section));
                }
            }
            other.remove(at).expect("it is there");
            prop_assert_eq!(&other, &plain);
            prop_assert_eq!(run(&mut other, &later, 300), run(&mut plain, &later, 300));
        }
    }

    #[test]
    fn a_restored_state_goes_on_bit_for_bit(
        count in 1..=SECTIONS_MAX,
        channels in 1..4_usize,
        before in 1..500_usize,
        warm_frames in 0..400_u32,
        fade_frames in 0..700_u32,
    ) {
        let fade = Fade { warm_frames, fade_frames };
        let (input, later) = (noise(channels, before), noise(channels, 400));
        for level in cpu::levels() {
            let mut old = bank(level, channels, &sections(count));
            let target = section(Shape::Notch, 1_234.0);
            old.fade(0, target, fade).expect("in range");
            run(&mut old, &input, 128);
            let mut new = bank(level, channels, &vec![Coefficients::IDENTITY; count]);
            for channel in 0..channels {
                for section in 0..count {
                    let numbers = old.numbers(channel, section);
                    new.restore(channel, section, &numbers).expect("a running state");
                }
            }
            prop_assert_eq!(&new, &old);
            prop_assert_eq!(run(&mut new, &later, 90), run(&mut old, &later, 400));
        }
    }

    #[test]
    fn any_input_at_all_stays_in_its_channel_until_it_is_cleared(
        input in vec(prop::num::f32::ANY, 1..300),
        count in 1..=SECTIONS_MAX,
    ) {
        let clean = noise(1, input.len()).remove(0);
        for level in cpu::levels() {
            let sections = sections(count);
            let mut bank = bank(level, 2, &sections);
            let found = run(&mut bank, &[input.clone(), clean.clone()], 64);
            let mut output = vec![9.0; clean.len()];
            let mut cascade = Cascade::on(level, &sections).expect("at most 16");
            cascade.process(&clean, &mut output);
            let expected: Vec<u32> = output.into_iter().map(f32::to_bits).collect();
            prop_assert_eq!(&found[1], &expected);
            bank.clear();
            prop_assert_eq!(bank.section_count(), 0);
            let passed = run(&mut bank, &[clean.clone(), clean.clone()], 64);
            let expected: Vec<u32> = clean.iter().map(|sample| sample.to_bits()).collect();
            prop_assert_eq!(&passed[0], &expected);
        }
    }
}

#[test]
fn a_memory_that_is_no_number_ends_with_the_next_section_that_comes_or_goes() {
    for level in cpu::levels() {
        for remove in [0, 1] {
            let mut bank = bank(level, 2, &sections(3));
            let mut input = noise(2, 50);
            input[0][10] = f32::NAN;
            run(&mut bank, &input, 50);
            let kept = bank.numbers(1, 0);
            assert!(bank.numbers(0, 0)[0].is_nan());
            match remove {
                0 => bank.insert(3),
                _ => bank.remove(2),
            }
            .expect("in range");
            assert_eq!(bank.numbers(0, 0)[..2], [0.0; 2]);
            assert_eq!(bank.numbers(1, 0), kept);
        }
    }
}

#[test]
fn what_does_not_fit_is_named_and_changes_nothing() {
    let level = cpu::arch();
    let mut full = bank(level, 2, &sections(SECTIONS_MAX));
    let before = full.clone();
    let same = Coefficients::IDENTITY;
    let too_long = Fade {
        warm_frames: FADE_FRAMES_MAX + 1,
        fade_frames: 0,
    };
    let mut bad = full.numbers(0, 3);
    bad[5] = f64::NAN;
    let refusals = [
        (
            full.insert(3),
            "17 filter sections were given, expected at most 16",
        ),
        (
            full.insert(17),
            "filter section 17 was named, expected one below 16",
        ),
        (
            full.remove(16),
            "filter section 16 was named, expected one below 16",
        ),
        (
            full.fade(16, same, Fade::AT_ONCE),
            "filter section 16 was named, expected one below 16",
        ),
        (
            full.fade(0, same, too_long),
            "a fade of 67108865 frames was asked for, expected at most 67108864",
        ),
        (
            full.restore(0, 16, &[0.0; NUMBERS_PER_SECTION]),
            "filter section 16 was named, expected one below 16",
        ),
        (
            full.restore(1, 3, &bad),
            "filter state number 5 is out of range, expected a finite number of this cascade",
        ),
    ];
    let check = |(result, expected): (Result<(), CascadeError>, &str)| {
        assert_eq!(result.expect_err("a refusal").to_string(), expected);
    };
    refusals.into_iter().for_each(check);
    assert_eq!(full, before);
}

#[test]
fn no_channel_and_no_frame_are_no_trouble() {
    let mut none = bank(cpu::arch(), 0, &sections(3));
    none.process(&mut Block::new(vec![]));
    let mut two = bank(cpu::arch(), 2, &sections(3));
    let before = two.clone();
    two.process(&mut Block::new(vec![vec![]; 2]));
    assert_eq!(two, before);
}
