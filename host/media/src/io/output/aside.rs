//! Aside: an unfinished recording makes room for what is to have its name.
//!
//! In: the name of an output. Out: the recording that had it, under a name with the time at which
//! it began; nothing where the name is free, or what has it is finished.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::path::PathBuf;

use crate::date::utc;
use crate::io::error::CreateError;
use crate::io::input::FileId;
use crate::io::input::STANDARD;
use crate::io::output::recording::IfMissing;
use crate::io::output::recording::Marker;
use crate::io::output::recording::MarkerFound;
use crate::io::output::recording::Note;
use crate::io::output::unfinished::rename_to_free;

/// The longest name of a file on the usual file systems, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// How many names are tried. Others exist where recordings began within the same second.
const NAMES_MAX: u32 = 100;

/// A recording that nobody finished, and where it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The name it had.
    pub name: String,
    /// The name it has.
    pub kept: PathBuf,
    /// When it began: RFC 3339 in UTC.
    pub started: String,
}

impl fmt::Display for Aside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kept,
            started,
        } = self;
        let kept = kept.display();
        write!(
            formatter,
            "the recording {name} of {started} was not finished; what there is of it is kept as \
             {kept}"
        )
    }
}

/// Renames what has an output's name if it is a recording whose process ended before it did. What
/// is finished, or is no recording, stays.
///
/// # Errors
/// When another process is recording it, it is the input, or the system refuses.
pub fn set_aside(output: &Path, input: Option<FileId>) -> Result<Option<Aside>, CreateError> {
    if output.as_os_str() == STANDARD {
        return Ok(None);
    }
    // Whoever creates the output is told what is wrong with its path.
    let Ok(target) = fs::canonicalize(output) else {
        return Ok(None);
    };
    let name = output.display().to_string();
    let failed = |source| CreateError::Io {
        name: name.clone(),
        source,
    };
    let marker = match Marker::open(&target, IfMissing::Leave).map_err(failed)? {
        MarkerFound::Missing => return Ok(None),
        MarkerFound::Theirs(note) => return Err(recorded(&name, note)),
        MarkerFound::Ours(marker) => marker,
    };
    let metadata = fs::metadata(&target).map_err(failed)?;
    let note = marker.note().filter(|note| note.is_of(&metadata));
    if note.is_some() && FileId::is(input, &metadata) {
        return Err(CreateError::SameAsInput { name });
    }
    let aside = note.map(|note| rename(&target, &note)).transpose();
    let aside = aside.map_err(failed)?.map(|(kept, started)| Aside {
        name: name.clone(),
        kept,
        started,
    });
    // Without it what was set aside is a file like any other.
    marker.remove().map_err(failed)?;
    Ok(aside)
}

/// The error for an output that another process is recording.
pub(super) fn recorded(name: &str, note: Option<Note>) -> CreateError {
    CreateError::Recorded {
        name: name.to_owned(),
        process: note.map_or(0, |note| note.process),
        started: note.map_or_else(String::new, |note| utc(note.started_s)),
    }
}

/// Gives a recording the name with its time; returns both.
fn rename(target: &Path, note: &Note) -> io::Result<(PathBuf, String)> {
    let started = utc(note.started_s);
    let mut count = 1;
    loop {
        let kept = target.with_file_name(name_aside(target, &started, count));
        match rename_to_free(target, &kept) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < NAMES_MAX => {
                count += 1;
            }
            renamed => return renamed.map(|()| (kept, started)),
        }
    }
}

/// `rec.2026-11-30T12-10-04.wav` of `rec.wav`: the kind of file stays, and no file system minds
/// the name. Of a name that would become too long the end is left out.
fn name_aside(target: &Path, started: &str, count: u32) -> OsString {
    let stem = target.file_stem().unwrap_or_default().as_bytes();
    let ending = target.extension().unwrap_or_default().as_bytes();
    let mut end = format!(".{}", started.trim_end_matches('Z').replace(':', "-")).into_bytes();
    if count > 1 {
        end.extend(format!("-{count}").bytes());
    }
    if !ending.is_empty() {
        end.push(b'.');
        end.extend(ending);
    }
    let room = NAME_BYTES_MAX.saturating_sub(end.len());
    let mut at = stem.len().min(room);
    // Not within a character.
    while at > 0 && at < stem.len() && stem[at] & 0xc0 == 0x80 {
        at -= 1;
    }
    OsString::from_vec([&stem[..at], &end].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, count: u32, expected: &str) {
        let found = name_aside(Path::new(name), "2026-11-30T12:10:04Z", count);
        assert_eq!(found.to_str().unwrap(), expected);
    }

    #[test]
    fn the_time_stands_in_front_of_what_the_file_is() {
        check("rec.wav", 1, "rec.2026-11-30T12-10-04.wav");
        check("/a/rec.take.flac", 3, "rec.take.2026-11-30T12-10-04-3.flac");
        check("rec", 1, "rec.2026-11-30T12-10-04");
    }

    #[test]
    fn a_long_name_loses_its_end_but_no_half_character() {
        let stem = "ä".repeat(120);
        let kept = "ä".repeat(115);
        check(
            &format!("{stem}.wav"),
            1,
            &format!("{kept}.2026-11-30T12-10-04.wav"),
        );
    }
}
