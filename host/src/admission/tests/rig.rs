//! Rig: a host with folders of its own, whose helper process is this very test binary.
//!
//! In: libraries to install. Out: what admission does with them.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::admission::tests::specimen::specimen;
use crate::admission::{
    Admission, AdmissionError, AdmissionFolders, Admitted, Applicant, Helper, PROBE_DEADLINE,
    Prober, Rejection, STORE_BYTES_MAX, Store, build_of,
};
use crate::discovery::{FolderOrigin, FoundPlugin, Registry, SearchPlan, scan};
use crate::id::PluginId;
use crate::observe::{Event, EventSink};

/// Where the helper process enters.
pub(crate) const HELPER: &str = "admission::tests::stories::helper_entry";
/// Where a host enters that is to die.
pub(in crate::admission) const MORTAL: &str = "admission::tests::stories::mortal_entry";

pub(crate) fn entry(name: &str) -> Helper {
    let arguments = ["--include-ignored", "--nocapture", "--exact", name];
    Helper {
        program: env::current_exe().unwrap(),
        arguments: arguments.map(Into::into).to_vec(),
    }
}

/// Who was probed.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl EventSink for Heard {
    fn event(&self, event: Event) {
        if let Event::Probed { plugin } = event {
            self.0.lock().unwrap().push(plugin);
        }
    }
}

/// A host with folders of its own.
pub(in crate::admission) struct Host {
    pub(in crate::admission) plugins: PathBuf,
    pub(in crate::admission) places: AdmissionFolders,
    heard: Arc<Heard>,
    pub(in crate::admission) admission: Admission,
    registry: Registry,
}

impl Host {
    pub(in crate::admission) fn of(folder: &Path) -> Self {
        let places = AdmissionFolders {
            store: folder.join("store"),
            cache: folder.join("cache"),
            state: folder.join("state"),
        };
        let plugins = folder.join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        let heard = Arc::<Heard>::default();
        let sink = Arc::clone(&heard) as Arc<dyn EventSink>;
        Self {
            plugins,
            admission: Admission::new(places.clone(), Some(entry(HELPER)), sink),
            registry: Registry::load(&places.cache),
            places,
            heard,
        }
    }

    pub(in crate::admission) fn late(mut self, deadline: Duration) -> Self {
        self.admission = self.admission.with_deadline(deadline);
        self
    }

    pub(in crate::admission) fn install(&self, name: &str, library: &[u8]) {
        let path = self.plugins.join(name);
        fs::write(&path, library).unwrap();
        // Long enough ago for the registry to trust what it reads.
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100))
            .unwrap();
    }

    pub(in crate::admission) fn found(&mut self) -> BTreeMap<PluginId, (PathBuf, FoundPlugin)> {
        let mut plan = SearchPlan::default();
        plan.add(&self.plugins, FolderOrigin::Argument);
        let later = SystemTime::now() + Duration::from_secs(10);
        let scan = scan(&plan, &mut self.registry, later);
        let ready = scan.ready().map(|(path, found)| {
            let id = found.manifest.id.parse().unwrap();
            (id, (path.to_owned(), found.clone()))
        });
        ready.collect()
    }

    /// Admits these plugins, each of which may use all before it.
    pub(in crate::admission) fn admit(
        &mut self,
        ids: &[&str],
    ) -> Result<Vec<Admitted>, AdmissionError> {
        let found = self.found();
        let ids: Vec<PluginId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let applicant = |at: usize| Applicant {
            id: &ids[at],
            path: &found[&ids[at]].0,
            found: &found[&ids[at]].1,
            uses: &ids[..at],
        };
        let applicants: Vec<_> = (0..ids.len()).map(applicant).collect();
        let admitted = self.admission.admit(&applicants);
        self.admission.teach(&mut self.registry);
        self.registry.save().unwrap();
        admitted
    }

    /// Everything before the opening in this process.
    pub(in crate::admission) fn judge(&mut self, id: &str) -> Result<(), AdmissionError> {
        let found = self.found();
        let id: PluginId = id.parse().unwrap();
        let (path, found) = &found[&id];
        let uses = &[];
        let applicants = [Applicant {
            id: &id,
            path,
            found,
            uses,
        }];
        let (helper, deadline) = (entry(HELPER), PROBE_DEADLINE);
        let store = Store::open(&self.places.store, STORE_BYTES_MAX)?;
        let held = self.admission.hold(&store, &applicants)?;
        let trial = Prober::new(&helper, deadline, &store);
        self.admission.judge(&trial, build_of(&helper)?, &held)
    }

    pub(in crate::admission) fn refused(&mut self, ids: &[&str]) -> Rejection {
        match self.admit(ids) {
            Err(AdmissionError::Rejected(rejection)) => *rejection,
            other => panic!("{ids:?} should have been rejected: {other:?}"),
        }
    }

    pub(in crate::admission) fn probes(&self) -> Vec<String> {
        self.heard.0.lock().unwrap().clone()
    }

    pub(in crate::admission) fn stored(&self) -> usize {
        fs::read_dir(&self.places.store).unwrap().count()
    }
}

/// A folder, and a host that has `acme.specimen` with this behaviour.
pub(in crate::admission) fn host(behaviour: &str) -> (TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::of(folder.path());
    host.install("specimen.so", &specimen(behaviour));
    (folder, host)
}
