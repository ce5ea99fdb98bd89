//! Fallback: the component that a stage falls back on, processed with every block.
//!
//! In: blocks, heard or not. Out: what it makes of them, until it fails; it is not asked again then.

use segue_plugin::link::AudioViewMut;

use crate::cpu::FloatMode;
use crate::pipeline::call::{Call, CallLimits};
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::placed_instance::{Occupant, PlacedInstance, Shape};

/// Another component, processed with every block.
#[derive(Debug)]
pub(super) struct Fallback {
    instance: PlacedInstance,
    sidechains: usize,
    fault: Option<Fault>,
}

impl Fallback {
    /// A fallback that takes so many sidechains. Allocates; not for the audio thread.
    pub(super) fn new(occupant: Occupant, sidechains: usize, shape: &Shape) -> Self {
        Self {
            instance: PlacedInstance::new(occupant, shape),
            sidechains,
            fault: None,
        }
    }

    /// Why it failed, if it did.
    pub(super) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(super) const fn instance_mut(&mut self) -> &mut PlacedInstance {
        &mut self.instance
    }

    pub(super) fn into_instance(self) -> PlacedInstance {
        self.instance
    }

    /// Processes a block, heard or not.
    pub(super) fn fill(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let call = Call {
            sidechains: &call.sidechains[..call.sidechains.len().min(self.sidechains)],
            // Its parameters are its own.
            events: &[],
            ..*call
        };
        let limits = CallLimits {
            mode,
            budget_meter: None,
        };
        let kind = self.instance.call(&call, output, &mut [], limits).fault;
        self.fault = kind.map(|kind| Fault {
            position_frames: call.stream_frames(),
            kind,
        });
        kind
    }
}
