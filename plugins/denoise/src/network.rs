//! Network: from the features of 10 ms to a gain for each band.
//!
//! In: 42 features, and what the network remembers. Out: 22 gains from 0 to 1, and how likely it is
//! that somebody speaks.
//!
//! Source: J.-M. Valin, A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech
//! Enhancement (MMSP 2018), figure 2; the units are gated recurrent ones (Cho and others, 2014).

use crate::bands::{BANDS, Bands};
use crate::kernels::{Columns, add_columns};
use crate::model::{Activation, CLEAN, DENSE, Dense, FEATURES, Gated, Model, NOISE, VOICE};
use pulp::Arch;

/// The steps of the table from one whole number to the next.
const TABLE_STEPS: f32 = 25.0;
/// One step.
const TABLE_STEP: f32 = 0.04;
/// Where the hyperbolic tangent is 1 in the table's precision.
const TABLE_END: f32 = 8.0;
/// The entries of the table, from 0 to its end.
const TABLE_LEN: usize = 201;
/// The most neurons of a layer.
const NEURONS_MAX: usize = CLEAN;

/// The features of 10 ms.
pub(crate) type Features = [f32; FEATURES];

/// What the network remembers of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Memory {
    pub(crate) voice: [f32; VOICE],
    pub(crate) noise: [f32; NOISE],
    pub(crate) clean: [f32; CLEAN],
}

impl Memory {
    pub(crate) const EMPTY: Self = Self {
        voice: [0.0; VOICE],
        noise: [0.0; NOISE],
        clean: [0.0; CLEAN],
    };
}

/// The layers, and the curves of their neurons.
pub(crate) struct Network {
    arch: Arch,
    model: Model,
    tangents: Tangents,
}

impl Network {
    /// Reads the weights and allocates: not for the audio thread.
    pub(crate) fn new(arch: Arch) -> Self {
        Self {
            arch,
            model: Model::built_in(),
            tangents: Tangents::new(),
        }
    }

    /// The gains of these features, and the probability of a voice. Thread: audio.
    pub(crate) fn gains(&self, memory: &mut Memory, features: &Features) -> (Bands, f32) {
        let Memory {
            voice,
            noise,
            clean,
        } = memory;
        let mut dense = [0.0; DENSE];
        self.dense(&self.model.dense, features, &mut dense);
        self.gated(&self.model.voice, &[&dense], voice);
        let mut probability = [0.0];
        self.dense(&self.model.probability, voice, &mut probability);
        self.gated(&self.model.noise, &[&dense, voice, features], noise);
        self.gated(&self.model.clean, &[voice, noise, features], clean);
        let mut gains = [0.0; BANDS];
        self.dense(&self.model.gains, clean, &mut gains);
        (gains, probability[0])
    }

    fn dense(&self, layer: &Dense, inputs: &[f32], outputs: &mut [f32]) {
        outputs.copy_from_slice(&layer.biases);
        let columns = Columns {
            weights: &layer.weights,
            stride: outputs.len(),
        };
        add_columns(self.arch, outputs, columns, inputs);
        for output in outputs {
            *output = self.tangents.curve(layer.activation, *output);
        }
    }

    fn gated(&self, layer: &Gated, inputs: &[&[f32]], states: &mut [f32]) {
        let neurons = states.len();
        let stride = 3 * neurons;
        let columns = |weights| Columns { weights, stride };
        let mut sums = [0.0; 3 * NEURONS_MAX];
        let sums = &mut sums[..stride];
        sums.copy_from_slice(&layer.biases);
        let mut weights = &layer.weights[..];
        for inputs in inputs {
            add_columns(self.arch, sums, columns(weights), inputs);
            weights = &weights[inputs.len() * stride..];
        }
        let (gates, outputs) = sums.split_at_mut(2 * neurons);
        add_columns(self.arch, gates, columns(&layer.recurrent), states);
        let (updates, resets) = gates.split_at_mut(neurons);
        for (reset, state) in resets.iter_mut().zip(&*states) {
            *reset = state * self.tangents.sigmoid(*reset);
        }
        let recurrent = columns(&layer.recurrent[2 * neurons..]);
        add_columns(self.arch, outputs, recurrent, resets);
        for (state, (update, output)) in states.iter_mut().zip(updates.iter().zip(outputs)) {
            let update = self.tangents.sigmoid(*update);
            let output = self.tangents.curve(layer.activation, *output);
            *state = update * *state + (1.0 - update) * output;
        }
    }
}

/// The hyperbolic tangent from a table, as the network was trained to be used with.
struct Tangents([f32; TABLE_LEN]);

impl Tangents {
    fn new() -> Self {
        // Six digits, as in the table of the reference.
        let digits = |at: usize| {
            let tangent = (at as f64 / f64::from(TABLE_STEPS)).tanh();
            ((tangent * 1e6).round() / 1e6) as f32
        };
        Self(std::array::from_fn(digits))
    }

    fn curve(&self, activation: Activation, sum: f32) -> f32 {
        match activation {
            Activation::Tangent => self.tangent(sum),
            Activation::Sigmoid => self.sigmoid(sum),
            Activation::Rectifier => sum.max(0.0),
        }
    }

    fn sigmoid(&self, x: f32) -> f32 {
        0.5 + 0.5 * self.tangent(0.5 * x)
    }

    /// The nearest entry, and from there along the curve's own slope and bend.
    fn tangent(&self, x: f32) -> f32 {
        let size = x.abs();
        if size >= TABLE_END || size.is_nan() {
            return if x < 0.0 { -1.0 } else { 1.0 };
        }
        let entry = (0.5 + TABLE_STEPS * size).floor();
        let rest = size - TABLE_STEP * entry;
        let at = self.0[entry as usize];
        let slope = 1.0 - at * at;
        (at + rest * slope * (1.0 - at * rest)).copysign(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_hyperbolic_tangent() {
        let tangents = Tangents::new();
        for at in -20_000..20_000 {
            let x = at as f32 / 2_000.0;
            let error = f64::from(tangents.tangent(x)) - f64::from(x).tanh();
            assert!(error.abs() < 1e-5, "{x}: {error}");
        }
        for (x, expected) in [(f32::NAN, 1.0), (f32::INFINITY, 1.0), (-1e30, -1.0)] {
            assert_eq!(tangents.tangent(x), expected);
        }
        assert_eq!(tangents.sigmoid(0.0), 0.5);
    }
}
