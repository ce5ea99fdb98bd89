//! Gain: multiplies a channel by one factor, or by a factor of its own for every frame.
//!
//! In: one channel of audio and linear gains (`decibel::amplitude_from_db` makes them from dB).
//! Out: as many samples as the shortest slice has; whatever is behind them stays untouched.
//!
//! Source: none needed. Each product is one rounded `f32` multiplication, so a
//! gain of 1 returns the input to the last bit, and a slice of equal gains does what the constant
//! does, and every vector level gives the same bits. Non-finite samples and gains spread as in
//! IEEE 754 and only within their own frame.

use pulp::Arch;

use crate::cpu;

/// The functions of this module with the vector instructions of one level.
#[derive(Clone, Copy, Debug)]
pub struct Multiplier {
    arch: Arch,
}

impl Default for Multiplier {
    /// On the level of `cpu::arch`. Thread: control; it reads the environment.
    fn default() -> Self {
        Self::on(cpu::arch())
    }
}

impl Multiplier {
    /// On one of the levels of `cpu::levels`. Any thread.
    #[must_use]
    pub fn on(arch: Arch) -> Self {
        Self { arch }
    }

    /// As the function `apply`.
    ///
    /// Thread: any, the audio thread included.
    pub fn apply(&self, gain: f32, input: &[f32], output: &mut [f32]) {
        self.arch.dispatch(
            #[inline(always)]
            || apply(gain, input, output),
        );
    }

    /// As the function `apply_each`.
    ///
    /// Thread: any, the audio thread included.
    pub fn apply_each(&self, gains: &[f32], input: &[f32], output: &mut [f32]) {
        self.arch.dispatch(
            #[inline(always)]
            || apply_each(gains, input, output),
        );
    }
}

/// Writes `input` times `gain` into `output`.
///
/// Thread: any, the audio thread included.
#[inline(always)]
pub fn apply(gain: f32, input: &[f32], output: &mut [f32]) {
    for (to, from) in output.iter_mut().zip(input) {
        *to = from * gain;
    }
}

/// Multiplies `samples` by `gain` where they are.
///
/// Thread: any, the audio thread included.
pub fn apply_in_place(gain: f32, samples: &mut [f32]) {
    for sample in samples {
        *sample *= gain;
    }
}

/// Writes `input` into `output`, each frame times its own gain.
///
/// Thread: any, the audio thread included.
#[inline(always)]
pub fn apply_each(gains: &[f32], input: &[f32], output: &mut [f32]) {
    for ((to, from), gain) in output.iter_mut().zip(input).zip(gains) {
        *to = from * gain;
    }
}

/// Multiplies `samples` where they are, each frame by its own gain.
///
/// Thread: any, the audio thread included.
pub fn apply_each_in_place(gains: &[f32], samples: &mut [f32]) {
    for (sample, gain) in samples.iter_mut().zip(gains) {
        *sample *= gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// All ways of applying one gain to one input.
    fn all_ways(gain: f32, input: &[f32]) -> Vec<Vec<f32>> {
        let gains = vec![gain; input.len()];
        let mut ways = vec![input.to_vec(); 4];
        apply(gain, input, &mut ways[0]);
        apply_in_place(gain, &mut ways[1]);
        apply_each(&gains, input, &mut ways[2]);
        apply_each_in_place(&gains, &mut ways[3]);
        for level in cpu::levels() {
            let mut outputs = [vec![9.0; input.len()], vec![9.0; input.len()]];
            let multiplier = Multiplier::on(level);
            multiplier.apply(gain, input, &mut outputs[0]);
            multiplier.apply_each(&gains, input, &mut outputs[1]);
            ways.extend(outputs);
        }
        ways
    }

    proptest! {
        #[test]
        fn every_way_gives_the_rounded_product(
            gain in -100.0..100.0_f32,
            input in vec(-2.0..2.0_f32, 0..300),
        ) {
            let expected: Vec<u32> = input.iter().map(|x| (x * gain).to_bits()).collect();
            for way in all_ways(gain, &input) {
                let found: Vec<u32> = way.iter().map(|x| x.to_bits()).collect();
                prop_assert_eq!(&found, &expected);
            }
        }

        #[test]
        fn unity_changes_no_bit(input in vec(prop::num::f32::ANY, 0..100)) {
            for way in all_ways(1.0, &input) {
                for (found, expected) in way.iter().zip(&input) {
                    let same = found.to_bits() == expected.to_bits();
                    prop_assert!(same || expected.is_nan());
                }
            }
        }
    }

    #[test]
    fn each_frame_has_its_own_gain() {
        let mut output = [9.0; 3];
        apply_each(&[1.0, 0.5, 0.0], &[1.0, 1.0, 1.0], &mut output);
        assert_eq!(output, [1.0, 0.5, 0.0]);
    }

    #[test]
    fn the_shortest_slice_decides_and_the_rest_stays() {
        let mut output = [9.0; 4];
        apply_each(&[2.0; 2], &[1.0; 3], &mut output);
        assert_eq!(output, [2.0, 2.0, 9.0, 9.0]);
        apply(3.0, &[], &mut output);
        assert_eq!(output, [2.0, 2.0, 9.0, 9.0]);
        for level in cpu::levels() {
            let mut output = [9.0; 40];
            Multiplier::on(level).apply(3.0, &[1.0; 37], &mut output);
            assert_eq!(output[..37], [3.0; 37]);
            assert_eq!(output[37..], [9.0; 3]);
        }
    }

    #[test]
    fn a_bad_sample_stays_in_its_frame() {
        let mut output = [0.0; 3];
        apply(0.5, &[f32::NAN, f32::INFINITY, 1.0], &mut output);
        assert!(output[0].is_nan());
        assert_eq!(output[1..], [f32::INFINITY, 0.5]);
    }
}
