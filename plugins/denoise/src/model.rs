//! Model: the weights of the network, as they were trained.
//!
//! In: bytes, each a signed number: for every layer its inputs, its neurons, its activation, then
//! weights and biases. Out: layers of `f32`, if the sizes are those of the network.
//!
//! Source: RNNoise's trained model by J.-M. Valin and the Xiph.Org Foundation, in the file format
//! of J. Neeman's nnnoiseless; BSD 3-clause, see `model/COPYING`.

/// What every weight was multiplied with to become a whole number.
const WEIGHT_ONE: f32 = 256.0;

/// The features that go into the network.
pub(crate) const FEATURES: usize = 42;
/// The neurons of each layer, as the trained model has them.
pub(crate) const DENSE: usize = 24;
/// Whether there is a voice.
pub(crate) const VOICE: usize = 24;
/// What the noise is like.
pub(crate) const NOISE: usize = 48;
/// What to leave.
pub(crate) const CLEAN: usize = 96;

/// What a layer's sums become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Tangent,
    Sigmoid,
    Rectifier,
}

/// A layer without memory: a column of weights for each input.
#[derive(Debug)]
pub(crate) struct Dense {
    pub(crate) activation: Activation,
    pub(crate) weights: Vec<f32>,
    pub(crate) biases: Vec<f32>,
}

/// A layer of gated recurrent units: columns for update, reset and output, one below the other.
#[derive(Debug)]
pub(crate) struct Gated {
    pub(crate) activation: Activation,
    /// Of the inputs.
    pub(crate) weights: Vec<f32>,
    /// Of the units' own states.
    pub(crate) recurrent: Vec<f32>,
    pub(crate) biases: Vec<f32>,
}

/// All layers.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) dense: Dense,
    pub(crate) voice: Gated,
    pub(crate) noise: Gated,
    pub(crate) clean: Gated,
    pub(crate) gains: Dense,
    pub(crate) probability: Dense,
}

impl Model {
    /// The model that comes with this plugin. It allocates: not for the audio thread.
    pub(crate) fn built_in() -> Self {
        let model = Self::read(include_bytes!("../model/weights.rnn"));
        model.expect("the weights are part of this library and were read by its tests")
    }

    /// `None` where the bytes are not a model of this shape.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let model = Self {
            dense: reader.dense(FEATURES, DENSE)?,
            voice: reader.gated(DENSE, VOICE)?,
            noise: reader.gated(DENSE + VOICE + FEATURES, NOISE)?,
            clean: reader.gated(VOICE + NOISE + FEATURES, CLEAN)?,
            gains: reader.dense(CLEAN, crate::bands::BANDS)?,
            probability: reader.dense(VOICE, 1)?,
        };
        reader.0.is_empty().then_some(model)
    }
}

/// What is left of the bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn dense(&mut self, inputs: usize, neurons: usize) -> Option<Dense> {
        Some(Dense {
            activation: self.head(inputs, neurons)?,
            weights: self.numbers(inputs * neurons)?,
            biases: self.numbers(neurons)?,
        })
    }

    fn gated(&mut self, inputs: usize, neurons: usize) -> Option<Gated> {
        Some(Gated {
            activation: self.head(inputs, neurons)?,
            weights: self.numbers(3 * inputs * neurons)?,
            recurrent: self.numbers(3 * neurons * neurons)?,
            biases: self.numbers(3 * neurons)?,
        })
    }

    fn head(&mut self, inputs: usize, neurons: usize) -> Option<Activation> {
        let ([found_inputs, found_neurons, activation], rest) = self.0.split_first_chunk()?;
        if [usize::from(*found_inputs), usize::from(*found_neurons)] != [inputs, neurons] {
            return None;
        }
        self.0 = rest;
        match activation {
            0 => Some(Activation::Tangent),
            1 => Some(Activation::Sigmoid),
            2 => Some(Activation::Rectifier),
            _ => None,
        }
    }

    fn numbers(&mut self, count: usize) -> Option<Vec<f32>> {
        let (numbers, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let number = |byte: &u8| f32::from(byte.cast_signed()) / WEIGHT_ONE;
        Some(numbers.iter().map(number).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = include_bytes!("../model/weights.rnn");

    #[test]
    fn the_model_of_this_library_is_one() {
        let model = Model::built_in();
        let activations = [
            model.dense.activation,
            model.voice.activation,
            model.gains.activation,
        ];
        use Activation::{Rectifier, Sigmoid, Tangent};
        assert_eq!(activations, [Tangent, Rectifier, Sigmoid]);
        assert_eq!(model.clean.weights.len(), 3 * 114 * 96);
        // The first bias of the last layer, as it stands in the file.
        let last = BYTES[BYTES.len() - 1].cast_signed();
        assert_eq!(model.probability.biases, [f32::from(last) / 256.0]);
    }

    #[test]
    fn what_is_not_a_model_is_none() {
        let mut long = BYTES.to_vec();
        long.push(0);
        assert!(Model::read(&long).is_none());
        for end in [0, 1, 2, 3, 100, BYTES.len() - 1] {
            assert!(Model::read(&BYTES[..end]).is_none(), "{end} bytes");
        }
        for at in 0..3 {
            let mut other = BYTES.to_vec();
            other[at] = 99;
            assert!(Model::read(&other).is_none(), "another byte {at}");
        }
    }
}
