//! The levels plugin: what each channel measures, as Python's `audioop` defines it.
//!
//! In: any channels. Out: at every 100 ms the features of those 100 ms, and at the end those of
//! the whole stream; `features` lists them.

#![deny(unsafe_code)]

mod features;

use features::{FEATURES, values};
use segue_dsp::levels::{FullScale, LevelMeter, PCM_BITS_MAX};
use segue_plugin::prelude::*;

/// Measures peak, RMS, average, DC, peak to peak, zero crossings and clipped samples per channel.
#[derive(Params)]
struct Meter {
    /// What a clipped sample is follows from the source's bits; `None` for a float source.
    source_bits: Option<u32>,
    /// One for each channel.
    channels: Vec<Channel>,
}

/// Two meters, since what happens across the border of two hops belongs to neither of them.
#[derive(Clone)]
struct Channel {
    hop: LevelMeter,
    stream: LevelMeter,
}

impl AudioAnalyzer for Meter {
    const FEATURES: &'static [ReadingDecl] = &FEATURES;
    const HOP: Span = Span::Seconds(0.1);
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "source_bits",
        doc: "Bits of the source's PCM, which decide what counts as clipped: 16 means from \
              32,767/32,768 on. Absent for float: from 1 on.",
        value: SettingKind::Integer {
            min: 1,
            max: PCM_BITS_MAX as i64,
        },
        need: Need::Optional,
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let source_bits = setup.integer("source_bits").map(bits).transpose()?;
        Ok(Self {
            source_bits,
            ..Self::with_defaults()
        })
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let full_scale = match self.source_bits {
            Some(bits) => FullScale::Pcm { bits },
            None => FullScale::Float,
        };
        let meter = LevelMeter::new(full_scale);
        let channel = Channel {
            hop: meter.clone(),
            stream: meter,
        };
        self.channels = vec![channel; activation.channels()];
        Ok(())
    }

    fn deactivate(&mut self) {
        self.channels = Vec::new();
    }

    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
        for (channel, samples) in self.channels.iter_mut().zip(audio.iter()) {
            channel.hop.feed(samples);
            channel.stream.feed(samples);
        }
        Ok(())
    }

    fn emit(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        for (index, channel) in self.channels.iter_mut().enumerate() {
            write(features, index, &channel.hop);
            channel.hop.clear();
        }
        Ok(())
    }

    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        for (index, channel) in self.channels.iter().enumerate() {
            write(features, index, &channel.stream);
        }
        Ok(())
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.hop.clear();
            channel.stream.clear();
        }
    }
}

export! { id: "segue.levels", name: "Levels", components: [Meter as "meter"] }

fn bits(given: i64) -> Result<u32, Refusal> {
    let bits = u32::try_from(given).ok();
    bits.filter(|bits| (1..=PCM_BITS_MAX).contains(bits))
        .ok_or_else(|| {
            Refusal::new(format!(
                "source_bits is {given}, expected 1 to {PCM_BITS_MAX}"
            ))
        })
}

