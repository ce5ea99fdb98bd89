//! Measure: how far a new value of a parameter stands out of the signal, once it is heard.
//!
//! In: receipts of values that were set, by somebody or by an edited file. Out: the same with the
//! frame at which the audio end took them, and of one value with a seam, where the stage's output is
//! kept; to whoever asked, when enough of it is there to look at.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::observe::Receipt;
use crate::session::changes::conclude::{Receipts, reply};
use crate::session::changes::histories::Histories;
use crate::session::changes::machine::ChangeMachine;
use crate::session::changes::requests::Begun;
use crate::swap::ask::{Answer, Replay};

/// How long a stage is looked at from a new value on, beside its latency, in seconds: the plugins
/// take 20 ms to go over to one, and some need as long before or more until it is heard.
const SEAM_SECONDS: f64 = 0.1;

/// The most receipts that wait for their seam. Whoever sets more than that in a tenth of a second
/// turns a knob: those beyond are filed at once, without a seam, so that measuring stays cheap.
const WAITING_MAX: usize = 16;

/// Receipts of one change of values, which wait for the signal that they are about.
pub(super) struct Measure {
    receipts: Vec<Receipt>,
    /// Who waits for them.
    pub(super) answer: Option<SyncSender<Answer>>,
    /// How they came about in a run that is replayed.
    pub(super) replay: Option<Arc<Replay>>,
    /// Whether the audio end took the values.
    is_taken: bool,
    /// The stage, and the frames of its output that are looked at.
    seam: Option<(usize, Range<u64>)>,
}

/// A receipt of a value that nothing was heard of.
pub(super) fn unmeasured(receipts: &mut Receipts, receipt: Receipt) -> Begun {
    receipts.file(receipt.clone());
    Begun::Done(Answer::Changed(vec![receipt]))
}

/// The receipts of a session that wait for their signal, the first first.
pub(super) struct Measures(Vec<Measure>);

impl Measures {
    /// None waits.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether none waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A receipt of a value that the stage's instance hears so many frames from now.
    pub(super) fn measure(
        &self,
        machine: &mut ChangeMachine,
        (number, receipt): (usize, Receipt),
        ahead_frames: u64,
    ) -> Begun {
        let history = machine.setup.histories.of(number);
        let is_measured = self.0.len() < WAITING_MAX;
        let (Some(history), Some(running), true) =
            (history, machine.stages.get(number), is_measured)
        else {
            return unmeasured(&mut machine.receipts, receipt);
        };
        let latency_frames = running.facts.timing.latency_frames;
        let from_frames = history.output_frames() + ahead_frames;
        let end_frames = from_frames + latency_frames + machine.seating().seconds(SEAM_SECONDS);
        let seam = Some((number, from_frames..end_frames));
        Begun::Measured(Box::new(Measure::of(vec![receipt], seam)))
    }

    /// A value was taken by the audio end: its receipt says at which frame.
    pub(super) fn taken(&mut self, change: u64, at_frames: u64) {
        for measure in &mut self.0 {
            for receipt in &mut measure.receipts {
                if receipt.change == change {
                    measure.is_taken = true;
                    receipt.applied_at_frames = Some(at_frames);
                    receipt.heard_at_frames = Some(at_frames);
                    receipt.done_at_frames = Some(at_frames);
                }
            }
        }
    }

    /// One more waits.
    pub(super) fn push(&mut self, measure: Measure) {
        self.0.push(measure);
    }

    /// Files all that wait, where their signal does not come for now.
    pub(super) fn end(&mut self, histories: &Histories, receipts: &mut Receipts) {
        for measure in self.0.drain(..) {
            measure.end(histories, receipts);
        }
    }

    /// Files the first whose signal is there: one a block, since looking takes a while.
    pub(super) fn file_one(&mut self, histories: &Histories, receipts: &mut Receipts) {
        let is_there = |one: &Measure| one.is_taken && one.is_past(histories);
        if let Some(at) = self.0.iter().position(is_there) {
            self.0.remove(at).end(histories, receipts);
        }
    }
}

impl Measure {
    /// Receipts of one change whose values are on their way to the audio end.
    pub(super) const fn of(receipts: Vec<Receipt>, seam: Option<(usize, Range<u64>)>) -> Self {
        Self {
            receipts,
            answer: None,
            replay: None,
            is_taken: false,
            seam,
        }
    }

    /// Whether all that is to be looked at is there.
    fn is_past(&self, histories: &Histories) -> bool {
        let seam = self.seam.as_ref();
        seam.is_none_or(|(number, frames)| histories.is_past(*number, frames.end))
    }

    fn end(mut self, histories: &Histories, receipts: &mut Receipts) {
        if let (Some((number, frames)), [receipt]) = (self.seam, &mut self.receipts[..]) {
            receipt.seam = histories.seam(number, frames);
        }
        receipts
            .unlike
            .compare(&mut self.receipts, self.replay.as_deref());
        for receipt in &self.receipts {
            receipts.file(receipt.clone());
        }
        reply(self.answer, Answer::Changed(self.receipts));
    }
}
