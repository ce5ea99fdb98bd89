//! Registry: what files told when they were last read, so that they need not be read again.
//!
//! In: a folder to keep it in. Out: what a file told, if it is the very same file. It is a cache:
//! everything in it can be found out again.
//!
//! What the files of one folder told is kept in a file of its own, a shelf, which is read when that
//! folder is searched: what was found elsewhere, once, costs nothing ever after.

mod shelf;
mod wire;

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tracing::{debug, warn};

use crate::discovery::hash::ContentHash;
use crate::discovery::registry::shelf::{SHELF_BYTES_MAX, Shelf, ShelfSave};
use crate::discovery::stamp::Stamp;
use crate::private::{Private, PrivateError};
use crate::process::start;
use crate::system::files::{self, Links};

pub(crate) use wire::Record;

/// How the name of a shelf begins; then come digits that stand for the folder's path.
const PREFIX: &str = "registry-";

/// The name of the one file that earlier versions kept everything in.
const FORMER: &str = "registry";

/// The most shelves kept, by when they were written last: few machines have plugins in more folders.
const SHELVES_MAX: usize = 256;

/// The most names read of the registry's folder.
const NAMES_MAX: usize = 65_536;

/// What files told when they were last read. Thread: one at a time, any but audio.
#[derive(Debug, Default)]
pub struct Registry {
    /// Where it is kept; a registry without a place is forgotten with the process.
    folder: Option<PathBuf>,
    /// What was loaded so far, by the folder that the files are in.
    shelves: BTreeMap<PathBuf, Shelf>,
}

impl Registry {
    /// A registry that is kept nowhere.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// The registry that is kept in `folder`, `$XDG_CACHE_HOME/segue` say. Nothing is read before
    /// somebody asks for a file; of a folder that others can change nothing is read at all.
    #[must_use]
    pub fn load(folder: &Path) -> Self {
        if let Err(error @ PrivateError::Exposed { .. }) = Private::find(folder) {
            warn!(%error, "no registry is used");
            return Self::in_memory();
        }
        Self {
            folder: Some(folder.to_owned()),
            shelves: BTreeMap::new(),
        }
    }

    /// Keeps what changed since the registry was loaded; nothing is written if nothing did.
    ///
    /// The folder is made, for its owner only, if it is not there. Each file is replaced as a
    /// whole: whoever reads it meanwhile reads the old one.
    ///
    /// # Errors
    /// What the system says. The registry in memory stays as it is.
    pub fn save(&mut self) -> io::Result<()> {
        let mut is_written = false;
        for shelf in self.shelves.values_mut() {
            is_written |= shelf.save()? == ShelfSave::Written;
        }
        match &self.folder {
            Some(folder) if is_written => trim(folder),
            _ => Ok(()),
        }
    }

    /// The content of the file at `path`, if somebody had to know it and its stamp is the same.
    #[must_use]
    pub fn hash(&self, path: &Path, stamp: &Stamp) -> Option<ContentHash> {
        let path = start::absolute(path);
        let folder = path.parent()?;
        let path = path.as_os_str().as_bytes();
        match self.shelves.get(folder) {
            Some(shelf) => shelf.record(path, stamp)?.hash,
            None => self.read(folder).record(path, stamp)?.hash,
        }
    }

    /// Remembers the content of a file that a scan found. Of a file that is not known, or that
    /// changed since, nothing is remembered.
    pub fn set_hash(&mut self, path: &Path, stamp: &Stamp, hash: ContentHash) {
        let path = start::absolute(path);
        let bytes = path.as_os_str().as_bytes();
        self.shelf(folder_of(bytes)).set_hash(bytes, stamp, hash);
    }

    /// Loads what is known of the files of a folder, unless it is loaded. Without this nothing is
    /// known of them.
    pub(crate) fn enter(&mut self, folder: &Path) {
        let _ = self.shelf(folder);
    }

    /// What is known of the files of a folder, loaded now if it was not.
    fn shelf(&mut self, folder: &Path) -> &mut Shelf {
        if !self.shelves.contains_key(folder) {
            let shelf = self.read(folder);
            self.shelves.insert(folder.to_owned(), shelf);
        }
        let shelf = self.shelves.get_mut(folder);
        shelf.expect("it was inserted just now")
    }

    /// What the file at that absolute path told, if its folder was entered and it has not changed
    /// since.
    pub(crate) fn record(&self, path: &[u8], stamp: &Stamp) -> Option<Record<'_>> {
        self.shelves.get(folder_of(path))?.record(path, stamp)
    }

    /// Remembers what a file told, unless it may still change under the same stamp.
    pub(crate) fn insert(&mut self, record: Record<'static>, now: SystemTime) {
        let folder = folder_of(&record.path).to_owned();
        self.shelf(&folder).insert(record, now);
    }

    /// Forgets files of the `searched` folders that nobody asked for: they are gone. A full shelf
    /// forgets everything nobody asked for, to have room the next time.
    pub(crate) fn forget(&mut self, searched: &HashSet<PathBuf>) {
        for shelf in self.shelves.values_mut() {
            shelf.forget(searched);
        }
    }

    /// What is kept of the files of a folder.
    fn read(&self, folder: &Path) -> Shelf {
        match &self.folder {
            Some(place) => Shelf::load(place, &name_of(folder)),
            None => Shelf::in_memory(),
        }
    }
}

