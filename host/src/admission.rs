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

mod answers;
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
pub(crate) mod tests;

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tracing::{debug, warn};

use crate::admission::held::{HeldApplicant, build_of, closure, deadly, orders, remembered};
use crate::admission::helper::OpenOrder;
use crate::admission::note::Note;
use crate::admission::probe::{ProbeOutcome, Prober, probe};
use crate::admission::store::{CopyNeed, STORE_BYTES_MAX, Store};
use crate::admission::verdicts::{Build, ProbeMoment, ProbeVerdict, VerdictKey, Verdicts};
use crate::admission::wire::FailureCause;
use crate::discovery::{ContentHash, Registry, Stamp};
use crate::loading::meter::GENERATIONS_MAX;
use crate::loading::{Approved, Generation, LoadError, Providers, open_in_time, resident};
use crate::observe::{Event, EventSink};
use crate::process::start;

/// The first argument that makes the program `segue` the helper process, which tries libraries out: for
/// [`Helper::arguments`].
pub const HELPER: &str = "probe-helper";

pub use error::{AdmissionError, HelperError, Rejection};
pub use held::Applicant;
pub use helper::serve;
pub use probe::{Helper, PROBE_DEADLINE};
pub use store::StoreError;
pub use verdicts::Objection;

/// Where admission keeps what it knows. Folders are made, for their owner only, when needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionFolders {
    /// Copies of libraries: `$XDG_CACHE_HOME/segue/store`, say. Owned by the user, mode 700.
    pub store: PathBuf,
    /// Verdicts of probes: `$XDG_CACHE_HOME/segue`, say.
    pub cache: PathBuf,
    /// Notes about what is being opened: `$XDG_STATE_HOME/segue`, say.
    pub state: PathBuf,
}

/// A plugin that was opened.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The library that is open, shared with everybody who uses the same content.
    pub generation: Arc<Generation>,
    /// What its instances may ask for.
    pub providers: Arc<Providers>,
}

