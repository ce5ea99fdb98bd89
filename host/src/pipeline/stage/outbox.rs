//! Outbox: what happened to a stage in one block, and who leaves it, until both are sent on.
//!
//! In: events, and instances that are no longer used. Out: the same, all at once, with the instances
//! that failed. Fixed memory: on the audio thread.

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::failed::FailedInstance;
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::stage::Stage;
use crate::pipeline::stage_event::StageEventKind;

/// The most events of one block: the instance fails, the fallback too, a candidate begins, is
/// aligned, is heard and ends, and a tail with it.
pub(in crate::pipeline) const STAGE_EVENTS_PER_BLOCK: usize = 7;

/// The events of one block, in order.
pub(in crate::pipeline) type BlockEvents = [Option<StageEventKind>; STAGE_EVENTS_PER_BLOCK];

/// What waits to be sent on.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    events: BlockEvents,
    count: usize,
    /// An instance that is no longer used.
    pub(super) leaving: Option<Box<StageCandidate>>,
}

/// All that one block did to a stage.
pub(in crate::pipeline) struct Outgoing {
    pub(in crate::pipeline) events: BlockEvents,
    /// Instances that failed: its own, and its fallback.
    pub(in crate::pipeline) failed: [Option<(FailedInstance, Fault)>; 2],
    pub(in crate::pipeline) leaving: Option<Box<StageCandidate>>,
}

impl Stage {
    /// Takes all that the last block did to it.
    pub(in crate::pipeline) fn take_outgoing(&mut self) -> Outgoing {
        let own = self.rest.fault.and_then(|fault| {
            let processor = self.own.instance.take_failed()?;
            Some((FailedInstance::Own(processor), fault))
        });
        let fallback = self.substitute.fallback_mut().and_then(|fallback| {
            let fault = fallback.fault()?;
            let processor = fallback.instance_mut().take_failed()?;
            Some((FailedInstance::Fallback(processor), fault))
        });
        let (events, leaving) = self.rest.outbox.take();
        Outgoing {
            events,
            failed: [own, fallback],
            leaving,
        }
    }
}

impl Outbox {
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0 && self.leaving.is_none()
    }

    /// Something happened.
    pub(super) fn push(&mut self, kind: StageEventKind) {
        debug_assert!(
            self.count < STAGE_EVENTS_PER_BLOCK,
            "a block has no more events"
        );
        if let Some(place) = self.events.get_mut(self.count) {
            *place = Some(kind);
            self.count += 1;
        }
    }

    /// The fallback failed, if it did.
    #[cold]
    pub(super) fn push_fallback(&mut self, fault: Option<FaultKind>, position_frames: u64) {
        if let Some(kind) = fault {
            self.push(StageEventKind::FallbackFailed(Fault {
                position_frames,
                kind,
            }));
        }
    }

    /// How far a candidate has come, once for each.
    pub(super) fn push_progress(&mut self, candidate: &mut StageCandidate) {
        let (is_aligned, is_heard) = candidate.unreported();
        if is_aligned {
            self.push(StageEventKind::Aligned);
        }
        if is_heard {
            self.push(StageEventKind::FadeBegan);
        }
    }

    /// An instance leaves, and why.
    pub(super) fn leave(&mut self, candidate: Box<StageCandidate>, event: StageEventKind) {
        self.push(event);
        self.leaving = Some(candidate);
    }

    /// A candidate failed, and leaves.
    pub(super) fn leave_failed(&mut self, mut candidate: Box<StageCandidate>, fault: Fault) {
        candidate.fail(fault);
        self.leave(candidate, StageEventKind::CandidateFailed(fault));
    }

    /// Takes all.
    pub(super) fn take(&mut self) -> (BlockEvents, Option<Box<StageCandidate>>) {
        self.count = 0;
        (std::mem::take(&mut self.events), self.leaving.take())
    }
}