fn write(features: &mut Readings<'_>, channel: usize, meter: &LevelMeter) {
    for (feature, value) in values(&meter.levels()).into_iter().enumerate() {
        features.set_channel(feature, channel, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use segue_dsp::levels::Levels;
    use segue_plugin::testing;
    use segue_plugin::testing::ObserverBench;

    const RATE_HZ: u32 = 8_000;
    const HOP_FRAMES: usize = 800;

    fn bench() -> ObserverBench {
        testing::analyzer::<Meter>()
            .stereo(RATE_HZ)
            .activate()
            .unwrap()
    }

    /// What the kernel says about both channels, in the order of the wire.
    fn kernel(signal: [&[f32]; 2]) -> Vec<f64> {
        let of = |samples| {
            let mut meter = LevelMeter::new(FullScale::Float);
            meter.feed(samples);
            values(&meter.levels())
        };
        let [left, right] = signal.map(of);
        left.into_iter()
            .zip(right)
            .flat_map(|(left, right)| [left, right])
            .collect()
    }

    fn feature(id: &str, values: &[f64], channel: usize) -> f64 {
        let index = FEATURES
            .iter()
            .position(|feature| feature.id == id)
            .unwrap();
        values[2 * index + channel]
    }

    #[test]
    fn every_feature_is_found_under_its_name() {
        let mut tap = bench();
        tap.feed(&[&[0.5, -0.25, 0.5, -1.0], &[0.0; 4]]).unwrap();
        let values = tap.finish().unwrap();
        let check = |id, left: f64, right: f64| {
            assert!((feature(id, &values, 0) - left).abs() < 1e-12, "{id}");
            assert_eq!(feature(id, &values, 1), right, "{id}");
        };
        let rms = (1.5625_f64 / 4.0).sqrt();
        check("peak", 1.0, 0.0);
        check("peak_dbfs", 0.0, -200.0);
        check("rms", rms, 0.0);
        check("rms_dbfs", 20.0 * rms.log10(), -200.0);
        check("average", -0.0625, 0.0);
        check("dc_dbfs", 20.0 * 0.0625_f64.log10(), -200.0);
        check("minimum", -1.0, 0.0);
        check("maximum", 0.5, 0.0);
        check("peak_to_peak_max", 0.75, 0.0);
        check("peak_to_peak_average", 0.75, 0.0);
        check("zero_crossings", 3.0, 0.0);
        check("clipped_samples", 1.0, 0.0);
    }

    #[test]
    fn the_sources_bits_decide_what_is_clipped() {
        let clipped = |bits: Option<i64>| {
            let tap = testing::analyzer::<Meter>().stereo(RATE_HZ);
            let tap = match bits {
                Some(bits) => tap.integer("source_bits", bits),
                None => tap,
            };
            let mut tap = tap.activate().unwrap();
            let top = [1.0, 32_767.0 / 32_768.0, 127.0 / 128.0, 0.5];
            tap.feed(&[&top, &top.map(|sample| -sample)]).unwrap();
            let values = tap.finish().unwrap();
            [0, 1].map(|channel| feature("clipped_samples", &values, channel))
        };
        assert_eq!(clipped(None), [1.0, 1.0]);
        assert_eq!(clipped(Some(16)), [2.0, 1.0]);
        assert_eq!(clipped(Some(8)), [3.0, 1.0]);
    }

    #[test]
    fn bits_that_no_source_has_are_refused() {
        for bits in [0, 33, -16, i64::MAX] {
            let tap = testing::analyzer::<Meter>().integer("source_bits", bits);
            let sentence = format!("source_bits is {bits}, expected 1 to 32");
            assert_eq!(tap.activate().unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn reset_forgets_hop_and_stream() {
        let mut tap = bench();
        tap.feed(&[&[1.0; 700], &[-1.0; 700]]).unwrap();
        tap.reset();
        tap.feed(&[&[0.25; 100], &[0.5; 100]]).unwrap();
        let expected = kernel([&[0.25; 100], &[0.5; 100]]);
        assert_eq!(tap.emitted(), std::slice::from_ref(&expected));
        assert_eq!(tap.finish().unwrap(), expected);
    }

    #[test]
    fn an_empty_stream_has_no_values() {
        assert!(bench().finish().unwrap().iter().all(|value| value.is_nan()));
    }

    #[test]
    fn samples_that_are_no_numbers_make_no_value_that_is_none() {
        let mut tap = bench();
        tap.feed(&[&[f32::NAN, 0.5], &[f32::INFINITY, f32::MAX]])
            .unwrap();
        assert!(tap.finish().unwrap().iter().all(|value| value.is_finite()));
    }

    proptest! {
        #[test]
        fn hops_and_stream_are_what_the_kernel_says_of_them(
            left in vec(-1.2..1.2_f32, 2 * HOP_FRAMES + 300),
            cuts in vec(1..500_usize, 1..6),
        ) {
            let right: Vec<f32> = left.iter().rev().map(|sample| sample / 2.0).collect();
            let mut tap = bench();
            let mut start = 0;
            for length in cuts.iter().cycle() {
                let end = left.len().min(start + length);
                tap.feed(&[&left[start..end], &right[start..end]]).unwrap();
                start = end;
                if start == left.len() {
                    break;
                }
            }
            let expected: Vec<Vec<f64>> = (0..2)
                .map(|hop| hop * HOP_FRAMES..(hop + 1) * HOP_FRAMES)
                .map(|hop| kernel([&left[hop.clone()], &right[hop]]))
                .collect();
            prop_assert_eq!(tap.emitted(), &expected[..]);
            prop_assert_eq!(tap.finish().unwrap(), kernel([&left, &right]));
        }
    }

    #[test]
    fn values_stand_in_the_order_of_the_features() {
        let levels = Levels {
            frames: 1,
            zero_crossings: 7,
            ..Levels::default()
        };
        assert_eq!(
            feature(
                "zero_crossings",
                &values(&levels).map(|v| [v; 2]).concat(),
                0
            ),
            7.0
        );
    }
}
