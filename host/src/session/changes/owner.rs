//! Owner: who has a new instance of a stage that the engine has.
//!
//! In: a stage's number. Out: the change or the restart whose instance it is.

use crate::pipeline::StageCandidate;
use crate::session::candidacy::Candidacy;
use crate::session::changes::underway::{ChangeUnderway, StageChange};
use crate::session::restart::Restarts;

/// A new instance in the engine, or on its way to it or back.
pub(super) enum Owner<'a> {
    /// Of a stage that had failed.
    Restart(&'a mut Candidacy<Box<StageCandidate>>),
    /// Of a change.
    Change(&'a mut StageChange),
}

impl Owner<'_> {
    /// Where the instance is on its way.
    pub(super) fn candidacy(&mut self) -> &mut Candidacy<Box<StageCandidate>> {
        match self {
            Self::Restart(candidacy) => candidacy,
            Self::Change(stage_change) => &mut stage_change.candidacy,
        }
    }
}

/// Whether instances count that the engine has told all about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Included,
    Excluded,
}

/// Whose event or departure it is: what was sent first comes first, and a restart is never sent
/// while a change has its stage.
pub(super) fn owner<'a>(
    restarts: &'a mut Restarts,
    changes_underway: &'a mut [ChangeUnderway],
    stage: usize,
    leaving: Leaving,
) -> Option<Owner<'a>> {
    let is_there = |candidacy: &Candidacy<Box<StageCandidate>>| {
        let counts = leaving == Leaving::Included || !candidacy.is_leaving();
        candidacy.is_in_engine() && counts
    };
    if let Some(candidacy) = restarts.candidacy(stage)
        && is_there(candidacy)
    {
        return Some(Owner::Restart(candidacy));
    }
    let mut stage_changes = changes_underway
        .iter_mut()
        .flat_map(|underway| &mut underway.stage_changes);
    let stage_change = stage_changes
        .find(|stage_change| stage_change.number == stage && is_there(&stage_change.candidacy));
    stage_change.map(Owner::Change)
}
