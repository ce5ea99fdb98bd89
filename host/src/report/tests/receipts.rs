//! Receipts: as people read them, compared to the last character.

use proptest::prelude::*;

use crate::config::render::Color;
use crate::observe::{
    Alignment, Cause, ChangeAction, ChangeState, ChangeVerdict, Identity, Receipt, Seam, StepKind,
    StepTime, Takeover, Who,
};
use crate::report::receipt::{essence, line, text};
use crate::report::tests::golden::{check, is_narrow};

fn identity(component: &str, version: &str) -> Identity {
    Identity {
        component: component.to_owned(),
        version: version.to_owned(),
        sha256: "0123456789abcdef".repeat(4),
    }
}

fn bypass() -> Identity {
    Identity {
        component: "bypass".to_owned(),
        version: String::new(),
        sha256: String::new(),
    }
}

fn steps(kinds: &[StepKind]) -> Vec<StepTime> {
    let step = |(at, kind): (usize, &StepKind)| StepTime {
        step: *kind,
        took_ns: 410_000 * (at as u64 + 1),
    };
    kinds.iter().enumerate().map(step).collect()
}

/// A swap with state.
fn handoff() -> Receipt {
    Receipt {
        change: 1,
        stage: "eq".to_owned(),
        action: ChangeAction::Swap,
        cause: Cause {
            who: Who::from("ctl: ada (pid 7)".to_owned()),
            why: "the new curve".to_owned(),
        },
        verdict: ChangeVerdict::Done,
        reasons: Vec::new(),
        mistakes: Vec::new(),
        state: ChangeState::Retired,
        old: Some(identity("segue.filters/eq", "1.0.0")),
        new: Some(identity("segue.filters/eq", "1.1.0")),
        asked_at_frames: 57_600,
        applied_at_frames: Some(59_232),
        states_at_frames: None,
        heard_at_frames: Some(59_232),
        done_at_frames: Some(59_232),
        steps: steps(&[
            StepKind::Resolve,
            StepKind::Open,
            StepKind::Create,
            StepKind::Exchange,
        ]),
        takeover: Some(Takeover::Handoff {
            bytes: 312,
            took_ns: 400,
        }),
        alignment: Alignment::default(),
        frames_in: 336_000,
        frames_out: 336_000,
        seam: Some(Seam {
            largest_step: 0.0117,
            own_step_p999: 0.0130,
            own_step_max: 0.0142,
            frames: 4_097,
        }),
        heap_calls: Some(0),
        late_blocks: 0,
    }
}

/// A swap of another component, later than the old one, with leave to put silence in.
fn fade() -> Receipt {
    Receipt {
        change: 2,
        stage: "a-tube-with-a-long-name".to_owned(),
        action: ChangeAction::Swap,
        cause: Cause {
            who: Who::Watch,
            why: String::new(),
        },
        old: Some(identity("acme.warmth/tube", "1.0.0")),
        new: Some(identity("acme.glow/valve", "0.3.0-beta.2")),
        done_at_frames: Some(60_192),
        takeover: Some(Takeover::Fade {
            frames: 960,
            primed_frames: 144_000,
            primed_from_frames: Some(9_600),
            primed_to_frames: Some(52_800),
            why: "acme.glow/valve keeps no state that acme.warmth/tube writes".to_owned(),
        }),
        alignment: Alignment {
            old_latency_frames: 64,
            new_latency_frames: 480,
            before_frames: 64,
            after_frames: 480,
            reserve_frames: 256,
            inserted_frames: 160,
        },
        frames_out: 335_584,
        seam: Some(Seam {
            largest_step: 0.5,
            own_step_p999: 0.0,
            own_step_max: 0.0,
            frames: 4_097,
        }),
        heap_calls: Some(1),
        late_blocks: 2,
        ..handoff()
    }
}

/// A candidate that failed in shadow, with what it said.
fn aborted() -> Receipt {
    Receipt {
        change: 3,
        action: ChangeAction::Rollback,
        verdict: ChangeVerdict::Aborted,
        reasons: vec![format!("panicked: {}\u{1b}[2J", "out of bounds ".repeat(6))],
        state: ChangeState::Shadow,
        states_at_frames: Some(58_900),
        heard_at_frames: None,
        done_at_frames: None,
        takeover: None,
        seam: None,
        heap_calls: None,
        ..handoff()
    }
}

