//! Denoiser: one channel, 10 ms after 10 ms.
//!
//! In: 480 samples. Out: 480 samples without noise, those that came in the frame before; and how
//! likely it is that somebody speaks.
//!
//! Source: RNNoise 0.1 by J.-M. Valin, against whose C the tests hold it. It is written anew because
//! that allocates at its first call, keeps its state to itself, and knows no vector instructions.
//!
//! **Rounding.** Decisions hang on the last bit: which period a voice has is a comparison of two sums.
//! So everything is added in the order of RNNoise's C, and what C computes in double precision
//! (whatever meets a constant like `.001` or a call of `sqrt`) is computed in it here. Filter and
//! pitch are therefore equal to the last bit; transforms and network round in another order.

use crate::bands::{BANDS, BINS, Bands, Cosines, Spectrum, correlation, interpolated};
use crate::features::{Cepstra, Look};
use crate::network::{Memory, Network};
use crate::pitch::{PAST_FRAMES, Pitch};
use crate::transform::{Transform, WINDOW_FRAMES};
use pulp::Arch;
use rustfft::num_complex::Complex32;

/// The samples of a frame: 10 ms at 48 kHz.
pub(crate) const FRAME: usize = 480;
/// What a sample of 1 is to the network, which was trained on 16 bits.
const SAMPLE_ONE: f32 = 32_768.0;
/// Louder samples count as this, 24 dB over full scale, so that squares of energies stay numbers.
const SAMPLE_MAX: f32 = 16.0;
/// A gain falls to no less than this share of the one before: speech does not end at once.
const GAIN_FALL: f32 = 0.6;
/// The high-pass in front, at 30 Hz: y = x - 2x' + x'' + 1.99599y' - 0.996y''. Double precision
/// would be too fine: the network was trained behind these very numbers.
const FEEDBACK: [f32; 2] = [-1.99599, 0.996];

/// What all channels share: network, transform, and room for one frame.
pub(crate) struct Shared {
    arch: Arch,
    network: Network,
    cosines: Cosines,
    transform: Transform,
    spectrum: Spectrum,
    /// A pitch period before.
    before: Spectrum,
    window: [f32; WINDOW_FRAMES],
}

/// What is remembered of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Denoiser {
    pub(crate) high_pass: [f32; 2],
    pub(crate) past: [f32; PAST_FRAMES],
    pub(crate) overlap: [f32; FRAME],
    pub(crate) gains: Bands,
    pub(crate) pitch: Pitch,
    pub(crate) cepstra: Cepstra,
    pub(crate) memory: Memory,
}

impl Shared {
    /// Plans and allocates: not for the audio thread.
    pub(crate) fn new(arch: Arch) -> Self {
        Self {
            arch,
            network: Network::new(arch),
            cosines: Cosines::new(),
            transform: Transform::new(arch),
            spectrum: [Complex32::ZERO; BINS],
            before: [Complex32::ZERO; BINS],
            window: [0.0; WINDOW_FRAMES],
        }
    }
}

impl Denoiser {
    /// Before the first frame there was silence.
    pub(crate) const EMPTY: Self = Self {
        high_pass: [0.0; 2],
        past: [0.0; PAST_FRAMES],
        overlap: [0.0; FRAME],
        gains: [0.0; BANDS],
        pitch: Pitch {
            period_frames: 0,
            gain: 0.0,
        },
        cepstra: Cepstra::EMPTY,
        memory: Memory::EMPTY,
    };

