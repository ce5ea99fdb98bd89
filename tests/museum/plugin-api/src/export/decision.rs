//! Decision: from `DecisionEngine` to the object that crosses the boundary.

use abi_stable::std_types::{RResult, RStr, RString, RVec};

use crate::abi::object::RawDecision;
use crate::abi::setup::{RawAction, RawActivation, RawObservation, RawRefusal};
use crate::abi::status::{RawCode, RawStatus};
use crate::decision::{Actions, DecisionEngine, Observation};
use crate::export::component::answer;
use crate::export::guard::{Guarded, status};
use crate::export::processor::{param, param_index, set_param};
use crate::fault::Refusal;
use crate::setup::Activation;

pub(super) struct DecisionAdapter<T> {
    instance: Guarded<T>,
    active: bool,
}

impl<T: DecisionEngine> DecisionAdapter<T> {
    pub(super) fn new(instance: Guarded<T>) -> Self {
        Self {
            instance,
            active: false,
        }
    }
}

impl<T: DecisionEngine> RawDecision for DecisionAdapter<T> {
    fn activate(&mut self, activation: &RawActivation<'_>) -> RResult<(), RawRefusal> {
        if self.active {
            return answer(Err(Refusal::with(
                RawCode::WRONG_STATE,
                "it is active already",
            )));
        }
        answer(self.instance.act(|instance| {
            let activation = Activation::read(activation)?;
            let rate = f64::from(activation.sample_rate_hz());
            instance.prepare_params(rate, activation.frames_max());
            instance.activate(&activation)?;
            self.active = true;
            Ok(())
        }))
    }

    fn deactivate(&mut self) -> RawStatus {
        if !std::mem::take(&mut self.active) {
            return RawStatus::err(RawCode::WRONG_STATE);
        }
        status(self.instance.call(|instance| {
            instance.deactivate();
            Ok(())
        }))
    }

    fn decide(
        &mut self,
        observation: &RawObservation<'_>,
        actions: &mut RVec<RawAction>,
    ) -> RawStatus {
        if !self.active {
            return RawStatus::err(RawCode::WRONG_STATE);
        }
        let observation = Observation::new(observation);
        status(
            self.instance
                .call(|instance| instance.decide(&observation, &mut Actions::new(actions))),
        )
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
