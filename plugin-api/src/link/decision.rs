//! Decision: a handle of one decision engine in a library.

use abi_stable::std_types::{RSlice, RStr, RVec};

use crate::abi::object::RawDecisionBox;
use crate::abi::setup::{
    ACTIONS_MAX, RawAction, RawActionKind, RawHeard, RawObservation, RawReading,
};
use crate::abi::status::RawStatus;
use crate::fault::Refusal;
use crate::link::library::{Start, bounded, open};

/// The most bytes kept of an action's target and of its reason.
const ACTION_TEXT_BYTES_MAX: usize = 1024;

/// One decision engine; dropping it runs the plugin's own clean-up.
///
/// Thread: the decision's, for everything; never two at once.
pub struct Decision {
    raw: RawDecisionBox,
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Decision")
    }
}

/// What an engine wants done, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// What is to be done.
    pub kind: RawActionKind,
    /// To whom: a stage, `stage.param`, or empty.
    pub target: String,
    /// With which value; NaN where the kind has none.
    pub value: f64,
    /// Why it should be done, in a sentence for people.
    pub reason: String,
}

/// An event that a component subscribed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard<'a> {
    /// Stream time of the event.
    pub position_frames: u64,
    /// Index into the component's subscriptions.
    pub subscription: u32,
    /// The number that the publisher gave the event.
    pub value: f64,
    /// The id of the stage or tap that published it.
    pub from: &'a str,
}

impl<'a> Heard<'a> {
    pub(super) fn raw(&self) -> RawHeard<'a> {
        RawHeard {
            frame: self.position_frames,
            subscription: self.subscription,
            value: self.value,
            from: RStr::from_str(self.from),
            extension: std::ptr::null(),
        }
    }
}

impl Decision {
    pub(super) fn new(raw: RawDecisionBox) -> Self {
        Self { raw }
    }

    pub(super) fn into_raw(self) -> RawDecisionBox {
        self.raw
    }

    /// Gets it ready: tells it what its sources are called.
    ///
    /// # Errors
    /// What the component says.
    pub fn activate(&mut self, start: &Start<'_>) -> Result<(), Refusal> {
        start.with_raw(|raw| open(self.raw.activate(raw)))
    }

    /// Gives back what activation took.
    pub fn deactivate(&mut self) -> RawStatus {
        self.raw.deactivate()
    }

    /// Shows what happened since the last time; returns at most 64 actions, texts cut at 1 KiB.
    pub fn decide(
        &mut self,
        position_frames: u64,
        readings: &[RawReading],
        heard: &[Heard<'_>],
    ) -> (RawStatus, Vec<Action>) {
        let heard: Vec<_> = heard.iter().map(Heard::raw).collect();
        let observation = RawObservation {
            frame: position_frames,
            readings: RSlice::from_slice(readings),
            heard: RSlice::from_slice(&heard),
            extension: std::ptr::null(),
        };
        let mut actions = RVec::new();
        let status = self.raw.decide(&observation, &mut actions);
        let actions = actions.iter().take(ACTIONS_MAX).map(action).collect();
        (status, actions)
    }

    /// Forgets everything that was shown before; parameters stay. Thread: any but audio.
    pub fn reset(&mut self) -> RawStatus {
        self.raw.reset()
    }

    /// Sets a parameter by its wire index, in plain units. Thread: any but audio.
    pub fn set_param(&mut self, index: u32, value: f64) -> RawStatus {
        self.raw.set_param(index, value)
    }

    /// A parameter's value, NaN for an unknown index.
    #[must_use]
    pub fn param(&self, index: u32) -> f64 {
        self.raw.param(index)
    }

    /// What the last failure said.
    #[must_use]
    pub fn fault_text(&self) -> String {
        bounded(self.raw.fault_text().as_str())
    }
}

fn action(raw: &RawAction) -> Action {
    Action {
        kind: raw.kind,
        target: cut(raw.target.as_str()),
        value: raw.value,
        reason: cut(raw.reason.as_str()),
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(ACTION_TEXT_BYTES_MAX)].to_owned()
}
