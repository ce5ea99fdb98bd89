//! Generation: one binary, by content, opened once in this process.
//!
//! It is never closed: objects, functions and texts of a library may be in use anywhere, and no
//! count can prove that none is. Two versions that are swapped back and forth map two libraries.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use segue_plugin::abi::root::{HEADER_SYMBOL, Header};
use segue_plugin::declare::Kind;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, Decision, Heap, Library, Observer, Processor, Services};
use segue_plugin::manifest::{Component, Manifest};

use crate::discovery::ContentHash;
use crate::loading::error::LoadError;
use crate::loading::meter::{self, HostHooks};

/// Everything opened so far. Locked while opening, so that no content is opened twice.
static RESIDENT: Mutex<Vec<Arc<Generation>>> = Mutex::new(Vec::new());

/// One open library, checked, with what is known of it.
#[derive(Debug)]
pub struct Generation {
    library: Library,
    manifest: Manifest,
    hash: ContentHash,
    path: PathBuf,
    resource_dir: PathBuf,
    size_bytes: u64,
    token: u64,
}

/// What a generation costs and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationUse {
    /// The plugin's id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Its content.
    pub hash: ContentHash,
    /// The bytes of its file.
    pub size_bytes: u64,
    /// Its heap; `None` where it is not metered.
    pub heap: Option<Heap>,
    /// Panics caught inside it.
    pub panics: u64,
    /// Lines of its log that came from `process` and were dropped.
    pub logs_dropped: u64,
}

/// Every generation of this process, in the order they were opened.
#[must_use]
pub fn resident() -> Vec<Arc<Generation>> {
    RESIDENT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Holds the lock of this file while `body` runs.
pub(super) fn with_lock<R>(body: impl FnOnce() -> R) -> R {
    let _held = RESIDENT.lock().unwrap_or_else(PoisonError::into_inner);
    body()
}

impl Generation {
    /// Opens the library at `path`, whose content has this hash and whose section this manifest.
    ///
    /// `resource_dir` is the folder it was found in.
    /// Content that is open already is not opened again. Runs the library's initializers: only
    /// what admission approved comes here.
    ///
    /// # Errors
    /// One sentence; the library then stays mapped, but nothing of it is called again.
    pub fn open(
        path: &Path,
        hash: ContentHash,
        manifest: &Manifest,
        resource_dir: &Path,
    ) -> Result<Arc<Self>, LoadError> {
        let mut resident = RESIDENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generation) = resident.iter().find(|generation| generation.hash == hash) {
            return Ok(Arc::clone(generation));
        }
        let token = meter::register(&manifest.id).ok_or_else(|| LoadError::TooMany {
            path: path.to_owned(),
        })?;
        let library = Library::check(header(path)?).map_err(|source| LoadError::Header {
            path: path.to_owned(),
            source,
        })?;
        if Manifest::read(library.manifest()).as_ref() != Ok(manifest) {
            return Err(LoadError::ManifestDiffers {
                path: path.to_owned(),
            });
        }
        let status = library.attach::<HostHooks>(token);
        if !status.is_ok() {
            return Err(LoadError::Attach {
                path: path.to_owned(),
                status: status.code.name(),
            });
        }
        let generation = Arc::new(Self {
            library,
            manifest: manifest.clone(),
            hash,
            path: path.to_owned(),
            resource_dir: resource_dir.to_owned(),
            size_bytes: path.metadata().map_or(0, |metadata| metadata.len()),
            token,
        });
        resident.push(Arc::clone(&generation));
        Ok(generation)
    }

    /// What the plugin says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its content.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The file that is mapped.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it costs and what it did.
    #[must_use]
    pub fn usage(&self) -> GenerationUse {
        let metered = self.manifest.heap == segue_plugin::declare::Heap::Metered;
        GenerationUse {
            plugin: self.manifest.id.clone(),
            version: self.manifest.version.to_string(),
            hash: self.hash,
            size_bytes: self.size_bytes,
            heap: metered.then(|| self.library.heap()),
            panics: meter::panics(self.token),
            logs_dropped: meter::logs_dropped(self.token),
        }
    }

    /// How many panics were caught inside it so far.
    #[must_use]
    pub fn panics(&self) -> u64 {
        meter::panics(self.token)
    }

    /// Creates a processor. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says, or that there is none of that name and kind.
    pub fn processor(
        &self,
        component: &str,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Processor, Refusal> {
        let index = self.find(component, Kind::Processor)?.index;
        self.library
            .processor(index, &self.at_home(creation), services)
    }

    /// Creates an analyzer or a metric. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says, or that there is none of that name and kind.
    pub fn observer(
        &self,
        component: &str,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Observer, Refusal> {
        let creation = self.at_home(creation);
        match self.find(component, Kind::Analyzer) {
            Ok(found) => self.library.analyzer(found.index, &creation, services),
            Err(_) => {
                let index = self.find(component, Kind::Metric)?.index;
                self.library.metric(index, &creation, services)
            }
        }
    }

    /// Creates a decision engine. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says, or that there is none of that name and kind.
    pub fn decision(
        &self,
        component: &str,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Decision, Refusal> {
        let index = self.find(component, Kind::Decision)?.index;
        self.library
            .decision(index, &self.at_home(creation), services)
    }

    fn find(&self, component: &str, kind: Kind) -> Result<&Component, Refusal> {
        let found = self
            .manifest
            .component(component)
            .filter(|found| found.kind == kind);
        found.ok_or_else(|| {
            let (id, kind) = (&self.manifest.id, kind.name());
            Refusal::new(format!("{id} has no {kind} called {component}"))
        })
    }

    fn at_home<'a>(&'a self, creation: &Creation<'a>) -> Creation<'a> {
        Creation {
            resource_dir: Some(&self.resource_dir),
            ..creation.clone()
        }
    }
}

/// Opens the library and finds its header.
fn header(path: &Path) -> Result<&'static Header, LoadError> {
    // SAFETY: initializers of the library run here. Admission approved this content, and a probe
    // ran them before in a process of its own.
    let opened = unsafe { Opened::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let opened = opened.map_err(|source| LoadError::Open {
        path: path.to_owned(),
        source,
    })?;
    // SAFETY: the symbol is taken as an address only; nothing is read through it here.
    let symbol = unsafe { opened.get::<*const Header>(HEADER_SYMBOL) };
    let found = symbol.map(|symbol| symbol.into_raw().cast::<Header>().cast_const());
    // The mapping is kept for the life of the process, whatever comes of it.
    std::mem::forget(opened);
    let address = found
        .ok()
        .filter(|address| !address.is_null() && address.is_aligned());
    let address = address.ok_or_else(|| LoadError::NoSymbol {
        path: path.to_owned(),
    })?;
    // SAFETY: the library is never closed, so the symbol lives for ever; it is aligned. That it is
    // a header is what its name promises, and its first bytes, checked next, must say so too.
    Ok(unsafe { &*address })
}
