//! How long it takes to find plugins: `cargo bench -p segue --bench discovery`.
//!
//! The files are in the page cache; what is measured is the work of the host.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../src/discovery/tests/specimen.rs"]
mod specimen;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use divan::Bencher;
use segue::discovery::{FolderOrigin, Registry, Scan, SearchPlan, scan};
use tempfile::TempDir;

use crate::specimen::{Elf, elf, named};

/// About what a small plugin in Rust takes.
const CODE_BYTES: usize = 512 << 10;

fn main() {
    divan::main();
}

/// A folder of so many plugins, and a folder for the registry.
fn plugins(count: usize, code_bytes: usize) -> (TempDir, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for at in 0..count {
        let library = elf(&Elf {
            manifest: Some(&named(&format!("acme.p{at:05}"), "1.0.0")),
            code_bytes,
            ..Elf::default()
        });
        let path = folder.path().join(format!("libp{at:05}.so"));
        fs::write(path, library).expect("there is room for temporary files");
    }
    let cache = tempfile::tempdir().expect("there is room for temporary files");
    (folder, cache)
}

/// Scans with the registry of `cache` as a process does. What it found is given back, so that
/// dropping it, which a process does not do at its end, is not measured.
fn scan_once(folder: &Path, cache: &Path, count: usize) -> (Scan, Registry) {
    let mut plan = SearchPlan::default();
    plan.add(folder, FolderOrigin::Argument);
    let mut registry = Registry::load(cache);
    let now = SystemTime::now() + Duration::from_secs(10);
    let found = scan(&plan, &mut registry, now);
    assert_eq!(found.ready().count(), count);
    registry.save().expect("there is room for the registry");
    (found, registry)
}

#[divan::bench(name = "scan/unknown", args = [100])]
fn scan_unknown(bencher: Bencher<'_, '_>, count: usize) {
    let (folder, _) = plugins(count, CODE_BYTES);
    bencher
        .with_inputs(|| tempfile::tempdir().expect("there is room for temporary files"))
        .bench_refs(|cache| {
            let found = scan_once(folder.path(), cache.path(), count);
            assert_eq!(found.0.files_opened, count);
            found
        });
}

#[divan::bench(name = "scan/known", args = [100, 10_000])]
fn scan_known(bencher: Bencher<'_, '_>, count: usize) {
    let (folder, cache) = plugins(count, if count > 1_000 { 0 } else { CODE_BYTES });
    scan_once(folder.path(), cache.path(), count);
    bencher.bench(|| {
        let found = scan_once(folder.path(), cache.path(), count);
        assert_eq!(found.0.files_opened, 0);
        found
    });
}
