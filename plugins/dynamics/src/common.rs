//! Common: what the three components share.
//!
//! In: parameters, audio and states as the host has them. Out: as the kernels have them.

use segue_dsp::dynamics::{Control, StateError, StateSink, StateSource};
use segue_plugin::params::BlockSpan;
use segue_plugin::prelude::*;
use std::ops::Range;

/// The most channels of a signal.
const CHANNELS_MAX: usize = 64;
/// What a reduction reads at most, in dB: a declared output is bounded.
pub(crate) const REDUCTION_DB_MAX: f64 = 200.0;

pub(crate) const INACTIVE: Fault = Fault::new(1, "the processor was not activated");
pub(crate) const OTHER_STATE: Fault =
    Fault::new(2, "the running state is not that of such a processor");

/// The one output of each of the three, in the words of its own.
pub(crate) const fn reduction(doc: &'static str) -> [OutputDecl; 1] {
    [OutputDecl {
        id: "gain_reduction_db",
        doc,
        unit: "dB",
        min: 0.0,
        max: REDUCTION_DB_MAX,
    }]
}

/// Writes the declared output.
pub(crate) fn write_reduction(context: &mut Context<'_>, reduction_db: f32) {
    context.output(0, f64::from(reduction_db).clamp(0.0, REDUCTION_DB_MAX));
}

/// Samples of all channels of a block.
pub(crate) struct Channels<'a> {
    samples: [&'a [f32]; CHANNELS_MAX],
    count: usize,
}

impl<'a> Channels<'a> {
    /// Some frames of all channels.
    pub(crate) fn new(audio: Audio<'a>, frames: &Range<usize>) -> Self {
        let count = audio.channels().min(CHANNELS_MAX);
        let mut samples: [&[f32]; CHANNELS_MAX] = [&[]; CHANNELS_MAX];
        for (channel, place) in samples[..count].iter_mut().enumerate() {
            *place = &audio.channel(channel)[frames.clone()];
        }
        Self { samples, count }
    }

    pub(crate) fn as_slice(&self) -> &[&'a [f32]] {
        &self.samples[..self.count]
    }
}

/// What a parameter is over the frames of a block.
pub(crate) fn control<'a>(param: &'a mut Smoothed, block: &impl BlockSpan) -> Control<'a> {
    match param.constant(block) {
        Some(value) => Control::Steady(value),
        None => Control::Moving(param.values(block)),
    }
}

/// The same from a frame of the block on.
pub(crate) fn later(control: Control<'_>, frame: usize) -> Control<'_> {
    match control {
        Control::Steady(value) => Control::Steady(value),
        Control::Moving(values) => Control::Moving(&values[frame.min(values.len())..]),
    }
}

/// A running state on its way out.
pub(crate) struct Out<'a, 'b>(pub(crate) &'a mut StateWriter<'b>);

impl StateSink for Out<'_, '_> {
    fn numbers(&mut self, numbers: &[f64]) -> Result<(), StateError> {
        self.0.f64s(numbers).map_err(|_| StateError::Length)
    }

    fn samples(&mut self, samples: &[f32]) -> Result<(), StateError> {
        self.0.f32s(samples).map_err(|_| StateError::Length)
    }
}

/// A running state on its way in.
pub(crate) struct In<'a, 'b>(pub(crate) &'a mut StateReader<'b>);

impl StateSource for In<'_, '_> {
    fn numbers(&mut self, into: &mut [f64]) -> Result<(), StateError> {
        self.0.f64s(into).map_err(|_| StateError::Length)
    }

    fn samples(&mut self, into: &mut [f32]) -> Result<(), StateError> {
        self.0.f32s(into).map_err(|_| StateError::Length)
    }
}

/// Where so many parameters and so many glides stand.
pub(crate) struct Settings<const PARAMS: usize, const GLIDES: usize> {
    pub(crate) params: [f64; PARAMS],
    pub(crate) glides: [[f64; Smoothed::STATE_NUMBERS]; GLIDES],
}

impl<const PARAMS: usize, const GLIDES: usize> Settings<PARAMS, GLIDES> {
    /// How many bytes it takes.
    pub(crate) const BYTES: usize = (PARAMS + GLIDES * Smoothed::STATE_NUMBERS) * size_of::<f64>();

    pub(crate) fn of(owner: &impl Params, glides: [&Smoothed; GLIDES]) -> Self {
        Self {
            params: std::array::from_fn(|index| owner.param(index as u32)),
            glides: glides.map(Smoothed::save),
        }
    }

    pub(crate) fn write(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.params)?;
        state.f64s(self.glides.as_flattened())
    }

    pub(crate) fn read(state: &mut StateReader<'_>) -> Result<Self, Fault> {
        let mut settings = Self {
            params: [0.0; PARAMS],
            glides: [[0.0; Smoothed::STATE_NUMBERS]; GLIDES],
        };
        state.f64s(&mut settings.params)?;
        state.f64s(settings.glides.as_flattened_mut())?;
        Ok(settings)
    }

    /// Sets the parameters of `owner`, whose glides `glides` gives; returns whether all of them
    /// were taken. If not, it is to be set back.
    pub(crate) fn apply<P: Params>(
        &self,
        owner: &mut P,
        glides: impl Fn(&mut P) -> [&mut Smoothed; GLIDES],
    ) -> bool {
        for (index, value) in (0..).zip(self.params) {
            owner.set_param(index, value);
        }
        let mut all_taken = true;
        for (glide, state) in glides(owner).into_iter().zip(&self.glides) {
            // What comes out again as another number was no state either.
            all_taken &= glide.restore(state);
            all_taken &= glide.save().map(f64::to_bits) == state.map(f64::to_bits);
        }
        // What was out of range was clamped, and a glide may lead elsewhere.
        let mut params = (0..).zip(self.params);
        all_taken && params.all(|(index, value)| owner.param(index).to_bits() == value.to_bits())
    }
}
