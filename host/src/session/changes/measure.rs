//! Measure: how far a new value of a parameter stands out of the signal, once it is heard.
//!
//! In: receipts of values that were set, by somebody or by an edited file. Out: the same with the
//! frame at which the audio end took them, and of one value with a seam, where the stage's output is
//! kept; to whoever asked, when enough of it is there to look at. No receipt is filed before the audio
//! end took its values: one whose values it never took says so.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::observe::{ChangeState, ChangeVerdict, Receipt};
use crate::session::changes::conclude::{Receipts, reply};
use crate::session::changes::histories::Histories;
use crate::session::changes::machine::ChangeMachine;
use crate::session::changes::refusal::Refusal;
use crate::swap::ask::{Answer, Replay};

/// How long a stage is looked at from a new value on, beside its latency, in seconds: the plugins
/// take 20 ms to go over to one, and some need as long before or more until it is heard.
const SEAM_SECONDS: f64 = 0.1;

/// The most receipts that wait for their seam. Whoever sets more than that in a tenth of a second
/// turns a knob: those beyond are filed without one, so that measuring stays cheap.
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

    /// The receipt of a value that the stage's instance hears so many frames from now.
    pub(super) fn measure(
        &self,
        machine: &ChangeMachine,
        (number, receipt): (usize, Receipt),
        ahead_frames: u64,
    ) -> Measure {
        let measured = self.0.iter().filter(|one| one.seam.is_some());
        let is_measured = measured.count() < WAITING_MAX;
        let history = machine.setup.histories.of(number);
        let places = history.filter(|_| is_measured);
        let seam = places.zip(machine.stages.get(number));
        let seam = seam.map(|(history, running)| {
            let latency_frames = running.facts.timing.latency_frames;
            let from_frames = history.output_frames() + ahead_frames;
            let looked_at_frames = machine.seating().seconds(SEAM_SECONDS);
            let end_frames = from_frames + latency_frames + looked_at_frames;
            // The stage may have gone on by a block since it was known where the stream is.
            let block_frames = u64::from(machine.configurations.config.stream.block_frames.value);
            (number, from_frames.saturating_sub(block_frames)..end_frames)
        });
        Measure::of(vec![receipt], seam)
    }

    /// A value was taken by the audio end: its receipt says at which frame.
    pub(super) fn taken(&mut self, change: u64, at_frames: u64) {
        for measure in &mut self.0 {
            for receipt in &mut measure.receipts {
                if receipt.change == change {
                    measure.is_taken = true;
                    took_effect(receipt, at_frames);
                }
            }
        }
    }

    /// One more waits.
    pub(super) fn push(&mut self, measure: Measure) {
        self.0.push(measure);
    }

    /// The stream stands from now on. What was measured until now is all: it would be compared with
    /// a stream that stands. Values that the audio end has not taken wait until it goes on.
    pub(super) fn pause(&mut self, histories: &Histories, receipts: &mut Receipts) {
        for measure in self.0.extract_if(.., |one| one.is_taken) {
            measure.end(histories, receipts);
        }
        self.0.iter_mut().for_each(|one| one.seam = None);
    }

    /// Files all that wait, since the session is over.
    pub(super) fn end(&mut self, histories: &Histories, receipts: &mut Receipts) {
        for mut measure in self.0.drain(..) {
            if !measure.is_taken {
                measure.seam = None;
                measure.receipts.iter_mut().for_each(came_to_nothing);
            }
            measure.end(histories, receipts);
        }
    }

    /// Files those that were taken and have no signal to wait for, and the first whose signal is
    /// there: one a block, since looking takes a while.
    pub(super) fn file_some(&mut self, histories: &Histories, receipts: &mut Receipts) {
        let is_over = |one: &mut Measure| one.is_taken && one.seam.is_none();
        for measure in self.0.extract_if(.., is_over) {
            measure.end(histories, receipts);
        }
        let is_there = |one: &Measure| one.is_taken && one.is_past(histories);
        if let Some(at) = self.0.iter().position(is_there) {
            self.0.remove(at).end(histories, receipts);
        }
    }
}

/// The receipt of what was sent and never applied: the session ended first.
pub(super) fn came_to_nothing(receipt: &mut Receipt) {
    receipt.verdict = ChangeVerdict::Aborted;
    receipt.state = ChangeState::Aborted;
    receipt.heard_at_frames = None;
    receipt.done_at_frames = None;
    receipt.reasons.push(Refusal::SessionEnded.to_string());
}

/// A value holds from a frame on: heard or not, nothing more is to come of it.
pub(super) const fn took_effect(receipt: &mut Receipt, at_frames: u64) {
    receipt.applied_at_frames = Some(at_frames);
    receipt.heard_at_frames = Some(at_frames);
    receipt.done_at_frames = Some(at_frames);
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
