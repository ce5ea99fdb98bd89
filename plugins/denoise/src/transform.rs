//! Transform: from 20 ms of samples to their spectrum and back.
//!
//! In: 960 samples. Out: 481 bins, and from them 960 samples. Everything is planned when it is
//! made; the way there and back neither allocates nor touches a thread's own storage.
//!
//! Source: a real transform of 2n samples is a complex one of n, even samples its real and odd ones
//! its imaginary part (W. Press and others, Numerical Recipes, section 12.3).

use crate::bands::{BINS, Spectrum};
use pulp::Arch;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner, FftPlannerScalar};
use segue_dsp::cpu;
use std::f64::consts::PI;
use std::sync::Arc;

/// The samples of a window, 20 ms at 48 kHz.
pub(crate) const WINDOW_FRAMES: usize = 960;
/// The length of the complex transform.
const HALF: usize = WINDOW_FRAMES / 2;
/// What a spectrum is scaled by: the network was trained on transforms divided by their length.
const SCALE: f32 = 1.0 / WINDOW_FRAMES as f32;

/// The plan of the transform, and room for it.
pub(crate) struct Transform {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// Vorbis' power-complementary window (Vorbis I specification, section 4.3.1): its square and
    /// that of the window a half later add up to 1.
    window: [f32; WINDOW_FRAMES],
    /// e^(-2πi k/960).
    turns: [Complex32; BINS],
    packed: [Complex32; HALF],
    scratch: Vec<Complex32>,
}

impl Transform {
    /// Plans and allocates: not for the audio thread.
    pub(crate) fn new(level: Arch) -> Self {
        let (forward, inverse) = plan(level);
        let scratch = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        let window: [f32; WINDOW_FRAMES] = std::array::from_fn(|at| {
            let at = at.min(WINDOW_FRAMES - 1 - at) as f64;
            let sine = (0.5 * PI * (at + 0.5) / HALF as f64).sin();
            (0.5 * PI * sine * sine).sin() as f32
        });
        let turn = |bin: usize| {
            let angle = -2.0 * PI * bin as f64 / WINDOW_FRAMES as f64;
            Complex32::new(angle.cos() as f32, angle.sin() as f32)
        };
        Self {
            forward,
            inverse,
            window,
            turns: std::array::from_fn(turn),
            packed: [Complex32::ZERO; HALF],
            scratch: vec![Complex32::ZERO; scratch],
        }
    }

    /// The spectrum of windowed samples, scaled so that `samples` brings them back. Thread: audio.
    pub(crate) fn spectrum(&mut self, samples: &[f32], spectrum: &mut Spectrum) {
        let windows = self.window.as_chunks().0;
        let pairs = samples.as_chunks().0.iter().zip(windows);
        for (packed, ([even, odd], [first, second])) in self.packed.iter_mut().zip(pairs) {
            *packed = Complex32::new(even * first, odd * second);
        }
        self.forward
            .process_with_scratch(&mut self.packed, &mut self.scratch);
        for (bin, (out, turn)) in spectrum.iter_mut().zip(&self.turns).enumerate() {
            let (one, other) = (
                self.packed[bin % HALF],
                self.packed[(HALF - bin) % HALF].conj(),
            );
            let (even, odd) = ((one + other) * 0.5, (one - other) * 0.5);
            // Divided by i.
            let odd = Complex32::new(odd.im, -odd.re);
            *out = (even + odd * turn) * SCALE;
        }
    }

    /// The windowed samples of a spectrum: two of them, a half apart, add up to what went in.
    /// Thread: audio.
    pub(crate) fn samples(&mut self, spectrum: &Spectrum, samples: &mut [f32; WINDOW_FRAMES]) {
        for (bin, (packed, turn)) in self.packed.iter_mut().zip(&self.turns).enumerate() {
            let (one, other) = (spectrum[bin], spectrum[HALF - bin].conj());
            // Not halved: a transform of half the length brings back half of what was divided.
            let (even, odd) = (one + other, (one - other) * turn.conj());
            *packed = even + Complex32::new(-odd.im, odd.re);
        }
        self.inverse
            .process_with_scratch(&mut self.packed, &mut self.scratch);
        let windows = self.window.as_chunks().0;
        let pairs = samples.as_chunks_mut().0.iter_mut().zip(windows);
        for (packed, ([even, odd], [first, second])) in self.packed.iter().zip(pairs) {
            *even = packed.re * first;
            *odd = packed.im * second;
        }
    }
}

/// The best transform of this processor, or the plain one where that is the level.
fn plan(level: Arch) -> (Arc<dyn Fft<f32>>, Arc<dyn Fft<f32>>) {
    if cpu::name(level) == "baseline" {
        let mut planner = FftPlannerScalar::new();
        (
            planner.plan_fft_forward(HALF),
            planner.plan_fft_inverse(HALF),
        )
    } else {
        let mut planner = FftPlanner::new();
        (
            planner.plan_fft_forward(HALF),
            planner.plan_fft_inverse(HALF),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::noise;

    #[test]
    fn a_spectrum_is_the_sum_of_its_definition() {
        let samples = noise(WINDOW_FRAMES, 1);
        let mut transform = Transform::new(cpu::arch());
        let mut spectrum = [Complex32::ZERO; BINS];
        transform.spectrum(&samples, &mut spectrum);
        for (bin, found) in spectrum.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, sample) in samples.iter().enumerate() {
                let angle = -2.0 * PI * (bin * at % WINDOW_FRAMES) as f64 / WINDOW_FRAMES as f64;
                let weighed = f64::from(*sample) * f64::from(transform.window[at]) / 960.0;
                re += weighed * angle.cos();
                im += weighed * angle.sin();
            }
            let error = (f64::from(found.re) - re).hypot(f64::from(found.im) - im);
            assert!(error < 1e-7, "bin {bin}: {found}, expected {re} {im}");
        }
    }

    #[test]
    fn windows_that_overlap_add_up_to_what_went_in() {
        let signal = noise(HALF * 3, 2);
        let mut transform = Transform::new(cpu::arch());
        let [first, second] = [0, HALF].map(|start| {
            let mut spectrum = [Complex32::ZERO; BINS];
            let mut samples = [0.0; WINDOW_FRAMES];
            transform.spectrum(&signal[start..start + WINDOW_FRAMES], &mut spectrum);
            transform.samples(&spectrum, &mut samples);
            samples
        });
        for at in 0..HALF {
            let sum = first[HALF + at] + second[at];
            assert!((sum - signal[HALF + at]).abs() < 1e-6, "{at}");
        }
    }
}
