//! Opener: what it takes to find and open plugins, at the start and again while sessions run.
//!
//! In: where plugins are searched, who admits them, and who chooses among what is found. Out: a fresh
//! catalogue each time somebody asks, since files come and go; open libraries of what was chosen,
//! again without those that their probe set aside.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::admission::{Admission, AdmissionError, Applicant, Rejection};
use crate::discovery::{Registry, SearchPlan};
use crate::loading::{Generation, resident};
use crate::session::build::Opened;
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::instance::OpenLibrary;

/// How many libraries changes may add to those of the start. Each stays mapped until the process
/// ends: a few megabytes, so that days of edits fit and a loop of builds does not fill the memory.
const LATER_MAX: usize = 64;

/// Finds and opens plugins. Thread: any but audio; whoever comes second waits.
pub(in crate::session) struct Opener {
    search: Mutex<SearchPlan>,
    cache: Option<PathBuf>,
    admission: Mutex<Admission>,
    /// What was open when the start was over.
    first: OnceLock<Vec<Arc<Generation>>>,
}

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Opener");
        debug.field("search", &self.search).finish_non_exhaustive()
    }
}

impl Opener {
    /// Nothing is read yet. `cache` is the folder of the registry; `None` keeps none.
    pub(in crate::session) const fn new(
        search: SearchPlan,
        cache: Option<PathBuf>,
        admission: Admission,
    ) -> Self {
        Self {
            search: Mutex::new(search),
            cache,
            admission: Mutex::new(admission),
            first: OnceLock::new(),
        }
    }

    /// One that finds nothing.
    #[cfg(test)]
    pub(in crate::session) fn of_nothing() -> Self {
        let places = crate::admission::AdmissionFolders {
            store: PathBuf::new(),
            cache: PathBuf::new(),
            state: PathBuf::new(),
        };
        let events = Arc::new(crate::observe::NoSink);
        Self::new(
            SearchPlan::default(),
            None,
            Admission::new(places, None, events),
        )
    }

    /// Searches the folders as they are now, and lends what was found and who admits it. What was
    /// learned on the way is kept, whatever came of it.
    pub(in crate::session) fn search<R>(
        &self,
        body: impl FnOnce(Catalogue, &mut Admission) -> R,
    ) -> R {
        self.search_in(None, body)
    }

    /// As [`search`](Self::search), in other places where some are named: for this once.
    pub(in crate::session) fn search_in<R>(
        &self,
        places: Option<&SearchPlan>,
        body: impl FnOnce(Catalogue, &mut Admission) -> R,
    ) -> R {
        let mut admission = self
            .admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut registry = match &self.cache {
            Some(folder) => Registry::load(folder),
            None => Registry::in_memory(),
        };
        let search = self.search.lock();
        let search = search.unwrap_or_else(PoisonError::into_inner).clone();
        let search = places.cloned().unwrap_or(search);
        let answer = body(Catalogue::scan(&search, &mut registry), &mut admission);
        admission.teach(&mut registry);
        if let Err(error) = registry.save() {
            tracing::warn!(%error, "the registry could not be written; the next start scans again");
        }
        answer
    }

    /// Plugins are looked for elsewhere from now on.
    pub(in crate::session) fn look_in(&self, search: SearchPlan) {
        *self.search.lock().unwrap_or_else(PoisonError::into_inner) = search;
    }

    /// From now on what is opened counts as a change: it has a bound of its own.
    pub(in crate::session) fn mark(&self) {
        let mut admission = self
            .admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let first = self.first.get_or_init(resident);
        admission.limit(first.len() + LATER_MAX);
    }

    /// What was opened since.
    pub(in crate::session) fn later(&self) -> Vec<Arc<Generation>> {
        let first = self.first.get().map_or(&[][..], Vec::as_slice);
        let mut all = resident();
        all.retain(|one| !first.iter().any(|other| other.hash() == one.hash()));
        all
    }
}

/// What was chosen, and is open.
pub(in crate::session) struct Chosen<T> {
    /// The versions.
    pub(in crate::session) choices: Vec<Choice>,
    /// Their libraries.
    pub(in crate::session) opened: Opened,
    /// What came with the choice.
    pub(in crate::session) with: T,
    /// The binaries that were set aside on the way.
    pub(in crate::session) rejected: Vec<Rejection>,
}

/// Opens what `choose` chooses. A binary that fails its probe is set aside and versions are chosen
/// again; `choose` is told which ones were until then, the newest last.
///
/// # Errors
/// Why there is no choice, or why nothing can be opened.
pub(in crate::session) fn open_chosen<T, E: From<AdmissionError>>(
    (catalogue, admission): (&mut Catalogue, &mut Admission),
    mut choose: impl FnMut(&Catalogue, &[Rejection]) -> Result<(Vec<Choice>, T), E>,
) -> Result<Chosen<T>, E> {
    let mut rejected = Vec::new();
    loop {
        let (choices, with) = choose(catalogue, &rejected)?;
        match admit(admission, &choices) {
            Ok(opened) => {
                return Ok(Chosen {
                    choices,
                    opened,
                    with,
                    rejected,
                });
            }
            Err(AdmissionError::Rejected(rejection)) => {
                for line in &rejection.evidence {
                    tracing::debug!(plugin = %rejection.plugin, "{line}");
                }
                let Rejection {
                    plugin,
                    version,
                    reason,
                    ..
                } = &*rejection;
                catalogue.exclude(plugin, version, reason.clone());
                rejected.push(*rejection);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens what was chosen.
fn admit(admission: &mut Admission, choices: &[Choice]) -> Result<Opened, AdmissionError> {
    let applicants: Vec<_> = choices.iter().map(applicant).collect();
    let admitted = admission.admit(&applicants)?;
    let ids = choices.iter().map(|choice| choice.chosen.id.clone());
    let opened = admitted.into_iter().map(|one| OpenLibrary {
        generation: one.generation,
        providers: one.providers,
    });
    Ok(ids.zip(opened).collect())
}

fn applicant(choice: &Choice) -> Applicant<'_> {
    Applicant {
        id: &choice.chosen.id,
        path: &choice.path,
        found: &choice.found,
        uses: &choice.chosen.uses,
    }
}
