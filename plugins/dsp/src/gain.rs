//! Gain: multiplies a channel by one factor, or by a factor of its own for every frame.
//!
//! In: one channel of audio and linear gains (`decibel::amplitude_from_db` makes them from dB).
//! Out: as many samples as the shortest slice has; whatever is behind them stays untouched.
//!
//! Source: none needed. Each product is one rounded `f32` multiplication, so a
//! gain of 1 returns the input to the last bit, and a slice of equal gains does what the constant
//! does. Non-finite samples and gains spread as in IEEE 754 and only within their own frame.

/// Writes `input` times `gain` into `output`.
///
/// Thread: any, the audio thread included.
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

    /// All four ways of applying one gain to one input.
    fn four_ways(gain: f32, input: &[f32]) -> [Vec<f32>; 4] {
        let gains = std::vec::from_elem(gain, input.len());
        let mut ways = std::array::from_fn(|_| input.to_vec());
        let [constant, constant_in_place, each, each_in_place] = &mut ways;
        apply(gain, input, constant);
        apply_in_place(gain, constant_in_place);
        apply_each(&gains, input, each);
        apply_each_in_place(&gains, each_in_place);
        ways
    }

    proptest! {
        #[test]
        fn every_way_gives_the_rounded_product(
            gain in -100.0..100.0_f32,
            input in vec(-2.0..2.0_f32, 0..300),
        ) {
            let expected: Vec<u32> = input.iter().map(|x| (x * gain).to_bits()).collect();
            for way in four_ways(gain, &input) {
                let found: Vec<u32> = way.iter().map(|x| x.to_bits()).collect();
                prop_assert_eq!(&found, &expected);
            }
        }

        #[test]
        fn unity_changes_no_bit(input in vec(prop::num::f32::ANY, 0..100)) {
            for way in four_ways(1.0, &input) {
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
    }

    #[test]
    fn a_bad_sample_stays_in_its_frame() {
        let mut output = [0.0; 3];
        apply(0.5, &[f32::NAN, f32::INFINITY, 1.0], &mut output);
        assert!(output[0].is_nan());
        assert_eq!(output[1..], [f32::INFINITY, 0.5]);
    }
}
