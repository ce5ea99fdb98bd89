//! Receipt: the measured proof of how one change of the running pipeline went.
//!
//! Plain values that serialize: they stand in the report, in the answers of the control socket and
//! in events. Units stand in the names; positions are stream time, in frames. Fields are only ever
//! added.

use serde::{Deserialize, Serialize};

/// How one change of one stage went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The number of the change in its session, from 1; stages changed together share it.
    pub change: u64,
    /// The stage.
    pub stage: String,
    /// What was done: `swap`, `rollback`, `bypass`, `restore`, `set`, `add`, `remove`, `move`.
    pub action: String,
    /// Who asked, and why.
    pub cause: Cause,
    /// How it ended: `done`, `refused` (nothing had begun) or `aborted` (the graph is as before).
    pub verdict: String,
    /// Why, where it is not `done`; and what a reader should know where it is.
    pub reasons: Vec<String>,
    /// The last state of the change: `retired` or `aborted`, or where it still is.
    pub state: String,
    /// What was heard before.
    pub old: Option<Identity>,
    /// What is heard now, or was to be.
    pub new: Option<Identity>,
    /// When it was asked for.
    pub asked_at_frames: u64,
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
    /// Heap calls on the audio thread during the change; `None` where a library is not metered.
    pub heap_calls: Option<u64>,
    /// Blocks that took longer than they last during the change; 0 at pace `fast`.
    pub late_blocks: u64,
}

/// Who asked for a change, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// `ctl: ada (pid 7)`, `reload`, `timeline: changes.toml line 3`, `watch`, `decision: guard`.
    pub who: String,
    /// Why, as far as they said; may be empty.
    pub why: String,
}

/// One instance by what it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct StepTime {
    /// `resolve`, `probe`, `open`, `create`, `activate`, `silence`, `rehearse`, `prime`, `wait`,
    /// `exchange` (on the audio thread).
    pub step: String,
    /// How long.
    pub took_ns: u64,
}

/// How a new instance took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        /// Why there was no handoff of state.
        why: String,
    },
}

/// What became of latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Seam {
    /// The largest step between neighbouring samples of one channel, where old and new meet.
    pub largest_step: f64,
    /// The 99.9th percentile of the signal's own steps around it.
    pub own_step_p999: f64,
    /// The largest of the signal's own steps around it.
    pub own_step_max: f64,
    /// How many frames were looked at.
    pub frames: u64,
}
