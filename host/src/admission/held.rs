//! Held: applicants whose content is in the store, and how they hang together.
//!
//! In: what admission holds, in load order. Out: whom each uses, directly or not, what a helper is
//! to open for it, and the words in which it is refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, statat};
use segue_plugin::manifest::TARGET;
use sha2::{Digest, Sha256};

use crate::admission::Applicant;
use crate::admission::error::{AdmissionError, HelperError, Rejection};
use crate::admission::helper::Order;
use crate::admission::probe::Helper;
use crate::admission::verdicts::{Build, Objection};
use crate::discovery::{ContentHash, Stamp};

/// An applicant whose content is in the store.
pub(super) struct Held<'a> {
    pub(super) applicant: &'a Applicant<'a>,
    pub(super) hash: ContentHash,
    pub(super) path: PathBuf,
    pub(super) resource_dir: PathBuf,
    /// The places of those before it that it uses.
    pub(super) uses: Vec<usize>,
}

impl Held<'_> {
    /// The plugin with its version, for people.
    pub(super) fn name(&self) -> String {
        format!(
            "{} {}",
            self.applicant.id, self.applicant.found.manifest.version
        )
    }

    pub(super) fn rejected(&self, objection: Objection) -> AdmissionError {
        AdmissionError::Rejected(Box::new(Rejection {
            plugin: self.applicant.id.clone(),
            version: self.applicant.found.manifest.version.clone(),
            path: self.applicant.path.to_owned(),
            hash: self.hash,
            reason: objection.reason,
            evidence: objection.evidence,
        }))
    }
}

/// What is said of a content whose note was left behind.
pub(super) fn deadly(note: &Path) -> Objection {
    Objection {
        reason: format!(
            "a host ended while it opened this library; install another build of it, or delete {} \
             to try it again",
            note.display()
        ),
        evidence: Vec::new(),
    }
}

/// The places of all that one of them uses, directly or not, in load order.
pub(super) fn closure(held: &[Held<'_>], of: usize) -> Vec<usize> {
    let mut is_used = vec![false; of];
    for at in (0..=of).rev() {
        if at == of || is_used[at] {
            held[at].uses.iter().for_each(|used| is_used[*used] = true);
        }
    }
    (0..of).filter(|at| is_used[*at]).collect()
}

/// What the helper opens to try one of them.
pub(super) fn orders(held: &[Held<'_>], closure: &[usize], of: usize) -> Vec<Order> {
    let places: Vec<_> = closure.iter().copied().chain([of]).collect();
    let numbers: HashMap<_, _> = places
        .iter()
        .enumerate()
        .map(|(new, old)| (*old, new))
        .collect();
    let order = |at: &usize| Order {
        path: held[*at].path.clone(),
        hash: held[*at].hash,
        resource_dir: held[*at].resource_dir.clone(),
        uses: held[*at].uses.iter().map(|used| numbers[used]).collect(),
    };
    places.iter().map(order).collect()
}

/// Which build of the host opens libraries: its version, target, and the very file that the helper
/// runs. Another build, or the same one installed anew, probes again.
pub(super) fn build_of(helper: &Helper) -> Result<Build, HelperError> {
    let about = statat(CWD, &helper.program, AtFlags::empty());
    let about = about.map_err(|error| HelperError::Start {
        program: helper.program.clone(),
        source: error.into(),
    })?;
    let stamp = Stamp::of(&about);
    let mut hasher = Sha256::new();
    hasher.update(format!("{} {TARGET} ", env!("CARGO_PKG_VERSION")));
    // Without the device, whose number is another one after each start of a container.
    hasher.update(format!("{} {} ", stamp.inode, stamp.size_bytes));
    hasher.update(format!("{:?} {:?}", stamp.modified, stamp.changed));
    Ok(Build(hasher.finalize().into()))
}
