//! Verdicts: what probes found, so that no content is probed twice.
//!
//! In: a folder to keep them in. Out: the verdict on a key, which stands for a candidate's content,
//! the contents it was opened with, and the host that opened them.
//!
//! A cache that is damaged, foreign or missing is an empty one. Two hosts that write at once lose
//! verdicts of one of them, which costs a probe.

mod moment;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::debug;

use crate::discovery::ContentHash;
use crate::private;

pub(super) use moment::ProbeMoment;

/// The most verdicts kept; the oldest go first.
const VERDICTS_MAX: usize = 1024;

/// The largest file, in bytes: so many verdicts of which most failed at length.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The name of the file in its folder.
const FILE_NAME: &str = "verdicts";

/// What the file starts with; another version is another magic.
const MAGIC: [u8; 8] = *b"SEGUEVD2";

/// How many bytes of the checksum are kept.
const SUM_BYTES: usize = 8;

/// What a verdict is about: a hash of all that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct VerdictKey([u8; 32]);

impl VerdictKey {
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
pub(super) enum ProbeVerdict {
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
    /// When it is tried again by itself, and what makes it be tried at once.
    pub again: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct VerdictEntry {
    key: VerdictKey,
    build: Build,
    candidate: ContentHash,
    moment: ProbeMoment,
    verdict: ProbeVerdict,
}

/// The verdicts known to this process, oldest first.
#[derive(Debug)]
pub(super) struct Verdicts {
    folder: PathBuf,
    entries: Vec<VerdictEntry>,
    changed: bool,
}

impl Verdicts {
    /// Loads what is kept in `folder`.
    pub(super) fn load(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            entries: read(folder),
            changed: false,
        }
    }

    /// The verdict on a key.
    ///
    /// A failure is no verdict any more where it was found under other limits or long ago: then
    /// the library is tried again.
    pub(super) fn get(&self, key: VerdictKey, now: &ProbeMoment) -> Option<&ProbeVerdict> {
        let newest = self.entries.iter().rev();
        let mut found = newest.filter(|entry| entry.key == key);
        found.next().and_then(|entry| entry.holding(now))
    }

    /// What this build holds against a content, whatever it was opened with.
    pub(super) fn against(&self, build: Build, candidate: ContentHash) -> Option<&Objection> {
        let newest = self.entries.iter().rev();
        let mut about = newest.filter(|entry| entry.build == build && entry.candidate == candidate);
        match about.next()?.holding(&ProbeMoment::now())? {
            ProbeVerdict::Failed(objection) => Some(objection),
            ProbeVerdict::Passed => None,
        }
    }

