//! Shelf: what the files of one folder told when they were last read.
//!
//! In: a folder to keep it in, and its name there. Out: what a file told, if it is the very same
//! file: path, device, inode, size and times agree to the nanosecond. A shelf that is damaged,
//! foreign or missing is an empty one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tracing::debug;

use crate::discovery::hash::ContentHash;
use crate::discovery::registry::wire::{self, Record, RecordPlace};
use crate::discovery::stamp::Stamp;
use crate::private;

/// The largest shelf, in bytes: ten thousand manifests of some kilobytes.
pub(super) const SHELF_BYTES_MAX: u64 = 128 << 20;

/// The most files it knows.
const RECORDS_MAX: usize = 32_768;

/// What the files of one folder told.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Where it is kept, and under which name; one without a place is forgotten with the process.
    place: Option<(PathBuf, String)>,
    /// The file as it was loaded.
    bytes: Vec<u8>,
    /// Where its records are, in the order of their paths.
    known: Vec<LoadedFile>,
    /// What was found out since, by path.
    fresh: BTreeMap<Vec<u8>, Record<'static>>,
    changed: bool,
}

/// What saving did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShelfSave {
    /// Nothing: there is nothing new.
    Unchanged,
    /// It wrote a file.
    Written,
}

/// A record of the file that was loaded.
#[derive(Debug)]
struct LoadedFile {
    place: RecordPlace,
    /// Whether somebody asked for its file, which is there then.
    asked: AtomicBool,
    /// Whether it is not true any more.
    dropped: bool,
}

impl Shelf {
    /// One that is kept nowhere.
    pub(super) fn in_memory() -> Self {
        Self::default()
    }

    /// Loads the one that is kept in `folder` under that name; without a usable one it starts
    /// empty.
    pub(super) fn load(folder: &Path, name: &str) -> Self {
        let mut registry = Self {
            place: Some((folder.to_owned(), name.to_owned())),
            ..Self::default()
        };
        let bytes = private::read(folder, name, SHELF_BYTES_MAX).and_then(|bytes| {
            let places = wire::split(&bytes, RECORDS_MAX);
            let places = places.ok_or("it is damaged, or of another version");
            Ok((places.map_err(io::Error::other)?, bytes))
        });
        match bytes {
            Ok((places, bytes)) => {
                let known = places.into_iter().map(|place| LoadedFile {
                    place,
                    asked: AtomicBool::new(false),
                    dropped: false,
                });
                (registry.known, registry.bytes) = (known.collect(), bytes);
            }
            Err(error) => debug!(folder = %folder.display(), %error, "starting without a shelf"),
        }
        registry
    }

    /// Keeps what changed since it was loaded; nothing is written if nothing did.
    ///
    /// # Errors
    /// What the system says. What is in memory stays as it is.
    pub(super) fn save(&mut self) -> io::Result<ShelfSave> {
        let Some((folder, name)) = self.place.as_ref().filter(|_| self.changed) else {
            return Ok(ShelfSave::Unchanged);
        };
        private::replace(folder, name, &self.encode())?;
        self.changed = false;
        Ok(ShelfSave::Written)
    }

    /// Remembers the content of a file of that absolute path. Of a file that is not known, or that
    /// changed since, nothing is remembered.
    pub(super) fn set_hash(&mut self, path: &[u8], stamp: &Stamp, hash: ContentHash) {
        let Some(mut record) = self.record(path, stamp).map(Record::into_owned) else {
            return;
        };
        if record.hash != Some(hash) {
            record.hash = Some(hash);
            self.replace(record);
        }
    }

