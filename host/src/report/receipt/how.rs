//! How: how a change went, in clauses of one line.
//!
//! Pure.

use crate::observe::{ChangeVerdict, Receipt, Seam, StepKind, Takeover};
use crate::report::figures::{duration, reading};
use crate::report::receipt::size_of;

/// How it went, in clauses.
pub(super) fn how(receipt: &Receipt, sample_rate_hz: u32) -> String {
    let mut clauses = Vec::new();
    if receipt.verdict != ChangeVerdict::Done {
        let last = match receipt.state {
            state if state.is_over() => String::new(),
            state => format!(" ({state})"),
        };
        clauses.push(format!("{}{last}", receipt.verdict));
    }
    let mut taken: Vec<String> = Vec::new();
    let takeover = receipt.takeover.as_ref();
    taken.extend(takeover.map(|takeover| taken_over(takeover, sample_rate_hz)));
    let seam = receipt.seam.as_ref().map(against_own);
    // Where no instance took over, what was done comes first.
    let (with_takeover, alone) = match taken.is_empty() {
        true => (None, seam),
        false => (seam, None),
    };
    taken.extend(with_takeover);
    clauses.extend((!taken.is_empty()).then(|| taken.join(", ")));
    clauses.extend(receipt.brief_reasons());
    clauses.extend(alone);
    clauses.extend(counted(receipt));
    let worked = receipt.steps.iter();
    // How long the audio thread took says nothing of how long the work took.
    let worked = worked.filter(|step| step.step != StepKind::Exchange);
    let worked = worked.fold(0u64, |sum, step| sum.saturating_add(step.took_ns));
    if receipt.verdict == ChangeVerdict::Done && worked > 0 {
        clauses.push(format!("ready in {}", duration(worked)));
    }
    clauses.join("; ")
}

/// How the new instance took the place of the old one.
fn taken_over(takeover: &Takeover, sample_rate_hz: u32) -> String {
    match takeover {
        Takeover::Handoff { bytes, took_ns } => {
            let (size, time) = (size_of(*bytes), duration(*took_ns));
            format!("state handed over ({size}, {time})")
        }
        Takeover::Fade { frames: 0, .. } => "exchanged".to_owned(),
        Takeover::Fade { frames, .. } => format!("{} fade", length(*frames, sample_rate_hz)),
    }
}

/// What nobody wants to see, where it happened.
fn counted(receipt: &Receipt) -> Vec<String> {
    let counts = [
        (
            receipt.alignment.inserted_frames,
            ["frame of silence put in", "frames of silence put in"],
        ),
        (receipt.late_blocks, ["late block", "late blocks"]),
        (
            receipt.heap_calls.unwrap_or(0),
            [
                "heap call on the audio thread",
                "heap calls on the audio thread",
            ],
        ),
    ];
    let found = counts.iter().filter(|(count, _)| *count > 0);
    found
        .map(|(count, [one, many])| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect()
}

/// A stretch of the stream as people measure fades.
fn length(frames: u64, sample_rate_hz: u32) -> String {
    match sample_rate_hz {
        0 => format!("{frames} frames"),
        rate => {
            let nanoseconds = u128::from(frames) * 1_000_000_000 / u128::from(rate);
            duration(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
        }
    }
}

/// The seam's step as a multiple of the signal's own.
fn against_own(seam: &Seam) -> String {
    match (seam.largest_step, seam.own_step_p999) {
        (step, _) if !step.is_finite() => "step unknown".to_owned(),
        (0.0, _) => "no step".to_owned(),
        (step, own) if own > 0.0 => format!("step {} of the signal's own", ratio(step / own)),
        (step, _) => format!("step {} out of silence", reading(step)),
    }
}

/// A multiple: one decimal near 1, more where it is small.
fn ratio(value: f64) -> String {
    match value {
        value if value < 0.095 => format!("{value:.2}"),
        value if value < 99.5 => format!("{value:.1}"),
        value => reading(value.round()),
    }
}
