//! Last: what earlier sessions of this user died of, and the note that tells it of this one.
//!
//! In: the folder for state. Out: one line for each session that died, once; it starts all the same.

use std::io;

use segue_media::utc;

use crate::cli::failure::Failure;
use crate::cli::printed;
use crate::cli::shell::Shell;
use crate::cli::text::clean;
use crate::private::Private;
use crate::process::note::{self, LeftNote};

/// The most libraries that are named; a session may have opened hundreds.
const NAMES_MAX: usize = 8;

/// Says what died, begins the note of this process, and keeps what plugins print apart from what the
/// host writes. Call it before a library is opened.
///
/// # Errors
/// When plugins cannot be kept apart.
pub(super) fn begin(shell: &Shell) -> Result<(), Failure> {
    tell(shell);
    printed::keep_apart(shell.terminal)
}

fn tell(shell: &Shell) {
    let folder = shell.environment.state();
    let noted = Private::open(&folder).map_err(io::Error::from);
    let noted = noted.and_then(|folder| {
        for left in note::left_behind(&folder) {
            tracing::warn!("{}", clean(&sentence(&left)));
        }
        note::begin(&folder)
    });
    if let Err(error) = noted {
        let folder = folder.display().to_string();
        let folder = clean(&folder);
        tracing::warn!(
            "{folder} takes no note, so the next start cannot say what this session died of: {error}"
        );
    }
}

/// What one note says. A process that left no words was ended from outside, as far as it knew.
fn sentence(left: &LeftNote) -> String {
    let since = left.since_seconds.map(utc);
    let since = since.map_or_else(String::new, |since| format!(", begun {since}"));
    let who = format!("an earlier session (process {}{since})", left.process);
    let words = match &left.words {
        Some(words) => words.clone(),
        None => "ended without a word: it was killed, or the machine stopped".to_owned(),
    };
    match opened(&left.opened) {
        None => format!("{who} {words}"),
        Some(opened) => format!("{who} {words}; it had opened {opened}"),
    }
}

fn opened(all: &[String]) -> Option<String> {
    let named = all.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>();
    let more = all.len() - named.len();
    match (named.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named.join(", ")),
        (false, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(opened: usize, words: Option<&str>) -> LeftNote {
        LeftNote {
            process: "77".to_owned(),
            since_seconds: Some(0),
            opened: (0..opened).map(|at| format!("a{at} 1.0.0")).collect(),
            words: words.map(str::to_owned),
        }
    }

    #[test]
    fn a_note_becomes_one_sentence() {
        let who = "an earlier session (process 77, begun 1970-01-01T00:00:00Z)";
        for (left, rest) in [
            (
                left(1, Some("died of SIGSEGV while stage `a` was called")),
                "died of SIGSEGV while stage `a` was called; it had opened a0 1.0.0",
            ),
            (
                left(0, None),
                "ended without a word: it was killed, or the machine stopped",
            ),
        ] {
            assert_eq!(sentence(&left), format!("{who} {rest}"));
        }
        assert!(sentence(&left(10, None)).ends_with("a7 1.0.0 and 2 more"));
    }
}
