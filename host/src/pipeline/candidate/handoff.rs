//! Handoff: a candidate goes on from the running state of the instance in the place.
//!
//! In: that instance, between two blocks. Out: the two exchanged, or why not. On the audio thread.

use std::time::Instant;

use crate::cpu::FloatMode;
use crate::pipeline::candidate::{StageCandidate, StagePosition};
use crate::pipeline::fault::Fault;
use crate::pipeline::placed_instance::PlacedInstance;
use crate::pipeline::swapped::{HandoffRefusal, SwapMethod};

impl PlacedInstance {
    /// Writes its running state into a buffer; returns how many bytes.
    pub(in crate::pipeline) fn save_state(
        &self,
        into: &mut [u8],
        mode: &FloatMode,
    ) -> Result<usize, HandoffRefusal> {
        let processor = self.processor().ok_or(HandoffRefusal::OldIsOut)?;
        let _ = mode.was_changed();
        let status = processor.save_state(into);
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

    /// Goes on from a running state.
    fn load_state(&mut self, state: &[u8], mode: &FloatMode) -> Result<(), HandoffRefusal> {
        let processor = self.processor_mut().ok_or(HandoffRefusal::OldIsOut)?;
        let status = processor.load_state(state);
        if mode.was_changed() {
            return Err(HandoffRefusal::FloatMode);
        }
        if !status.is_ok() {
            return Err(HandoffRefusal::Load(status));
        }
        Ok(())
    }
}

impl StageCandidate {
    /// Goes on from the running state of the old instance and takes its place, where that was
    /// prepared and can be; the old one may have failed before. Whether it has the place.
    pub(in crate::pipeline) fn hand_over(
        &mut self,
        old: &mut PlacedInstance,
        old_fault: Option<Fault>,
        mode: &FloatMode,
        at: StagePosition,
    ) -> bool {
        let begun = Instant::now();
        // The memory for the state stays here, and is given back where the instance leaves.
        let Some(handoff) = &mut self.handoff else {
            return false;
        };
        let new = &mut self.instance;
        let moved = match old_fault {
            _ if new.latency_frames() != old.latency_frames() => Err(HandoffRefusal::OtherLatency),
            Some(_) => Err(HandoffRefusal::OldIsOut),
            None => old.save_state(&mut handoff.buffer, mode).and_then(|bytes| {
                new.load_state(&handoff.buffer[..bytes], mode)
                    .map(|()| bytes)
            }),
        };
        let bytes = match moved {
            Ok(bytes) => bytes,
            Err(refusal) => {
                self.done.refused = Some(refusal);
                return false;
            }
        };
        new.exchange_instances(old);
        self.mark_heard(at);
        self.mark_alone(at);
        self.done.method = SwapMethod::Handoff {
            bytes,
            took_ns: begun.elapsed().as_nanos() as u64,
        };
        true
    }
}
