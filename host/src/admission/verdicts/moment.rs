//! Moment: when a probe ran, and under which limits.
//!
//! In: the clock, and the limits of this process. Out: whether what failed then would fail now.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::system::processes;

/// When a probe ran, and what the system allowed its process: a failure may be due to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::admission) struct ProbeMoment {
    /// Seconds since 1970.
    pub(super) at: u64,
    /// Stands for the limits of the process.
    pub(super) limits: u64,
}

/// How long a failure holds, in seconds. A probe is repeated so often and no more: one that
/// crashes takes some milliseconds, and what was wrong with the machine may be over.
pub(super) const FAILED_FOR: u64 = 10 * 60;

impl ProbeMoment {
    /// This moment of this process.
    pub(in crate::admission) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut hasher = Sha256::new();
        hasher.update(processes::limits());
        let mut limits = [0; 8];
        limits.copy_from_slice(&hasher.finalize()[..8]);
        Self {
            at: since.map_or(0, |since| since.as_secs()),
            limits: u64::from_le_bytes(limits),
        }
    }

    /// Whether what failed at that moment would be expected to fail now.
    pub(super) fn holds(&self, now: &Self) -> bool {
        self.limits == now.limits && self.at <= now.at && now.at - self.at < FAILED_FOR
    }
}
