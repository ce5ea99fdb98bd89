//! Decision: a decision engine under test.

use abi_stable::std_types::RSlice;

use crate::abi::object::RawDecisionBox;
use crate::abi::setup::{RawActionKind, RawObservation, RawReading};
use crate::decision::{DecisionEngine, Reading};
use crate::export::create_decision;
use crate::fault::Refusal;
use crate::testing::builder::{Plan, failed, vector};

/// An activated decision engine.
pub struct DecisionBench {
    raw: RawDecisionBox,
}

impl std::fmt::Debug for DecisionBench {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DecisionBench")
    }
}

pub(super) fn open<T: DecisionEngine>(plan: &Plan) -> Result<DecisionBench, Refusal> {
    let mut raw = plan.create(T::PARAMS, create_decision::<T>)?;
    plan.activation(|activation| raw.activate(activation))?;
    Ok(DecisionBench { raw })
}

impl DecisionBench {
    /// Shows the readings up to a frame; answers what should be done, as `alert: reason`.
    ///
    /// # Errors
    /// What the engine says.
    pub fn decide(&mut self, frame: u64, readings: &[Reading]) -> Result<Vec<String>, Refusal> {
        let readings: Vec<_> = readings.iter().map(raw).collect();
        let observation = RawObservation {
            frame,
            readings: RSlice::from_slice(&readings),
            heard: RSlice::EMPTY,
            extension: std::ptr::null(),
        };
        let mut actions = vector();
        let status = self.raw.decide(&observation, &mut actions);
        if !status.is_ok() {
            return Err(failed(&self.raw.fault_text(), status));
        }
        let line = |action: &crate::abi::setup::RawAction| {
            let target = action.target.as_str();
            format!("{}{target}: {}", word(action.kind), action.reason)
        };
        Ok(actions.iter().map(line).collect())
    }
}

fn raw(reading: &Reading) -> RawReading {
    RawReading {
        frame: reading.position_frames,
        source: reading.source as u32,
        reading: reading.reading as u32,
        channel: reading.channel as u32,
        value: reading.value,
    }
}

fn word(kind: RawActionKind) -> &'static str {
    match kind {
        RawActionKind::ALERT => "alert",
        RawActionKind::STOP => "stop",
        RawActionKind::BYPASS => "bypass ",
        RawActionKind::RESTORE => "restore ",
        RawActionKind::SET => "set ",
        RawActionKind::SWAP => "swap ",
        _ => "unknown ",
    }
}