/// Lets plugins in. Thread: one at a time, any but audio.
pub struct Admission {
    places: AdmissionFolders,
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
    pub fn new(
        places: AdmissionFolders,
        helper: Option<Helper>,
        events: Arc<dyn EventSink>,
    ) -> Self {
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
    /// Returns as many as there are applicants, in their order. What they may ask for comes with
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
        let judged = self.judge(&Prober::new(&helper, self.deadline, &store), build, &held);
        if let Some(verdicts) = &mut self.verdicts
            && let Err(error) = verdicts.save()
        {
            warn!(folder = %self.places.cache.display(), %error, "verdicts could not be kept");
        }
        judged?;
        let opened = self.open(&held);
        if let Err(AdmissionError::Load { source, .. }) = &opened
            && matches!(source, LoadError::Late { .. })
        {
            // That opening goes on by way of this folder's descriptor, which has to stay what it is.
            std::mem::forget(store);
        }
        opened
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
    ) -> Result<Vec<HeldApplicant<'a>>, AdmissionError> {
        let mut held: Vec<HeldApplicant<'a>> = Vec::with_capacity(applicants.len());
        let mut is_larger = false;
        for applicant in applicants {
            let path = start::absolute(applicant.path);
            let found = applicant.found;
            let (hash, way) = store.hold(&path, &found.stamp, found.hash)?;
            is_larger |= way == CopyNeed::Copied;
            let place = |id| held.iter().rposition(|before| before.applicant.id == id);
            let uses = applicant.uses.iter().filter_map(place).collect();
            self.learned.push((path.clone(), found.stamp, hash));
            held.push(HeldApplicant {
                applicant,
                hash,
                path: store.path_of(hash),
                door: store.door_of(hash),
                file: path,
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
    fn within_limit(&self, held: &[HeldApplicant<'_>]) -> Result<(), AdmissionError> {
        let mut open: HashSet<_> = resident().iter().map(|open| open.hash()).collect();
        let found = open.len();
        open.extend(held.iter().map(|held| held.hash));
        if open.len() > found && open.len() > self.resident_max {
            let (more, max) = (open.len() - found, self.resident_max);
            return Err(AdmissionError::Full { found, more, max });
        }
        Ok(())
    }

    /// Refuses what a host was opening when it died.
    fn refuse_what_killed(&self, held: &[HeldApplicant<'_>]) -> Result<(), AdmissionError> {
        let notes = note::left_behind(&self.places.state);
        for held in held {
            if let Some(note) = notes.get(&held.hash) {
                return Err(held.rejected(deadly(note)));
            }
        }
        Ok(())
    }

    /// Probes what has no verdict, and remembers what will be so next time.
    fn judge(
        &mut self,
        trial: &Prober<'_>,
        build: Build,
        held: &[HeldApplicant<'_>],
    ) -> Result<(), AdmissionError> {
        for at in 0..held.len() {
            let closure = closure(held, at);
            let others: Vec<_> = closure.iter().map(|at| held[*at].hash).collect();
            let candidate = &held[at];
            let key = VerdictKey::new(&build, candidate.hash, &others);
            let now = ProbeMoment::now();
            let verdict = match self.verdicts().get(key, &now) {
                Some(verdict) => verdict.clone(),
                None => {
                    let asked = self.ask(trial, &orders(held, &closure, at), candidate)?;
                    let (verdict, cause) = asked;
                    if cause == FailureCause::Content {
                        let hash = candidate.hash;
                        self.verdicts().put(build, key, hash, verdict.clone());
                    }
                    verdict
                }
            };
            if let ProbeVerdict::Failed(objection) = verdict {
                return Err(candidate.rejected(objection));
            }
        }
        Ok(())
    }

    /// Probes one of them. Returns what was found, and what that depends on.
    fn ask(
        &mut self,
        trial: &Prober<'_>,
        orders: &[OpenOrder],
        candidate: &HeldApplicant<'_>,
    ) -> Result<(ProbeVerdict, FailureCause), AdmissionError> {
        let plugin = candidate.name();
        let began = Instant::now();
        // It may end this process as well as its own.
        let note = self.note(candidate.hash)?;
        let outcome = probe(trial, orders);
        drop(note);
        self.probing += began.elapsed();
        let outcome = outcome?;
        self.events.event(Event::Probed {
            plugin: plugin.clone(),
        });
        Ok(self.judged(&plugin, outcome))
    }

    /// What a probe found, and what that depends on.
    fn judged(&mut self, plugin: &str, outcome: ProbeOutcome) -> (ProbeVerdict, FailureCause) {
        match outcome {
            ProbeOutcome::Passed { notes } => {
                for note in notes {
                    debug!(plugin, note, "the probe could not try everything");
                }
                (ProbeVerdict::Passed, FailureCause::Content)
            }
            ProbeOutcome::Failed {
                mut objection,
                cause,
            } => {
                if cause == FailureCause::Content {
                    objection.again = remembered(&self.verdicts().path());
                }
                (ProbeVerdict::Failed(objection), cause)
            }
        }
    }

    /// Opens all of them in this process.
    fn open(&self, held: &[HeldApplicant<'_>]) -> Result<Vec<Admitted>, AdmissionError> {
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

    fn open_one(&self, held: &HeldApplicant<'_>) -> Result<Arc<Generation>, AdmissionError> {
        let mut open = resident().into_iter();
        if let Some(generation) = open.find(|generation| generation.hash() == held.hash) {
            return Ok(generation);
        }
        let note = self.note(held.hash)?;
        let manifest = &held.applicant.found.manifest;
        let opened = open_in_time(&Approved {
            door: &held.door,
            path: &held.path,
            hash: held.hash,
            manifest,
            file: &held.file,
        });
        drop(note);
        opened.map_err(|source| AdmissionError::Load {
            plugin: held.applicant.id.clone(),
            version: manifest.version.clone(),
            source,
        })
    }

    /// Notes that a content is about to be tried or opened.
    fn note(&self, hash: ContentHash) -> Result<Note, AdmissionError> {
        let written = Note::write(&self.places.state, hash);
        written.map_err(|(path, source)| AdmissionError::Note { path, source })
    }

    fn verdicts(&mut self) -> &mut Verdicts {
        let folder = &self.places.cache;
        self.verdicts.get_or_insert_with(|| Verdicts::load(folder))
    }
}
