//! Spare: the component that a stage falls back on, processed with every block.
//!
//! In: blocks, heard or not. Out: what it makes of them, until it fails; it is not asked again then.

use segue_plugin::link::AudioViewMut;

use crate::audio::FloatMode;
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::seat::{Call, Occupant, Seat, Shape};

/// Another component, processed with every block.
#[derive(Debug)]
pub(super) struct Spare {
    seat: Seat,
    sidechains: usize,
    fault: Option<Fault>,
}

impl Spare {
    /// A fallback that takes so many sidechains. Allocates; not for the audio thread.
    pub(super) fn new(occupant: Occupant, sidechains: usize, shape: &Shape) -> Self {
        Self {
            seat: Seat::new(occupant, shape),
            sidechains,
            fault: None,
        }
    }

    /// Why it failed, if it did.
    pub(super) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(super) const fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(super) const fn seat_mut(&mut self) -> &mut Seat {
        &mut self.seat
    }

    pub(super) fn into_seat(self) -> Seat {
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
            // Its parameters are its own.
            events: &[],
            ..*call
        };
        let kind = self.seat.call(&call, output, &mut [], mode, None).fault;
        self.fault = kind.map(|kind| Fault {
            position_frames: call.stream_frames(),
            kind,
        });
        kind
    }
}
