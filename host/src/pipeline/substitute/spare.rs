//! Spare: another component in a stage's place, kept warm.
//!
//! In: every block of the stage. Out: what the component makes of it, until it fails once.

use segue_plugin::link::AudioViewMut;

use crate::audio::FloatMode;
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::seat::{Call, Occupant, Seat, Shape};

/// Another component, processed with every block.
#[derive(Debug)]
pub(in crate::pipeline) struct Spare {
    seat: Seat,
    sidechains: usize,
    fault: Option<Fault>,
}

impl Spare {
    /// A fallback that takes so many sidechains. Allocates; not for the audio thread.
    pub(in crate::pipeline) fn new(occupant: Occupant, sidechains: usize, shape: &Shape) -> Self {
        Self {
            seat: Seat::new(occupant, shape),
            sidechains,
            fault: None,
        }
    }

    /// Why it failed, if it did.
    pub(in crate::pipeline) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(in crate::pipeline) const fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(in crate::pipeline) fn into_seat(self) -> Seat {
        self.seat
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
            ..*call
        };
        let kind = self.seat.call(&call, output, &mut [], mode, None).fault;
        self.fault = kind.map(|kind| Fault {
            position_frames: call.position_frames,
            kind,
        });
        kind
    }
}
