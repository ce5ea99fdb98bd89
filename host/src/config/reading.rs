//! Reading: the bytes of a configuration file, as far as they may go.
//!
//! In: a path, whatever is there. Out: text to parse, or a mistake that says what is there instead.
//!
//! Never waits: what is no regular file is not opened, and not more than the limit is read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::config::limits::FILE_BYTES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::overlay::Override;
use crate::config::source::{SourceId, Span};
use crate::config::{parse, sources};

/// Reads a configuration file. Thread: control; it reads a file.
///
/// # Errors
/// Every mistake at once, each with its place; one without a place if there is nothing to read.
pub fn read(path: &Path, overrides: &[Override]) -> Result<Config, Mistakes> {
    let refuse = |text: &str, mistake| {
        let mut mistakes = Mistakes::new(sources(text, path, &[]).0);
        mistakes.push(mistake);
        mistakes
    };
    let bytes = bytes(path).map_err(|why| refuse("", Mistake::nowhere(why)))?;
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path, overrides),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
            let mistake = Mistake::new(
                Span::new(SourceId::FILE, span),
                format!("byte {} of the file is not UTF-8", at + 1),
            );
            Err(refuse(&text, mistake.help("save the file as UTF-8")))
        }
    }
}

/// The bytes of a regular file that is not too large, or a sentence.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error| format!("{} cannot be read: {error}", path.display());
    // Opening a FIFO would wait for whoever writes to it, so what is there is asked first.
    let kind = std::fs::metadata(path).map_err(cannot)?;
    if kind.is_dir() {
        return Err(format!(
            "{} is a folder, expected a file, as in {}",
            path.display(),
            path.join("plugins.toml").display()
        ));
    }
    if !kind.is_file() {
        return Err(format!("{} is not a regular file", path.display()));
    }
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    let file = File::open(path).map_err(cannot)?;
    file.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!(
            "{} has {} bytes, expected at most {FILE_BYTES_MAX}",
            path.display(),
            kind.len()
        ));
    }
    Ok(bytes)
}
