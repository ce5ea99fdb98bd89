//! List: which files a batch reads, and where each of them goes.
//!
//! In: files, folders and patterns, and a folder for the outputs. Out: one item per file, in the
//! order of their paths, or why there is no such list: everything that can be known before the
//! first file is processed is answered here.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::batch::pattern::{Pattern, is_pattern};
use crate::batch::walk::{Seen, WalkFound, walk};
use crate::regular;

/// The most files of one batch.
pub const FILES_MAX: usize = 100_000;

/// Endings of names that say that a file holds audio. What is called otherwise is looked into.
const ENDINGS: [&str; 17] = [
    "aac", "aif", "aifc", "aiff", "bw64", "bwf", "caf", "flac", "m4a", "m4b", "mp3", "mp4", "oga",
    "ogg", "rf64", "wav", "wave",
];

/// Endings of files that hold samples without a header.
const RAW_ENDINGS: [&str; 2] = ["raw", "pcm"];

/// Bytes looked at to see whether a file of another name holds audio.
const LOOK_BYTES: u64 = 12;

/// What is to be listed.
#[derive(Debug, Clone, Copy)]
pub struct BatchWanted<'a> {
    /// Files, folders and patterns.
    pub sources: &'a [PathBuf],
    /// Where outputs go; `None` writes none.
    pub folder: Option<&'a Path>,
    /// What outputs are called at the end: `wav`.
    pub ending: &'a str,
    /// What files of a folder hold.
    pub holds: Holds,
}

/// What files of a folder hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A header that says what follows.
    Headers,
    /// Samples and nothing else; they end in `.raw` or `.pcm`.
    Samples,
}

/// One file of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is read.
    pub input: PathBuf,
    /// What is written.
    pub output: Option<PathBuf>,
    /// The name of the output below the folder of outputs.
    pub relative: PathBuf,
    /// Bytes of the input.
    pub size_bytes: u64,
}

/// What a batch reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Every file once.
    pub items: Vec<Item>,
    /// What looks like audio and cannot be read, and folders that cannot; with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
    /// How many files hold no audio, as far as their names and first bytes say.
    pub left_out: u64,
    /// Outputs that are there already, by their places among the items.
    pub existing: Vec<usize>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A source is not there.
    #[error("{} cannot be read: {why}", path.display())]
    NotThere {
        /// The source.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A source is neither file nor folder.
    #[error("{} is no file and no folder, expected either where many files are read", path.display())]
    NotAFile {
        /// The source.
        path: PathBuf,
    },
    /// Nothing was found.
    #[error("{} holds no audio: {left_out} files were looked at", path.display())]
    Empty {
        /// The first source.
        path: PathBuf,
        /// How many files hold none.
        left_out: u64,
    },
    /// More files than one batch takes.
    #[error("more than {max} files, expected at most that many at once")]
    TooMany {
        /// How many it takes.
        max: usize,
    },
    /// More entries than are looked at.
    #[error("more than {max} names in all folders, expected at most that many")]
    TooManyEntries {
        /// How many are looked at.
        max: usize,
    },
    /// Two inputs would go to one output.
    #[error(
        "{} and {} would both become {}", one.display(), other.display(), output.display()
    )]
    Collision {
        /// An input.
        one: PathBuf,
        /// Another one.
        other: PathBuf,
        /// Where both would go.
        output: PathBuf,
    },
    /// The folder of outputs is something else.
    #[error("{} is a file, expected a folder for many outputs", path.display())]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// An output is one of the inputs.
    #[error("{} is one of the inputs, expected another folder for the outputs", path.display())]
    IsInput {
        /// The output.
        path: PathBuf,
    },
}

/// Whether a path on a command line stands for many files: a folder, or a pattern that is not the
/// name of anything.
#[must_use]
pub fn is_many(path: &Path) -> bool {
    path.is_dir() || (is_pattern(path) && fs::symlink_metadata(path).is_err())
}

/// Whether a name ends as a file's does that holds audio.
#[must_use]
pub fn is_audio_name(path: &Path) -> bool {
    ends_in(path, &ENDINGS)
}

/// Lists what is wanted. Thread: any but audio.
///
/// # Errors
/// Why the command line cannot be meant like that.
pub fn list(wanted: &BatchWanted<'_>) -> Result<List, ListError> {
    let mut lister = Lister {
        wanted,
        list: List::default(),
        seen: Seen::default(),
    };
    if let Some(folder) = wanted.folder {
        lister.keep_out(folder)?;
    }
    for source in wanted.sources {
        lister.source(source)?;
    }
    let mut list = lister.list;
    if list.items.is_empty() && list.unreadable.is_empty() {
        let path = wanted.sources.first().cloned().unwrap_or_default();
        let left_out = list.left_out;
        return Err(ListError::Empty { path, left_out });
    }
    list.existing = check(&list.items)?;
    Ok(list)
}

struct Lister<'a> {
    wanted: &'a BatchWanted<'a>,
    list: List,
    seen: Seen,
}

