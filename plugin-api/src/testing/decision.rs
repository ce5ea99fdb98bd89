//! Decision: a decision engine under test.

use crate::decision::{DecisionEngine, Reading};
use crate::declare::ParamItem;
use crate::fault::Refusal;
use crate::link::{Action, ActionKind, Decision, Reading as Raw, built_in};
use crate::params::index_of;
use crate::testing::builder::{Plan, failed};

/// An activated decision engine, called as a host calls it.
pub struct DecisionBench {
    decision: Decision,
    params: &'static [ParamItem],
}

impl std::fmt::Debug for DecisionBench {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DecisionBench")
    }
}

pub(super) fn open<T: DecisionEngine>(plan: &Plan) -> Result<DecisionBench, Refusal> {
    let mut decision = plan.create(T::PARAMS, built_in::decision::<T>)?;
    decision.activate(&plan.start())?;
    Ok(DecisionBench {
        decision,
        params: T::PARAMS,
    })
}

impl DecisionBench {
    /// Shows the readings up to a frame; returns what should be done, as `alert: reason`.
    ///
    /// # Errors
    /// What the engine says.
    pub fn decide(&mut self, frame: u64, readings: &[Reading]) -> Result<Vec<String>, Refusal> {
        let readings: Vec<_> = readings.iter().map(raw).collect();
        let (status, actions) = self.decision.decide(frame, &readings, &[]);
        if !status.is_ok() {
            return Err(failed(&self.decision.fault_text(), status));
        }
        let line =
            |action: &Action| format!("{}{}: {}", word(action.kind), action.target, action.reason);
        Ok(actions.iter().map(line).collect())
    }

    /// Changes a parameter before the next decision.
    ///
    /// # Panics
    /// When there is no such parameter, or the value is NaN: a mistake in the test.
    pub fn change(&mut self, id: &str, value: f64) {
        let index = index_of(self.params, id).unwrap_or_else(|| panic!("no parameter {id}"));
        let status = self.decision.set_param(index, value);
        assert!(status.is_ok(), "{id} cannot be {value}");
    }

    /// Forgets everything that was shown before; parameters stay.
    pub fn reset(&mut self) {
        self.decision.reset();
    }
}

fn raw(reading: &Reading) -> Raw {
    Raw {
        frame: reading.position_frames,
        source: reading.source as u32,
        reading: reading.reading as u32,
        channel: reading.channel as u32,
        value: reading.value,
    }
}

fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::ALERT => "alert",
        ActionKind::STOP => "stop",
        ActionKind::BYPASS => "bypass ",
        ActionKind::RESTORE => "restore ",
        ActionKind::SET => "set ",
        ActionKind::SWAP => "swap ",
        _ => "unknown ",
    }
}