/// The folder of a file at that absolute path.
fn folder_of(path: &[u8]) -> &Path {
    let path = Path::new(OsStr::from_bytes(path));
    path.parent().unwrap_or(path)
}

/// What the shelf of a folder is called. Two folders of one name would forget each other's files,
/// and know nothing false: records have whole paths.
fn name_of(folder: &Path) -> String {
    let hash = Sha256::digest(folder.as_os_str().as_bytes());
    let digits = hash[..8].iter().map(|byte| format!("{byte:02x}"));
    PREFIX.to_owned() + &digits.collect::<String>()
}

/// A shelf on the disk: when it was written, its size, its name.
type ShelfFile = ((i64, u64), u64, String);

/// Removes the shelves that were written longest ago, until the rest is as many and as large as is
/// kept; and the file of earlier versions.
fn trim(folder: &Path) -> io::Result<()> {
    let Some(folder) = Private::find(folder)? else {
        return Ok(());
    };
    let _ = files::remove_at(&folder, FORMER);
    let mut kept = kept(&folder)?;
    kept.sort_unstable();
    let (mut count, mut bytes) = (
        kept.len(),
        kept.iter().map(|(_, bytes, _)| bytes).sum::<u64>(),
    );
    for (_, size_bytes, name) in kept {
        if count <= SHELVES_MAX && bytes <= SHELF_BYTES_MAX {
            break;
        }
        debug!(
            name,
            "what is known of a folder is forgotten, to have room for others"
        );
        files::remove_at(&folder, name)?;
        (count, bytes) = (count - 1, bytes - size_bytes);
    }
    Ok(())
}

fn kept(folder: &Private) -> io::Result<Vec<ShelfFile>> {
    let entries = files::names(folder)?.take(NAMES_MAX).flatten();
    let names = entries.filter_map(|name| name.into_string().ok());
    let shelves = names.filter(|name| name.starts_with(PREFIX));
    let about = shelves.filter_map(|name| {
        let about = files::about_at(folder, &name, Links::Themselves).ok()?;
        let (seconds, nanoseconds) = about.modified;
        Some(((seconds, u64::from(nanoseconds)), about.size_bytes, name))
    });
    Ok(about.collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::discovery::library::Told;
    use crate::discovery::reasons::NotAPlugin;

    const STAMP: Stamp = Stamp {
        device: 1,
        inode: 2,
        size_bytes: 3,
        modified: (90, 0),
        changed: (90, 0),
    };

    fn put(registry: &mut Registry, path: &str) {
        let record = Record {
            path: path.as_bytes().to_vec().into(),
            stamp: STAMP,
            hash: None,
            told: Told::Not(NotAPlugin::NoManifest),
        };
        registry.insert(record, SystemTime::now());
    }

    fn knows(registry: &mut Registry, path: &str) -> bool {
        registry.enter(folder_of(path.as_bytes()));
        registry.record(path.as_bytes(), &STAMP).is_some()
    }

    #[test]
    fn what_is_known_of_other_folders_is_kept_and_not_read() {
        let place = tempfile::tempdir().unwrap();
        let mut registry = Registry::load(place.path());
        put(&mut registry, "/here/a.so");
        put(&mut registry, "/there/a.so");
        registry.save().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
        // Damage, which reading would notice, stays unnoticed.
        let there = place.path().join(name_of(Path::new("/there")));
        let bytes = fs::read(&there).unwrap();
        fs::write(&there, "damaged").unwrap();
        let mut registry = Registry::load(place.path());
        assert!(knows(&mut registry, "/here/a.so"));
        put(&mut registry, "/here/b.so");
        registry.save().unwrap();
        assert_eq!(fs::read(&there).unwrap(), b"damaged");
        fs::write(&there, bytes).unwrap();
        let mut registry = Registry::load(place.path());
        let all = ["/here/a.so", "/here/b.so", "/there/a.so", "/there/b.so"];
        assert_eq!(
            all.map(|path| knows(&mut registry, path)),
            [true, true, true, false]
        );
    }

    #[test]
    fn no_more_folders_are_known_than_may_be_and_the_former_file_goes() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(FORMER), "of an earlier version").unwrap();
        fs::write(place.path().join("verdicts"), "of somebody else").unwrap();
        let mut registry = Registry::load(place.path());
        for at in 0..SHELVES_MAX + 3 {
            put(&mut registry, &format!("/{at}/a.so"));
        }
        registry.save().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), SHELVES_MAX + 1);
        put(&mut registry, "/last/a.so");
        registry.save().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), SHELVES_MAX + 1);
        assert!(knows(&mut Registry::load(place.path()), "/last/a.so"));
    }
}
