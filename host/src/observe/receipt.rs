//! Receipt: the measured proof of how one change of the running pipeline went.
//!
//! Plain values that serialize: they stand in the report, in the answers of the control socket and
//! in events. Units stand in the names; positions are stream time, in frames. Fields are only ever
//! added.

use serde::{Deserialize, Serialize};

use crate::observe::change::{ChangeAction, ChangeState, ChangeVerdict, StepKind};
use crate::observe::who::Who;

/// How one change of one stage went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The number of the change in its session, from 1; stages changed together share it.
    pub change: u64,
    /// The stage.
    pub stage: String,
    /// What was done.
    pub action: ChangeAction,
    /// Who asked, and why.
    pub cause: Cause,
    /// How it ended.
    pub verdict: ChangeVerdict,
    /// Why, where it is not `done`; and what a reader should know where it is.
    pub reasons: Vec<String>,
    /// The mistakes in a file that are the reason. `reasons` has them line by line as they are drawn
    /// for people, with the text that they stand in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<FileMistake>,
    /// The last state of the change: `retired` or `aborted`, or where it still is.
    pub state: ChangeState,
    /// What was heard before.
    pub old: Option<Identity>,
    /// What is heard now, or was to be.
    pub new: Option<Identity>,
    /// When it was asked for.
    pub asked_at_frames: u64,
    /// When it was applied: the first frame that was processed with what it brought, heard or not.
    /// Absent where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at_frames: Option<u64>,
    /// When the states were written that its new instances go on from, where control code asked for
    /// them before it was applied; absent where none were, as at a handoff, whose state is written
    /// as it is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states_at_frames: Option<u64>,
    /// The first frame of the seam: of the fade, or the first of the new instance.
    pub heard_at_frames: Option<u64>,
    /// The first frame that is the new instance alone.
    pub done_at_frames: Option<u64>,
    /// How long each step took, in order.
    pub steps: Vec<StepTime>,
    /// How the new instance took over.
    pub takeover: Option<Takeover>,
    /// What became of latencies.
    pub alignment: Alignment,
    /// Frames that went into the stage since the session's start.
    pub frames_in: u64,
    /// Frames that came out of it: less by what an alignment held back.
    pub frames_out: u64,
    /// How large the steps of the signal were where old and new meet.
    pub seam: Option<Seam>,
    /// Heap calls on the audio thread during the change; null where a library is not metered.
    pub heap_calls: Option<u64>,
    /// Blocks that were handed on later than a block after they were due, during the change; 0 at
    /// pace `fast`.
    pub late_blocks: u64,
}

/// A mistake in a file, without the text that it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileMistake {
    /// The file, the line and the character, from 1: `voice.toml:27:1`. Null where it has no
    /// place.
    pub place: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// Who asked for a change, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cause {
    /// Who asked.
    pub who: Who,
    /// Why, as far as they said; may be empty.
    pub why: String,
}

/// One instance by what it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Identity {
    /// `acme.warmth/tube`, or `bypass`.
    pub component: String,
    /// The plugin's version; empty for `bypass`.
    pub version: String,
    /// SHA-256 of the library; empty for `bypass`.
    pub sha256: String,
}

/// How long one step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StepTime {
    /// Which step.
    pub step: StepKind,
    /// How long.
    pub took_ns: u64,
}

/// How a new instance took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Takeover {
    /// It went on from the old one's running state.
    Handoff {
        /// Bytes of state.
        bytes: u64,
        /// How long writing and reading them took, on the audio thread.
        took_ns: u64,
    },
    /// Both were heard together.
    Fade {
        /// How long.
        frames: u64,
        /// How many frames of recent input it had seen before.
        primed_frames: u64,
        /// The first frame of recent input that it heard, in stream time; null where it heard none.
        #[serde(default)]
        primed_from_frames: Option<u64>,
        /// The first frame that it had not heard when it was sent; it caught up from there.
        #[serde(default)]
        primed_to_frames: Option<u64>,
        /// Why there was no handoff of state.
        why: String,
    },
}

/// What became of latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alignment {
    /// The old instance's own latency.
    pub old_latency_frames: u64,
    /// The new instance's own latency.
    pub new_latency_frames: u64,
    /// How late the stage was before.
    pub before_frames: u64,
    /// How late the stage is now; the instance is held back where it is less late.
    pub after_frames: u64,
    /// How many frames of the reserve were played, or read ahead off line.
    pub reserve_frames: u64,
    /// How many frames of silence were put in, with the operator's leave; else 0.
    pub inserted_frames: u64,
}

/// How large the steps from sample to sample were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Seam {
    /// The largest step between neighbouring samples of one channel, where old and new meet.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub largest_step: f64,
    /// The 99.9th percentile of the signal's own steps around it.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub own_step_p999: f64,
    /// The largest of the signal's own steps around it.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub own_step_max: f64,
    /// How many frames were looked at.
    pub frames: u64,
}
