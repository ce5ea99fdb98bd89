//! Chains: the work, known when it was compiled.

use pulp::Arch;
use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::dynamics::{
    Compressor, CompressorControls, Control, Detection, Limiter, LimiterShape, Peaks, Times,
};
use segue_dsp::eq::{Bank, Fade, Planes};
use segue_dsp::gain;

/// The rate of the files.
const SAMPLE_RATE_HZ: u32 = 48_000;
/// Frames worked on at a time by a chain: two planes of 4 KiB stay in the first-level cache.
const BLOCK_FRAMES: usize = 1024;
const LOOKAHEAD_FRAMES: usize = 240;

/// One of the chains.
pub(crate) enum Chain {
    /// 6 dB softer.
    Gain,
    /// Filters only.
    Eq(Box<Filters>),
    /// Filters, compressor, limiter and gain.
    Voice(Box<Voice>),
}

impl Chain {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let arch = cpu::arch();
        match name {
            "gain" => Ok(Self::Gain),
            "eq16" => Ok(Self::Eq(Box::new(Filters::new(arch, &peaks(16))))),
            "chain" => Ok(Self::Voice(Box::new(Voice::new(arch)))),
            _ => Err(format!(
                "there is no chain {name}, expected gain, eq16 or chain"
            )),
        }
    }

    pub(crate) fn latency_frames(&self) -> usize {
        match self {
            Self::Gain | Self::Eq(_) => 0,
            Self::Voice(voice) => voice.limiter.latency_frames(),
        }
    }

    pub(crate) fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let blocks = left.chunks_mut(BLOCK_FRAMES);
        for (left, right) in blocks.zip(right.chunks_mut(BLOCK_FRAMES)) {
            match self {
                Self::Gain => {
                    let gain = 10.0_f64.powf(-6.0 / 20.0) as f32;
                    gain::apply_in_place(gain, left);
                    gain::apply_in_place(gain, right);
                }
                Self::Eq(filters) => {
                    let [left_out, right_out] = filters.process(left, right);
                    left.copy_from_slice(left_out);
                    right.copy_from_slice(right_out);
                }
                Self::Voice(voice) => voice.process(left, right),
            }
        }
    }
}

/// A cascade of sections over two channels, and room for what comes out of it.
pub(crate) struct Filters {
    bank: Bank,
    planes: [Vec<f32>; 2],
}

impl Filters {
    fn new(arch: Arch, bands: &[Band]) -> Self {
        let mut bank = Bank::new(arch, 2);
        for (index, band) in bands.iter().enumerate() {
            let design = Coefficients::design(band, f64::from(SAMPLE_RATE_HZ));
            let target = design.expect("the bands are below half the sample rate");
            let set = bank
                .insert(index)
                .and_then(|()| bank.fade(index, target, Fade::AT_ONCE));
            set.expect("16 sections fit");
        }
        Self {
            bank,
            planes: [vec![0.0; BLOCK_FRAMES], vec![0.0; BLOCK_FRAMES]],
        }
    }

    fn process(&mut self, left: &[f32], right: &[f32]) -> [&mut [f32]; 2] {
        let frames = left.len();
        let outputs = self.planes.each_mut().map(|plane| &mut plane[..frames]);
        let mut stereo = Stereo {
            inputs: [left, right],
            outputs,
        };
        self.bank.process(&mut stereo);
        self.planes.each_mut().map(|plane| &mut plane[..frames])
    }
}

struct Stereo<'a> {
    inputs: [&'a [f32]; 2],
    outputs: [&'a mut [f32]; 2],
}

impl Planes for Stereo<'_> {
    fn frames(&self) -> usize {
        self.inputs[0].len()
    }

    fn input(&self, channel: usize) -> &[f32] {
        self.inputs[channel]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        self.outputs[channel]
    }
}

/// High-pass and eight bands as one cascade, compressor, limiter.
pub(crate) struct Voice {
    filters: Filters,
    compressor: Compressor,
    limiter: Limiter,
}

impl Voice {
    fn new(arch: Arch) -> Self {
        let high_pass = Band {
            shape: Shape::HighPass,
            frequency_hz: 80.0,
            q: std::f64::consts::FRAC_1_SQRT_2,
        };
        let mut bands = vec![high_pass];
        bands.extend(peaks(8));
        let rate = f64::from(SAMPLE_RATE_HZ);
        let mut compressor = Compressor::new(arch, 2, rate, BLOCK_FRAMES);
        let times = Times {
            attack_ms: 10.0,
            release_ms: 120.0,
        };
        compressor.set(Detection::Peak, &times, 10.0);
        let shape = LimiterShape {
            channels: 2,
            sample_rate_hz: SAMPLE_RATE_HZ,
            lookahead_frames: LOOKAHEAD_FRAMES,
            frames_max: BLOCK_FRAMES,
            peaks: Peaks::Standard,
        };
        let mut limiter = Limiter::new(arch, &shape);
        limiter.set(50.0);
        Self {
            filters: Filters::new(arch, &bands),
            compressor,
            limiter,
        }
    }

    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let filtered = self.filters.process(left, right);
        let controls = CompressorControls {
            threshold_db: Control::Steady(-18.0),
            ratio: Control::Steady(3.0),
            knee_db: Control::Steady(6.0),
            makeup_db: Control::Steady(6.0),
            mix: Control::Steady(1.0),
            link: Control::Steady(1.0),
        };
        self.compressor
            .follow(&[filtered[0], filtered[1]], &controls);
        self.compressor.apply(0, filtered[0], left);
        self.compressor.apply(1, filtered[1], right);
        self.limiter.follow(&[left, right], Control::Steady(-1.0));
        for (channel, (from, into)) in [left, right].into_iter().zip(filtered).enumerate() {
            self.limiter.apply(channel, from, into);
            gain::apply(1.0, into, from);
        }
    }
}

/// The bands of the equalizer: so many peaks over the audible range, up and down in turn.
fn peaks(count: u32) -> Vec<Band> {
    let at = |index: u32| Band {
        shape: Shape::Peak {
            gain_db: if index.is_multiple_of(2) { 3.0 } else { -3.0 },
        },
        frequency_hz: 40.0 * 400.0_f64.powf(f64::from(index) / f64::from(count - 1)),
        q: 1.0,
    };
    (0..count).map(at).collect()
}