    /// Takes a frame and returns the one before without its noise, and the probability of a voice:
    /// 0 in silence. Thread: audio.
    pub(crate) fn process(&mut self, shared: &mut Shared, frame: &mut [f32; FRAME]) -> f32 {
        self.remember(frame);
        let look = self.look(shared);
        let mut probability = 0.0;
        if let Some(features) = self.cepstra.features(&shared.cosines, &look) {
            let (gains, voice) = shared.network.gains(&mut self.memory, &features);
            probability = voice;
            clear_between_harmonics(shared, &look, &gains);
            for (before, gain) in self.gains.iter_mut().zip(gains) {
                *before = gain.max(GAIN_FALL * *before);
            }
            scale(&mut shared.spectrum, &interpolated(&self.gains));
        }
        shared
            .transform
            .samples(&shared.spectrum, &mut shared.window);
        let (first, second) = shared.window.split_at(FRAME);
        for ((out, new), old) in frame.iter_mut().zip(first).zip(&self.overlap) {
            *out = (new + old) / SAMPLE_ONE;
        }
        self.overlap.copy_from_slice(second);
        probability
    }

    /// Filters a frame into the past.
    fn remember(&mut self, frame: &[f32; FRAME]) {
        self.past.copy_within(FRAME.., 0);
        let [a1, a2] = FEEDBACK.map(f64::from);
        for (place, sample) in self.past[PAST_FRAMES - FRAME..].iter_mut().zip(frame) {
            let sample = sample.clamp(-SAMPLE_MAX, SAMPLE_MAX) * SAMPLE_ONE;
            *place = sample + self.high_pass[0];
            let (x, y) = (f64::from(sample), f64::from(*place));
            self.high_pass = [
                (f64::from(self.high_pass[1]) + (-2.0 * x - a1 * y)) as f32,
                (x - a2 * y) as f32,
            ];
        }
    }

    /// The spectra of now and of a pitch period before, and what they have in common.
    fn look(&mut self, shared: &mut Shared) -> Look {
        let now = PAST_FRAMES - WINDOW_FRAMES;
        shared
            .transform
            .spectrum(&self.past[now..], &mut shared.spectrum);
        self.pitch = self.pitch.next(shared.arch, &self.past);
        let then = now - self.pitch.period_frames;
        let before = &self.past[then..then + WINDOW_FRAMES];
        shared.transform.spectrum(before, &mut shared.before);
        let energies = correlation(&shared.spectrum, &shared.spectrum);
        let energies_before = correlation(&shared.before, &shared.before);
        let mut correlations = correlation(&shared.spectrum, &shared.before);
        for (band, value) in correlations.iter_mut().enumerate() {
            let energy = f64::from(energies[band] * energies_before[band]);
            *value = (f64::from(*value) / (0.001 + energy).sqrt()) as f32;
        }
        Look {
            energies,
            energies_before,
            correlations,
            period_frames: self.pitch.period_frames,
        }
    }
}

/// A comb filter of the pitch period, as strong in each band as its gain asks for: it takes the
/// noise between the harmonics, and leaves the energy of the band.
fn clear_between_harmonics(shared: &mut Shared, look: &Look, gains: &Bands) {
    let strengths = std::array::from_fn(|band| {
        let (common, gain) = (look.correlations[band], gains[band]);
        let strength = if common > gain {
            1.0
        } else {
            let (common, gain) = (common * common, gain * gain);
            let rest = 0.001 + f64::from(gain * (1.0 - common));
            (f64::from(common * (1.0 - gain)) / rest) as f32
        };
        let level = level(look.energies[band], look.energies_before[band]);
        (f64::from(strength.clamp(0.0, 1.0).sqrt()) * level) as f32
    });
    let strengths = interpolated(&strengths);
    let bins = shared.spectrum.iter_mut().zip(&shared.before);
    for ((bin, before), strength) in bins.zip(strengths) {
        *bin += before * strength;
    }
    let energies = correlation(&shared.spectrum, &shared.spectrum);
    let levels = std::array::from_fn(|band| level(look.energies[band], energies[band]) as f32);
    scale(&mut shared.spectrum, &interpolated(&levels));
}

/// What brings a band of one energy to another.
fn level(wanted: f32, found: f32) -> f64 {
    (f64::from(wanted) / (1e-8 + f64::from(found))).sqrt()
}

fn scale(spectrum: &mut Spectrum, gains: &[f32; BINS]) {
    for (bin, gain) in spectrum.iter_mut().zip(gains) {
        *bin *= *gain;
    }
}
