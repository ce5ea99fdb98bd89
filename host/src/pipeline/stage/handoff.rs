//! Handoff: a new instance goes on from the running state of the old one.
//!
//! In: both, between two blocks. Out: the new one in the place, or why not. On the audio thread.

use std::time::Instant;

use crate::audio::FloatMode;
use crate::pipeline::exchange::TurnKind;
use crate::pipeline::stage::Stage;
use crate::pipeline::swapped::{HandoffRefusal, TakenOver};
use crate::pipeline::trial::{Moment, Trial};

impl Stage {
    /// Writes the running state of its instance into a buffer; answers how many bytes. Thread:
    /// audio, or the one that holds the stage between two blocks; under the guard that every call
    /// of an instance has.
    ///
    /// # Errors
    /// Why there is none.
    pub fn save_state(&self, into: &mut [u8], mode: &FloatMode) -> Result<usize, HandoffRefusal> {
        if self.rest.fault.is_some() {
            return Err(HandoffRefusal::OldIsOut);
        }
        let _ = mode.was_changed();
        let status = self.seat.processor().save_state(into);
        if mode.was_changed() {
            return Err(HandoffRefusal::FloatMode);
        }
        if !status.is_ok() {
            return Err(HandoffRefusal::Save(status));
        }
        let (bytes, most_bytes) = (status.detail as usize, into.len());
        if bytes > most_bytes {
            return Err(HandoffRefusal::TooLong { bytes, most_bytes });
        }
        Ok(bytes)
    }

    /// Gives a new instance the running state and the place of the old one, where that was
    /// prepared; gives the trial back where it is to go on without.
    pub(super) fn hand_over(
        &mut self,
        mut trial: Box<Trial>,
        mode: &FloatMode,
        at: Moment,
    ) -> Option<Box<Trial>> {
        let Some(mut handoff) = trial.take_handoff() else {
            return Some(trial);
        };
        let begun = Instant::now();
        let result = self.try_state(&mut trial, &mut handoff.buffer, mode);
        // Its memory is given back where the instance leaves.
        trial.put_back(handoff);
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(refusal) => {
                trial.done_mut().refused = Some(refusal);
                return Some(trial);
            }
        };
        trial.exchange_instances(&mut self.seat, &mut self.output_spreads);
        trial.be_heard_at(at);
        trial.be_alone_at(at);
        let done = trial.done_mut();
        done.takeover = TakenOver::Handoff {
            bytes,
            took_ns: begun.elapsed().as_nanos() as u64,
        };
        let turn = TurnKind::Swapped(trial.done());
        self.leave(trial, turn);
        None
    }

    fn try_state(
        &self,
        trial: &mut Trial,
        buffer: &mut [u8],
        mode: &FloatMode,
    ) -> Result<usize, HandoffRefusal> {
        if trial.seat_mut().latency_frames() != self.seat.latency_frames() {
            return Err(HandoffRefusal::OtherLatency);
        }
        let bytes = self.save_state(buffer, mode)?;
        let status = trial
            .seat_mut()
            .processor_mut()
            .load_state(&buffer[..bytes]);
        if mode.was_changed() {
            return Err(HandoffRefusal::FloatMode);
        }
        if !status.is_ok() {
            return Err(HandoffRefusal::Load(status));
        }
        Ok(bytes)
    }
}
