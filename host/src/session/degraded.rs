//! Degraded: why a run that came to its end did not go as it should.
//!
//! In: a report, how the run ended, and what went wrong beside the audio. Out: one sentence each.

use crate::loading::Missed;
use crate::observe::{
    ChangeVerdict, FaultReport, Receipt, RestartState, RunReport, StageReport, StallSide,
    StreamReport, Who,
};
use crate::session::ended::Ended;
use crate::session::error::SessionError;

/// How many failures of one stage are told.
const FAULTS_MAX: usize = 3;

/// How many changes that did not come about are told.
const CHANGES_MAX: usize = 8;

/// From how long on a stall degrades the run: what listeners take for an outage and not for a
/// stumble. Shorter ones are counted in the report.
const OUTAGE_NS: u64 = 1_000_000_000;

/// What went wrong beside the audio.
pub(super) struct Trouble {
    /// What the input has not of what it was to have.
    pub(super) losses: Vec<String>,
    /// Changes that did not come about as their timeline says.
    pub(super) unlike_replay: Vec<String>,
    /// Instances that did not end in time.
    pub(super) instances: Option<Missed>,
    /// Taps and decisions that did not.
    pub(super) observers: Option<String>,
    /// Notes and events that found the ring full.
    pub(super) records_lost: u64,
    /// Events and decisions that taps were too slow for.
    pub(super) steps_lost: u64,
}

/// Why a run that came to its end is degraded all the same, one sentence each.
pub(super) fn degraded(
    report: &RunReport,
    result: &Result<Ended, SessionError>,
    trouble: &Trouble,
) -> Vec<String> {
    let left_out = report.left_out.iter();
    let left_out = left_out.map(|at| format!("stage `{}` was left out: {}", at.id, at.reason));
    let mut reasons: Vec<_> = left_out.chain(faults(report)).collect();
    for tap in report.taps.iter().filter(|tap| tap.dropped_frames > 0) {
        reasons.push(format!(
            "tap `{}` missed {} frames",
            tap.id, tap.dropped_frames
        ));
    }
    reasons.extend(changes(&report.changes));
    reasons.extend(non_finite(&report.stream));
    reasons.extend(outages(&report.stream));
    for generation in report.generations.iter().filter(|one| one.panics > 0) {
        let (plugin, panics) = (&generation.plugin, generation.panics);
        reasons.push(match panics {
            1 => format!("{plugin} panicked; it was caught inside it"),
            _ => format!("{plugin} panicked {panics} times; each was caught inside it"),
        });
    }
    if let Ok(Ended::ByDecision(reason)) = result {
        reasons.push(format!("a decision ended the run: {reason}"));
    }
    reasons.extend(trouble.reasons());
    reasons
}

/// One sentence for each change that did not come about; of one run no more than a few.
fn changes(receipts: &[Receipt]) -> Vec<String> {
    few(receipts.iter().filter_map(change), "did not come about")
}

/// No more than a few sentences about changes, and how many more there are.
fn few(mut all: impl Iterator<Item = String>, what: &str) -> Vec<String> {
    let mut reasons: Vec<_> = all.by_ref().take(CHANGES_MAX).collect();
    match all.count() {
        0 => {}
        more => reasons.push(format!("{more} more changes {what}")),
    }
    reasons
}

/// A change that did not come about, though the run was to have it: what somebody asked for from
/// outside and was refused leaves the run as it was.
fn change(receipt: &Receipt) -> Option<String> {
    let is_planned = matches!(receipt.cause.who, Who::Timeline { .. });
    let (verdict, is_missed) = match receipt.verdict {
        ChangeVerdict::Aborted => ("was aborted", true),
        ChangeVerdict::Refused => ("was refused", is_planned),
        ChangeVerdict::Done | ChangeVerdict::Other => ("", false),
    };
    is_missed.then(|| {
        let brief = receipt.brief_reasons();
        let why = brief.first().map_or("", String::as_str);
        let (action, stage) = (&receipt.action, &receipt.stage);
        format!("{action} of `{stage}` {verdict}: {why}")
    })
}

/// One sentence for each failure of a stage, tap or decision; of one stage no more than a few.
fn faults(report: &RunReport) -> Vec<String> {
    let stages = report.stages.iter().flat_map(stage_faults);
    let taps = report.taps.iter();
    let taps = taps.flat_map(|at| at.fault.iter().map(|fault| sentence("tap", &at.id, fault)));
    let decides = report.decides.iter();
    let decides = decides.flat_map(|at| {
        let faults = at.fault.iter();
        faults.map(|fault| sentence("decision", &at.id, fault))
    });
    stages.chain(taps).chain(decides).collect()
}

fn sentence(kind: &str, id: &str, fault: &FaultReport) -> String {
    let (frame, text) = (fault.position_frames, &fault.text);
    format!("{kind} `{id}` failed at frame {frame}: {text}")
}

fn stage_faults(stage: &StageReport) -> Vec<String> {
    let id = &stage.id;
    let shown = stage.faults.iter().take(FAULTS_MAX);
    let mut reasons: Vec<_> = shown.map(|fault| sentence("stage", id, fault)).collect();
    let more = stage.faults.len() as u64 - reasons.len() as u64 + stage.faults_left_out;
    if more > 0 {
        reasons.push(format!("stage `{id}` failed {more} more times"));
    }
    let fallback = stage.fallback.as_ref();
    if let Some(fault) = fallback.and_then(|fallback| fallback.fault.as_ref()) {
        let (frame, text) = (fault.position_frames, &fault.text);
        reasons.push(format!(
            "the fallback of stage `{id}` failed at frame {frame}, its input stands in for it: {text}"
        ));
    }
    if let Some(restart) = stage
        .restart
        .as_ref()
        .filter(|one| one.state == RestartState::GivenUp)
    {
        let tried = restart.attempts_max;
        reasons.push(format!(
            "stage `{id}` was given up after {tried} new instances"
        ));
    }
    reasons
}

fn non_finite(stream: &StreamReport) -> Option<String> {
    let (frame, channel) = (
        stream.non_finite_first_frame?,
        stream.non_finite_first_channel? + 1,
    );
    let count = stream.non_finite_samples;
    Some(format!(
        "{count} samples of the input were not finite and became 0, the first at frame {frame} \
         of channel {channel}"
    ))
}

/// One sentence for each side that the stream waited for so long that it was missed. A listener
/// who does not read gets all the same what there is, only later: that is no loss.
fn outages(stream: &StreamReport) -> impl Iterator<Item = String> + '_ {
    let sides = stream.stalls.sides.iter();
    let long = sides.filter(|one| one.worst_ns >= OUTAGE_NS && one.side != StallSide::Output);
    long.map(|one| {
        let (words, frame) = (one.side.words(), one.worst_position_frames);
        let seconds = one.worst_ns as f64 / 1e9;
        format!("the stream stood still for {seconds:.1} s at frame {frame}, waiting for {words}")
    })
}

impl Trouble {
    fn reasons(&self) -> Vec<String> {
        let mut reasons = self.losses.clone();
        let unlike = self.unlike_replay.iter().cloned();
        reasons.extend(few(unlike, "did not come about as `replay` says"));
        reasons.extend(
            self.instances
                .map(|why| format!("the end of the instances {why}")),
        );
        reasons.extend(self.observers.clone());
        if self.records_lost > 0 {
            let lost = self.records_lost;
            reasons.push(format!("{lost} notes and events of stages found no room"));
        }
        if self.steps_lost > 0 {
            let lost = self.steps_lost;
            reasons.push(format!(
                "taps were too slow for {lost} events and decisions"
            ));
        }
        reasons
    }
}
