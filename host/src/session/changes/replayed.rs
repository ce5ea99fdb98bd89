//! Replayed: whether a change came about as the timeline says that it did in another run.
//!
//! In: what the timeline says, and the receipts. Out: the first difference, in words; a run that
//! plays something else than the one that it is to repeat must not pass for it.
//!
//! Pure.

use std::ops::Range;

use crate::observe::{ChangeAction, ChangeVerdict, Receipt, Takeover, Who};
use crate::swap::ask::{Replay, ReplayedFade};

/// The changes of a run that did not come about as in the run that they replay; no more than its
/// timeline has.
pub(super) struct Unlike(Vec<String>);

impl Unlike {
    /// None yet.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Holds the receipts of one change, before they are filed, against what a timeline says of it.
    pub(super) fn compare(&mut self, receipts: &mut [Receipt], replay: Option<&Replay>) {
        let found = replay.and_then(|replay| difference(replay, receipts));
        let Some((first, found)) = receipts.first().zip(found) else {
            return;
        };
        self.tell((first.action, &first.stage), &first.cause.who, &found);
        let sentence = sentence(&found);
        let reasons = receipts.iter_mut().map(|receipt| &mut receipt.reasons);
        reasons.for_each(|reasons| reasons.push(sentence.clone()));
    }

    /// A change came about otherwise.
    pub(super) fn tell(&mut self, (action, stage): (ChangeAction, &str), who: &Who, found: &str) {
        let sentence = sentence(found);
        self.0
            .push(format!("{action} of `{stage}` ({who}): {sentence}"));
    }

    /// All of them, one sentence each.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0)
    }
}

/// What came about otherwise than `replay` says; `None` where nothing did, or where the change was
/// not done, which its receipts say themselves.
pub(super) fn difference(replay: &Replay, receipts: &[Receipt]) -> Option<String> {
    let mut all = receipts.iter();
    if all.any(|receipt| receipt.verdict != ChangeVerdict::Done) {
        return None;
    }
    let applied = receipts.iter().find_map(applied_at);
    let states = receipts.iter().find_map(|receipt| receipt.states_at_frames);
    applied_otherwise(applied, replay.applied_at_frames)
        .or_else(|| written_otherwise(states, replay.states_at_frames))
        .or_else(|| receipts.iter().find_map(|one| faded_otherwise(one, replay)))
        .or_else(|| replay.fades.iter().find_map(|one| missing(one, receipts)))
}

/// A difference with what it means and what to do.
fn sentence(difference: &str) -> String {
    format!(
        "it did not come about as `replay` says: {difference}; so the output is not that of the run \
         that is replayed; take all numbers from the receipts of this one change, and the same \
         input, plugins and earlier changes"
    )
}

/// Where a change was applied; of a value that is not measured only this is known.
fn applied_at(receipt: &Receipt) -> Option<u64> {
    receipt.applied_at_frames.or(receipt.heard_at_frames)
}

fn applied_otherwise(found: Option<u64>, expected: u64) -> Option<String> {
    let found = match found {
        Some(found) if found == expected => return None,
        Some(found) => format!("was applied at frame {found}"),
        None => "was not applied".to_owned(),
    };
    Some(format!("it {found}, expected frame {expected}"))
}

fn written_otherwise(found: Option<u64>, expected: Option<u64>) -> Option<String> {
    let words = |at: Option<u64>| at.map_or("no state".to_owned(), |at| format!("frame {at}"));
    (found != expected).then(|| {
        let (found, expected) = (words(found), words(expected));
        format!("states were written: {found}, expected {expected}")
    })
}

/// How an instance took over, where `replay` has it otherwise.
fn faded_otherwise(receipt: &Receipt, replay: &Replay) -> Option<String> {
    let stage = &receipt.stage;
    match (&receipt.takeover, replay.fade(stage)) {
        (
            Some(Takeover::Fade {
                primed_from_frames: from,
                primed_to_frames: to,
                ..
            }),
            Some(fade),
        ) => {
            let found = from.zip(*to).map(|(from, to)| from..to);
            (found != fade.primed_frames).then(|| {
                let (found, expected) = (heard(&found), heard(&fade.primed_frames));
                format!("the new instance of `{stage}` had heard {found}, expected {expected}")
            })
        }
        (Some(Takeover::Fade { why, .. }), None) => Some(format!(
            "`{stage}` was faded in ({why}), expected a handoff of state, as `fades` has no `{stage}`"
        )),
        (Some(Takeover::Handoff { .. }), Some(_)) => Some(format!(
            "`{stage}` took over the state of the old instance, expected a fade"
        )),
        // What has no new instance is looked for below.
        (Some(Takeover::Handoff { .. }) | None, _) => None,
    }
}

/// A fade that `replay` has and no receipt tells of.
fn missing(fade: &ReplayedFade, receipts: &[Receipt]) -> Option<String> {
    let stage = &fade.stage;
    let mut all = receipts.iter();
    let is_there = all.any(|one| one.stage == stage.as_str() && one.takeover.is_some());
    (!is_there).then(|| format!("no new instance of `{stage}` was faded in, expected one"))
}

fn heard(frames: &Option<Range<u64>>) -> String {
    match frames {
        Some(Range { start, end }) => format!("frames {start} to {end} before"),
        None => "nothing before".to_owned(),
    }
}
