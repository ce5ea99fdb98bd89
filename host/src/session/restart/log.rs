//! Log: what happened to one stage, as far as a report has room for it.
//!
//! In: failures and attempts as they happen. Out: plain values.

use crate::observe::{AttemptOutcome, AttemptReport, FaultReport};
use crate::supervise::Life;

/// How many failures, and how many attempts, are kept of one stage; more are counted.
const ENTRIES_MAX: usize = 100;

/// What happened to one stage.
#[derive(Debug, Clone)]
pub(in crate::session) struct StageLog {
    /// The first failures of the instances that were heard.
    pub(in crate::session) faults: Vec<FaultReport>,
    /// How many more there were.
    pub(in crate::session) faults_left_out: u64,
    /// Why the fallback failed, if it did.
    pub(in crate::session) fallback_fault: Option<FaultReport>,
    /// The first attempts.
    pub(in crate::session) attempts: Vec<AttemptReport>,
    /// How many more there were.
    pub(in crate::session) attempts_left_out: u64,
    /// Instances that were made, or were to be.
    pub(in crate::session) tried: u64,
    /// Instances that were heard in the end.
    pub(in crate::session) returned: u64,
    /// Where the stage is in its life.
    pub(in crate::session) life: Life,
    /// When the last attempt began.
    pub(super) tried_at_frames: u64,
}

impl StageLog {
    /// A stage at the start of the stream.
    pub(in crate::session) const NEW: Self = Self {
        faults: Vec::new(),
        faults_left_out: 0,
        fallback_fault: None,
        attempts: Vec::new(),
        attempts_left_out: 0,
        tried: 0,
        returned: 0,
        life: Life::START,
        tried_at_frames: 0,
    };

    /// An instance that was heard failed.
    pub(super) fn fault(&mut self, fault: FaultReport) {
        if self.faults.len() < ENTRIES_MAX {
            self.faults.push(fault);
        } else {
            self.faults_left_out += 1;
        }
    }

    /// An attempt came to its end.
    pub(super) fn attempt(&mut self, position_frames: u64, outcome: AttemptOutcome, text: String) {
        if self.attempts.len() < ENTRIES_MAX {
            self.attempts.push(AttemptReport {
                tried_at_frames: self.tried_at_frames,
                position_frames,
                outcome,
                text,
            });
        } else {
            self.attempts_left_out += 1;
        }
    }
}