    /// Remembers a verdict of this moment; `save` keeps it.
    pub(super) fn put(
        &mut self,
        build: Build,
        key: VerdictKey,
        candidate: ContentHash,
        verdict: ProbeVerdict,
    ) {
        self.entries.push(VerdictEntry {
            key,
            build,
            candidate,
            moment: ProbeMoment::now(),
            verdict,
        });
        self.changed = true;
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    /// The file that keeps them.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// Writes what is new beside what other hosts wrote meanwhile.
    ///
    /// # Errors
    /// What the system says. The verdicts in memory stay.
    pub(super) fn save(&mut self) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let mut entries = read(&self.folder);
        entries.append(&mut self.entries);
        self.entries = newest(entries);
        private::replace(&self.folder, FILE_NAME, &encode(&self.entries))?;
        self.changed = false;
        Ok(())
    }
}

impl VerdictEntry {
    /// The verdict, as long as it holds.
    fn holding(&self, now: &ProbeMoment) -> Option<&ProbeVerdict> {
        match self.verdict {
            ProbeVerdict::Passed => Some(&self.verdict),
            ProbeVerdict::Failed(_) => self.moment.holds(now).then_some(&self.verdict),
        }
    }
}

/// The last verdict on each key, oldest first, as many as are kept.
fn newest(entries: Vec<VerdictEntry>) -> Vec<VerdictEntry> {
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
fn encode(entries: &[VerdictEntry]) -> Vec<u8> {
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

fn decode(bytes: &[u8]) -> Option<Vec<VerdictEntry>> {
    let (sum, body) = bytes.strip_prefix(&MAGIC)?.split_at_checked(SUM_BYTES)?;
    if Sha256::digest(body)[..SUM_BYTES] != *sum {
        return None;
    }
    postcard::from_bytes(body).ok()
}

fn read(folder: &Path) -> Vec<VerdictEntry> {
    let entries = private::read(folder, FILE_NAME, FILE_BYTES_MAX).and_then(|bytes| {
        let damaged = || io::Error::other("it is damaged, or of another version");
        decode(&bytes).ok_or_else(damaged)
    });
    entries.unwrap_or_else(|error| {
        debug!(folder = %folder.display(), %error, "starting without verdicts");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::admission::verdicts::moment::FAILED_FOR;

    const BUILD: Build = Build([1; 32]);
    const CONTENT: ContentHash = ContentHash([2; 32]);

    fn failed(reason: &str) -> ProbeVerdict {
        ProbeVerdict::Failed(Objection {
            reason: reason.to_owned(),
            evidence: vec!["a line".to_owned()],
            again: String::new(),
        })
    }

    fn key(number: usize) -> VerdictKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        VerdictKey(bytes)
    }

    #[test]
    fn a_key_depends_on_host_content_and_closure_but_not_on_their_order() {
        let (one, other) = (ContentHash([3; 32]), ContentHash([4; 32]));
        let key = VerdictKey::new(&BUILD, CONTENT, &[one, other]);
        assert_eq!(key, VerdictKey::new(&BUILD, CONTENT, &[other, one]));
        let others = [
            VerdictKey::new(&Build([9; 32]), CONTENT, &[one, other]),
            VerdictKey::new(&BUILD, one, &[CONTENT, other]),
            VerdictKey::new(&BUILD, CONTENT, &[one]),
        ];
        assert!(!others.contains(&key));
    }

    #[test]
    fn verdicts_are_kept_and_merged_with_those_of_other_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/for/it");
        let (mut one, mut other) = (Verdicts::load(&folder), Verdicts::load(&folder));
        one.put(BUILD, key(1), CONTENT, ProbeVerdict::Passed);
        other.put(BUILD, key(2), CONTENT, failed("it crashed"));
        one.save().unwrap();
        other.save().unwrap();
        let both = Verdicts::load(&folder);
        assert_eq!(
            both.get(key(1), &ProbeMoment::now()),
            Some(&ProbeVerdict::Passed)
        );
        assert_eq!(
            both.get(key(2), &ProbeMoment::now()),
            Some(&failed("it crashed"))
        );
        let against = both.against(BUILD, CONTENT).unwrap();
        assert_eq!(against.reason, "it crashed");
        assert_eq!(both.against(Build([7; 32]), CONTENT), None);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn the_last_verdict_counts_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut verdicts = Verdicts::load(folder.path());
        verdicts.put(BUILD, key(0), CONTENT, ProbeVerdict::Passed);
        for number in 1..=VERDICTS_MAX {
            verdicts.put(BUILD, key(number), CONTENT, failed("earlier"));
            verdicts.put(BUILD, key(number), CONTENT, ProbeVerdict::Passed);
        }
        verdicts.save().unwrap();
        let verdicts = Verdicts::load(folder.path());
        assert_eq!(verdicts.entries.len(), VERDICTS_MAX);
        assert_eq!(verdicts.get(key(0), &ProbeMoment::now()), None);
        assert_eq!(
            verdicts.get(key(1), &ProbeMoment::now()),
            Some(&ProbeVerdict::Passed)
        );
    }

    #[test]
    fn a_failure_holds_for_a_while_under_the_same_limits_and_a_success_for_ever() {
        let found = ProbeMoment {
            at: 1_000,
            limits: 7,
        };
        let check = |at, limits, expected: [bool; 2]| {
            let now = ProbeMoment { at, limits };
            let holds = |verdict: ProbeVerdict| {
                let entry = VerdictEntry {
                    key: key(1),
                    build: BUILD,
                    candidate: CONTENT,
                    moment: found,
                    verdict,
                };
                entry.holding(&now).is_some()
            };
            assert_eq!(
                [failed("it crashed"), ProbeVerdict::Passed].map(holds),
                expected
            );
        };
        check(1_000, 7, [true, true]);
        check(1_000 + FAILED_FOR - 1, 7, [true, true]);
        check(1_000 + FAILED_FOR, 7, [false, true]);
        check(1_001, 8, [false, true]);
        check(999, 7, [false, true]); // From a clock that was ahead.
    }

    #[test]
    fn a_file_of_long_failures_stays_within_its_bound() {
        let long = failed(&"x".repeat(16 << 10));
        let entry = |number| VerdictEntry {
            key: key(number),
            build: BUILD,
            candidate: CONTENT,
            moment: ProbeMoment::now(),
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
            let entry = VerdictEntry {
                key: key(1),
                build: BUILD,
                candidate: CONTENT,
                moment: ProbeMoment::now(),
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
