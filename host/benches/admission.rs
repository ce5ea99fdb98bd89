//! How long it takes to let plugins in: `cargo build --release`, which builds the gain plugin, then
//! `cargo bench -p segue --bench admission`.
//!
//! Each content is opened once in a process, so each sample opens another one: the gain plugin with
//! a number behind its last byte. This program is its own helper process.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use divan::Bencher;
use segue::admission::{Admission, AdmissionFolders, Admitted, Applicant, Helper, serve};
use segue::discovery::{ContentHash, FolderOrigin, FoundPlugin, Registry, SearchPlan, scan};
use segue::id::PluginId;
use segue::loading::{Approved, Generation};
use segue::observe::NoSink;
use tempfile::TempDir;

/// The first argument of the helper process.
const HELPER: &str = "probe-helper";

/// The first argument of a process that admits a plugin before us.
const EARLIER: &str = "earlier-host";

/// How many contents one bench opens; a process maps 256 at most.
const SAMPLES: u32 = 50;

/// Makes every content another one.
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == HELPER => return serve(arguments),
        Some(first) if first == EARLIER => {
            let folder = arguments.next().expect("a folder comes behind it");
            drop(Host::new(Path::new(&folder)).admit());
        }
        _ => divan::main(),
    }
    ExitCode::SUCCESS
}

/// A folder with a plugin of a content of its own.
fn plugin() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let program = env::current_exe().expect("a program knows itself");
    let built = program.ancestors().nth(2).expect("it lies in deps");
    let mut library = fs::read(built.join("libsegue_gain.so")).expect("it was built before");
    library.extend(NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let path = folder.path().join("gain.so");
    fs::write(path, library).expect("there is room for temporary files");
    folder
}

/// The program itself, which is the helper too.
fn program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// A host that has scanned the folder of a plugin.
struct Host {
    id: PluginId,
    path: PathBuf,
    found: FoundPlugin,
    registry: Registry,
    admission: Admission,
}

impl Host {
    fn new(folder: &Path) -> Self {
        let places = AdmissionFolders {
            store: folder.join("store"),
            cache: folder.join("cache"),
            state: folder.join("state"),
        };
        let mut registry = Registry::load(&places.cache);
        let mut plan = SearchPlan::default();
        plan.add(folder, FolderOrigin::Argument);
        let now = SystemTime::now() + Duration::from_secs(10);
        let scan = scan(&plan, &mut registry, now);
        let (path, found) = scan.ready().next().expect("the plugin is ready");
        let helper = Helper {
            program: program(),
            arguments: vec![HELPER.into()],
        };
        Self {
            id: "segue.gain".parse().expect("it is an id"),
            path: path.to_owned(),
            found: found.clone(),
            registry,
            admission: Admission::new(places, Some(helper), Arc::new(NoSink)),
        }
    }

    fn admit(&mut self) -> Admitted {
        let applicant = Applicant {
            id: &self.id,
            path: &self.path,
            found: &self.found,
            uses: &[],
        };
        let admitted = self.admission.admit(&[applicant]);
        let admitted = admitted.expect("the plugin is harmless").pop();
        admitted.expect("one applicant, one answer")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.admission.teach(&mut self.registry);
        self.registry
            .save()
            .expect("there is room for the registry");
    }
}

/// What the process has open already: nothing is copied, probed or opened.
#[divan::bench(sample_count = SAMPLES)]
fn admit_resident(bencher: Bencher<'_, '_>) {
    let folder = plugin();
    drop(Host::new(folder.path()).admit());
    let mut host = Host::new(folder.path());
    bencher.bench_local(|| host.admit());
}

/// What loading alone takes: the rest of `admit_stored` is admission.
#[divan::bench(sample_count = SAMPLES, sample_size = 1)]
fn admit_stored_loading_alone(bencher: Bencher<'_, '_>) {
    let prepared = || {
        let folder = plugin();
        (Host::new(folder.path()), folder)
    };
    bencher
        .with_inputs(prepared)
        .bench_local_refs(|(host, _folder)| {
            let mut hash = ContentHash([0; 32]);
            // Only that it is another one matters here.
            hash.0[..4].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            let manifest = &host.found.manifest;
            Generation::open(&Approved::at(&host.path, hash, manifest)).expect("it is whole")
        });
}

/// What another process admitted before: it is opened and checked.
#[divan::bench(sample_count = SAMPLES, sample_size = 1)]
fn admit_stored(bencher: Bencher<'_, '_>) {
    let prepared = || {
        let folder = plugin();
        let status = Command::new(program())
            .arg(EARLIER)
            .arg(folder.path())
            .status();
        assert!(status.is_ok_and(|status| status.success()));
        let host = Host::new(folder.path());
        assert!(host.found.hash.is_some(), "the registry knows it");
        (host, folder)
    };
    bencher
        .with_inputs(prepared)
        .bench_local_refs(|(host, _)| host.admit());
}

/// What nobody ever saw: it is copied, hashed, probed and opened.
#[divan::bench(sample_count = SAMPLES, sample_size = 1)]
fn admit_unseen(bencher: Bencher<'_, '_>) {
    let prepared = || {
        let folder = plugin();
        (Host::new(folder.path()), folder)
    };
    bencher
        .with_inputs(prepared)
        .bench_local_refs(|(host, _)| host.admit());
}