    /// What the file at that absolute path told, if it has not changed since.
    pub(super) fn record(&self, path: &[u8], stamp: &Stamp) -> Option<Record<'_>> {
        let record = match self.fresh.get(path) {
            Some(record) => record.clone(),
            None => {
                let known = &self.known[self.place(path)?];
                known.asked.store(true, Ordering::Relaxed);
                wire::decode(&self.bytes[known.place.record.clone()])?
            }
        };
        (record.stamp == *stamp).then_some(record)
    }

    /// Remembers what a file told, unless it may still change under the same stamp.
    pub(super) fn insert(&mut self, record: Record<'static>, now: SystemTime) {
        if record.stamp.is_settled(now) && self.known.len() + self.fresh.len() < RECORDS_MAX {
            self.replace(record);
        }
    }

    /// Forgets files of the `searched` folders that nobody asked for: they are gone. A full
    /// registry forgets everything nobody asked for, to have room the next time.
    pub(super) fn forget(&mut self, searched: &HashSet<PathBuf>) {
        let full = self.known.len() + self.fresh.len() >= RECORDS_MAX;
        for known in &mut self.known {
            let path = Path::new(OsStr::from_bytes(&self.bytes[known.place.path.clone()]));
            let of_searched = || {
                path.parent()
                    .is_some_and(|folder| searched.contains(folder))
            };
            if !known.dropped && !*known.asked.get_mut() && (full || of_searched()) {
                known.dropped = true;
                self.changed = true;
            }
        }
    }

    /// Puts a record before what was known of its file.
    fn replace(&mut self, record: Record<'static>) {
        self.fresh.insert(record.path.to_vec(), record);
        self.changed = true;
    }

    /// Where the loaded record of a path is.
    fn place(&self, path: &[u8]) -> Option<usize> {
        let path_of = |known: &LoadedFile| &self.bytes[known.place.path.clone()];
        let at = self
            .known
            .binary_search_by(|known| path_of(known).cmp(path))
            .ok()?;
        (!self.known[at].dropped).then_some(at)
    }

    /// Everything that is still true, as bytes.
    fn encode(&self) -> Vec<u8> {
        let kept = self.known.iter().filter(|known| !known.dropped);
        let kept = kept.map(|known| {
            let bytes = &self.bytes[known.place.record.clone()];
            (&self.bytes[known.place.path.clone()], Cow::Borrowed(bytes))
        });
        let fresh = self.fresh.iter();
        let fresh = fresh.map(|(path, record)| (&path[..], Cow::Owned(wire::encode(record))));
        let all: BTreeMap<_, _> = kept.chain(fresh).collect();
        wire::join(all.values().map(|bytes| &**bytes), SHELF_BYTES_MAX as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::library::Told;
    use crate::discovery::reasons::NotAPlugin;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::time::{Duration, UNIX_EPOCH};

    const FILE_NAME: &str = "shelf";

    /// A time at which what `put` puts has settled.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(100)
    }

    const STAMP: Stamp = Stamp {
        device: 1,
        inode: 2,
        size_bytes: 3,
        modified: (90, 0),
        changed: (90, 0),
    };

    fn put(registry: &mut Shelf, path: &str, now: SystemTime) {
        let record = Record {
            path: path.as_bytes().to_vec().into(),
            stamp: STAMP,
            hash: None,
            told: Told::Not(NotAPlugin::NoManifest),
        };
        registry.insert(record, now);
    }

    fn knows(registry: &mut Shelf, path: &str) -> bool {
        registry.record(path.as_bytes(), &STAMP).is_some()
    }

    /// A registry of these paths, saved and loaded again.
    fn loaded(folder: &Path, paths: &[&str]) -> Shelf {
        let mut registry = Shelf::load(folder, FILE_NAME);
        for path in paths {
            put(&mut registry, path, now());
        }
        registry.save().unwrap();
        Shelf::load(folder, FILE_NAME)
    }

    #[test]
    fn a_registry_that_cannot_be_used_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let check = |what: &str| {
            let registry = Shelf::load(folder.path(), FILE_NAME);
            assert!(registry.known.is_empty(), "{what}");
        };
        check("missing");
        fs::write(&path, "SEGUEREG of some other program").unwrap();
        check("foreign");
        File::create(&path)
            .unwrap()
            .set_len(SHELF_BYTES_MAX + 1)
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
        assert!(
            knows(&mut loaded(folder.path(), &["/a.so"]), "/a.so"),
            "it was replaced"
        );
    }

    #[test]
    fn an_unchanged_registry_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("segue");
        Shelf::load(&place, FILE_NAME).save().unwrap();
        assert!(!place.exists());
        let mut registry = loaded(&place, &["/a.so"]);
        fs::remove_file(place.join(FILE_NAME)).unwrap();
        assert!(knows(&mut registry, "/a.so"));
        registry.forget(&HashSet::new());
        registry.save().unwrap();
        assert!(!place.join(FILE_NAME).exists());
    }

    #[test]
    fn a_registry_without_a_place_is_kept_nowhere() {
        let mut registry = Shelf::in_memory();
        put(&mut registry, "/a.so", now());
        registry.save().unwrap();
        assert!(knows(&mut registry, "/a.so"));
    }

    #[test]
    fn a_registry_that_cannot_be_saved_says_so_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join(FILE_NAME);
        fs::create_dir(&in_the_way).unwrap();
        let mut registry = Shelf::load(folder.path(), FILE_NAME);
        put(&mut registry, "/a.so", now());
        assert!(registry.save().is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::remove_dir(&in_the_way).unwrap();
        registry.save().unwrap();
        assert!(knows(&mut Shelf::load(folder.path(), FILE_NAME), "/a.so"));
    }

    #[test]
    fn what_has_not_settled_is_not_kept() {
        let mut registry = Shelf::in_memory();
        put(&mut registry, "/a.so", UNIX_EPOCH + Duration::from_secs(91));
        assert!(!knows(&mut registry, "/a.so"));
    }

    #[test]
    fn what_is_found_out_replaces_what_was_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = loaded(folder.path(), &["/a.so", "/b.so"]);
        let later = Stamp { inode: 9, ..STAMP };
        assert!(registry.record(b"/a.so", &later).is_none());
        let record = Record {
            path: b"/a.so"[..].into(),
            stamp: later,
            hash: None,
            told: Told::Damaged("so it is".into()),
        };
        registry.insert(record.clone(), now());
        assert_eq!(registry.record(b"/a.so", &later), Some(record.clone()));
        registry.save().unwrap();
        let mut registry = Shelf::load(folder.path(), FILE_NAME);
        assert_eq!(registry.record(b"/a.so", &later), Some(record));
        assert!(!knows(&mut registry, "/a.so") && knows(&mut registry, "/b.so"));
    }

    #[test]
    fn files_that_are_gone_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["/here/gone.so", "/here/there.so", "/elsewhere/a.so"];
        let mut registry = loaded(folder.path(), &paths);
        assert!(knows(&mut registry, "/here/there.so"));
        registry.forget(&HashSet::from(["/here".into()]));
        registry.save().unwrap();
        let mut registry = Shelf::load(folder.path(), FILE_NAME);
        let kept = paths.map(|path| knows(&mut registry, path));
        assert_eq!(kept, [false, true, true]);
    }

    #[test]
    fn a_full_registry_takes_no_more_and_makes_room_for_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..RECORDS_MAX + 10)
            .map(|at| format!("/{at:08}.so"))
            .collect();
        let paths: Vec<_> = paths.iter().map(String::as_str).collect();
        let mut registry = loaded(folder.path(), &paths);
        assert_eq!(registry.known.len(), RECORDS_MAX);
        put(&mut registry, "/other.so", now());
        assert!(!knows(&mut registry, "/other.so") && knows(&mut registry, paths[7]));
        registry.forget(&HashSet::new());
        registry.save().unwrap();
        let mut registry = loaded(folder.path(), &["/other.so"]);
        assert_eq!(registry.known.len(), 2);
        assert!(knows(&mut registry, "/other.so") && knows(&mut registry, paths[7]));
    }
}
