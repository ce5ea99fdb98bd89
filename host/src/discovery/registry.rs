//! Registry: what files told when they were last read, so that they need not be read again.
//!
//! In: a folder to keep it in. Out: what a file told, if it is the very same file: path, device,
//! inode, size and times agree to the nanosecond. A registry that is damaged, foreign or missing
//! is an empty one: it is a cache, and everything in it can be found out again.

mod wire;

use std::collections::{HashMap, HashSet};
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

    /// Forgets files that are gone: those of the `searched` folders that are not `there` any more.
    /// A full registry forgets everything that is not there, to have room for what is.
    pub(crate) fn forget(&mut self, searched: &HashSet<PathBuf>, there: &HashSet<PathBuf>) {
        let before = self.records.len();
        let full = before >= RECORDS_MAX;
        self.records.retain(|path, _| {
            let elsewhere = path
                .parent()
                .is_none_or(|folder| !searched.contains(folder));
            there.contains(path) || (elsewhere && !full)
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::class::NotAPlugin;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, UNIX_EPOCH};

    /// A time at which the record of `record` has settled.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(100)
    }

    fn record() -> Record {
        let (modified, changed) = ((90, 0), (90, 0));
        Record {
            stamp: Stamp {
                device: 1,
                inode: 2,
                size_bytes: 3,
                modified,
                changed,
            },
            hash: None,
            told: Told::Not(NotAPlugin::NoManifest),
        }
    }

    fn set(paths: &[&str]) -> HashSet<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_registry_that_cannot_be_used_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let check = |what: &str| {
            let registry = Registry::load(folder.path());
            assert!(registry.records.is_empty(), "{what}");
        };
        check("missing");
        fs::write(&path, "SEGUEREG of some other program").unwrap();
        check("foreign");
        File::create(&path)
            .unwrap()
            .set_len(REGISTRY_BYTES_MAX + 1)
            .unwrap();
        check("huge");
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        check("a device");
        fs::remove_file(&path).unwrap();
        let mode = rustix::fs::Mode::RUSR;
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).unwrap();
        check("a FIFO");
        let mut registry = Registry::load(folder.path());
        registry.insert(Path::new("/a.so"), record(), now());
        registry.save().unwrap();
        assert_eq!(
            Registry::load(folder.path()).records.len(),
            1,
            "it was replaced"
        );
    }

    #[test]
    fn an_unchanged_registry_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("segue");
        Registry::load(&place).save().unwrap();
        assert!(!place.exists());
        let mut registry = Registry::in_memory();
        registry.insert(Path::new("/a.so"), record(), now());
        registry.save().unwrap();
    }

    #[test]
    fn a_registry_that_cannot_be_saved_says_so_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join(FILE_NAME);
        fs::create_dir(&in_the_way).unwrap();
        let mut registry = Registry::load(folder.path());
        registry.insert(Path::new("/a.so"), record(), now());
        assert!(registry.save().is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::remove_dir(&in_the_way).unwrap();
        registry.save().unwrap();
    }

    #[test]
    fn what_has_not_settled_is_not_kept() {
        let mut registry = Registry::in_memory();
        registry.insert(
            Path::new("/a.so"),
            record(),
            UNIX_EPOCH + Duration::from_secs(91),
        );
        assert!(
            registry
                .record(Path::new("/a.so"), &record().stamp)
                .is_none()
        );
    }

    #[test]
    fn files_that_are_gone_are_forgotten_and_a_full_registry_forgets_more() {
        let mut registry = Registry::in_memory();
        for path in ["/here/gone.so", "/here/there.so", "/elsewhere/a.so"] {
            registry.insert(Path::new(path), record(), now());
        }
        registry.forget(&set(&["/here"]), &set(&["/here/there.so"]));
        let known =
            |registry: &Registry, path: &str| registry.records.contains_key(Path::new(path));
        assert!(!known(&registry, "/here/gone.so"));
        assert!(known(&registry, "/here/there.so") && known(&registry, "/elsewhere/a.so"));
        for at in 0..RECORDS_MAX + 10 {
            registry.insert(Path::new(&format!("/elsewhere/{at}.so")), record(), now());
        }
        assert_eq!(registry.records.len(), RECORDS_MAX);
        registry.forget(&set(&["/here"]), &set(&["/here/there.so"]));
        assert_eq!(registry.records.len(), 1);
    }
}
