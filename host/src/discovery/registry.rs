//! Registry: what files told when they were last read, so that they need not be read again.
//!
//! In: a folder to keep it in. Out: what a file told, if it is the very same file: path, device,
//! inode, size and times agree to the nanosecond. A registry that is damaged, foreign or missing
//! is an empty one: it is a cache, and everything in it can be found out again.

mod wire;

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::debug;

use crate::discovery::hash::ContentHash;
use crate::discovery::library::Told;
use crate::discovery::stamp::Stamp;

/// The largest registry, in bytes: ten thousand manifests of some kilobytes.
const REGISTRY_BYTES_MAX: u64 = 128 << 20;

/// The most files it knows.
const RECORDS_MAX: usize = 32_768;

/// The name of the file in its folder.
const FILE_NAME: &str = "registry";

/// What files told when they were last read. Thread: one at a time, any but audio.
#[derive(Debug, Default)]
pub struct Registry {
    /// Where it is kept; a registry without a place is forgotten with the process.
    folder: Option<PathBuf>,
    records: HashMap<PathBuf, Record>,
    changed: bool,
}

/// One file as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) stamp: Stamp,
    pub(crate) hash: Option<ContentHash>,
    pub(crate) told: Told,
}

impl Registry {
    /// A registry that is kept nowhere.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Loads the registry that is kept in `folder`, `$XDG_CACHE_HOME/segue` say; without a usable
    /// one it starts empty.
    #[must_use]
    pub fn load(folder: &Path) -> Self {
        let records = read_bounded(&folder.join(FILE_NAME)).and_then(|bytes| {
            let records = wire::decode(&bytes, RECORDS_MAX);
            records.ok_or_else(|| io::Error::other("it is damaged, or of another version"))
        });
        if let Err(error) = &records {
            debug!(folder = %folder.display(), %error, "starting with an empty registry");
        }
        Self {
            folder: Some(folder.to_owned()),
            records: records.unwrap_or_default(),
            changed: false,
        }
    }

    /// Keeps what changed since the registry was loaded; nothing is written if nothing did.
    ///
    /// The folder is made, for its owner only, if it is not there. The file is replaced as a
    /// whole: whoever reads it meanwhile reads the old one.
    ///
    /// # Errors
    /// What the system says. The registry in memory stays as it is.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|_| self.changed) else {
            return Ok(());
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let bytes = wire::encode(&self.records, REGISTRY_BYTES_MAX as usize);
        let fresh = folder.join(format!("{FILE_NAME}.{}", std::process::id()));
        let written =
            write_new(&fresh, &bytes).and_then(|()| fs::rename(&fresh, folder.join(FILE_NAME)));
        if written.is_err() {
            // Whatever went wrong, it is reported; what is left of it must not stay.
            let _ = fs::remove_file(&fresh);
        }
        written?;
        self.changed = false;
        Ok(())
    }

    /// The content of the file that was `path` with that stamp, if somebody had to know it.
    #[must_use]
    pub fn hash(&self, path: &Path, stamp: &Stamp) -> Option<ContentHash> {
        self.record(path, stamp)?.hash
    }

    /// Remembers the content of a file that a scan found. Of a file that is not known, or that
    /// changed since, nothing is remembered.
    pub fn set_hash(&mut self, path: &Path, stamp: &Stamp, hash: ContentHash) {
        let record = self
            .records
            .get_mut(path)
            .filter(|record| record.stamp == *stamp);
        if let Some(record) = record.filter(|record| record.hash != Some(hash)) {
            record.hash = Some(hash);
            self.changed = true;
        }
    }

    /// What the file that is `path` told, if it has not changed since.
    pub(crate) fn record(&self, path: &Path, stamp: &Stamp) -> Option<&Record> {
        self.records
            .get(path)
            .filter(|record| record.stamp == *stamp)
    }

    /// Remembers what a file told, unless it may still change under the same stamp.
    pub(crate) fn insert(&mut self, path: &Path, record: Record, now: SystemTime) {
        if record.stamp.is_settled(now) && self.records.len() < RECORDS_MAX {
            self.records.insert(path.to_owned(), record);
            self.changed = true;
        }
    }

    /// Forgets files for which `keep` says no: those that are gone.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        let before = self.records.len();
        self.records.retain(|path, _| keep(path));
        self.changed |= self.records.len() != before;
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = options.read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > REGISTRY_BYTES_MAX {
        return Err(io::Error::other("it is no file of a registry's size"));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(REGISTRY_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file that is not there yet, for its owner only.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a process of the same number left behind when it was killed.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file: File = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}