impl Lister<'_> {
    /// Outputs of an earlier batch are no inputs of this one.
    fn keep_out(&mut self, folder: &Path) -> Result<(), ListError> {
        match fs::metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => {
                let path = folder.to_owned();
                return Err(ListError::NotAFolder { path });
            }
            Ok(metadata) => {
                let is_source = |source: &PathBuf| {
                    fs::metadata(source).is_ok_and(|found| identity(&found) == identity(&metadata))
                };
                if self.wanted.sources.iter().any(is_source) {
                    let path = folder.to_owned();
                    return Err(ListError::IsInput { path });
                }
                self.seen.add(&metadata);
            }
            // It is made when the first output needs it.
            Err(_) => {}
        }
        Ok(())
    }

    fn source(&mut self, source: &Path) -> Result<(), ListError> {
        match fs::metadata(source) {
            Ok(metadata) if metadata.is_dir() => {
                let found = walk(source, &mut self.seen, &|_| true)?;
                self.take(source, found, &|path, lister| lister.holds_audio(path))
            }
            Ok(metadata) if metadata.is_file() => {
                let name = source.file_name().map(PathBuf::from).unwrap_or_default();
                self.add(source.to_owned(), &name, metadata.len())
            }
            Err(_) if is_pattern(source) => {
                let pattern = Pattern::of(source);
                let enter = |path: &Path| pattern.may_hold(path);
                let found = walk(&pattern.folder, &mut self.seen, &enter)?;
                let found = found.into_iter().filter(|found| match found {
                    WalkFound::File(path, _) | WalkFound::Odd(path, _) => pattern.matches(path),
                    WalkFound::Unread(..) => true,
                });
                self.take(&pattern.folder, found.collect(), &|_, _| true)
            }
            Ok(_) => Err(ListError::NotAFile {
                path: source.to_owned(),
            }),
            Err(error) => Err(ListError::NotThere {
                path: source.to_owned(),
                why: error.to_string(),
            }),
        }
    }

    /// Takes what lies below a folder, as far as it is wanted.
    fn take(
        &mut self,
        folder: &Path,
        found: Vec<WalkFound>,
        is_wanted: &dyn Fn(&Path, &Self) -> bool,
    ) -> Result<(), ListError> {
        for found in found {
            match found {
                WalkFound::File(path, size_bytes) => {
                    let input = under(folder, &path);
                    match is_wanted(&input, self) {
                        true => self.add(input, &path, size_bytes)?,
                        false => self.list.left_out += 1,
                    }
                }
                // A name says nothing of what it leads to, but what it was meant to.
                WalkFound::Odd(path, _) if !self.is_named(&path) => self.list.left_out += 1,
                WalkFound::Odd(path, why) | WalkFound::Unread(path, why) => {
                    self.list.unreadable.push((under(folder, &path), why));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, input: PathBuf, below: &Path, size_bytes: u64) -> Result<(), ListError> {
        if self.list.items.len() >= FILES_MAX {
            return Err(ListError::TooMany { max: FILES_MAX });
        }
        let relative = renamed(below, self.wanted.ending);
        self.list.items.push(Item {
            input,
            output: self.wanted.folder.map(|folder| folder.join(&relative)),
            relative,
            size_bytes,
        });
        Ok(())
    }

    /// Whether a name promises what is wanted.
    fn is_named(&self, path: &Path) -> bool {
        match self.wanted.holds {
            Holds::Headers => is_audio_name(path),
            Holds::Samples => ends_in(path, &RAW_ENDINGS),
        }
    }

    fn holds_audio(&self, path: &Path) -> bool {
        self.is_named(path) || (self.wanted.holds == Holds::Headers && looks_like_audio(path))
    }
}

/// A path below a folder; `.` is not spelled out.
fn under(folder: &Path, below: &Path) -> PathBuf {
    match folder == Path::new(".") {
        true => below.to_owned(),
        false => folder.join(below),
    }
}

/// The name of an output: an ending that says what the input was gives way.
fn renamed(path: &Path, ending: &str) -> PathBuf {
    if is_audio_name(path) || ends_in(path, &RAW_ENDINGS) {
        return path.with_extension(ending);
    }
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| {
        endings
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// Whether the first bytes of a regular file are those of audio.
fn looks_like_audio(path: &Path) -> bool {
    let mut first = Vec::new();
    let read =
        regular::open(path).and_then(|(file, _)| file.take(LOOK_BYTES).read_to_end(&mut first));
    if read.is_err() {
        return false;
    }
    let form = first.get(8..12).unwrap_or_default();
    match first.get(..4).unwrap_or_default() {
        b"RIFF" | b"RF64" | b"BW64" => form == b"WAVE",
        b"FORM" => form == b"AIFF" || form == b"AIFC",
        b"fLaC" | b"OggS" | b"caff" => true,
        _ => first.starts_with(b"ID3"),
    }
}

/// Which file it is, whatever its name.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Refuses outputs that meet each other or an input; returns which are there already.
fn check(items: &[Item]) -> Result<Vec<usize>, ListError> {
    let mut outputs: HashMap<&Path, &Item> = HashMap::with_capacity(items.len());
    let mut existing = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(output) = &item.output else {
            continue;
        };
        if let Some(other) = outputs.insert(output, item) {
            return Err(ListError::Collision {
                one: other.input.clone(),
                other: item.input.clone(),
                output: output.clone(),
            });
        }
        if fs::symlink_metadata(output).is_ok() {
            existing.push(at);
        }
    }
    if existing.is_empty() {
        return Ok(existing);
    }
    let inputs = items
        .iter()
        .filter_map(|item| fs::metadata(&item.input).ok());
    let inputs: HashSet<_> = inputs.map(|metadata| identity(&metadata)).collect();
    for output in existing.iter().filter_map(|at| items[*at].output.as_ref()) {
        if fs::metadata(output).is_ok_and(|found| inputs.contains(&identity(&found))) {
            let path = output.clone();
            return Err(ListError::IsInput { path });
        }
    }
    Ok(existing)
}

#[cfg(test)]
mod tests;
