//! Machine: the stages of a session, and every change of them from its worker to its end.
//!
//! In: changes that were begun, and what the engine reports. Out: changes for the engine; what runs
//! from then on, and receipts (`advance`, `send`, `from_engine`, `conclude`). What it plans, and what
//! places instances get, is pure: [`Planner`] (`plan`, `fades_in_series`, `wiring`, `describe`,
//! `preparation`, `swaps`, `bypass`, `set_values`) and [`Seating`] (`schedule_change`, `seat`,
//! `second_instance`).

use crate::session::candidacy::Ender;
use crate::session::changes::conclude::Receipts;
use crate::session::changes::underway::ChangeUnderway;
use crate::session::changes::{Configurations, FixedSetup};
use crate::session::restart::Restarts;
use crate::session::running_stages::RunningStages;

/// What runs, and what is under way.
pub(super) struct ChangeMachine {
    pub(super) stages: RunningStages,
    pub(super) restarts: Restarts,
    pub(super) ender: Ender,
    pub(super) setup: FixedSetup,
    pub(super) configurations: Configurations,
    pub(super) changes_underway: Vec<ChangeUnderway>,
    pub(super) receipts: Receipts,
    /// Whether the input is over.
    pub(super) is_closed: bool,
}

impl ChangeMachine {
    /// What changes are planned from.
    pub(super) const fn planner(&self) -> Planner<'_> {
        Planner {
            stages: &self.stages,
            configurations: &self.configurations,
            setup: &self.setup,
        }
    }

    /// What places are given by.
    pub(super) const fn seating(&self) -> Seating<'_> {
        Seating {
            stages: &self.stages,
            configurations: &self.configurations,
            setup: &self.setup,
        }
    }
}

/// Whether a change has a stage.
pub(super) fn is_busy(changes_underway: &[ChangeUnderway], number: usize) -> bool {
    let mut stage_changes = changes_underway
        .iter()
        .flat_map(|underway| &underway.stage_changes);
    stage_changes
        .any(|stage_change| stage_change.number == number && !stage_change.candidacy.is_over())
}

/// What is planned before instances are made.
#[derive(Clone, Copy)]
pub(super) struct Planner<'a> {
    pub(super) stages: &'a RunningStages,
    pub(super) configurations: &'a Configurations,
    pub(super) setup: &'a FixedSetup,
}

/// What places instances get that are made.
#[derive(Clone, Copy)]
pub(super) struct Seating<'a> {
    pub(super) stages: &'a RunningStages,
    pub(super) configurations: &'a Configurations,
    pub(super) setup: &'a FixedSetup,
}

impl<'a> Seating<'a> {
    pub(super) const fn planner(self) -> Planner<'a> {
        Planner {
            stages: self.stages,
            configurations: self.configurations,
            setup: self.setup,
        }
    }
}
