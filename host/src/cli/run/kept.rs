//! Kept: what there is of an output when something ended the run.
//!
//! In: where the output went, how much was written. Out: a sentence, or nothing where there is no
//! output or nothing is known. Pure.

use segue_media::io::Written;

use crate::cli::run::meaning::PIPE;
use crate::cli::signals;
use crate::cli::terminal::Amount;
use crate::observe::StreamReport;
use crate::session::{Ended, SessionError};

/// Where an output went, and its frames per second.
type Place<'a> = (&'a str, u32);

fn place(stream: Option<&StreamReport>) -> Option<Place<'_>> {
    let stream = stream?;
    Some((stream.output.as_deref()?, stream.sample_rate_hz))
}

/// What a run that failed left of its output.
pub(super) fn behind(
    error: &SessionError,
    stream: Option<&StreamReport>,
    written: Option<Written>,
) -> Option<String> {
    match error {
        SessionError::Hung { output, .. } => {
            let output = output.as_ref();
            left(output.map(|(path, rate_hz)| (&**path, *rate_hz)), written)
        }
        _ => holds(place(stream), written),
    }
}

/// What there is of the output: `rec.wav holds 12.3 s`.
fn holds(place: Option<Place<'_>>, written: Option<Written>) -> Option<String> {
    let (path, sample_rate_hz) = place?;
    let seconds = written?.frames as f64 / f64::from(sample_rate_hz);
    Some(match path {
        PIPE => format!("{seconds:.1} s went to standard output"),
        path => format!("{path} holds {seconds:.1} s"),
    })
}

/// What is said of a run that ended before its input did.
pub(super) fn early(
    amount: Amount,
    ended: &Ended,
    stream: Option<&StreamReport>,
    written: Option<Written>,
) -> Option<String> {
    let is_quiet = amount == Amount::Quiet;
    let cause = match ended {
        Ended::Complete => return None,
        Ended::ByDecision(_) | Ended::OnRequest if is_quiet => return None,
        Ended::Interrupted(signal) => Some(format!("stopped by {}", signals::name(*signal))),
        Ended::OnRequest => Some("stopped on request".to_owned()),
        // Which and why stands among what degraded the run.
        Ended::ByDecision(_) => None,
    };
    let words: Vec<_> = cause
        .into_iter()
        .chain(left(place(stream), written))
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// What there is of the output, where there is one: nothing, say.
fn left(place: Option<Place<'_>>, written: Option<Written>) -> Option<String> {
    holds(place, written).or_else(|| {
        Some(match place?.0 {
            PIPE => "nothing went to standard output".to_owned(),
            path => format!("{path} was not written"),
        })
    })
}
