//! Verdicts: what probes found, so that no content is probed twice.
//!
//! In: a folder to keep them in. Out: the verdict on a key, which stands for a candidate's content,
//! the contents it was opened with, and the host that opened them.
//!
//! A cache that is damaged, foreign or missing is an empty one. Two hosts that write at once lose
//! verdicts of one of them, which costs a probe.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::debug;

use crate::discovery::ContentHash;

/// The most verdicts kept; the oldest go first.
const VERDICTS_MAX: usize = 1024;

/// The largest file, in bytes: so many verdicts of which most failed at length.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The name of the file in its folder.
const FILE_NAME: &str = "verdicts";

/// What the file starts with; another version is another magic.
const MAGIC: [u8; 8] = *b"SEGUEVD1";

/// How many bytes of the checksum are kept.
const SUM_BYTES: usize = 8;

/// What a verdict is about: a hash of all that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of a candidate that is opened by this build of the host with these others.
    pub(super) fn new(build: &Build, candidate: ContentHash, closure: &[ContentHash]) -> Self {
        let mut closure = closure.to_vec();
        closure.sort_unstable();
        let mut hasher = Sha256::new();
        hasher.update(build.0);
        hasher.update(candidate.0);
        closure.iter().for_each(|hash| hasher.update(hash.0));
        Self(hasher.finalize().into())
    }
}

/// Which build of which host, for which target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Build(pub(super) [u8; 32]);

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    /// Nothing against it.
    Passed,
    /// It may not be opened.
    Failed(Objection),
}

/// What is held against a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Why, in one sentence that follows the words 'cannot be used:'.
    pub reason: String,
    /// The last lines that it wrote, oldest first; may be empty.
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    key: Key,
    build: Build,
    candidate: ContentHash,
    verdict: Verdict,
}

/// The verdicts known to this process, oldest first.
#[derive(Debug)]
pub(super) struct Verdicts {
    path: PathBuf,
    entries: Vec<Entry>,
    changed: bool,
}

impl Verdicts {
    /// Loads what is kept in `folder`.
    pub(super) fn load(folder: &Path) -> Self {
        let path = folder.join(FILE_NAME);
        let entries = read(&path);
        Self {
            path,
            entries,
            changed: false,
        }
    }

    /// The verdict on a key.
    pub(super) fn get(&self, key: Key) -> Option<&Verdict> {
        let newest = self.entries.iter().rev();
        let mut found = newest.filter(|entry| entry.key == key);
        found.next().map(|entry| &entry.verdict)
    }

    /// What this build holds against a content, whatever it was opened with.
    pub(super) fn against(&self, build: Build, candidate: ContentHash) -> Option<&Objection> {
        let newest = self.entries.iter().rev();
        let mut about = newest.filter(|entry| entry.build == build && entry.candidate == candidate);
        match &about.next()?.verdict {
            Verdict::Failed(objection) => Some(objection),
            Verdict::Passed => None,
        }
    }

    /// Remembers a verdict; `save` keeps it.
    pub(super) fn put(&mut self, build: Build, key: Key, candidate: ContentHash, verdict: Verdict) {
        self.entries.push(Entry {
            key,
            build,
            candidate,
            verdict,
        });
        self.changed = true;
    }

    /// Writes what is new beside what other hosts wrote meanwhile.
    ///
    /// # Errors
    /// What the system says. The verdicts in memory stay.
    pub(super) fn save(&mut self) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let mut entries = read(&self.path);
        entries.append(&mut self.entries);
        self.entries = newest(entries);
        write(&self.path, &encode(&self.entries))?;
        self.changed = false;
        Ok(())
    }
}

/// The last verdict on each key, oldest first, as many as are kept.
fn newest(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let mut newest: Vec<_> = entries
        .into_iter()
        .rev()
        .filter(|entry| seen.insert(entry.key))
        .take(VERDICTS_MAX)
        .collect();
    newest.reverse();
    newest
}

/// The file's bytes: head, checksum, and as many of the newest entries as fit.
fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut rest = entries;
    loop {
        let body = postcard::to_stdvec(rest).expect("a vector takes whatever is written");
        if body.len() as u64 + 16 <= FILE_BYTES_MAX {
            let sum = Sha256::digest(&body);
            return [&MAGIC[..], &sum[..SUM_BYTES], &body].concat();
        }
        rest = &rest[rest.len().div_ceil(2)..];
    }
}

