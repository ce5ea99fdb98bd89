//! Busy: a block of a stage that is more than one call of its instance.
//!
//! In: the block, with what waits for it, and the candidate, where there is one. Out: the block, by
//! whoever is heard; what it read and gave is kept where a history is. A candidate that goes on from
//! the old instance's running state has its place before the block. On the audio thread.

use std::mem;

use segue_plugin::link::{AudioViewMut, Record};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::call::Call;
use crate::pipeline::candidate::{RecentInput, StageCandidate, StagePosition};
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::gauges::StageSound;
use crate::pipeline::stage::{Stage, StageResult};
use crate::pipeline::stage_event::StageEventKind;
use crate::pipeline::swapped::Progress;

/// One block of a busy stage.
pub(super) struct BusyBlock<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) call: Call<'a>,
    pub(super) output: AudioViewMut<'a>,
    pub(super) records: &'a mut [Record],
    pub(super) mode: &'a FloatMode,
    pub(super) recent: RecentInput<'a>,
}

impl Stage {
    /// As `run`.
    #[cold]
    #[inline(never)]
    pub(super) fn run_busy(
        &mut self,
        call: &Call<'_>,
        output: AudioViewMut<'_>,
        records: &mut [Record],
        mode: &FloatMode,
    ) -> StageResult {
        let history = self.rest.history.take();
        let mut events = mem::take(&mut self.rest.param_events);
        let at_frames = self.own.gauges.frames_in();
        let was_out = self.rest.fault.is_some();
        let mut block = BusyBlock {
            stage: self,
            call: Call {
                events: events.due(call.frames()),
                ..*call
            },
            output,
            records,
            mode,
            recent: RecentInput {
                at_frames,
                history: history.as_deref(),
            },
        };
        let written = block.run();
        events.advance(call.frames());
        self.rest.param_events = events;
        self.rest.history = history;
        let has_events = !self.rest.outbox.is_empty();
        self.is_busy = has_events || !self.is_settled();
        self.publish();
        StageResult {
            records: written,
            failed: !was_out && self.rest.fault.is_some(),
            has_events,
        }
    }

    /// What is heard of it now, for control code.
    pub(super) fn publish(&self) {
        let sound = match (self.progress(), self.rest.fault) {
            (Some(Progress::Shadow), _) => StageSound::Shadow,
            (Some(Progress::Fading | Progress::Reversing), _) => StageSound::Fading,
            (Some(Progress::Tail) | None, Some(_)) => StageSound::Out,
            (Some(Progress::Tail) | None, None) => StageSound::Own,
        };
        self.own.gauges.set_sound(sound);
        self.own.gauges.renew_outputs(self.own.instance.outputs());
    }

    /// Whether nothing goes on but its instance.
    fn is_settled(&self) -> bool {
        let rest = &self.rest;
        rest.fault.is_none()
            && rest.candidate.is_none()
            && rest.param_events.is_empty()
            && rest.history.is_none()
            && rest.seam.is_over()
            && rest.withheld_frames == 0
    }
}

impl BusyBlock<'_> {
    pub(super) const fn frames(&self) -> usize {
        self.call.frames()
    }

    /// Whether its output is read.
    pub(super) fn is_taken(&self) -> bool {
        self.call.use_of_output == OutputUse::Taken
    }

    /// Where it begins.
    pub(super) fn position(&self) -> StagePosition {
        StagePosition {
            stream_frames: self.call.stream_frames(),
            output_frames: self.stage.own.gauges.frames_out(),
        }
    }

    /// A failure in it.
    pub(super) const fn fault(&self, kind: FaultKind) -> Fault {
        Fault {
            position_frames: self.call.stream_frames(),
            kind,
        }
    }

    /// The whole block, kept where a history is; returns how many records were written.
    fn run(&mut self) -> u32 {
        let (frames, recent) = (self.frames() as u64, self.recent);
        if let Some(history) = recent.history {
            let position_frames = self.call.position_frames;
            history.begin_at(position_frames.saturating_sub(recent.at_frames));
            history.keep_input(self.call.input, self.call.sidechains);
        }
        let written = self.fill();
        self.stage.own.gauges.count_in(frames);
        if !self.is_taken() {
            self.stage.own.gauges.count_withheld(frames);
            let left = &mut self.stage.rest.withheld_frames;
            *left = left.saturating_sub(frames);
        } else if let Some(history) = recent.history {
            history.keep_output(self.output.shared());
        }
        written
    }

    /// Fills the block; returns how many records were written.
    fn fill(&mut self) -> u32 {
        let candidate = self.stage.rest.candidate.take();
        let candidate = candidate.and_then(|candidate| self.meet(candidate));
        match (self.stage.rest.fault, candidate) {
            (Some(_), candidate) => self.run_out(candidate),
            (None, None) => self.run_alone(),
            (None, Some(candidate)) if candidate.progress() == Progress::Tail => {
                self.run_tail(candidate)
            }
            (None, Some(candidate)) => self.run_pair(candidate),
        }
    }

    /// Readies a candidate for the block; it is over at once where it does not fit the place, and
    /// where it went on from the old one's running state.
    fn meet(&mut self, mut candidate: Box<StageCandidate>) -> Option<Box<StageCandidate>> {
        let at = self.position();
        if !candidate.has_begun() {
            if candidate.shape() != self.stage.rest.shape {
                self.stage
                    .rest
                    .outbox
                    .leave_failed(candidate, self.fault(FaultKind::OtherShape));
                return None;
            }
            candidate.begin(at, self.stage.rest.withheld_frames, self.recent);
            candidate = self.hand_over(candidate, at)?;
        }
        if candidate.fade_in().is_back() {
            self.conclude(candidate);
            return None;
        }
        if candidate.progress() != Progress::Tail {
            candidate.take_param_events(self.call.events);
        }
        Some(candidate)
    }

    /// Gives a candidate the running state and the place of the old instance, where that was
    /// prepared; gives it back where it is to go on without.
    fn hand_over(
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
