//! Fast: the drive of a file run takes the control end's steps itself.
//!
//! In: a stretch of input. Out: as much output, with every change and decision on its frame: between
//! two blocks the stream waits for whatever it owes to anybody.

use std::thread;
use std::time::{Duration, Instant};

use segue_plugin::link::Flags;

use crate::loading::Missed;
use crate::session::control::Control;
use crate::session::error::SessionError;
use crate::session::observers::OBSERVERS_DEADLINE;
use crate::session::run::{Drive, Pace};

/// How long the session sleeps at most before it looks again whether taps have room.
const TAP_WAIT: Duration = Duration::from_millis(10);

impl Drive<'_> {
    /// Plays a stretch, or what comes before the block at which somebody wants the end; returns how
    /// much that was.
    pub(super) fn chunk_fast(
        &mut self,
        frames: usize,
        flags: Flags,
    ) -> Result<usize, SessionError> {
        // The conductor waits for its turn until the stretch is over: it is short.
        let desk = self.desk;
        let mut control = desk.lock();
        let control = control.as_mut().expect("a session ends after its drive");
        let mut done = 0;
        while done < frames {
            self.wait_for_taps(control)?;
            let result = self.block(done..frames, flags);
            self.step(control)?;
            match result {
                Ok(block) => {
                    self.hold(done, block.withheld_frames);
                    done += block.frames;
                }
                Err(stopped) => return Err(control.stopped(stopped.stage)),
            }
            control.decide()?;
            if control.wanted.is_some() && flags == Flags::NONE {
                break;
            }
        }
        control.observe()?;
        Ok(done)
    }

    /// Takes a step now, whatever the pace; nobody plays meanwhile.
    pub(super) fn barrier(&mut self) -> Result<(), SessionError> {
        let desk = self.desk;
        let mut control = desk.lock();
        let control = control.as_mut().expect("a session ends after its drive");
        self.step(control)
    }

    /// One step; off line what it asks of the engine is answered before the stream goes on.
    fn step(&mut self, control: &mut Control) -> Result<(), SessionError> {
        control.step()?;
        while self.plan.pace == Pace::Fast && control.rings.has_requests() {
            let at = self.player.position_frames();
            self.player.engine_mut().answer(at);
            control.change();
        }
        Ok(())
    }

    /// Every tap gets every frame: the stream waits, within a deadline.
    fn wait_for_taps(&mut self, control: &mut Control) -> Result<(), SessionError> {
        if control.observers.is_none() {
            return Ok(());
        }
        let mut waits = 0;
        let is_stopped = || self.plan.stop.signal() != 0;
        while !self.player.engine().taps_have_room() && !is_stopped() {
            control.observe()?;
            let Some(observers) = &control.observers else {
                return Ok(());
            };
            if !observers.is_alive() {
                return Err(observers.missed(Missed::Ended));
            }
            if waits == OBSERVERS_DEADLINE.as_millis() / TAP_WAIT.as_millis() {
                return Err(observers.missed(Missed::Deadline(OBSERVERS_DEADLINE)));
            }
            let before = Instant::now();
            thread::park_timeout(TAP_WAIT);
            // Woken early, there was progress: only whole waits count towards the deadline.
            waits = if before.elapsed() < TAP_WAIT {
                0
            } else {
                waits + 1
            };
        }
        Ok(())
    }
}
