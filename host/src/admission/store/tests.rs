//! Tests of the store: what gets in, what goes, and what others do meanwhile.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode};
use tempfile::TempDir;

use super::*;
use crate::admission::store::kept::{STAMP_ENDING, stamp_name};
use crate::private::PrivateError;
use crate::system::files::{self, Links};

/// A folder with one file, and a store beside it.
struct Bench {
    folder: TempDir,
    store: Store,
}

impl Bench {
    fn new(bytes_max: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a/store"), bytes_max).unwrap();
        Self { folder, store }
    }

    fn file(&self, content: &[u8]) -> (PathBuf, Stamp) {
        let path = self.folder.path().join("library.so");
        fs::write(&path, content).unwrap();
        let stamp = Stamp::of(&files::about_at(files::here(), &path, Links::Followed).unwrap());
        (path, stamp)
    }

    /// Puts a content of so many bytes there, used so long ago.
    fn put(&self, byte: u8, size_bytes: usize, ago: Duration) -> ContentHash {
        let (path, stamp) = self.file(&vec![byte; size_bytes]);
        let (hash, way) = self.store.hold(&path, &stamp, None).unwrap();
        assert_eq!(way, CopyNeed::Copied);
        self.age(&self.stamp_of(hash), ago);
        hash
    }

    /// The stamp of a copy, whose time says when the copy was used.
    fn stamp_of(&self, hash: ContentHash) -> PathBuf {
        self.store.folder.path().join(stamp_name(hash))
    }

    fn age(&self, path: &Path, ago: Duration) {
        let permissions = Permissions::from_mode(0o600);
        fs::set_permissions(path, permissions).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - ago).unwrap();
    }

    /// What is there beside the stamps, of which every copy has its own and nothing else.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.store.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let (stamps, mut names): (Vec<_>, Vec<_>) =
            names.partition(|name| name.ends_with(STAMP_ENDING));
        let copies = names
            .iter()
            .filter_map(|name| Some(stamp_name(hash_of(name)?)));
        let mut copies: Vec<_> = copies.collect();
        let mut stamps: Vec<_> = stamps;
        copies.sort();
        stamps.sort();
        assert_eq!(stamps, copies);
        names.sort();
        names
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_copy_is_named_by_its_content_and_can_only_be_read() {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(b"abc");
    let (hash, way) = bench.store.hold(&path, &stamp, None).unwrap();
    assert_eq!(way, CopyNeed::Copied);
    // FIPS 180-4, appendix B.1.
    let name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.so";
    assert_eq!(bench.names(), [name]);
    assert_eq!(hash_of(name), Some(hash));
    let about = fs::metadata(bench.store.path_of(hash)).unwrap();
    assert_eq!(about.mode() & 0o777, 0o400);
    assert_eq!(fs::read(bench.store.path_of(hash)).unwrap(), b"abc");
    assert_eq!(
        fs::metadata(bench.store.folder.path()).unwrap().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_content_that_is_known_is_neither_read_nor_copied() {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(&vec![7; 1_000_000]);
    let (hash, _) = bench.store.hold(&path, &stamp, None).unwrap();
    bench.age(&bench.stamp_of(hash), HOUR);
    assert_eq!(
        bench.store.hold(&path, &stamp, None).unwrap(),
        (hash, CopyNeed::Known)
    );
    fs::remove_file(&path).unwrap();
    bench.age(&bench.stamp_of(hash), HOUR);
    let known = bench.store.hold(&path, &stamp, Some(hash)).unwrap();
    assert_eq!(known, (hash, CopyNeed::Known));
    let used = fs::metadata(bench.stamp_of(hash)).unwrap().modified();
    assert!(
        used.unwrap() > SystemTime::now() - HOUR / 2,
        "it counts as used"
    );
    assert_eq!(bench.names().len(), 1);
}

#[test]
fn a_copy_that_was_cut_is_made_again() {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(b"a whole library");
    let (hash, _) = bench.store.hold(&path, &stamp, None).unwrap();
    let copy = bench.store.path_of(hash);
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "a whole lib").unwrap();
    let again = bench.store.hold(&path, &stamp, Some(hash)).unwrap();
    assert_eq!(again, (hash, CopyNeed::Copied));
    assert_eq!(fs::read(copy).unwrap(), b"a whole library");
}

/// Changes a copy as nobody but its owner can, and says what holding it again makes of it.
fn changed(bytes: &[u8], original: Option<&[u8]>) -> Result<(CopyNeed, Vec<u8>), StoreError> {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(b"a whole library");
    let (hash, _) = bench.store.hold(&path, &stamp, None)?;
    let copy = bench.store.path_of(hash);
    fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
    fs::write(&copy, bytes).unwrap();
    if original.is_none() {
        fs::remove_file(&path).unwrap();
    }
    let (again, way) = bench.store.hold(&path, &stamp, Some(hash))?;
    assert_eq!(again, hash);
    assert_eq!(bench.names(), [name_of(hash)]);
    Ok((way, fs::read(copy).unwrap()))
}

#[test]
fn a_copy_that_was_changed_is_made_again_or_not_used() {
    let whole = &b"a whole library"[..];
    // Touched, but with its own bytes: those are hashed, and the copy stays.
    let (way, bytes) = changed(whole, None).unwrap();
    assert_eq!((way, &*bytes), (CopyNeed::Known, whole));
    // Of the same length.
    let other = b"a wrong library";
    let (way, bytes) = changed(other, Some(whole)).unwrap();
    assert_eq!((way, &*bytes), (CopyNeed::Copied, whole));
    let error = changed(other, None).unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }), "{error}");
}

