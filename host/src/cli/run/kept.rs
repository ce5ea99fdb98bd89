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
            after_signal(output.map(|(path, rate_hz)| (&**path, *rate_hz)), written)
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
    let output = stream.and_then(|stream| stream.output.as_deref());
    match ended {
        Ended::Complete => None,
        Ended::Interrupted(signal) => {
            let kept = after_signal(place(stream), written);
            let kept = kept.map_or_else(String::new, |kept| format!("; {kept}"));
            Some(format!("stopped by {}{kept}", signals::name(*signal)))
        }
        Ended::ByDecision(_) | Ended::OnRequest if is_quiet => None,
        Ended::ByDecision(_) => Some(format!("{} holds what came until then", output?)),
        Ended::OnRequest => {
            let path = match output? {
                PIPE => "standard output",
                path => path,
            };
            Some(format!(
                "stopped on request; {path} holds what came until then"
            ))
        }
    }
}

/// The same after a signal, which leaves nothing of a file that is whole or nothing.
fn after_signal(place: Option<Place<'_>>, written: Option<Written>) -> Option<String> {
    holds(place, written).or_else(|| {
        Some(match place?.0 {
            PIPE => "nothing went to standard output".to_owned(),
            path => format!("{path} was not written"),
        })
    })
}
