//! Reading: the bytes of a configuration file, as far as they may go.
//!
//! In: a path, whatever is there. Out: text to parse, or a mistake that says what is there instead.
//!
//! Never waits: what is no regular file is not opened, what has nothing to say now is not waited
//! for, and not more than the limit is read.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::config::limits::FILE_BYTES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::Config;
use crate::config::overlay::Override;
use crate::config::source::{SourceId, Span};
use crate::config::{Legible, legible, parse, sources};
use crate::process::start;
use crate::regular;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileUnreadable {
    /// The system does not give it.
    #[error("{} cannot be read: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder.
    #[error(
        "{} is a folder, expected a file, as in {}",
        path.display(),
        path.join("plugins.toml").display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// It is a pipe, a device or a socket.
    #[error("{} is not a regular file", path.display())]
    Irregular {
        /// What it is.
        path: PathBuf,
    },
    /// It is longer than any that is read.
    #[error("{} has {found_bytes} bytes, expected at most {FILE_BYTES_MAX}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How long it is.
        found_bytes: u64,
    },
}

/// Reads a configuration file. Thread: control; it reads a file.
///
/// # Errors
/// Every mistake at once, each with its place; one without a place if there is nothing to read.
pub fn read(path: &Path, overrides: &[Override]) -> Result<Config, Mistakes> {
    parse(&text(path)?, path, overrides)
}

/// Reads a configuration file as far as it can be read. Thread: control; it reads a file.
#[must_use]
pub fn read_legible(path: &Path, overrides: &[Override]) -> Legible {
    match text(path) {
        Ok(text) => legible(&text, path, overrides),
        Err(mistakes) => Legible {
            mistakes,
            config: None,
        },
    }
}

/// Reads the file of a running configuration again. A file that somebody is still writing is
/// explained, not taken for an edit: an empty one, and one that breaks off within a line of the
/// text that runs. Thread: control; it reads a file.
///
/// # Errors
/// As `read`.
pub fn read_again(
    path: &Path,
    overrides: &[Override],
    running: &Config,
) -> Result<Config, Mistakes> {
    let text = text(path)?;
    match half_written(&text, running.text()) {
        None => parse(&text, path, overrides),
        Some(mistake) => Err(refusal(path, &text, mistake)),
    }
}

/// Reads another file as if the running one had been edited to be it: relative paths start where
/// those of the running one do, and messages call it by that name. Thread: control; it reads a file.
///
/// # Errors
/// As `read`.
pub fn read_as(path: &Path, overrides: &[Override], running: &Path) -> Result<Config, Mistakes> {
    parse(&text(path)?, running, overrides)
}

/// Why a text looks like one whose end is still to come.
fn half_written(text: &str, running: &str) -> Option<Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() && !running.trim().is_empty() {
        let help = "if it is to be empty, write a comment into it";
        let mistake = Mistake::nowhere("the file is empty, and may not be written yet");
        return Some(mistake.help(help));
    }
    let rest = running.strip_prefix(text)?;
    let is_within = !text.ends_with('\n') && !rest.trim_end().is_empty();
    is_within.then(|| {
        let line_start = text.rfind('\n').map_or(0, |at| at + 1);
        let span = Span::new(SourceId::FILE, line_start..text.len());
        Mistake::new(
            span,
            "the file breaks off here, and may not be written whole yet",
        )
        .label("the running configuration goes on")
        .help("if this is all, end the line")
    })
}

/// The text of a file, or what is there instead.
pub(crate) fn text(path: &Path) -> Result<String, Mistakes> {
    let bytes = bytes(path);
    let bytes = bytes.map_err(|why| refusal(path, "", Mistake::nowhere(why.to_string())))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        let mistake = Mistake::new(
            Span::new(SourceId::FILE, span),
            format!("byte {} of the file is not UTF-8", at + 1),
        );
        refusal(path, &text, mistake.help("save the file as UTF-8"))
    })
}

fn refusal(path: &Path, text: &str, mistake: Mistake) -> Mistakes {
    let mut mistakes = Mistakes::new(sources(text, path, &[]).0);
    mistakes.push(mistake);
    mistakes
}

