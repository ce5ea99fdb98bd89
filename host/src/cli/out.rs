//! Out: data for standard output.
//!
//! In: text. Out: the same, whole for programs and harmless on a screen. A reader who closed standard
//! output ends the process without a word.

use std::io::{self, Write};

use crate::cli::end::end;
use crate::cli::exit::Exit;
use crate::cli::terminal::{Terminal, say, voice};
use crate::escape;
use crate::process::standard;

impl Terminal {
    /// Writes data to standard output.
    pub(super) fn print(&self, text: &str) {
        // Both streams may be one terminal: what was said first stands first.
        voice::flush();
        let written = match self.out.is_terminal {
            true => standard::output().write_all(escape::screen(text).as_bytes()),
            // Programs read it, and get every byte.
            false => standard::output().write_all(text.as_bytes()),
        };
        if let Err(error) = written {
            give_up(&error);
        }
    }
}

/// Ends the process when standard output takes no more: without a word where its reader had enough.
fn give_up(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        end(Exit::Done);
    }
    say(&format!(
        "error: standard output cannot be written: {error}\n"
    ));
    end(Exit::Failed)
}
