//! Turn: what a run tells its clock, at real-time pace; at pace fast there is none.
//!
//! In: what the run is about to do. Out: it waits until a turn is due.

use std::sync::Arc;

use crate::clock::DriveStep;
use crate::config::words::Realtime;
use crate::observe::{Event, PriorityState, StallSide};
use crate::realtime::Priority;
use crate::session::error::SessionError;
use crate::session::run::{Drive, Pace};

impl Drive<'_> {
    /// A turn of so many frames begins.
    pub(super) fn turn_begins(&mut self, frames: usize) {
        if let Some(clock) = &mut self.time {
            clock.begin(self.player.position_frames(), frames);
        }
    }

    /// From here on a side is waited for, or the host itself works.
    pub(super) fn goes_to(&mut self, side: StallSide) {
        if let Some(clock) = &mut self.time {
            clock.goes_to(DriveStep::Side(side));
        }
    }

    /// The side is there that was waited for, or has taken what it was given.
    pub(super) fn side_is_there(&mut self) {
        if let Some(clock) = &mut self.time {
            // A host that was stopped in the midst of a write has not waited for its reader.
            if let Some(waited) = self.plan.stop.waited() {
                clock.waited(waited);
            }
            clock.goes_to(DriveStep::Side(StallSide::Host));
        }
    }

    /// Waits until so many frames are due.
    pub(super) fn keep_pace(&mut self, frames: usize) {
        if let Some(clock) = &mut self.time {
            clock.keep_pace(frames);
        }
    }

    /// What was processed is handed on.
    pub(super) fn turn_ends(&mut self, frames: usize) {
        if let Some(clock) = &mut self.time {
            clock.done(frames);
        }
    }

    /// The turn under way comes to nothing; a stall that it was in is over.
    pub(super) fn turn_is_cut(&mut self) {
        if let Some(clock) = &mut self.time {
            clock.cut();
        }
    }

    /// The input is over: no turn comes of what was waited for last.
    pub(super) fn input_is_over(&mut self) {
        if let Some(clock) = &mut self.time {
            clock.close();
        }
    }

    /// The stream is held on purpose.
    pub(super) fn rests(&mut self) {
        if let Some(clock) = &mut self.time {
            clock.rest();
        }
    }

    /// How many blocks were late so far.
    pub(super) fn late_blocks(&self) -> u64 {
        let time = self.time.as_ref();
        time.map_or(0, |clock| clock.face().late_turns())
    }

    /// Asks for real-time priority, at the pace of the stream alone: at pace fast a run would keep
    /// everybody else from a processor that it never leaves.
    pub(super) fn ask_for_priority(&mut self) -> Result<(), SessionError> {
        if self.plan.pace == Pace::Fast || self.plan.realtime == Realtime::Off {
            return Ok(());
        }
        let priority = Arc::new(Priority::ask());
        let report = priority.report();
        self.control(|control| control.priority = priority);
        if self.plan.realtime == Realtime::Require && report.state != PriorityState::Granted {
            let reason = report.reason.unwrap_or_default();
            return Err(SessionError::Priority { reason });
        }
        self.events.event(Event::Priority { report });
        Ok(())
    }

    /// The run is over: keeps what is to be told of its time.
    pub(super) fn tell_time(&mut self) {
        self.counters.late_blocks = self.late_blocks();
        self.counters.priority = self.control(|control| control.priority.report());
        if let Some(clock) = &mut self.time {
            clock.rest();
            self.counters.lateness = Some(clock.face().lateness());
            self.counters.stalls = clock.face().stalls();
        }
    }
}
