//! Protocol: the lines on a control socket, as values; `docs/control.md` is its specification.
//!
//! In: bytes from a client, answers of a session. Out: what is asked for, or why it cannot be
//! read; the line that goes back. The client uses the same types the other way round.
//!
//! Pure. One JSON object a line. Fields that are not known are ignored, so that both sides can
//! grow; commands that are not known are answered with an error.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::control::request::{Order, Wanted, read, written};
use crate::observe::{ChangeVerdict, PlannedEdit, Receipt, Status};
use crate::swap::ask::Answer;

/// The version of the protocol. It is raised when a line that was understood is no longer.
pub const PROTOCOL: u32 = 1;

/// The longest line that a session reads, in bytes. The longest sensible one has a tenth of it.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// The longest line that a client reads, in bytes: a thousand stages with all their parameters.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most bytes of a reason that somebody gives: it stands in receipts and lists.
pub const WHY_BYTES_MAX: usize = 1_024;

/// The first line on every connection, from the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The version of Segue.
    pub segue: String,
    /// The version of the protocol.
    pub protocol: u32,
    /// The session's name.
    pub session: String,
    /// The session's process.
    pub pid: u32,
    /// The configuration it runs.
    pub config: String,
    /// Frames per second of its stream; 0 before it begins.
    #[serde(default)]
    pub sample_rate_hz: u32,
}

/// What comes back for one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's `id`, as it was.
    #[serde(default)]
    pub id: Value,
    /// Whether it was done as it was asked.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<Greeting>,
    /// How the session is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<Status>>,
    /// What changed, and how that went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Vec<Receipt>>,
    /// What a reload would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlannedEdit>>,
    /// What was done, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Of which kind that is, for programs.
    pub kind: ProblemKind,
    /// One or more lines for people.
    pub text: String,
}

/// Kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The line is not a JSON object, or one that is too long.
    Malformed,
    /// The command is not known here.
    UnknownCommand,
    /// A field is missing or has a value that cannot be.
    Misused,
    /// Too many requests wait already, or too many clients are here.
    Busy,
    /// The session said no; nothing had begun.
    Refused,
    /// The change had begun and was taken back: the graph is as before.
    Aborted,
    /// The session is over, or nearly.
    Ended,
    /// Who asks may not.
    Forbidden,
    /// A kind of a later version.
    #[serde(other)]
    Other,
}

impl Reply {
    /// An answer that has nothing in it yet.
    #[must_use]
    pub const fn new(id: Value) -> Self {
        Self {
            id,
            ok: true,
            error: None,
            hello: None,
            status: None,
            receipts: None,
            plan: None,
            text: None,
        }
    }

    /// The answer that something was not done.
    #[must_use]
    pub fn problem(id: Value, kind: ProblemKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            ok: false,
            error: Some(Problem { kind, text }),
            ..Self::new(id)
        }
    }

    /// The line of a session's answer.
    #[must_use]
    pub fn of(id: Value, answer: Answer) -> Self {
        let plain = Self::new(id);
        match answer {
            Answer::Status(mut status) => {
                tidy(&mut status);
                Self {
                    status: Some(status),
                    ..plain
                }
            }
            Answer::Changed(mut receipts) => {
                receipts.iter_mut().for_each(tidy_receipt);
                let error = undone(&receipts);
                Self {
                    ok: error.is_none(),
                    error,
                    receipts: Some(receipts),
                    ..plain
                }
            }
            Answer::Planned(plan) => Self {
                plan: Some(plan),
                ..plain
            },
            Answer::Done(text) => Self {
                text: Some(text),
                ..plain
            },
            Answer::Refused(text) => Self::problem(plain.id, ProblemKind::Refused, text),
        }
    }

    /// The line as it is sent.
    ///
    /// # Panics
    /// Never: numbers, texts and lists of them can be said in JSON.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("an answer is numbers, texts and lists of them")
    }
}

/// What is wrong with a change of which a stage is not as it was to be.
fn undone(receipts: &[Receipt]) -> Option<Problem> {
    let undone = receipts.iter();
    let undone = undone.filter(|receipt| receipt.verdict != ChangeVerdict::Done);
    let mut worst = ProblemKind::Refused;
    let mut lines = Vec::new();
    for receipt in undone {
        if receipt.verdict != ChangeVerdict::Refused {
            worst = ProblemKind::Aborted;
        }
        let (stage, verdict) = (&receipt.stage, &receipt.verdict);
        let why = receipt.reasons.join("; ");
        lines.push(format!("{} of `{stage}` {verdict}: {why}", receipt.action));
    }
    (!lines.is_empty()).then(|| Problem {
        kind: worst,
        text: lines.join("\n"),
    })
}

