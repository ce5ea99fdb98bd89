//! How: how a change went, in clauses of one line.
//!
//! Pure.

use crate::observe::{Receipt, Seam, Takeover};
use crate::report::figures::{duration, reading};
use crate::report::receipt::size_of;

/// Steps that say how long somebody waited for the stream, not how long the work took.
const WAITS: [&str; 2] = ["wait", "exchange"];

/// How it went, in clauses.
pub(super) fn how(receipt: &Receipt, sample_rate_hz: u32) -> String {
    let mut clauses = Vec::new();
    if receipt.verdict != "done" {
        let last = match receipt.state.as_str() {
            "" | "aborted" | "retired" => String::new(),
            state => format!(" ({state})"),
        };
        clauses.push(format!("{}{last}", receipt.verdict));
    }
    let mut taken: Vec<String> = Vec::new();
    taken.extend(receipt.takeover.as_ref().map(|one| match one {
        Takeover::Handoff {
            bytes: size,
            took_ns,
        } => {
            format!(
                "state handed over ({}, {})",
                size_of(*size),
                duration(*took_ns)
            )
        }
        Takeover::Fade { frames: 0, .. } => "exchanged".to_owned(),
        Takeover::Fade { frames, .. } => format!("{} fade", length(*frames, sample_rate_hz)),
    }));
    taken.extend(receipt.seam.as_ref().map(against_own));
    clauses.extend((!taken.is_empty()).then(|| taken.join(", ")));
    clauses.extend(receipt.brief_reasons());
    clauses.extend(counted(receipt));
    let worked = receipt.steps.iter();
    let worked = worked.filter(|step| !WAITS.contains(&step.step.as_str()));
    let worked = worked.fold(0u64, |sum, step| sum.saturating_add(step.took_ns));
    if receipt.verdict == "done" && worked > 0 {
        clauses.push(format!("ready in {}", duration(worked)));
    }
    clauses.join("; ")
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
