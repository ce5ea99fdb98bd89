//! Again: the second scan of the same folders.
//!
//! In: folders that were scanned before. Out: the same answer, from the registry where it is true.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use crate::discovery::tests::scans::{folder_of, later, scan_of};
use crate::discovery::tests::specimen::{
    Elf, dll, elf, library, manifest, named, of_abi, windows_manifest,
};
use crate::discovery::{ContentHash, FolderOrigin, Registry, SearchPlan, scan};

#[test]
fn with_a_registry_the_second_scan_opens_nothing() {
    let plugins = folder_of(&[
        ("good.so", library(&manifest())),
        ("new.so", library(&of_abi((9, 0), (9, 0)))),
        ("system.so", elf(&Elf::default())),
        ("text.so", b"This is no library, it only says so.".to_vec()),
        ("truncated.so", library(&manifest())[..900].to_vec()),
        ("windows.dll", dll(&windows_manifest())),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("segue");
    let mut registry = Registry::load(&folder);
    let first = scan_of(&[plugins.path()], &mut registry);
    assert_eq!(first.files_opened, 6);
    registry.save().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files: Vec<_> = fs::read_dir(&folder).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    assert_eq!((mode(&folder), mode(&files[0].path())), (0o700, 0o600));
    let second = scan_of(&[plugins.path()], &mut Registry::load(&folder));
    assert_eq!(second.files_opened, 0);
    assert_eq!(
        (second.entries, second.folders),
        (first.entries, first.folders)
    );
}

#[test]
fn the_registry_knows_only_files_that_have_settled() {
    let plugins = folder_of(&[("good.so", library(&manifest()))]);
    let mut plan = SearchPlan::default();
    plan.add(plugins.path(), FolderOrigin::User);
    let mut registry = Registry::in_memory();
    assert_eq!(
        scan(&plan, &mut registry, SystemTime::now()).files_opened,
        1
    );
    assert_eq!(scan(&plan, &mut registry, later()).files_opened, 1);
    assert_eq!(scan(&plan, &mut registry, later()).files_opened, 0);
}

#[test]
fn a_file_that_changed_is_read_again() {
    let plugins = folder_of(&[("good.so", library(&manifest()))]);
    let path = plugins.path().join("good.so");
    let mut registry = Registry::in_memory();
    let first = scan_of(&[plugins.path()], &mut registry);
    let old = first.entries[0].class.found().unwrap().stamp;
    registry.set_hash(&path, &old, ContentHash([7; 32]));
    // Same length, and the same times as far as they can be set by hand.
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, library(&named("acme.p00001", "2.0.0"))).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    let second = scan_of(&[plugins.path()], &mut registry);
    let found = second.entries[0].class.found().unwrap();
    assert_eq!(found.manifest.id, "acme.p00001");
    assert_eq!((found.hash, registry.hash(&path, &old)), (None, None));
}

#[test]
fn the_registry_keeps_hashes_and_forgets_what_is_gone() {
    let plugins = folder_of(&[
        ("gone.so", library(&named("acme.p00001", "1.0.0"))),
        ("good.so", library(&manifest())),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let mut registry = Registry::load(cache.path());
    let first = scan_of(&[plugins.path()], &mut registry);
    for (entry, byte) in first.entries.iter().zip([1, 2]) {
        let stamp = entry.class.found().unwrap().stamp;
        registry.set_hash(&entry.path, &stamp, ContentHash([byte; 32]));
    }
    registry.save().unwrap();
    let mut registry = Registry::load(cache.path());
    fs::remove_file(plugins.path().join("gone.so")).unwrap();
    let second = scan_of(&[plugins.path()], &mut registry);
    let found = second.entries[0].class.found().unwrap();
    assert_eq!(found.hash, Some(ContentHash([2; 32])));
    registry.save().unwrap();
    let gone = &first.entries[0];
    let stamp = gone.class.found().unwrap().stamp;
    assert_eq!(Registry::load(cache.path()).hash(&gone.path, &stamp), None);
}

#[test]
fn a_scan_elsewhere_forgets_nothing() {
    let here = folder_of(&[("good.so", library(&manifest()))]);
    let there = folder_of(&[("other.so", library(&named("acme.p00001", "1.0.0")))]);
    let mut registry = Registry::in_memory();
    scan_of(&[here.path()], &mut registry);
    scan_of(&[there.path()], &mut registry);
    assert_eq!(scan_of(&[here.path()], &mut registry).files_opened, 0);
}