#[test]
fn a_copy_without_its_stamp_is_hashed_again_and_a_stamp_without_its_copy_goes() {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(b"a whole library");
    let (hash, _) = bench.store.hold(&path, &stamp, None).unwrap();
    fs::write(bench.stamp_of(hash), "no stamp").unwrap();
    let held = bench.store.hold(&path, &stamp, Some(hash)).unwrap();
    assert_eq!(held, (hash, CopyNeed::Known));
    fs::remove_file(bench.store.path_of(hash)).unwrap();
    bench.store.evict(SystemTime::now(), |_| true);
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn a_file_that_is_another_one_is_refused_and_leaves_nothing() {
    let bench = Bench::new(u64::MAX);
    let (path, stamp) = bench.file(b"one");
    let changed = Err::<(), _>(StoreError::Changed { path: path.clone() });
    bench.file(b"other");
    let error = bench.store.hold(&path, &stamp, None).map(|_| ());
    assert_eq!(format!("{error:?}"), format!("{changed:?}"));
    fs::remove_file(&path).unwrap();
    rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let error = bench.store.hold(&path, &stamp, None).unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }), "{error}");
    let stamp = Stamp {
        size_bytes: LIBRARY_BYTES_MAX + 1,
        ..stamp
    };
    let error = bench.store.hold(&path, &stamp, None).unwrap_err();
    assert!(matches!(error, StoreError::Large { .. }), "{error}");
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn what_was_used_longest_ago_goes_first_and_only_as_much_as_must() {
    let bench = Bench::new(2_500);
    let hashes = [1, 2, 3, 4].map(|hours| bench.put(hours, 1_000, HOUR * u32::from(hours)));
    bench
        .store
        .evict(SystemTime::now(), |hash| hash == hashes[3]);
    let mut left = [hashes[0], hashes[3]].map(name_of);
    left.sort();
    assert_eq!(bench.names(), left);
}

#[test]
fn what_others_may_be_about_to_open_stays() {
    let bench = Bench::new(0);
    let fresh = bench.put(1, 1_000, Duration::from_secs(1));
    bench.put(2, 1_000, HOUR);
    bench.store.evict(SystemTime::now(), |_| false);
    assert_eq!(bench.names(), [name_of(fresh)]);
}

#[test]
fn partial_copies_go_when_nobody_completes_them() {
    let bench = Bench::new(u64::MAX);
    for (name, ago) in [("partial-7-0", HOUR * 2), ("partial-7-1", HOUR / 2)] {
        let path = bench.store.folder.path().join(name);
        fs::write(&path, "a whole lib").unwrap();
        bench.age(&path, ago);
    }
    fs::write(bench.store.folder.path().join("something else"), "").unwrap();
    bench.store.evict(SystemTime::now(), |_| false);
    assert_eq!(bench.names(), ["partial-7-1", "something else"]);
}

#[test]
fn a_store_that_is_not_ours_alone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    fs::create_dir(&path).unwrap();
    for mode in [0o701, 0o710, 0o770, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Store::open(&path, 0).unwrap_err();
        let is_exposed = matches!(error, StoreError::Folder(PrivateError::Exposed { .. }));
        assert!(is_exposed, "{error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    Store::open(&path, 0).unwrap();
    let link = folder.path().join("link");
    symlink("file", &link).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for other in [link, file] {
        let error = Store::open(&other, 0).unwrap_err();
        let is_io = matches!(error, StoreError::Folder(PrivateError::Io { .. }));
        assert!(is_io, "{error}");
    }
}

#[test]
fn many_at_once_find_one_whole_copy() {
    let bench = Bench::new(0);
    let (path, stamp) = bench.file(&vec![9; 300_000]);
    let hashes = thread::scope(|scope| {
        let one = || {
            let store = Store::open(bench.store.folder.path(), 0).unwrap();
            let (hash, _) = store.hold(&path, &stamp, None).unwrap();
            store.evict(SystemTime::now(), |_| false);
            assert_eq!(fs::read(store.path_of(hash)).unwrap().len(), 300_000);
            hash
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        let hashes = threads.into_iter().map(|thread| thread.join().unwrap());
        hashes.collect::<Vec<_>>()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_eq!(bench.names(), [name_of(hashes[0])]);
}
