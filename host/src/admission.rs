//! Admission: which binaries may be opened, and the opening of those.
//!
//! In: the plugins that resolution chose, in load order, with the files discovery found them in.
//! Out: their generations, each with the plugins it may ask; or who may not be opened, and why.
//!
//! In this order: each library is copied into a private store and named by its content; what has
//! no verdict yet is probed in a child process; then all are opened in this one, each behind a
//! note that would outlive it. Trust and quarantine will stand between store and probe.
//!
//! The verdict says what opening a library does to a process. It is never a reason to leave out
//! the checks that make its calls sound: `loading` makes these every time.

mod error;
mod exercise;
mod held;
mod helper;
mod hex;
mod note;
mod probe;
mod store;
mod verdicts;
mod wire;

#[cfg(test)]
pub(crate) mod rig;
#[cfg(test)]
pub(crate) mod specimen;
#[cfg(test)]
mod stories;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tracing::{debug, warn};

use crate::admission::held::{Held, build_of, closure, deadly, orders};
use crate::admission::helper::Order;
use crate::admission::note::Note;
use crate::admission::probe::{Outcome, probe};
use crate::admission::store::{STORE_BYTES_MAX, Store, Way};
use crate::admission::verdicts::{Build, Key, Verdict, Verdicts};
use crate::admission::wire::Cause;
use crate::discovery::{ContentHash, Found, Registry, Stamp};
use crate::id::PluginId;
use crate::loading::meter::GENERATIONS_MAX;
use crate::loading::{Generation, Providers, resident};
use crate::observe::{Event, EventSink};

pub use error::{AdmissionError, HelperError, Rejection};
pub use helper::serve;
pub use probe::{Helper, PROBE_DEADLINE};
pub use store::StoreError;
pub use verdicts::Objection;

/// Where admission keeps what it knows. Folders are made, for their owner only, when needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Copies of libraries: `$XDG_CACHE_HOME/segue/store`, say. Owned by the user, mode 700.
    pub store: PathBuf,
    /// Verdicts of probes: `$XDG_CACHE_HOME/segue`, say.
    pub cache: PathBuf,
    /// Notes about what is being opened: `$XDG_STATE_HOME/segue`, say.
    pub state: PathBuf,
}

/// A plugin that is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// Which plugin.
    pub id: &'a PluginId,
    /// Its file.
    pub path: &'a Path,
    /// What discovery found there.
    pub found: &'a Found,
    /// The plugins whose components it may use. Those that are not before it are not at hand.
    pub uses: &'a [PluginId],
}

/// A plugin that was opened.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its open library.
    pub generation: Arc<Generation>,
    /// What its instances may ask for.
    pub providers: Arc<Providers>,
}

/// Lets plugins in. Thread: one at a time, any but audio.
pub struct Admission {
    places: Places,
    helper: Option<Helper>,
    events: Arc<dyn EventSink>,
    deadline: Duration,
    store_bytes_max: u64,
    resident_max: usize,
    probing: Duration,
    verdicts: Option<Verdicts>,
    learned: Vec<(PathBuf, Stamp, ContentHash)>,
}

impl fmt::Debug for Admission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Admission");
        debug.field("places", &self.places);
        debug.field("helper", &self.helper).finish_non_exhaustive()
    }
}

impl Admission {
    /// Prepares to admit plugins; nothing is read yet. Without a helper nothing is ever opened.
    #[must_use]
    pub fn new(places: Places, helper: Option<Helper>, events: Arc<dyn EventSink>) -> Self {
        Self {
            places,
            helper,
            events,
            deadline: PROBE_DEADLINE,
            store_bytes_max: STORE_BYTES_MAX,
            resident_max: GENERATIONS_MAX,
            probing: Duration::ZERO,
            verdicts: None,
            learned: Vec::new(),
        }
    }

    /// The same with another deadline for each probe.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// From now on opens nothing past so many libraries of the process.
    pub fn limit(&mut self, resident_max: usize) {
        self.resident_max = resident_max.min(GENERATIONS_MAX);
    }

    /// How long probes took since this was asked last.
    pub fn take_probing(&mut self) -> Duration {
        std::mem::take(&mut self.probing)
    }

