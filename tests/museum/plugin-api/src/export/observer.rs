//! Observer: from `AudioAnalyzer` and `QualityMetric` to one object that crosses the boundary.

use abi_stable::std_types::{RResult, RStr, RString};

use crate::abi::call::{RawObserve, RawReadings};
use crate::abi::object::RawObserver;
use crate::abi::setup::{RawActivation, RawFormat, RawHeard, RawRefusal};
use crate::abi::status::{RawCode, RawStatus};
use crate::audio::Audio;
use crate::declare::{ReadingDecl, Span};
use crate::export::component::answer;
use crate::export::guard::{Guarded, status};
use crate::export::processor::{param, param_index, set_param};
use crate::fault::{Fault, Refusal};
use crate::observer::{AudioAnalyzer, Heard, QualityMetric, Readings};
use crate::params::Params;
use crate::setup::{Activation, Format, Setup, frames};

/// What analyzers and metrics have in common.
pub(crate) trait Observe: Params + Send + 'static {
    const READINGS: &'static [ReadingDecl];
    const HOP: Span;
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal>;
    fn validate_input(&self, format: &Format) -> Result<(), Refusal>;
    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal>;
    fn deactivate(&mut self);
    fn observe(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault>;
    fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault>;
    fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault>;
    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault>;
    fn reset(&mut self);
}

/// An analyzer as an observer.
pub(crate) struct Analyzing<T>(T);
/// A metric as an observer.
pub(crate) struct Measuring<T>(T);

macro_rules! observe {
    ($wrapper:ident, $trait:ident, $readings:ident, |$self:ident, $signal:ident, $reference:ident| $feed:expr) => {
        impl<T: $trait> Observe for $wrapper<T> {
            const READINGS: &'static [ReadingDecl] = T::$readings;
            const HOP: Span = T::HOP;

            fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
                T::create(setup).map(Self)
            }
            fn validate_input(&self, format: &Format) -> Result<(), Refusal> {
                self.0.validate_input(format)
            }
            fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
                self.0.activate(activation)
            }
            fn deactivate(&mut self) {
                self.0.deactivate();
            }
            fn observe(
                &mut $self,
                $signal: &Audio<'_>,
                $reference: &Audio<'_>,
            ) -> Result<(), Fault> {
                $feed
            }
            fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault> {
                self.0.hear(heard)
            }
            fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
                self.0.emit(readings)
            }
            fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
                self.0.finish(readings)
            }
            fn reset(&mut self) {
                self.0.reset();
            }
        }

        impl<T: $trait> Params for $wrapper<T> {
            const PARAMS: &'static [crate::declare::ParamItem] = T::PARAMS;
            const DOC: &'static str = T::DOC;

            fn with_defaults() -> Self {
                Self(T::with_defaults())
            }
            fn set_param(&mut self, index: u32, value: f64) {
                self.0.set_param(index, value);
            }
            fn param(&self, index: u32) -> f64 {
                self.0.param(index)
            }
            fn prepare_params(&mut self, sample_rate_hz: f64, frames_max: usize) {
                self.0.prepare_params(sample_rate_hz, frames_max);
            }
            fn reset_params(&mut self) {
                self.0.reset_params();
            }
        }
    };
}

observe!(
    Analyzing,
    AudioAnalyzer,
    FEATURES,
    |self, signal, _reference| self.0.analyze(signal)
);
observe!(
    Measuring,
    QualityMetric,
    READINGS,
    |self, signal, reference| self.0.measure(signal, reference)
);

pub(super) struct ObserverAdapter<T> {
    instance: Guarded<T>,
    /// How many channels the signal has; `None` while inactive.
    active: Option<usize>,
}

impl<T: Observe> ObserverAdapter<T> {
    pub(super) fn new(instance: Guarded<T>) -> Self {
        Self {
            instance,
            active: None,
        }
    }

    fn read(
        &mut self,
        raw: &mut RawReadings<'_>,
        ask: impl FnOnce(&mut T, &mut Readings<'_>) -> Result<(), Fault>,
    ) -> RawStatus {
        let Some(channels) = self.active else {
            return RawStatus::err(RawCode::WRONG_STATE);
        };
        if raw.channels as usize != channels {
            return RawStatus::err(RawCode::INVALID_INPUT);
        }
        status(self.instance.call(|instance| {
            let mut readings = Readings {
                decls: T::READINGS,
                channels,
                values: raw.values.as_mut_slice(),
            };
            readings.values.fill(f64::NAN);
            ask(instance, &mut readings)
        }))
    }
}

impl<T: Observe> RawObserver for ObserverAdapter<T> {
    fn validate_input(&self, format: RawFormat) -> RResult<(), RawRefusal> {
        answer(
            self.instance
                .consult(|instance| instance.validate_input(&Format::read(format)?)),
        )
    }

    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<u32, RawRefusal> {
        if self.active.is_some() {
            return answer(Err(Refusal::with(
                RawCode::WRONG_STATE,
                "it is active already",
            )));
        }
        answer(self.instance.act(|instance| {
            let activation = Activation::read(activation)?;
            let format = activation.format();
            instance.validate_input(&format)?;
            instance.prepare_params(f64::from(format.sample_rate_hz), activation.frames_max());
            instance.activate(&activation)?;
            self.active = Some(format.layout.channels());
            Ok(hop_frames(T::HOP, format.sample_rate_hz))
        }))
    }

    fn deactivate(&mut self) -> RawStatus {
        if self.active.take().is_none() {
            return RawStatus::err(RawCode::WRONG_STATE);
        }
        status(self.instance.call(|instance| {
            instance.deactivate();
            Ok(())
        }))
    }

    fn observe(&mut self, call: &RawObserve<'_>) -> RawStatus {
        if self.active != Some(call.signal.channels()) {
            return RawStatus::err(RawCode::INVALID_INPUT);
        }
        let signal = Audio::new(call.signal, call.position_frames);
        let reference = Audio::new(call.reference, call.position_frames);
        status(
            self.instance
                .call(|instance| instance.observe(&signal, &reference)),
        )
    }

    fn hear(&mut self, heard: &RawHeard<'_>) -> RawStatus {
        status(
            self.instance
                .call(|instance| instance.hear(&Heard { raw: heard })),
        )
    }

    fn emit(&mut self, readings: &mut RawReadings<'_>) -> RawStatus {
        self.read(readings, T::emit)
    }

    fn finish(&mut self, readings: &mut RawReadings<'_>) -> RawStatus {
        self.read(readings, T::finish)
    }

    fn reset(&mut self) -> RawStatus {
        status(self.instance.call(|instance| {
            instance.reset_params();
            instance.reset();
            Ok(())
        }))
    }

    fn set_param(&mut self, index: u32, value: f64) -> RawStatus {
        status(
            self.instance
                .call(|instance| set_param(instance, index, value)),
        )
    }

    fn param(&self, index: u32) -> f64 {
        self.instance
            .look(|instance| Ok(param(instance, index)))
            .unwrap_or(f64::NAN)
    }

    fn param_index(&self, id: RStr<'_>) -> RawStatus {
        param_index::<T>(id.as_str())
    }

    fn fault_text(&self) -> RString {
        self.instance.fault_text().into()
    }
}

/// The frames of a hop: at least 1 where there is one, 0 where there is none.
fn hop_frames(hop: Span, sample_rate_hz: u32) -> u32 {
    match hop {
        Span::Varies => 0,
        span => frames(span, sample_rate_hz).clamp(1, u64::from(u32::MAX)) as u32,
    }
}
