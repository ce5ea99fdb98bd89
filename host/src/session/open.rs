//! Open: from a configuration to open libraries.
//!
//! In: a request. Out: what is bound where, and the generations behind it.

use crate::admission::{Admission, AdmissionError, Applicant};
use crate::discovery::Registry;
use crate::observe::Event;
use crate::session::bind::{Bindings, bind};
use crate::session::build::Opened;
use crate::session::catalogue::{Catalogue, Choice};
use crate::session::error::SessionError;
use crate::session::start::Request;

/// Opens what the configuration names: scan, resolve, bind, admit. A binary that fails its probe
/// is set aside and versions are chosen again.
pub(super) fn open(request: &mut Request) -> Result<(Bindings, Opened), SessionError> {
    let mut registry = match &request.cache {
        Some(folder) => Registry::load(folder),
        None => Registry::in_memory(),
    };
    let opened = choose(request, &mut registry);
    // What was learned on the way is kept, whatever came of it.
    request.admission.teach(&mut registry);
    if let Err(error) = registry.save() {
        tracing::warn!(%error, "the registry could not be written; the next start scans again");
    }
    opened
}

fn choose(
    request: &mut Request,
    registry: &mut Registry,
) -> Result<(Bindings, Opened), SessionError> {
    let mut catalogue = Catalogue::scan(&request.search, registry);
    loop {
        let choices = catalogue.choose(&request.config)?;
        let bindings = bind(&request.config, &choices).map_err(SessionError::Mistakes)?;
        match admit(&mut request.admission, &choices) {
            Ok(opened) => return Ok((bindings, opened)),
            Err(AdmissionError::Rejected(rejection)) => {
                for line in &rejection.evidence {
                    tracing::debug!(plugin = %rejection.plugin, "{line}");
                }
                request.events.event(Event::Notice {
                    text: rejection.to_string(),
                });
                catalogue.exclude(&rejection.plugin, &rejection.version, rejection.reason);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn admit(admission: &mut Admission, choices: &[Choice]) -> Result<Opened, AdmissionError> {
    let applicants: Vec<_> = choices.iter().map(applicant).collect();
    let admitted = admission.admit(&applicants)?;
    let ids = choices.iter().map(|choice| choice.chosen.id.clone());
    let opened = admitted
        .into_iter()
        .map(|one| (one.generation, one.providers));
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
