//! The gain plugin: a level in decibels that glides where it changes.
//!
//! In: any channels. Out: the same channels, each sample times the gain.
//!
//! Source: a level of a field quantity is 20 lg of its factor (IEC 60027-3), so the factor is
//! 10^(gain_db / 20). While it changes it moves on a straight line of factors, which has no step.

#![deny(unsafe_code)]

use segue_dsp::gain::Multiplier;
use segue_plugin::prelude::*;

/// Makes everything louder or softer.
#[derive(Params)]
struct Gain {
    /// How much louder; negative is softer. The linear gain is 10^(gain_db / 20).
    #[param(unit = "dB", range = -120.0..=60.0, default = 0.0, smooth_ms = 20.0)]
    gain_db: Smoothed,
    multiplier: Multiplier,
}

const NO_GLIDE: Fault = Fault::new(1, "the running state is not that of a gain");

impl AudioProcessor for Gain {
    const CAPABILITIES: Capabilities = Capabilities {
        state_schema: 1, // The numbers of `Smoothed::save`.
        ..Capabilities::DEFAULT
    };

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        if let Some(factor) = self.gain_db.constant_gain(context) {
            for channel in 0..audio.channels_out() {
                let (input, output) = audio.channel(channel);
                self.multiplier.apply(factor, input, output);
            }
        } else {
            let factors = self.gain_db.gains(context);
            for channel in 0..audio.channels_out() {
                let (input, output) = audio.channel(channel);
                self.multiplier.apply_each(factors, input, output);
            }
        }
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        size_of::<[f64; Smoothed::STATE_NUMBERS]>()
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.gain_db.save())
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let mut glide = [0.0; Smoothed::STATE_NUMBERS];
        state.f64s(&mut glide)?;
        state.expect_end()?; // Before anything changes: all of it or nothing.
        if self.gain_db.restore(&glide) {
            Ok(())
        } else {
            Err(NO_GLIDE)
        }
    }
}

export! { id: "segue.gain", name: "Gain", components: [Gain as "gain"] }

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use segue_dsp::decibel::amplitude_from_db;
    use segue_plugin::testing;
    use segue_plugin::testing::ProcessorBench;

    const RATE_HZ: u32 = 48_000;

    fn bench() -> ProcessorBench<Gain> {
        let bench = testing::processor::<Gain>().stereo(RATE_HZ);
        bench.activate().unwrap()
    }

    /// Two channels of noise, the same every time.
    fn noise(frames: usize) -> [Vec<f32>; 2] {
        let mut random = 1_u32;
        std::array::from_fn(|_| {
            let mut next = || {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0
            };
            (0..frames).map(|_| next() as f32).collect()
        })
    }

    /// The whole signal under changes of `gain_db`, cut into blocks; and the bench behind it.
    fn run(
        signal: &[Vec<f32>; 2],
        changes: &[(usize, f64)],
        blocks: &[usize],
    ) -> (Vec<Vec<f32>>, ProcessorBench<Gain>) {
        let mut bench = bench();
        for (frame, gain_db) in changes {
            bench.change("gain_db", *frame, *gain_db);
        }
        let out = bench.run(&[&signal[0], &signal[1]], blocks).unwrap();
        (out, bench)
    }

    fn bits(channels: &[Vec<f32>]) -> Vec<Vec<u32>> {
        let bits = |channel: &Vec<f32>| channel.iter().map(|sample| sample.to_bits()).collect();
        channels.iter().map(bits).collect()
    }

    #[test]
    fn the_initial_gain_is_there_from_the_first_frame() {
        let bench = testing::processor::<Gain>().param("gain_db", -6.0);
        let out = bench.activate().unwrap().process(&[&[1.0, -0.5]]).unwrap();
        let factor = amplitude_from_db(-6.0) as f32;
        assert_eq!(out, [[factor, -0.5 * factor]]);
    }

    #[test]
    fn unity_changes_no_bit() {
        let signal = noise(1000);
        let (out, _) = run(&signal, &[], &[1000]);
        assert_eq!(bits(&out), bits(&signal));
    }

    #[test]
    fn a_change_takes_twenty_milliseconds() {
        let signal = [vec![1.0; 2000], vec![1.0; 2000]];
        let (out, _) = run(&signal, &[(500, 20.0)], &[256]);
        assert_eq!(out[0][499], 1.0);
        assert!(out[0][500] > 1.0);
        assert!(out[1][500 + 958] < 10.0);
        assert_eq!(out[1][500 + 959], 10.0);
    }

    #[test]
    fn a_state_that_is_none_changes_nothing() {
        let signal = noise(64);
        let (_, mut bench) = run(&signal, &[(0, -20.0)], &[64]);
        let good = bench.save_state().unwrap();
        let other = run(&signal, &[(0, -3.0)], &[64]).1.save_state().unwrap();
        let mut nan = good.clone();
        nan[..8].copy_from_slice(&f64::NAN.to_le_bytes());
        let long = [&other[..], &[0]].concat();
        for bad in [&good[1..], &nan, &long, &[]] {
            assert!(bench.load_state(bad).is_err(), "{} bytes", bad.len());
            assert_eq!(bench.save_state().unwrap(), good);
        }
        assert_eq!(bench.param("gain_db"), -20.0);
    }

    proptest! {
        #[test]
        fn blocks_change_no_bit(
            changes in vec((0..3000_usize, -120.0..60.0_f64), 0..4),
            blocks in vec(1..1500_usize, 1..8),
        ) {
            let signal = noise(3000);
            let (whole, _) = run(&signal, &changes, &[3000]);
            let (cut, _) = run(&signal, &changes, &blocks);
            prop_assert_eq!(bits(&whole), bits(&cut));
        }

        #[test]
        fn a_change_makes_no_step(
            changes in vec((0..3000_usize, -120.0..12.0_f64), 0..4),
        ) {
            let signal = [vec![1.0; 3000], vec![-1.0; 3000]];
            let (out, _) = run(&signal, &changes, &[3000]);
            // From nothing to 12 dB and back within 20 ms is the steepest.
            let step_max = amplitude_from_db(12.0) / 960.0 + 1e-6;
            for pair in out[0].windows(2) {
                prop_assert!(f64::from((pair[1] - pair[0]).abs()) <= step_max);
            }
        }

        #[test]
        fn a_loaded_state_goes_on_bit_for_bit(
            change in (0..1000_usize, -60.0..20.0_f64),
            cut in 1..2000_usize,
        ) {
            let signal = noise(2000);
            let (whole, _) = run(&signal, &[change], &[2000]);
            let [left, right] = &signal;
            let mut old = bench();
            old.change("gain_db", change.0, change.1);
            old.run(&[&left[..cut], &right[..cut]], &[cut]).unwrap();
            let mut new = bench();
            new.load_state(&old.save_state().unwrap()).unwrap();
            new.seek(cut as u64);
            // A change that the old one was still to see comes to the new one.
            if change.0 >= cut {
                new.change("gain_db", change.0 - cut, change.1);
            }
            let rest = new.run(&[&left[cut..], &right[cut..]], &[2000]).unwrap();
            let tail: Vec<Vec<f32>> = whole.iter().map(|channel| channel[cut..].to_vec()).collect();
            prop_assert_eq!(bits(&rest), bits(&tail));
        }
    }
}
