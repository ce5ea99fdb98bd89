//! The bundled clip: the file is what its script makes, and is worth listening to.
//!
//! In: `assets/voice.wav` at the repository's root, and `examples/clip.rs`, which made it.

use segue_dsp::loudness::{ChannelWeight, LoudnessMeter, RangeHop};

#[expect(
    dead_code,
    reason = "the program's `main`, which writes the file, is not called here"
)]
#[path = "../examples/clip.rs"]
mod clip;

const FILE: &[u8] = include_bytes!("../../../assets/voice.wav");

#[test]
fn the_file_is_what_the_script_makes() {
    assert!(
        clip::wav() == FILE,
        "run `cargo run --release -p segue-dsp --example clip`"
    );
}

#[test]
fn the_clip_is_loud_enough_and_does_not_clip() {
    let integers = FILE[44..]
        .as_chunks()
        .0
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes));
    let samples: Vec<f32> = integers
        .map(|integer| f32::from(integer) / 32_768.0)
        .collect();
    let side = |side: usize| {
        samples
            .iter()
            .skip(side)
            .step_by(2)
            .copied()
            .collect::<Vec<f32>>()
    };
    let hop = RangeHop::default();
    let weights = [ChannelWeight::Full; 2];
    let mut meter = LoudnessMeter::new(48_000, &weights, hop).expect("in range");
    meter.feed(&[side(0), side(1)]).expect("two equal channels");
    let loudness = meter.loudness();
    assert!(
        (-23.0..-16.0).contains(&loudness.integrated_lufs),
        "{loudness:?}"
    );
    assert!(
        (-6.0..-1.0).contains(&loudness.true_peak_dbtp),
        "{loudness:?}"
    );
}
