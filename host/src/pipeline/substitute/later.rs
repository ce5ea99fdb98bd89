//! Later: what stands in for an instance while its place becomes later.
//!
//! In: lines with room for more, then blocks that nobody reads. Out: nothing; what is held is more
//! by them. On the audio thread.

use std::mem;

use crate::audio::FloatMode;
use crate::pipeline::fault::{FaultKind, OnError};
use crate::pipeline::hold::Held;
use crate::pipeline::seat::Call;
use crate::pipeline::store::view_mut;
use crate::pipeline::substitute::Substitute;
use crate::pipeline::trial::Growth;

impl Substitute {
    /// Becomes later: its lines take over what the present ones hold.
    pub(in crate::pipeline) fn grow(&mut self, growth: &mut Growth) {
        if matches!(self.on_error, OnError::Bypass | OnError::Fallback) {
            if let (Some(new), Some(old)) = (&mut growth.dry, &mut self.dry) {
                new.take_over(old);
            }
            mem::swap(&mut self.dry, &mut growth.dry);
        }
        if let Some(spare) = &mut self.rest.spare {
            spare.seat_mut().grow(&mut growth.spare_pad);
        }
    }

    /// Keeps up with a block that nobody reads, whoever is heard: everything here becomes later
    /// by it. Answers why the fallback failed, if it did.
    pub(in crate::pipeline) fn hold(
        &mut self,
        call: &Call<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        if let Some(dry) = &mut self.dry {
            dry.push(call.input);
        }
        let rest = &mut *self.rest;
        let spare = rest
            .spare
            .as_mut()
            .filter(|spare| spare.fault().is_none())?;
        spare.fill(call, &mut view_mut(&mut rest.room, call.frames()), mode)
    }

    /// For how long it fades to silence yet; nothing else is to be faded in meanwhile.
    pub(in crate::pipeline) fn fading_frames(&self) -> u64 {
        self.rest.held.as_ref().map_or(0, Held::fading_frames)
    }
}
