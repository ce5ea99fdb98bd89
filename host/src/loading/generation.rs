//! Generation: one binary, by content, opened once in this process.
//!
//! It is never closed: objects, functions and texts of a library may be in use anywhere, and no
//! count can prove that none is. Two versions that are swapped back and forth map two libraries.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use segue_plugin::abi::root::{HEADER_SYMBOL, Header};
use segue_plugin::declare::Kind;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, Decision, Heap, Library, Observer, Processor, Services};
use segue_plugin::manifest::{Component, Manifest};

use crate::discovery::ContentHash;
use crate::loading::error::{LoadError, first_line};
use crate::loading::meter::{self, GENERATIONS_MAX, HostHooks};
use crate::process::calls::CallName;
use crate::process::note;

/// Everything opened so far, in order. It only grows, and reading it takes no lock: whoever asks
/// what runs waits for no initializer.
static RESIDENT: [OnceLock<Arc<Generation>>; GENERATIONS_MAX] =
    [const { OnceLock::new() }; GENERATIONS_MAX];

/// Held while opening, so that no content is opened twice.
static OPENING: Mutex<()> = Mutex::new(());

/// A library that admission approved.
#[derive(Debug, Clone, Copy)]
pub struct Approved<'a> {
    /// What the system's loader opens. It leads to `path` for as long as the call lasts, and nobody
    /// can make it lead elsewhere: a way through a folder that is held open, say. Another content
    /// never has the same one, since loaders take one name for one library.
    pub door: &'a Path,
    /// The file that is mapped then, by its own name.
    pub path: &'a Path,
    /// Its content.
    pub hash: ContentHash,
    /// What its section says.
    pub manifest: &'a Manifest,
    /// The file that it is a copy of: people are told of this one, and its folder is where the
    /// plugin finds what it brought along.
    pub file: &'a Path,
}

impl<'a> Approved<'a> {
    /// One that is opened where it was found.
    #[must_use]
    pub const fn at(path: &'a Path, hash: ContentHash, manifest: &'a Manifest) -> Self {
        Self {
            door: path,
            path,
            hash,
            manifest,
            file: path,
        }
    }
}

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

/// Every generation of this process, in the order they were opened. Thread: any; it takes no lock.
#[must_use]
pub fn resident() -> Vec<Arc<Generation>> {
    RESIDENT.iter().map_while(OnceLock::get).cloned().collect()
}

/// Holds the lock of this file while `body` runs.
pub(super) fn with_lock<R>(body: impl FnOnce() -> R) -> R {
    let _held = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    body()
}

impl Generation {
    /// Opens a library.
    ///
    /// Content that is open already is not opened again. Runs the library's initializers: only
    /// what admission approved comes here.
    ///
    /// # Errors
    /// One sentence; the library then stays mapped, but nothing of it is called again.
    pub fn open(approved: &Approved<'_>) -> Result<Arc<Self>, LoadError> {
        let Approved { hash, manifest, .. } = *approved;
        let path = || approved.file.to_owned();
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = resident().into_iter().find(|open| open.hash == hash) {
            return Ok(open);
        }
        let token =
            meter::register(&manifest.id).ok_or_else(|| LoadError::TooMany { path: path() })?;
        let library = Library::check(header(approved)?).map_err(|source| LoadError::Header {
            path: path(),
            source,
        })?;
        if Manifest::read(library.manifest()).as_ref() != Ok(manifest) {
            return Err(LoadError::ManifestDiffers { path: path() });
        }
        let status = library.attach::<HostHooks>(token);
        if !status.is_ok() {
            return Err(LoadError::Attach {
                path: path(),
                status: status.code.name(),
            });
        }
        note::opened(&format!("{} {}", manifest.id, manifest.version));
        let generation = Arc::new(Self {
            library,
            manifest: manifest.clone(),
            hash,
            path: approved.path.to_owned(),
            resource_dir: folder_of(approved.file),
            size_bytes: approved.door.metadata().map_or(0, |about| about.len()),
            token,
        });
        // There are as many places as numbers that `register` gives.
        let free = RESIDENT.iter().find(|place| place.get().is_none());
        if let Some(free) = free {
            free.get_or_init(|| Arc::clone(&generation));
        }
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
        let call = self.call("stage", component, creation.name);
        let created = self
            .library
            .processor(index, &self.at_home(creation), services);
        created.map(|processor| processor.with_mark(call.number()))
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
        let _ = self.call("tap", component, creation.name);
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
        let _ = self.call("decision", component, creation.name);
        self.library
            .decision(index, &self.at_home(creation), services)
    }

    /// Names what this thread calls from here on: an instance that is made, until it is another.
    fn call(&self, what: &str, component: &str, name: &str) -> CallName {
        let (id, version) = (&self.manifest.id, &self.manifest.version);
        let call = CallName::named(&format!("{what} `{name}` ({id}.{component} {version})"));
        call.enter();
        call
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

/// The folder that a file lies in.
fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(file).to_owned()
}

/// Opens the library and finds its header.
fn header(approved: &Approved<'_>) -> Result<&'static Header, LoadError> {
    let Approved { door, file, .. } = *approved;
    // SAFETY: initializers of the library run here. Admission approved this content, and a probe
    // ran them before in a process of its own.
    let opened = unsafe { Opened::open(Some(door), RTLD_NOW | RTLD_LOCAL) };
    let opened = opened.map_err(|error| LoadError::Open {
        path: file.to_owned(),
        text: first_line(&error, door, file),
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
        path: file.to_owned(),
    })?;
    // SAFETY: the library is never closed, so the symbol lives for ever; it is aligned. That it is
    // a header is what its name promises, and its first bytes, checked next, must say so too.
    Ok(unsafe { &*address })
}
