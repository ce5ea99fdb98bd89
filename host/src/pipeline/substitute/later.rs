//! Later: what stands in for an instance while its place becomes later.
//!
//! In: lines with room for more, then blocks that nobody reads. Out: nothing; what is held is more
//! by them. On the audio thread.

use std::mem;

use crate::cpu::FloatMode;
use crate::pipeline::call::Call;
use crate::pipeline::candidate::LatencyGrowth;
use crate::pipeline::fault::{FaultKind, OnError};
use crate::pipeline::held_audio::HeldAudio;
use crate::pipeline::store::view_mut;
use crate::pipeline::substitute::Substitute;

impl Substitute {
    /// Becomes later: its lines take over what the present ones hold.
    pub(in crate::pipeline) fn grow(&mut self, growth: &mut LatencyGrowth) {
        if matches!(self.on_error, OnError::Bypass | OnError::Fallback) {
            if let (Some(new), Some(old)) = (&mut growth.dry, &mut self.dry) {
                new.take_over(old);
            }
            mem::swap(&mut self.dry, &mut growth.dry);
        }
        if let Some(fallback) = &mut self.rest.fallback {
            fallback.instance_mut().grow(&mut growth.fallback_pad);
        }
    }

    /// Keeps up with a block that nobody reads, whoever is heard: everything here becomes later
    /// by it. Returns why the fallback failed, if it did.
    pub(in crate::pipeline) fn withhold(
        &mut self,
        call: &Call<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        if let Some(dry) = &mut self.dry {
            dry.push(call.input);
        }
        let rest = &mut *self.rest;
        let fallback = rest
            .fallback
            .as_mut()
            .filter(|fallback| fallback.fault().is_none())?;
        fallback.fill(call, &mut view_mut(&mut rest.unheard, call.frames()), mode)
    }

    /// For how long it fades to silence yet; nothing else is to be faded in meanwhile.
    pub(in crate::pipeline) fn fading_frames(&self) -> u64 {
        self.rest.held.as_ref().map_or(0, HeldAudio::fading_frames)
    }
}