/// A stage that is bypassed, exchanged at once on silence.
fn bypassed() -> Receipt {
    Receipt {
        change: 4,
        action: ChangeAction::Bypass,
        cause: Cause::default(),
        new: Some(bypass()),
        steps: Vec::new(),
        takeover: Some(Takeover::Fade {
            frames: 0,
            primed_frames: 0,
            primed_from_frames: None,
            primed_to_frames: None,
            why: String::new(),
        }),
        seam: Some(Seam {
            largest_step: 0.0,
            own_step_p999: 0.0,
            own_step_max: 0.0,
            frames: 10,
        }),
        ..handoff()
    }
}

/// Another value of a parameter.
fn set() -> Receipt {
    Receipt {
        change: 5,
        action: ChangeAction::Set,
        reasons: vec!["gain_db -6 -> -3".to_owned()],
        old: None,
        new: None,
        steps: Vec::new(),
        takeover: None,
        seam: Some(Seam {
            largest_step: 0.0123,
            own_step_p999: 0.0119,
            own_step_max: 0.0121,
            frames: 8_897,
        }),
        ..handoff()
    }
}

/// One of each kind.
pub(in crate::report) fn all() -> Vec<Receipt> {
    vec![handoff(), fade(), aborted(), bypassed(), set()]
}

#[test]
fn receipts_are_pages() {
    let pages = all().into_iter();
    let pages = pages.map(|receipt| text(&receipt, Color::Plain, 80, 48_000));
    let pages = pages.collect::<Vec<_>>().join("\n");
    check("receipts.txt", &pages);
    assert!(
        is_narrow(&pages, 80) && !pages.contains('\u{1b}'),
        "{pages}"
    );
}

#[test]
fn receipts_have_their_essence_in_a_line() {
    let lines = all().into_iter();
    let lines = lines.map(|receipt| line(&receipt, 48_000) + "\n");
    check("receipt-lines.txt", &lines.collect::<String>());
}

#[test]
fn what_is_about_no_single_stage_is_about_the_pipeline() {
    let mut receipt = fade();
    receipt.stage = "*".to_owned();
    let found = line(&receipt, 48_000);
    assert!(found.starts_with("swap: the pipeline at 1."), "{found}");
    let page = text(&receipt, Color::Plain, 80, 48_000);
    assert!(page.contains("swap of the pipeline\n"), "{page}");
}

#[test]
fn where_the_rate_is_not_known_places_are_frames() {
    let found = essence(&fade(), 0);
    assert!(found.contains("at frame 59232: 960 frames fade"), "{found}");
}

#[test]
fn two_builds_of_one_version_are_told_apart() {
    let mut receipt = handoff();
    receipt.new = receipt.old.clone();
    let same = essence(&receipt, 48_000);
    assert!(same.starts_with("eq segue.filters/eq 1.0.0 at"), "{same}");
    receipt.new = Some(Identity {
        sha256: "ff".repeat(32),
        ..identity("segue.filters/eq", "1.0.0")
    });
    let other = essence(&receipt, 48_000);
    let expected = "eq segue.filters/eq 1.0.0 in another build at";
    assert!(other.starts_with(expected), "{other}");
}

proptest! {
    #[test]
    fn whatever_a_receipt_says_its_page_keeps_its_width(
        reason in ".{0,200}", who in ".{0,90}", component in "[a-z./]{0,150}",
        numbers in any::<[u64; 6]>(), step in any::<f64>(), own in any::<f64>(),
        columns in 0usize..120, rate in any::<u32>(),
    ) {
        let mut receipt = fade();
        receipt.reasons = vec![reason];
        receipt.cause.who = Who::from(who);
        receipt.old = Some(identity(&component, "1.0.0"));
        [
            receipt.change, receipt.asked_at_frames, receipt.frames_in, receipt.late_blocks,
            receipt.alignment.inserted_frames, receipt.steps[0].took_ns,
        ] = numbers;
        receipt.steps[1].took_ns = u64::MAX;
        receipt.seam = Some(Seam { largest_step: step, own_step_p999: own, own_step_max: own, frames: 1 });
        let page = text(&receipt, Color::Plain, columns, rate);
        prop_assert!(is_narrow(&page, columns.max(40)), "{page}");
        prop_assert!(page.chars().all(|one| one == '\n' || !one.is_control()));
        let line = line(&receipt, rate);
        prop_assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line}");
    }
}
