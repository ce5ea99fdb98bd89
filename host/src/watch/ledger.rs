//! Ledger: which files have come to rest, and which of those are news.
//!
//! In: what looks at files saw, and what reading them told, each with its time. Out: which files to
//! read, and what to tell. A file is read when its stamp has not moved for a while, and is news
//! when its content is whole and another one than before. News waits for other files that are still
//! moving, but not for ever: what is installed together is told together.
//!
//! Pure: no files, no clock. Times are durations since any one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::discovery::{ContentHash, Stamp};

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// How long a file has to be left alone before it is read.
    pub(super) settle: Duration,
    /// How long news waits for other files at most.
    pub(super) hold_max: Duration,
    /// The most files that are followed; the rest is left out.
    pub(super) files_max: usize,
}

/// What reading a file told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict<N> {
    /// All of it is there.
    Whole {
        /// Its content.
        content: ContentHash,
        /// What to tell if that is another content than before; `None` where nobody cares.
        news: Option<N>,
    },
    /// It is cut off, damaged or no file that matters: its next change may mend that.
    Unfinished,
}

/// The files that are followed.
#[derive(Debug, Clone)]
pub(super) struct Ledger<N> {
    pace: Pace,
    files: BTreeMap<PathBuf, LedgerFile<N>>,
}

#[derive(Debug, Clone)]
struct LedgerFile<N> {
    /// What it looked like last; `None` while it is not there.
    stamp: Option<Stamp>,
    /// The last content that was whole, kept while the file is away or unfinished.
    content: Option<ContentHash>,
    motion: Motion<N>,
}

#[derive(Debug, Clone)]
enum Motion<N> {
    /// Nothing happens to it.
    Still,
    /// It changed.
    Moving {
        /// When it was last seen to.
        since: Duration,
    },
    /// It came to rest with another content, and nobody has been told.
    Held {
        since: Duration,
        content: ContentHash,
        news: N,
    },
}

impl<N> Ledger<N> {
    /// Follows nothing yet.
    pub(super) fn new(pace: Pace) -> Self {
        let files = BTreeMap::new();
        Self { pace, files }
    }

    /// A file that was there from the beginning, and is no news.
    pub(super) fn begin(&mut self, path: PathBuf, stamp: Stamp) {
        self.add(path, Some(stamp), Motion::Still);
    }

    /// Files that were there from the beginning whose content is not known.
    pub(super) fn unread(&self) -> Vec<PathBuf> {
        let files = self.files.iter();
        let unread = files
            .filter(|(_, file)| file.content.is_none() && matches!(file.motion, Motion::Still));
        unread.map(|(path, _)| path.clone()).collect()
    }

    /// The content of such a file, read when it looked like that.
    pub(super) fn remember(&mut self, path: &Path, stamp: Stamp, content: ContentHash) {
        if let Some(file) = self.files.get_mut(path)
            && file.stamp == Some(stamp)
            && matches!(file.motion, Motion::Still)
        {
            file.content = Some(content);
        }
    }

    /// All files that a look saw; those that it did not see are gone.
    pub(super) fn looked(&mut self, seen: &BTreeMap<PathBuf, Stamp>, now: Duration) {
        let known = self.files.keys();
        let gone: Vec<_> = known
            .filter(|path| !seen.contains_key(*path))
            .cloned()
            .collect();
        gone.iter().for_each(|path| self.saw(path, None, now));
        for (path, stamp) in seen {
            self.saw(path, Some(*stamp), now);
        }
    }

    /// How one file looks.
    fn saw(&mut self, path: &Path, stamp: Option<Stamp>, now: Duration) {
        let moving = Motion::Moving { since: now };
        let Some(file) = self.files.get_mut(path) else {
            if stamp.is_some() {
                self.add(path.to_owned(), stamp, moving);
            }
            return;
        };
        if file.stamp != stamp {
            file.motion = if stamp.is_some() {
                moving
            } else {
                Motion::Still
            };
            file.stamp = stamp;
        }
    }

    /// Somebody wrote to a file, whether or not its stamp tells: clocks of file systems tick slowly.
    pub(super) fn touched(&mut self, path: &Path, now: Duration) {
        if let Some(file) = self.files.get_mut(path)
            && file.stamp.is_some()
        {
            file.motion = Motion::Moving { since: now };
        }
    }

    fn add(&mut self, path: PathBuf, stamp: Option<Stamp>, motion: Motion<N>) {
        if self.files.len() >= self.pace.files_max {
            self.files.retain(|_, file| file.stamp.is_some()); // Those that are away go first.
        }
        if self.files.len() < self.pace.files_max {
            let content = None;
            self.files.insert(
                path,
                LedgerFile {
                    stamp,
                    content,
                    motion,
                },
            );
        }
    }

    /// Files that have come to rest and are to be read.
    pub(super) fn due(&self, now: Duration) -> Vec<PathBuf> {
        let files = self.files.iter();
        let due = files.filter(|(_, file)| match file.motion {
            Motion::Moving { since } => since + self.pace.settle <= now,
            Motion::Still | Motion::Held { .. } => false,
        });
        due.map(|(path, _)| path.clone()).collect()
    }

    /// What reading a file told, and what it looked like before and after.
    pub(super) fn judged(
        &mut self,
        path: &Path,
        stamp: Option<Stamp>,
        verdict: Verdict<N>,
        now: Duration,
    ) {
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        if file.stamp != stamp {
            return self.saw(path, stamp, now);
        }
        file.motion = match verdict {
            Verdict::Unfinished => Motion::Still,
            Verdict::Whole { content, .. } if file.content == Some(content) => Motion::Still,
            Verdict::Whole {
                content,
                news: Some(news),
            } => Motion::Held {
                since: now,
                content,
                news,
            },
            Verdict::Whole {
                content,
                news: None,
            } => {
                file.content = Some(content);
                Motion::Still
            }
        };
    }

    /// What is to be told, in the order of the paths; empty while it has to wait.
    pub(super) fn take(&mut self, now: Duration) -> Vec<N> {
        if self.told_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let mut taken = Vec::new();
        for file in self.files.values_mut() {
            match std::mem::replace(&mut file.motion, Motion::Still) {
                Motion::Held { content, news, .. } => {
                    file.content = Some(content);
                    taken.push(news);
                }
                motion @ (Motion::Still | Motion::Moving { .. }) => file.motion = motion,
            }
        }
        taken
    }

    /// When news is to be told.
    fn told_at(&self) -> Option<Duration> {
        let motions = self.files.values().map(|file| &file.motion);
        let held = motions.clone().filter_map(|motion| match motion {
            Motion::Held { since, .. } => Some(*since),
            Motion::Still | Motion::Moving { .. } => None,
        });
        let first = held.min()?;
        let is_moving = motions
            .into_iter()
            .any(|motion| matches!(motion, Motion::Moving { .. }));
        Some(match is_moving {
            true => first + self.pace.hold_max,
            false => first,
        })
    }

    /// When there is something to do, if nothing happens until then.
    pub(super) fn next(&self) -> Option<Duration> {
        let motions = self.files.values().map(|file| &file.motion);
        let rest = motions.filter_map(|motion| match motion {
            Motion::Moving { since } => Some(*since + self.pace.settle),
            Motion::Still | Motion::Held { .. } => None,
        });
        rest.chain(self.told_at()).min()
    }
}
