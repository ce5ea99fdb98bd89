//! History: what stages cost in earlier runs on this machine.
//!
//! In: the cache folder. Out: the costs that are known of a stage, and a file that knows one run
//! more. A history that is damaged, foreign or missing is an empty one, and one that cannot be
//! written is forgotten: nothing but estimates depends on it.
//!
//! The file is bounded, small, read once and replaced as a whole: a reader sees the old one or the
//! new one. Of two processes that end at the same moment one may be forgotten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::debug;

use crate::observe::StageCost;
use crate::private;
use crate::provenance::estimate::{CostSample, learned};
use crate::provenance::key::Likeness;

/// The name of the file in its folder.
const FILE_NAME: &str = "history";

/// The version of its form: another one is not read.
const VERSION: u32 = 1;

/// The most stages that it knows; those that ran longest ago are forgotten first. 64 KiB, read in
/// a tenth of a millisecond.
const ENTRIES_MAX: usize = 1024;

/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 256 << 10;

/// The bytes of the checksum at the beginning.
const CHECKSUM_BYTES: usize = 32;

/// What is known of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct StageHistory {
    /// When it was last learned, counted in runs.
    learned_at: u64,
    error: f64,
    ns_per_stream_second: f64,
    held_bytes: Option<f64>,
    seconds: f64,
}

impl StageHistory {
    fn of(found: CostSample, learned_at: u64) -> Self {
        Self {
            learned_at,
            error: found.cost.error,
            ns_per_stream_second: found.cost.ns_per_stream_second,
            held_bytes: found.cost.held_bytes,
            seconds: found.seconds,
        }
    }

    const fn found(&self) -> CostSample {
        CostSample {
            cost: StageCost {
                error: self.error,
                ns_per_stream_second: self.ns_per_stream_second,
                held_bytes: self.held_bytes,
            },
            seconds: self.seconds,
        }
    }

    /// Whether its numbers are such as can be found.
    fn is_possible(&self) -> bool {
        let amount = |value: f64| value.is_finite() && value >= 0.0;
        (0.0..=1.0).contains(&self.error)
            && amount(self.ns_per_stream_second)
            && self.held_bytes.is_none_or(f64::is_finite)
            && amount(self.seconds)
            && self.seconds > 0.0
    }
}

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct KnownCosts {
    version: u32,
    /// How many runs were learned from.
    runs: u64,
    entries: BTreeMap<Likeness, StageHistory>,
}

/// Costs of earlier runs. Thread: any but audio; all sessions of a process share one.
#[derive(Debug)]
pub struct CostHistory {
    folder: Option<PathBuf>,
    known: Mutex<KnownCosts>,
}

impl CostHistory {
    /// What is known so far; without a folder nothing is, and nothing is kept.
    pub fn load(folder: Option<&Path>) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
            known: Mutex::new(folder.map(read).unwrap_or_default()),
        }
    }

    /// What is known of a stage.
    pub fn cost(&self, likeness: Likeness) -> Option<StageCost> {
        let known = self.known();
        let entry = known.entries.get(&likeness)?;
        Some(entry.found().cost)
    }

    /// Takes what one run found, and keeps it for the next.
    pub fn learn(&self, run: &[(Likeness, CostSample)]) {
        if run.is_empty() {
            return;
        }
        let mut known = self.known();
        // Another process may have learned meanwhile.
        if let Some(folder) = &self.folder {
            let newest = read(folder);
            if newest.runs >= known.runs {
                *known = newest;
            }
        }
        known.add(run);
        if let Some(folder) = &self.folder
            && let Err(error) = private::replace(folder, FILE_NAME, &known.encoded())
        {
            debug!(%error, "the history could not be written; the next estimate is as this one");
        }
    }

    fn known(&self) -> MutexGuard<'_, KnownCosts> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownCosts {
    fn add(&mut self, run: &[(Likeness, CostSample)]) {
        self.version = VERSION;
        self.runs = self.runs.saturating_add(1);
        for (likeness, found) in run {
            let before = self.entries.get(likeness).map(StageHistory::found);
            let entry = StageHistory::of(learned(before, *found), self.runs);
            if entry.is_possible() {
                self.entries.insert(*likeness, entry);
            }
        }
        while self.entries.len() > ENTRIES_MAX {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.learned_at);
            let Some((oldest, _)) = oldest.map(|(likeness, entry)| (*likeness, *entry)) else {
                return;
            };
            self.entries.remove(&oldest);
        }
    }

    /// A checksum, and the rest.
    fn encoded(&self) -> Vec<u8> {
        // Numbers and lists of them can always be said; if they could not, an empty file is none.
        let body = postcard::to_stdvec(self).unwrap_or_default();
        let mut bytes = Sha256::digest(&body).to_vec();
        bytes.extend(body);
        bytes
    }

    /// Nothing where the bytes are not what was written, or speak of what cannot be.
    fn decoded(bytes: &[u8]) -> Option<Self> {
        let (checksum, body) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        if Sha256::digest(body)[..] != *checksum {
            return None;
        }
        let mut known: Self = postcard::from_bytes(body).ok()?;
        if known.version != VERSION || known.entries.len() > ENTRIES_MAX {
            return None;
        }
        known.entries.retain(|_, entry| entry.is_possible());
        Some(known)
    }
}

/// The history of a folder.
fn read(folder: &Path) -> KnownCosts {
    let bytes = private::read(folder, FILE_NAME, BYTES_MAX);
    let known = bytes.ok().and_then(|bytes| KnownCosts::decoded(&bytes));
    known.unwrap_or_default()
}

#[cfg(test)]
mod tests;
