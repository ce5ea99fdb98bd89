//! Receipts: what became of changes, for the report, the audience, and who asks.
//!
//! In: receipts, as they are written. Out: each told once; the first and the newest of a session.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::observe::{Cause, ChangeAction, ChangeVerdict, Event, EventSink, Receipt};
use crate::swap::table::State;

/// The first receipts that are kept of a session, and the newest ones; those between are counted. A
/// session may go on for months.
const FIRST: usize = 256;
const NEWEST: usize = 3_840;

/// The receipts of a session.
pub(super) struct Receipts {
    events: Arc<dyn EventSink>,
    kept: VecDeque<Receipt>,
    left_out: u64,
    changes: u64,
}

impl Receipts {
    /// None yet.
    pub(super) const fn new(events: Arc<dyn EventSink>) -> Self {
        Self {
            events,
            kept: VecDeque::new(),
            left_out: 0,
            changes: 0,
        }
    }

    /// The number of the next change of the session.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Keeps a receipt, and tells of it.
    pub(super) fn file(&mut self, receipt: Receipt) {
        self.events.event(Event::Changed {
            receipt: Box::new(receipt.clone()),
        });
        if self.kept.len() == FIRST + NEWEST {
            self.kept.remove(FIRST);
            self.left_out += 1;
        }
        self.kept.push_back(receipt);
    }

    /// So many of the newest, the oldest first.
    pub(super) fn newest(&self, count: usize) -> Vec<Receipt> {
        let older = self.kept.len().saturating_sub(count);
        self.kept.iter().skip(older).cloned().collect()
    }

    /// All that were kept, and how many were not.
    pub(super) fn take(&mut self) -> (Vec<Receipt>, u64) {
        (std::mem::take(&mut self.kept).into(), self.left_out)
    }
}

/// A receipt of something that somebody did or wants, of which nothing more is known yet.
pub(super) fn receipt(
    change: u64,
    subject: (String, ChangeAction),
    cause: Cause,
    asked_at_frames: u64,
) -> Receipt {
    let (stage, action) = subject;
    Receipt {
        change,
        stage,
        action,
        cause,
        verdict: ChangeVerdict::Done,
        state: State::Retired.word(),
        asked_at_frames,
        ..Receipt::default()
    }
}
