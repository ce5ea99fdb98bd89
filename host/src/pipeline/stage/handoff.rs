//! Handoff: a new instance goes on from the running state of the old one.
//!
//! In: both, between two blocks. Out: the new one in the place, or why not. On the audio thread.

use crate::cpu::FloatMode;
use crate::pipeline::candidate::{StageCandidate, StagePosition};
use crate::pipeline::stage::Stage;
use crate::pipeline::stage::block::BusyBlock;
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::swapped::HandoffRefusal;

impl Stage {
    /// Writes the running state of its instance into a buffer; returns how many bytes. Thread:
    /// audio, or the one that holds the stage between two blocks; under the guard that every call
    /// of an instance has.
    ///
    /// # Errors
    /// Why there is none.
    pub fn save_state(&self, into: &mut [u8], mode: &FloatMode) -> Result<usize, HandoffRefusal> {
        match self.rest.fault {
            Some(_) => Err(HandoffRefusal::OldIsOut),
            None => self.own.instance.save_state(into, mode),
        }
    }
}

impl BusyBlock<'_> {
    /// Gives a candidate the running state and the place of the old instance, where that was
    /// prepared; gives it back where it is to go on without.
    pub(super) fn hand_over(
        &mut self,
        mut candidate: Box<StageCandidate>,
        at: StagePosition,
    ) -> Option<Box<StageCandidate>> {
        let (own, fault) = (&mut self.stage.own, self.stage.rest.fault);
        if !candidate.hand_over(&mut own.instance, fault, self.mode, at) {
            return Some(candidate);
        }
        candidate.exchange_spreads(&mut own.output_spreads);
        let event = StageEventKind::Swapped(candidate.done());
        self.stage.rest.outbox.leave(candidate, event);
        None
    }
}