    /// Opens the plugins, each after all it uses, after a probe of those that have no verdict.
    ///
    /// Answers as many as there are applicants, in their order. What they may ask for comes with
    /// them. Ids are told apart: of two applicants of one id the later one is used.
    ///
    /// # Errors
    /// `Rejected` names one plugin that may not be opened: exclude it, resolve again, and come
    /// back. With every other error nothing is known against any plugin. No plugin is opened here
    /// until all have passed.
    pub fn admit(&mut self, applicants: &[Applicant<'_>]) -> Result<Vec<Admitted>, AdmissionError> {
        let helper = self.helper.clone().ok_or(AdmissionError::NoHelper)?;
        let build = build_of(&helper)?;
        let store = Store::open(&self.places.store, self.store_bytes_max)?;
        let held = self.hold(&store, applicants)?;
        self.within_limit(&held)?;
        self.refuse_what_killed(&held)?;
        let judged = self.judge(&helper, build, &held);
        if let Some(verdicts) = &mut self.verdicts
            && let Err(error) = verdicts.save()
        {
            warn!(folder = %self.places.cache.display(), %error, "verdicts could not be kept");
        }
        judged?;
        self.open(&held)
    }

    /// What is held against a content, as far as it is known without opening it: what its probe
    /// found, or that it ended a host.
    pub fn objection(&mut self, hash: ContentHash) -> Option<Objection> {
        if let Some(note) = note::left_behind(&self.places.state).get(&hash) {
            return Some(deadly(note));
        }
        let build = build_of(self.helper.as_ref()?).ok()?;
        self.verdicts().against(build, hash).cloned()
    }

    /// Tells the registry which contents files have, so that they need not be read next time.
    pub fn teach(&mut self, registry: &mut Registry) {
        for (path, stamp, hash) in self.learned.drain(..) {
            registry.set_hash(&path, &stamp, hash);
        }
    }

    /// Brings all of them into the store.
    fn hold<'a>(
        &mut self,
        store: &Store,
        applicants: &'a [Applicant<'a>],
    ) -> Result<Vec<Held<'a>>, AdmissionError> {
        let mut held: Vec<Held<'a>> = Vec::with_capacity(applicants.len());
        let mut is_larger = false;
        for applicant in applicants {
            let path = absolute(applicant.path).unwrap_or_else(|_| applicant.path.to_owned());
            let found = applicant.found;
            let (hash, way) = store.hold(&path, &found.stamp, found.hash)?;
            is_larger |= way == Way::Copied;
            let place = |id| held.iter().rposition(|before| before.applicant.id == id);
            let uses = applicant.uses.iter().filter_map(place).collect();
            let resource_dir = path.parent().unwrap_or(&path).to_owned();
            self.learned.push((path, found.stamp, hash));
            held.push(Held {
                applicant,
                hash,
                path: store.path_of(hash),
                resource_dir,
                uses,
            });
        }
        if is_larger {
            let mapped = resident();
            store.evict(SystemTime::now(), |hash| {
                held.iter().any(|held| held.hash == hash)
                    || mapped.iter().any(|generation| generation.hash() == hash)
            });
        }
        Ok(held)
    }

    /// Refuses to map more libraries than may be.
    fn within_limit(&self, held: &[Held<'_>]) -> Result<(), AdmissionError> {
        let mut open: HashSet<_> = resident().iter().map(|open| open.hash()).collect();
        let found = open.len();
        open.extend(held.iter().map(|held| held.hash));
        if open.len() > found && open.len() > self.resident_max {
            let max = self.resident_max;
            return Err(AdmissionError::Full { found, max });
        }
        Ok(())
    }

    /// Refuses what a host was opening when it died.
    fn refuse_what_killed(&self, held: &[Held<'_>]) -> Result<(), AdmissionError> {
        let notes = note::left_behind(&self.places.state);
        for held in held {
            if let Some(note) = notes.get(&held.hash) {
                return Err(held.rejected(deadly(note)));
            }
        }
        Ok(())
    }

    /// Probes what has no verdict.
    fn judge(
        &mut self,
        helper: &Helper,
        build: Build,
        held: &[Held<'_>],
    ) -> Result<(), AdmissionError> {
        for at in 0..held.len() {
            let closure = closure(held, at);
            let others: Vec<_> = closure.iter().map(|at| held[*at].hash).collect();
            let candidate = &held[at];
            let key = Key::new(&build, candidate.hash, &others);
            let verdict = match self.verdicts().get(key) {
                Some(verdict) => verdict.clone(),
                None => self.ask(helper, build, key, &orders(held, &closure, at), candidate)?,
            };
            if let Verdict::Failed(objection) = verdict {
                return Err(candidate.rejected(objection));
            }
        }
        Ok(())
    }

    /// Probes one of them, and remembers what will be so next time.
    fn ask(
        &mut self,
        helper: &Helper,
        build: Build,
        key: Key,
        orders: &[Order],
        candidate: &Held<'_>,
    ) -> Result<Verdict, AdmissionError> {
        let plugin = candidate.name();
        let began = Instant::now();
        let outcome = probe(helper, self.deadline, orders);
        self.probing += began.elapsed();
        let outcome = outcome?;
        self.events.event(Event::Probed {
            plugin: plugin.clone(),
        });
        let (verdict, cause) = match outcome {
            Outcome::Passed { notes } => {
                for note in notes {
                    debug!(plugin, note, "the probe could not try everything");
                }
                (Verdict::Passed, Cause::Content)
            }
            Outcome::Failed { objection, cause } => (Verdict::Failed(objection), cause),
        };
        if cause == Cause::Content {
            let (hash, verdict) = (candidate.hash, verdict.clone());
            self.verdicts().put(build, key, hash, verdict);
        }
        Ok(verdict)
    }

    /// Opens all of them in this process.
    fn open(&self, held: &[Held<'_>]) -> Result<Vec<Admitted>, AdmissionError> {
        let mut admitted: Vec<Admitted> = Vec::with_capacity(held.len());
        for held in held {
            let mut providers = Providers::default();
            for used in held.uses.iter().map(|at| &admitted[*at]) {
                providers.add(Arc::clone(&used.generation), Arc::clone(&used.providers));
            }
            admitted.push(Admitted {
                generation: self.open_one(held)?,
                providers: Arc::new(providers),
            });
        }
        Ok(admitted)
    }

    fn open_one(&self, held: &Held<'_>) -> Result<Arc<Generation>, AdmissionError> {
        let mut open = resident().into_iter();
        if let Some(generation) = open.find(|generation| generation.hash() == held.hash) {
            return Ok(generation);
        }
        let note = Note::write(&self.places.state, held.hash)
            .map_err(|(path, source)| AdmissionError::Note { path, source })?;
        let manifest = &held.applicant.found.manifest;
        let opened = Generation::open(&held.path, held.hash, manifest, &held.resource_dir);
        drop(note);
        opened.map_err(|source| AdmissionError::Load {
            plugin: held.applicant.id.clone(),
            version: manifest.version.clone(),
            source,
        })
    }

    fn verdicts(&mut self) -> &mut Verdicts {
        let folder = &self.places.cache;
        self.verdicts.get_or_insert_with(|| Verdicts::load(folder))
    }
}
