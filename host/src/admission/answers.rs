//! Answers: what the helper process tells whoever started it.
//!
//! In: lines. Out: the same on what was standard output, which the libraries have no longer: what
//! they write there goes to standard error.

use std::fs::File;
use std::io::Write;

use crate::admission::wire::HelperLine;
use crate::system::streams;

/// Where the lines go.
#[derive(Debug)]
pub(super) struct Answers(File);

impl Answers {
    /// Takes standard output for itself and leaves standard error in its place.
    pub(super) fn take() -> Option<Self> {
        let own = streams::copy(streams::output()).ok()?;
        streams::replace_output(streams::error()).ok()?;
        Some(Self(File::from(own)))
    }

    /// Sends a line, at once.
    pub(super) fn send(&mut self, line: &HelperLine) {
        // Without a reader, or if a library closed the descriptor, nobody is left to tell.
        let _ = self.0.write_all(&line.encode());
    }
}
