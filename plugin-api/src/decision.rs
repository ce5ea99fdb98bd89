//! Decision: observations to actions.

use abi_stable::std_types::RVec;

use crate::abi::setup::{RawAction, RawActionKind, RawObservation};
use crate::declare::SettingDecl;
use crate::fault::{Fault, Refusal};
use crate::observer::Heard;
use crate::params::Params;
use crate::setup::{Activation, Setup};

pub use crate::abi::setup::ACTIONS_MAX;

/// Observations to actions: looks at readings and says what should be done.
///
/// It never does anything itself: the host does what the `may` list of its `[[decide]]` allows, and
/// records everything. This release acts on [`Actions::alert`] and [`Actions::stop`] only; every other
/// action is recorded in the report as not among what the decision may do, and nothing is done. Runs
/// away from the audio thread, at fixed frames of the stream.
pub trait DecisionEngine: Params + Send + 'static {
    /// What it is created with beside its parameters.
    const SETTINGS: &'static [SettingDecl] = &[];
    /// The events it wants to hear, as `plugin/component:event`.
    const SUBSCRIBES: &'static [&'static str] = &[];

    /// Makes an instance.
    ///
    /// # Errors
    /// A sentence that names the setting that cannot be used, and why.
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let _ = setup;
        Ok(Self::with_defaults())
    }

    /// Learns what its sources are called: [`Activation::sources`].
    ///
    /// # Errors
    /// A sentence about what is missing: a reading that no source has, say.
    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let _ = activation;
        Ok(())
    }

    /// Gives back what `activate` took.
    fn deactivate(&mut self) {}

    /// Looks at what was read since the last time, and decides.
    ///
    /// # Errors
    /// A [`Fault`]; the engine is then not asked again and the report says so.
    fn decide(
        &mut self,
        observation: &Observation<'_>,
        actions: &mut Actions<'_>,
    ) -> Result<(), Fault>;

    /// Forgets everything that was shown before, as after activation; parameters stay.
    fn reset(&mut self) {}
}

/// What happened since the last decision.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    raw: &'a RawObservation<'a>,
}

impl<'a> Observation<'a> {
    pub(crate) const fn new(raw: &'a RawObservation<'a>) -> Self {
        Self { raw }
    }

    /// Stream time of the decision.
    #[must_use]
    pub const fn position_frames(&self) -> u64 {
        self.raw.frame
    }

    /// Every reading since the last decision, in stream order.
    pub fn readings(&self) -> impl Iterator<Item = Reading> + 'a {
        self.raw.readings.as_slice().iter().map(|raw| Reading {
            position_frames: raw.frame,
            source: raw.source as usize,
            reading: raw.reading as usize,
            channel: raw.channel as usize,
            value: raw.value,
        })
    }

    /// Every event it subscribed to since the last decision, in stream order.
    pub fn heard(&self) -> impl Iterator<Item = Heard<'a>> + 'a {
        self.raw.heard.as_slice().iter().map(|raw| Heard { raw })
    }
}

/// One value of one reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Stream time it holds for.
    pub position_frames: u64,
    /// Which of [`Activation::sources`] it is of, from 0 on.
    pub source: usize,
    /// Index into the source's readings.
    pub reading: usize,
    /// The channel; 0 for readings of the whole signal.
    pub channel: usize,
    /// The value in the unit that the source declares.
    pub value: f64,
}

/// Where a decision's actions go; at most 64 are taken.
#[derive(Debug)]
pub struct Actions<'a> {
    raw: &'a mut RVec<RawAction>,
}

impl<'a> Actions<'a> {
    pub(crate) const fn new(raw: &'a mut RVec<RawAction>) -> Self {
        Self { raw }
    }

    /// Tells people: in the log, in events and in the report.
    pub fn alert(&mut self, reason: impl Into<String>) {
        self.push(RawActionKind::ALERT, "", f64::NAN, reason.into());
    }

    /// Ends the session in order.
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.push(RawActionKind::STOP, "", f64::NAN, reason.into());
    }

    /// Wants a stage out of the path. No released host does this: it is recorded in the report, and
    /// the stage stays.
    pub fn bypass(&mut self, stage: &str, reason: impl Into<String>) {
        self.push(RawActionKind::BYPASS, stage, f64::NAN, reason.into());
    }

    /// Wants a bypassed stage back. No released host does this: it is recorded in the report, and the
    /// stage stays bypassed.
    pub fn restore(&mut self, stage: &str, reason: impl Into<String>) {
        self.push(RawActionKind::RESTORE, stage, f64::NAN, reason.into());
    }

    /// Wants another value of `stage.param`. No released host does this: it is recorded in the report,
    /// and the value stays.
    pub fn set(&mut self, param: &str, value: f64, reason: impl Into<String>) {
        self.push(RawActionKind::SET, param, value, reason.into());
    }

    fn push(&mut self, kind: RawActionKind, target: &str, value: f64, reason: String) {
        if self.raw.len() < ACTIONS_MAX {
            self.raw.push(RawAction {
                kind,
                target: target.into(),
                value,
                reason: reason.into(),
            });
        }
    }
}
