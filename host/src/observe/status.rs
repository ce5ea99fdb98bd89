//! Status: how a running session is, as plain values that serialize.
//!
//! What `segue ctl status` shows. Fields are only ever added.

use serde::{Deserialize, Serialize};

use crate::observe::receipt::Receipt;

/// A running session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The session's name.
    pub session: String,
    /// The pipeline's configuration.
    pub config: String,
    /// `running`, `paused` or `ending`.
    pub state: String,
    /// `fast` or `realtime`.
    pub pace: String,
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
    /// Blocks that took longer than they last.
    pub late_blocks: u64,
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
pub struct StageStatus {
    /// Its id.
    pub id: String,
    /// What fills it.
    pub component: String,
    /// The plugin's version.
    pub version: String,
    /// `heard`, `bypassed`, `out`, `being made`, `shadow`, `fading`.
    pub state: String,
    /// How late it is.
    pub latency_frames: u64,
    /// Its parameters by full id, in plain units.
    pub params: Vec<(String, f64)>,
    /// The last values of its declared outputs, by id.
    pub outputs: Vec<(String, f64)>,
    /// Whether a rollback is at hand, and to what.
    pub rollback: Option<String>,
    /// What is being done to it, if anything.
    pub pending: Option<String>,
}

/// One value that differs from the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverrideStatus {
    /// The key: `tube.params.drive_db`, `tube.component`, `tube.bypass`.
    pub key: String,
    /// The value as it would be written.
    pub value: String,
    /// What the file says; `None` where it says nothing.
    pub file: Option<String>,
    /// Who wanted it.
    pub who: String,
    /// When, as RFC 3339 in UTC.
    pub when: String,
    /// Why, as far as they said.
    pub why: String,
}

/// One library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct PlannedEdit {
    /// The stage.
    pub stage: String,
    /// `add`, `remove`, `move`, `swap`, `set` or `keep`.
    pub action: String,
    /// What exactly, in a clause: `acme.warmth/tube 1.0.0 -> 1.1.0`, `gain_db -6 -> -3`.
    pub what: String,
    /// What it costs, in a clause: `state handed over`, `20 ms fade`, `nothing`.
    pub cost: String,
}
