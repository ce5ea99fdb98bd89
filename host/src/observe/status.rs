//! Status: how a running session is, as plain values that serialize.
//!
//! What `segue ctl status` shows. Fields are only ever added.

use serde::{Deserialize, Serialize};

use crate::observe::change::{ChangeAction, ChangeCost};
use crate::observe::priority::PriorityReport;
use crate::observe::receipt::Receipt;
use crate::observe::stall::{Lateness, Stalls, Waiting};
use crate::observe::states::{Pace, SessionState, StageCondition};
use crate::observe::who::Who;

/// A running session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Status {
    /// The session's name.
    pub session: String,
    /// The pipeline's configuration.
    pub config: String,
    /// How it is.
    pub state: SessionState,
    /// How fast it goes.
    pub pace: Pace,
    /// Stream time.
    pub position_frames: u64,
    /// How many frames will come, where the input says so.
    pub frames: Option<u64>,
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// How late the output is, the reserve included.
    pub latency_frames: u64,
    /// How much of that is left for longer latencies.
    pub reserve_frames: u64,
    /// Blocks that were handed on later than a block after they were due.
    pub late_blocks: u64,
    /// How late blocks were handed on, against when each was due; null at pace `fast`.
    #[serde(default)]
    pub lateness: Option<Lateness>,
    /// Stalls that are over.
    #[serde(default)]
    pub stalls: Stalls,
    /// Whom the stream waits for, where it stalls.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// Whether the thread that processes has real-time priority.
    #[serde(default)]
    pub priority: PriorityReport,
    /// Stages in the order of the file.
    pub stages: Vec<StageStatus>,
    /// What differs from the file, and who wanted it.
    pub overrides: Vec<OverrideStatus>,
    /// The newest receipts, newest last.
    pub receipts: Vec<Receipt>,
    /// Libraries that are mapped.
    pub generations: Vec<GenerationStatus>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageStatus {
    /// Its id.
    pub id: String,
    /// What fills it.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// What is heard of it.
    pub state: StageCondition,
    /// How late it is.
    pub latency_frames: u64,
    /// Its parameters by full id, in plain units; a choice as the place of its word in the list of
    /// `segue inspect`, from 0.
    pub params: Vec<(String, f64)>,
    /// The last values of its declared outputs, by id.
    pub outputs: Vec<(String, f64)>,
    /// Whether a rollback is at hand, and to what.
    pub rollback: Option<String>,
    /// What is being done to it, if anything.
    pub pending: Option<ChangeAction>,
}

/// One value that differs from the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OverrideStatus {
    /// The key: `tube.params.drive_db`, `tube.component`, `tube.bypass`.
    pub key: String,
    /// The value as it would be written.
    pub value: String,
    /// What the file says; null where it says nothing.
    pub file: Option<String>,
    /// Who wanted it.
    pub who: Who,
    /// When, as RFC 3339 in UTC.
    pub when: String,
    /// Why, as far as they said.
    pub why: String,
}

/// One library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GenerationStatus {
    /// The plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// The size of the file.
    pub bytes: u64,
    /// Stages that it fills now.
    pub stages: Vec<String>,
}

/// One line of a plan: what an edited configuration would change, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlannedEdit {
    /// The stage.
    pub stage: String,
    /// What is done to it.
    pub action: ChangeAction,
    /// What exactly, in a clause: `acme.warmth/tube 1.0.0 -> 1.1.0`, `gain_db -6 -> -3`.
    pub what: String,
    /// What it costs, in a clause.
    pub cost: ChangeCost,
}