/// The bytes of a regular file that is not too large.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, FileUnreadable> {
    let own = || path.to_owned();
    let cannot = |source| FileUnreadable::System {
        path: own(),
        source,
    };
    let here = start::absolute(path);
    let kind = std::fs::metadata(&here).map_err(cannot)?;
    if kind.is_dir() {
        return Err(FileUnreadable::Folder { path: own() });
    }
    if !kind.is_file() {
        return Err(FileUnreadable::Irregular { path: own() });
    }
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    let (file, _) = regular::open(&here).map_err(cannot)?;
    file.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(FileUnreadable::TooLarge {
            path: own(),
            found_bytes: kind.len(),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::config::model::StreamPort;
    use crate::config::render::Color;

    /// Reads a file of these bytes; the folder's name is taken out of the answer.
    fn answer(bytes: &[u8]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        fs::write(&path, bytes).unwrap();
        explain(&path)
    }

    fn explain(path: &Path) -> Result<Config, String> {
        let folder = format!("{}/", path.parent().unwrap().display());
        let told = |mistakes: Mistakes| mistakes.render(Color::Plain, 80).replace(&folder, "");
        read(path, &[]).map_err(told)
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        let text =
            "[stream]\ninput = \"a/b.wav\"\noutput = \"-\"\n[plugins]\npaths = [\"/x\", \"y\"]\n";
        fs::write(&path, text).unwrap();
        let config = read(&path, &[]).unwrap();
        let input = StreamPort::File(folder.path().join("a/b.wav"));
        assert_eq!(config.stream.input.unwrap().value, input);
        assert_eq!(config.stream.output.unwrap().value, StreamPort::Pipe);
        let paths: Vec<_> = config
            .plugins
            .paths
            .into_iter()
            .map(|path| path.value)
            .collect();
        assert_eq!(paths, [PathBuf::from("/x"), folder.path().join("y")]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_where_they_are() {
        assert_eq!(
            answer(b"[host]\nreload = \"\xff\"\n").unwrap_err(),
            "error: byte 18 of the file is not UTF-8\n --> plugins.toml:2:11\n  |\n\
             2 | reload = \"\u{fffd}\"\n  |           ^\n  |\n  = help: save the file as UTF-8\n"
        );
    }

    /// What reading again returns when a file of one text now holds another.
    fn check_again(running: &str, text: &str, expected: Result<(), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        fs::write(&path, running).unwrap();
        let running = read(&path, &[]).unwrap();
        fs::write(&path, text).unwrap();
        let told = |mistakes: Mistakes| mistakes.iter().next().unwrap().message.clone();
        let found = read_again(&path, &[], &running).map(|_| ()).map_err(told);
        assert_eq!(found, expected.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn a_file_that_is_not_written_whole_is_no_edit() {
        let full = "[host]\nthreads = 12\n# end\n";
        let empty = Err("the file is empty, and may not be written yet");
        let broken = Err("the file breaks off here, and may not be written whole yet");
        for text in ["", "\n \n", "\u{feff}"] {
            check_again(full, text, empty);
        }
        for length in [
            "[hos",
            "[host]",
            "[host]\nthreads = 1",
            "[host]\nthreads = 12",
        ] {
            check_again(full, length, broken);
        }
        for text in [
            full,
            "[host]\n",
            "[host]\nthreads = 12\n",
            "# none",
            "[host]\nthreads = 13",
        ] {
            check_again(full, text, Ok(()));
        }
        check_again(full, full.trim_end(), Ok(()));
        check_again("", "", Ok(()));
    }

    #[test]
    fn what_is_no_file_is_said_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let missing = explain(&folder.path().join("plugins.toml")).unwrap_err();
        assert!(
            missing.starts_with("error: plugins.toml cannot be read: No such file"),
            "{missing}"
        );
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        assert_eq!(
            explain(&inner).unwrap_err(),
            "error: inner is a folder, expected a file, as in inner/plugins.toml\n"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_fifo_and_a_device_are_not_opened() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(
            explain(&fifo).unwrap_err(),
            "error: fifo is not a regular file\n"
        );
        assert_eq!(
            explain(Path::new("/dev/zero")).unwrap_err(),
            "error: zero is not a regular file\n"
        );
    }

    /// A system's own file may be regular and have nothing to read until something happens.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_has_nothing_to_say_now_is_not_waited_for() {
        let message = explain(Path::new("/proc/kmsg")).unwrap_err();
        assert!(message.starts_with("error: kmsg "), "{message}");
    }

    #[test]
    fn a_file_past_the_limit_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.toml");
        // Sparse: reading it whole would take longer than anyone waits.
        let file = File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        assert_eq!(
            explain(&path).unwrap_err(),
            "error: plugins.toml has 1099511627776 bytes, expected at most 1048576\n"
        );
    }

    #[test]
    fn a_mark_at_the_beginning_is_no_part_of_the_text() {
        assert!(answer(b"\xef\xbb\xbf[host]\r\nthreads = 1\r\n").is_ok());
    }
}