fn decode(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (sum, body) = bytes.strip_prefix(&MAGIC)?.split_at_checked(SUM_BYTES)?;
    if Sha256::digest(body)[..SUM_BYTES] != *sum {
        return None;
    }
    postcard::from_bytes(body).ok()
}

fn read(path: &Path) -> Vec<Entry> {
    let entries = read_bounded(path).and_then(|bytes| {
        let damaged = || io::Error::other("it is damaged, or of another version");
        decode(&bytes).ok_or_else(damaged)
    });
    entries.unwrap_or_else(|error| {
        debug!(path = %path.display(), %error, "starting without verdicts");
        Vec::new()
    })
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("it is no file of their size"));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces the file as a whole: whoever reads it meanwhile reads the old one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let fresh = path.with_extension(std::process::id().to_string());
    // What a process of the same number left behind when it was killed.
    let _ = fs::remove_file(&fresh);
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh);
    let written = file
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // Whatever went wrong, it is reported; what is left of it must not stay.
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUILD: Build = Build([1; 32]);
    const CONTENT: ContentHash = ContentHash([2; 32]);

    fn failed(reason: &str) -> Verdict {
        Verdict::Failed(Objection {
            reason: reason.to_owned(),
            evidence: vec!["a line".to_owned()],
        })
    }

    fn key(number: usize) -> Key {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Key(bytes)
    }

    #[test]
    fn a_key_depends_on_host_content_and_closure_but_not_on_their_order() {
        let (one, other) = (ContentHash([3; 32]), ContentHash([4; 32]));
        let key = Key::new(&BUILD, CONTENT, &[one, other]);
        assert_eq!(key, Key::new(&BUILD, CONTENT, &[other, one]));
        let others = [
            Key::new(&Build([9; 32]), CONTENT, &[one, other]),
            Key::new(&BUILD, one, &[CONTENT, other]),
            Key::new(&BUILD, CONTENT, &[one]),
        ];
        assert!(!others.contains(&key));
    }

    #[test]
    fn verdicts_are_kept_and_merged_with_those_of_other_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/for/it");
        let (mut one, mut other) = (Verdicts::load(&folder), Verdicts::load(&folder));
        one.put(BUILD, key(1), CONTENT, Verdict::Passed);
        other.put(BUILD, key(2), CONTENT, failed("it crashed"));
        one.save().unwrap();
        other.save().unwrap();
        let both = Verdicts::load(&folder);
        assert_eq!(both.get(key(1)), Some(&Verdict::Passed));
        assert_eq!(both.get(key(2)), Some(&failed("it crashed")));
        let against = both.against(BUILD, CONTENT).unwrap();
        assert_eq!(against.reason, "it crashed");
        assert_eq!(both.against(Build([7; 32]), CONTENT), None);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn the_last_verdict_counts_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut verdicts = Verdicts::load(folder.path());
        verdicts.put(BUILD, key(0), CONTENT, Verdict::Passed);
        for number in 1..=VERDICTS_MAX {
            verdicts.put(BUILD, key(number), CONTENT, failed("earlier"));
            verdicts.put(BUILD, key(number), CONTENT, Verdict::Passed);
        }
        verdicts.save().unwrap();
        let verdicts = Verdicts::load(folder.path());
        assert_eq!(verdicts.entries.len(), VERDICTS_MAX);
        assert_eq!(verdicts.get(key(0)), None);
        assert_eq!(verdicts.get(key(1)), Some(&Verdict::Passed));
    }

    #[test]
    fn a_file_of_long_failures_stays_within_its_bound() {
        let long = failed(&"x".repeat(16 << 10));
        let entry = |number| Entry {
            key: key(number),
            build: BUILD,
            candidate: CONTENT,
            verdict: long.clone(),
        };
        let entries: Vec<_> = (0..VERDICTS_MAX).map(entry).collect();
        let bytes = encode(&entries);
        assert!(bytes.len() as u64 <= FILE_BYTES_MAX);
        let kept = decode(&bytes).unwrap();
        assert_eq!(kept.last(), entries.last());
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_no_file(at in 0_usize..200, flip in 1_u8..=255) {
            let entry = Entry {
                key: key(1),
                build: BUILD,
                candidate: CONTENT,
                verdict: failed("it crashed"),
            };
            let mut bytes = encode(&[entry]);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert_eq!(decode(&bytes), None);
            prop_assert_eq!(decode(&bytes[..at]), None);
        }
    }
}