/// JSON has no word for what is not finite: such values are left out.
fn tidy(status: &mut Status) {
    for stage in &mut status.stages {
        stage.params.retain(|(_, value)| value.is_finite());
        stage.outputs.retain(|(_, value)| value.is_finite());
    }
    status.receipts.iter_mut().for_each(tidy_receipt);
}

fn tidy_receipt(receipt: &mut Receipt) {
    receipt.seam = receipt.seam.filter(|seam| {
        let steps = [seam.largest_step, seam.own_step_p999, seam.own_step_max];
        steps.iter().all(|step| step.is_finite())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{
        ChangeAction, ChangeState, Pace, PriorityReport, Seam, SessionState, StageCondition,
        StageStatus, Stalls,
    };

    fn receipt(stage: &str, verdict: ChangeVerdict) -> Receipt {
        Receipt {
            change: 1,
            stage: stage.to_owned(),
            action: ChangeAction::Swap,
            verdict,
            reasons: vec!["it is so".to_owned()],
            state: ChangeState::Aborted,
            ..Receipt::default()
        }
    }

    fn check(verdicts: &[ChangeVerdict], expected: Option<ProblemKind>) {
        let receipts = verdicts.iter().map(|verdict| receipt("tube", *verdict));
        let reply = Reply::of(Value::Null, Answer::Changed(receipts.collect()));
        assert_eq!(reply.error.map(|problem| problem.kind), expected);
        assert_eq!(reply.ok, expected.is_none());
    }

    #[test]
    fn a_change_is_well_only_if_every_stage_of_it_is() {
        use ChangeVerdict::{Aborted, Done, Refused};
        check(&[Done, Done], None);
        check(&[Done, Refused], Some(ProblemKind::Refused));
        check(&[Refused, Aborted], Some(ProblemKind::Aborted));
    }

    #[test]
    fn the_line_of_a_refusal_is_as_documented() {
        let reply = Reply::problem(
            Value::from(7),
            ProblemKind::Busy,
            "64 requests wait already",
        );
        assert_eq!(
            reply.line(),
            r#"{"id":7,"ok":false,"error":{"kind":"busy","text":"64 requests wait already"}}"#
        );
    }

    #[test]
    fn a_kind_of_a_later_version_is_read_as_another_one() {
        let line = r#"{"ok":false,"error":{"kind":"too-hot","text":"x"},"new":[1]}"#;
        let reply: Reply = serde_json::from_str(line).unwrap();
        assert_eq!(reply.error.unwrap().kind, ProblemKind::Other);
    }

    #[test]
    fn values_that_are_not_finite_do_not_spoil_the_line() {
        let seam = Seam {
            largest_step: f64::INFINITY,
            own_step_p999: 0.0,
            own_step_max: 0.0,
            frames: 1,
        };
        let mut spoilt = receipt("tube", ChangeVerdict::Done);
        spoilt.seam = Some(seam);
        let stage = StageStatus {
            id: "tube".to_owned(),
            component: String::new(),
            version: String::new(),
            state: StageCondition::Heard,
            latency_frames: 0,
            params: vec![("a".to_owned(), 1.0)],
            outputs: vec![("b".to_owned(), f64::NAN), ("c".to_owned(), 2.0)],
            rollback: None,
            pending: None,
        };
        let status = Status {
            session: String::new(),
            config: String::new(),
            state: SessionState::Running,
            pace: Pace::Fast,
            position_frames: 0,
            frames: None,
            sample_rate_hz: 0,
            latency_frames: 0,
            reserve_frames: 0,
            late_blocks: 0,
            lateness: None,
            stalls: Stalls::default(),
            waiting: None,
            priority: PriorityReport::default(),
            stages: vec![stage],
            overrides: Vec::new(),
            receipts: vec![spoilt],
            generations: Vec::new(),
        };
        let reply = Reply::of(Value::Null, Answer::Status(Box::new(status)));
        let read: Reply = serde_json::from_str(&reply.line()).unwrap();
        assert_eq!(read, reply);
        assert_eq!(read.status.unwrap().stages[0].outputs.len(), 1);
    }
}
