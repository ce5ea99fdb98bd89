//! Counters: what counts up while a session goes.
//!
//! In: nothing. Out: numbers that a drive counts and a report shows.

use std::time::Duration;

use crate::observe::{Lateness, PriorityReport, Stalls};

/// What counts up while a run goes.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    pub(super) frames_in: u64,
    pub(super) frames_out: u64,
    /// Frames that went through, padding among them.
    pub(super) frames_processed: u64,
    pub(super) late_blocks: u64,
    /// `None` at pace fast.
    pub(super) lateness: Option<Lateness>,
    pub(super) stalls: Stalls,
    pub(super) priority: PriorityReport,
    pub(super) elapsed: Duration,
    pub(super) first_block: Option<Duration>,
    pub(super) non_finite: u64,
    pub(super) first_non_finite: Option<(u64, usize)>,
}
