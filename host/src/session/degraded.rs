//! Degraded: why a run that came to its end did not go as it should.
//!
//! In: a report, how the run ended, and what went wrong beside the audio. Out: one sentence each.

use crate::loading::Missed;
use crate::observe::{FaultReport, RunReport, StreamReport};
use crate::session::error::SessionError;
use crate::session::run::Ended;

/// What went wrong beside the audio.
pub(super) struct Trouble {
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
    reasons.extend(non_finite(&report.stream));
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

/// One sentence for each failure of a stage, tap or decision.
fn faults(report: &RunReport) -> Vec<String> {
    let stages = report.stages.iter();
    let stages = stages.flat_map(|at| at.faults.iter().map(move |fault| ("stage", &at.id, fault)));
    let taps = report.taps.iter();
    let taps = taps.flat_map(|at| at.fault.iter().map(move |fault| ("tap", &at.id, fault)));
    let decides = report.decides.iter();
    let decides = decides.flat_map(|at| {
        at.fault
            .iter()
            .map(move |fault| ("decision", &at.id, fault))
    });
    let sentence = |(kind, id, fault): (&str, &String, &FaultReport)| {
        format!(
            "{kind} `{id}` failed at frame {}: {}",
            fault.position_frames, fault.text
        )
    };
    stages.chain(taps).chain(decides).map(sentence).collect()
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

impl Trouble {
    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
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
