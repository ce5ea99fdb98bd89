//! Held: applicants whose content is in the store, and how they hang together.
//!
//! In: what admission holds, in load order. Out: whom each uses, directly or not, what a helper is
//! to open for it, and the words in which it is refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use segue_plugin::manifest::TARGET;
use sha2::{Digest, Sha256};

use crate::admission::error::{AdmissionError, HelperError, Rejection};
use crate::admission::helper::OpenOrder;
use crate::admission::probe::Helper;
use crate::admission::verdicts::{Build, Objection};
use crate::discovery::{ContentHash, FoundPlugin, Stamp};
use crate::id::PluginId;
use crate::system::files::{self, Links};

/// A plugin that is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// The plugin that is to be opened.
    pub id: &'a PluginId,
    /// The file that the plugin lies in.
    pub path: &'a Path,
    /// What discovery found in that file.
    pub found: &'a FoundPlugin,
    /// The plugins whose components it may use. Those that are not before it are not at hand.
    pub uses: &'a [PluginId],
}

/// An applicant whose content is in the store.
pub(super) struct HeldApplicant<'a> {
    pub(super) applicant: &'a Applicant<'a>,
    pub(super) hash: ContentHash,
    /// Its copy in the store.
    pub(super) path: PathBuf,
    /// The same by the folder that is open, which nobody can put another in the place of.
    pub(super) door: PathBuf,
    /// The file that it is a copy of.
    pub(super) file: PathBuf,
    /// The places of those before it that it uses.
    pub(super) uses: Vec<usize>,
}

impl HeldApplicant<'_> {
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
            again: objection.again,
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
        again: format!("it is tried again once {} is deleted", note.display()),
    }
}

/// When a library is tried again whose failure is remembered in this file.
pub(super) fn remembered(verdicts: &Path) -> String {
    format!(
        "it is tried again 10 minutes after it failed, or at once under other limits of the \
         process (`ulimit -a`), or after `rm {}`",
        verdicts.display()
    )
}

/// The places of all that one of them uses, directly or not, in load order.
pub(super) fn closure(held: &[HeldApplicant<'_>], of: usize) -> Vec<usize> {
    let mut is_used = vec![false; of];
    for at in (0..=of).rev() {
        if at == of || is_used[at] {
            held[at].uses.iter().for_each(|used| is_used[*used] = true);
        }
    }
    (0..of).filter(|at| is_used[*at]).collect()
}

/// What the helper opens to try one of them.
pub(super) fn orders(held: &[HeldApplicant<'_>], closure: &[usize], of: usize) -> Vec<OpenOrder> {
    let places: Vec<_> = closure.iter().copied().chain([of]).collect();
    let numbers: HashMap<_, _> = places
        .iter()
        .enumerate()
        .map(|(new, old)| (*old, new))
        .collect();
    let order = |at: &usize| OpenOrder {
        hash: held[*at].hash,
        file: held[*at].file.clone(),
        uses: held[*at].uses.iter().map(|used| numbers[used]).collect(),
    };
    places.iter().map(order).collect()
}

/// Which build of the host opens libraries: its version, target, and the very file that the helper
/// runs. Another build, or the same one installed anew, probes again.
pub(super) fn build_of(helper: &Helper) -> Result<Build, HelperError> {
    let about = files::about_at(files::here(), &helper.program, Links::Followed);
    let about = about.map_err(|source| HelperError::Start {
        program: helper.program.clone(),
        source,
    })?;
    let stamp = Stamp::of(&about);
    let mut hasher = Sha256::new();
    hasher.update(format!("{} {TARGET} ", env!("CARGO_PKG_VERSION")));
    // Without the device, whose number is another one after each start of a container.
    hasher.update(format!("{} {} ", stamp.inode, stamp.size_bytes));
    hasher.update(format!("{:?} {:?}", stamp.modified, stamp.changed));
    Ok(Build(hasher.finalize().into()))
}
