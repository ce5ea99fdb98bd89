//! Levels against `audioop`: every figure, floored to the source's integers, is the same.
//!
//! In: `golden/levels.csv`, made by `golden/make_levels.py`, which explains its columns.

use segue_dsp::levels::{FullScale, LevelMeter, Levels};

const GOLDEN: &str = include_str!("golden/levels.csv");
/// Bits times signals in the golden file, so that a file cut short is noticed.
const ROWS: usize = 4 * 21;

/// One line of the golden file.
struct Row<'a> {
    name: &'a str,
    bits: u32,
    integers: Vec<i64>,
    answers: [i64; 8],
}

fn row(line: &str) -> Row<'_> {
    let columns: Vec<&str> = line.split(',').collect();
    let [name, bits, source, answers @ ..] = columns.as_slice() else {
        panic!("{line} has too few columns");
    };
    let bits = bits.parse().expect("a number of bits");
    let answers: Vec<i64> = answers
        .iter()
        .map(|answer| answer.parse().expect("a whole number"))
        .collect();
    Row {
        name,
        bits,
        integers: integers(source, bits),
        answers: answers.try_into().expect("eight answers"),
    }
}

fn integers(source: &str, bits: u32) -> Vec<i64> {
    let Some(noise) = source.strip_prefix("lcg ") else {
        return source
            .split(' ')
            .map(|sample| sample.parse().expect("a whole number"))
            .collect();
    };
    let (seed, count) = noise.split_once(' ').expect("a seed and a count");
    let mut state: u32 = seed.parse().expect("a seed");
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(state.cast_signed() >> (32 - bits))
    };
    std::iter::repeat_with(next)
        .take(count.parse().expect("a count"))
        .collect()
}

/// The samples as a session has them: 32-bit integers round, and the largest stays below 1.
fn samples(row: &Row<'_>) -> Vec<f32> {
    let scale = 0.5_f64.powi(row.bits as i32 - 1);
    let below_one = 1.0 - f32::EPSILON / 2.0;
    row.integers
        .iter()
        .map(|&i| ((i as f64 * scale) as f32).min(below_one))
        .collect()
}

/// The comparison rule of `levels`: times 2^(bits-1), rounded down.
fn in_integers(levels: &Levels, bits: u32) -> [i64; 8] {
    let floored = |figure: f64| (figure * 2.0_f64.powi(bits as i32 - 1)).floor() as i64;
    [
        floored(levels.peak),
        floored(levels.minimum),
        floored(levels.maximum),
        floored(levels.rms),
        floored(levels.average),
        floored(levels.peak_to_peak_max),
        floored(levels.peak_to_peak_average),
        levels.zero_crossings.cast_signed(),
    ]
}

#[test]
fn every_figure_is_the_one_of_audioop() {
    let rows: Vec<Row<'_>> = GOLDEN.lines().skip(1).map(row).collect();
    assert_eq!(rows.len(), ROWS);
    for row in rows {
        for block_frames in [1, 64, 1000, usize::MAX] {
            let mut meter = LevelMeter::new(FullScale::Pcm { bits: row.bits });
            samples(&row)
                .chunks(block_frames)
                .for_each(|block| meter.feed(block));
            let found = in_integers(&meter.levels(), row.bits);
            assert_eq!(found, row.answers, "{} of {} bits", row.name, row.bits);
        }
    }
}

/// `audioop.rms` rounds its own sum, and says 8,388,606 and 2,147,483,391 here.
#[test]
fn the_root_mean_square_of_a_constant_is_the_constant_where_audioop_rounds_its_sum() {
    for (bits, constant) in [(24, 8_388_607_i64), (32, 2_147_483_392)] {
        let full_scale = 2.0_f64.powi(bits - 1);
        let sample = (constant as f64 / full_scale) as f32;
        let mut meter = LevelMeter::new(FullScale::Float);
        for _ in 0..240 {
            meter.feed(&[sample; 200]);
            let found = meter.levels().rms * full_scale;
            let apart = (found / constant as f64 - 1.0).abs();
            assert!(apart <= 2.0 * f64::EPSILON, "{bits} bits: {found}");
        }
    }
}
