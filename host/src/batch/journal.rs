//! Journal: which outputs of a folder are done, and what they were made of.
//!
//! In: what begins and what is done. Out: a file of lines beside the outputs, each on the disk
//! before the next output begins to matter; and from it, the next time, what is known of each.
//!
//! A line that was torn by a crash is as if it had not been written. One process at a time writes
//! into a folder: it holds a lock, which goes with it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::process::start;
use crate::provenance::{Content, Key};
use crate::regular;

/// The name of the journal in the folder of outputs.
pub const JOURNAL_NAME: &str = ".segue-batch.jsonl";

/// The version of its lines, in the first of them.
const VERSION: u32 = 1;

/// The most of it that is read: 100,000 lines with long names.
const BYTES_MAX: u64 = 256 << 20;

/// The longest line that is read or written: a path of 4 KiB with every byte escaped, and
/// sentences. A longer one is none of ours.
const LINE_BYTES_MAX: usize = 64 << 10;

/// The most sentences about one file that are kept.
const REASONS_MAX: usize = 8;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct JournalHead {
    segue_batch: u32,
}

/// Every other line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum JournalLine {
    /// An output was begun: from here on what has its name is ours.
    Begun { output: String },
    /// It is whole.
    Done { output: String, done: Done },
    /// Nothing of it is left: what has its name from here on is not ours.
    Gone { output: String },
}

/// What is known of an output that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it was made of.
    pub key: String,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What was not as it should be on the way.
    pub degraded: Vec<String>,
}

impl Done {
    /// Of an output with this key and content.
    pub(super) fn new(key: String, content: &Content, degraded: &[String]) -> Self {
        Self {
            key,
            size_bytes: content.size_bytes,
            sha256: content.hash.to_string(),
            degraded: degraded.iter().take(REASONS_MAX).cloned().collect(),
        }
    }

    /// Whether it was made of the same.
    pub(super) fn has_key(&self, key: Key) -> bool {
        self.key == key.to_string()
    }

    /// Whether this is its content, to the last byte.
    pub(super) fn is_content(&self, content: &Content) -> bool {
        (self.size_bytes, &self.sha256) == (content.size_bytes, &content.hash.to_string())
    }
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes into the folder.
    #[error("another run is writing into {}, expected one at a time", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused.
    #[error("the journal {} cannot be written", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The journal of a folder of outputs. Thread: any; writers wait for each other.
#[derive(Debug)]
pub struct Journal {
    /// What was known when it was opened, by the name of the output below the folder; `None` is
    /// known to have been begun.
    known: BTreeMap<PathBuf, Option<Done>>,
    /// Lines that were too long to be read or written again.
    skipped_lines: u64,
    file: Mutex<File>,
    /// Locked while it is open.
    _folder: File,
}

impl Journal {
    /// Opens that of a folder, which is made if it is not there. Unreadable lines are forgotten.
    ///
    /// # Errors
    /// When another process has it open, or the system refuses.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        // People read the name that they gave; the system gets one that no plugin can move.
        let at = start::absolute(folder);
        let path = at.join(JOURNAL_NAME);
        let failed = |source| JournalError::Io {
            path: folder.join(JOURNAL_NAME),
            source,
        };
        fs::create_dir_all(&at).map_err(failed)?;
        let lock = File::open(&at).map_err(failed)?;
        // Some file systems know no locks; then nobody is kept out.
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            let folder = folder.to_owned();
            return Err(JournalError::Busy { folder });
        }
        let (mut known, too_long) = read(&path);
        let before = known.len();
        known.retain(|output, done| line(&entry(output, done.as_ref())).is_ok());
        let file = rewrite(&path, &known).map_err(failed)?;
        // Some file systems cannot sync a folder.
        let _ = lock.sync_all();
        Ok(Self {
            skipped_lines: too_long + (before - known.len()) as u64,
            known,
            file: Mutex::new(file),
            _folder: lock,
        })
    }

    /// How many lines were left out since they are longer than any that a batch writes: what they
    /// were about is done again.
    #[must_use]
    pub const fn skipped_lines(&self) -> u64 {
        self.skipped_lines
    }

    /// Whether what has this name was begun by an earlier batch.
    #[must_use]
    pub fn knows(&self, output: &Path) -> bool {
        self.known.contains_key(output)
    }

    /// What is known of an output of an earlier batch that was whole.
    #[must_use]
    pub fn done(&self, output: &Path) -> Option<&Done> {
        self.known.get(output)?.as_ref()
    }

    /// Notes that an output begins.
    pub(super) fn begin(&self, output: &Path) -> io::Result<()> {
        let output = escaped(output);
        self.file()
            .write_all(&line(&JournalLine::Begun { output })?)
    }

    /// Notes that nothing of an output is left.
    pub(super) fn forget(&self, output: &Path) -> io::Result<()> {
        let output = escaped(output);
        self.file().write_all(&line(&JournalLine::Gone { output })?)
    }

    /// Notes that an output is whole, and brings the note to the disk.
    pub(super) fn finish(&self, output: &Path, done: Done) -> io::Result<()> {
        let output = escaped(output);
        let line = line(&JournalLine::Done { output, done })?;
        let mut file = self.file();
        file.write_all(&line)?;
        file.sync_data()
    }

    fn file(&self) -> std::sync::MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line with its end.
fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    if line.len() >= LINE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    line.push(b'\n');
    Ok(line)
}

/// What a journal says, and how many of its lines were passed over since they are too long;
/// nothing where it is not one of this version.
fn read(path: &Path) -> (BTreeMap<PathBuf, Option<Done>>, u64) {
    let mut known = BTreeMap::new();
    let mut too_long = 0;
    // A device or a pipe in its place would never end, or never begin.
    let Ok((file, _)) = regular::open(path) else {
        return (known, 0);
    };
    let mut reader = BufReader::new(file.take(BYTES_MAX));
    let mut bytes = Vec::new();
    let mut is_first = true;
    while let Some(length) = next_line(&mut reader, &mut bytes) {
        if std::mem::take(&mut is_first) {
            let head = serde_json::from_slice::<JournalHead>(&bytes);
            if !head.is_ok_and(|head| head.segue_batch == VERSION) {
                return (known, 0);
            }
        } else if length == LineRead::TooLong {
            too_long += 1;
        } else if let Ok(line) = serde_json::from_slice(&bytes) {
            match line {
                JournalLine::Begun { output } => known.insert(unescaped(&output), None),
                JournalLine::Done { output, done } => known.insert(unescaped(&output), Some(done)),
                JournalLine::Gone { output } => known.remove(&unescaped(&output)),
            };
        }
    }
    (known, too_long)
}

/// Whether a line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineRead {
    /// All of it.
    Usual,
    /// Its beginning; the rest was passed over.
    TooLong,
}

/// Reads the next line into `bytes`; `None` at the end.
fn next_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> Option<LineRead> {
    bytes.clear();
    let mut limited = reader.take(LINE_BYTES_MAX as u64);
    let read = limited.read_until(b'\n', bytes).ok()?;
    match (read, bytes.last()) {
        (0, _) => None,
        (LINE_BYTES_MAX, Some(last)) if *last != b'\n' => {
            reader.skip_until(b'\n').ok()?;
            Some(LineRead::TooLong)
        }
        _ => Some(LineRead::Usual),
    }
}

/// The line of what is known of an output.
fn entry(output: &Path, done: Option<&Done>) -> JournalLine {
    let output = escaped(output);
    match done {
        None => JournalLine::Begun { output },
        Some(done) => JournalLine::Done {
            output,
            done: done.clone(),
        },
    }
}

/// Writes a journal anew with what is known, whole or not at all, and returns it open for more.
fn rewrite(path: &Path, known: &BTreeMap<PathBuf, Option<Done>>) -> io::Result<File> {
    let fresh = path.with_extension("new");
    // What a killed process left; a link in its place is not followed.
    let _ = fs::remove_file(&fresh);
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .open(&fresh)?;
    let mut writer = io::BufWriter::new(file);
    writer.write_all(&line(&JournalHead {
        segue_batch: VERSION,
    })?)?;
    for (output, done) in known {
        writer.write_all(&line(&entry(output, done.as_ref()))?)?;
    }
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(file)
}

/// A path as text, whatever its bytes: what is not printable ASCII is `%` and two digits.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | 0..=0x1f | 0x7f.. => text.push_str(&format!("%{byte:02x}")),
            plain => text.push(char::from(*plain)),
        }
    }
    text
}

/// The path behind such a text; what is no escape stands for itself.
fn unescaped(text: &str) -> PathBuf {
    let bytes = text.as_bytes();
    let mut path = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|two| str::from_utf8(two).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], byte) {
            (b'%', Some(byte)) => {
                path.push(byte);
                at += 3;
            }
            (plain, _) => {
                path.push(plain);
                at += 1;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(path))
}

#[cfg(test)]
mod tests;
