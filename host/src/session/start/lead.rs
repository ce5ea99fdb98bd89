//! Lead: a run on a thread of its own, and its end.
//!
//! In: a request, and what runs it. Out: its outcome; or, where the end is asked for and a stage
//! does not come back from a call, an outcome without it: what was recorded is kept, and the thread
//! is left behind, since nothing in this process can end it.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use segue_media::audio::Buffer;
use segue_media::io::{End, Kept, Sink, WriteError, Written};

use crate::loading::Missed;
use crate::observe::{Event, EventSink};
use crate::process::calls::{CallWatch, StandingCall};
use crate::session::ended::Ended;
use crate::session::error::SessionError;
use crate::session::marks::Marks;
use crate::session::request::Request;
use crate::session::run::Pace;
use crate::session::start::Outcome;
use crate::session::start::output::finish;
use crate::threads::prepare_to_wait;

/// How long one call of a stage may take once the end is asked for: as long as taps have.
const CALL_WITHIN: Duration = Duration::from_secs(2);

/// How often whoever leads looks.
const LOOK: Duration = Duration::from_millis(50);

/// How many looks the end waits for a write that is under way.
const WRITE_LOOKS: usize = 20;

/// The stack of the thread, in bytes: what the first thread of a process has.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs a request on a thread of its own and waits for its end. Thread: any.
pub(super) fn lead(
    request: Request,
    run: impl FnOnce(Request, &OutputHold) -> Outcome + Send + 'static,
) -> Outcome {
    let leader = Leader {
        stop: Arc::clone(request.stop.flag()),
        watch: request.watch.clone(),
        hold: OutputHold::default(),
        events: Arc::clone(&request.events),
        pace: request.pace,
    };
    let (hold, watch) = (leader.hold.clone(), request.watch.clone());
    let (tell, told) = sync_channel(1);
    let thread = thread::Builder::new()
        .name("audio".to_owned())
        .stack_size(STACK_BYTES);
    let spawned = thread.spawn(move || {
        prepare_to_wait();
        let _showing = watch.here();
        // Nobody listens any more where it was left behind.
        let _ = tell.send(run(request, &hold));
    });
    match spawned {
        Ok(_) => leader.wait(&told),
        Err(_) => failed(Missed::NotStarted),
    }
}

/// The output of a run, where both its thread and whoever leads it reach it; and whether somebody
/// wants its end, once it runs.
#[derive(Clone, Default)]
pub(super) struct OutputHold {
    output: Arc<Mutex<Option<HeldOutput>>>,
    marks: Arc<OnceLock<Arc<Marks>>>,
}

struct HeldOutput {
    sink: Box<dyn Sink>,
    path: String,
    sample_rate_hz: u32,
}

/// An output that a leader may end; the run then writes into nothing.
struct OutputHandle(OutputHold);

struct Leader {
    stop: Arc<AtomicUsize>,
    watch: CallWatch,
    hold: OutputHold,
    events: Arc<dyn EventSink>,
    pace: Pace,
}

impl Leader {
    fn wait(&self, told: &Receiver<Outcome>) -> Outcome {
        // How many looks found the same call; a process that was stopped meanwhile did not look.
        let mut looks = (0, 0);
        loop {
            match told.recv_timeout(LOOK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => return failed(Missed::Ended),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let standing = self.watch.look(Instant::now());
            let is_wanted = self.stop.load(Ordering::Relaxed) != 0 || self.hold.wants_end();
            let Some(standing) = standing.filter(|_| is_wanted) else {
                looks = (0, 0);
                continue;
            };
            looks = match looks {
                (number, count) if number == standing.number => (number, count + 1),
                _ => (standing.number, 1),
            };
            if LOOK * looks.1 >= CALL_WITHIN {
                return self.leave(&standing);
            }
        }
    }

    /// Ends the run without its thread.
    fn leave(&self, standing: &StandingCall) -> Outcome {
        let held = self.hold.take();
        let signal = self.stop.load(Ordering::Relaxed);
        let (output, written) = match held {
            None => (None, None),
            Some(held) => {
                let ended = Ok(Ended::Interrupted(signal));
                let (_, written) = finish(ended, Some(held.sink), self.pace);
                (Some((held.path, held.sample_rate_hz)), written)
            }
        };
        self.events.event(Event::Finished {
            frames: written.map_or(0, |written| written.frames),
        });
        Outcome {
            report: None,
            result: Err(SessionError::Hung {
                who: standing.call,
                seconds: standing.since.elapsed().as_secs(),
                output,
            }),
            written,
        }
    }
}

fn failed(why: Missed) -> Outcome {
    let step = "the thread of the run".to_owned();
    Outcome::not_started(SessionError::Missed { step, why })
}

impl OutputHold {
    /// Keeps an output; the run writes through what is returned.
    pub(super) fn keep(
        &self,
        sink: Box<dyn Sink>,
        path: String,
        sample_rate_hz: u32,
    ) -> Box<dyn Sink> {
        *self.lock() = Some(HeldOutput {
            sink,
            path,
            sample_rate_hz,
        });
        Box::new(OutputHandle(self.clone()))
    }

    /// The run has begun: from here on its marks say whether somebody wants its end, by a command
    /// say.
    pub(super) fn begun(&self, marks: &Arc<Marks>) {
        let _ = self.marks.set(Arc::clone(marks));
    }

    fn wants_end(&self) -> bool {
        self.marks.get().is_some_and(|marks| marks.wants_end())
    }

    /// Takes the output away from the run, unless a write that is under way does not end.
    fn take(&self) -> Option<HeldOutput> {
        for _ in 0..WRITE_LOOKS {
            match self.output.try_lock() {
                Ok(mut held) => return held.take(),
                Err(TryLockError::Poisoned(held)) => return held.into_inner().take(),
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Option<HeldOutput>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for OutputHandle {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let mut held = self.0.lock();
        held.as_mut()
            .map_or(Ok(()), |held| held.sink.write(from, frames))
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let mut held = self.0.lock();
        held.as_mut().map_or(Ok(()), |held| held.sink.flush())
    }

    fn finish(self: Box<Self>) -> Result<Written, WriteError> {
        let held = self.0.lock().take();
        held.map_or(Ok(Written::default()), |held| held.sink.finish())
    }

    fn keep(self: Box<Self>, end: End) -> Option<Kept> {
        let held = self.0.lock().take();
        held?.sink.keep(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::NoSink;
    use crate::process::calls::CallName;

    /// A sink that counts what was written, into a place that outlives it.
    struct Counts(Arc<AtomicUsize>);

    impl Sink for Counts {
        fn write(&mut self, _: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
            self.0.fetch_add(frames.len(), Ordering::Relaxed);
            Ok(())
        }

        fn flush(&mut self) -> Result<(), WriteError> {
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<Written, WriteError> {
            Ok(Written {
                frames: self.0.load(Ordering::Relaxed) as u64,
                ..Written::default()
            })
        }
    }

    #[test]
    fn a_stage_that_hangs_is_left_when_a_command_wants_the_end_and_no_signal_came() {
        let (watch, hold) = (CallWatch::default(), OutputHold::default());
        let (go, wait) = sync_channel::<()>(0);
        let (tell, told) = sync_channel(1);
        let shown = watch.clone();
        let hung = thread::spawn(move || {
            let _showing = shown.here();
            CallName::named("stage `hung`").enter();
            let _ = wait.recv();
            drop(tell);
        });
        let marks = Arc::new(Marks::new());
        hold.begun(&marks);
        marks.want_end();
        let leader = Leader {
            stop: Arc::default(),
            watch,
            hold,
            events: Arc::new(NoSink),
            pace: Pace::RealTime,
        };
        let left = thread::spawn(move || leader.wait(&told));
        // A guard: whoever waits for a signal alone never leaves.
        let (until, mut waits) = (Duration::from_millis(50), 0);
        while !left.is_finished() && waits < 600 {
            thread::park_timeout(until);
            waits += 1;
        }
        drop(go);
        hung.join().unwrap();
        let outcome = left.join().unwrap();
        let is_hung = matches!(outcome.result, Err(SessionError::Hung { .. }));
        assert!(is_hung, "{:?}", outcome.result);
    }

    #[test]
    fn an_output_goes_through_until_it_is_taken_and_then_to_nothing() {
        let (count, hold) = (Arc::default(), OutputHold::default());
        let sink = Box::new(Counts(Arc::clone(&count)));
        let mut own = hold.keep(sink, "out.wav".to_owned(), 48_000);
        let buffer = Buffer::new(1, 64);
        own.write(&buffer, 0..64).unwrap();
        let taken = hold.take().unwrap();
        own.write(&buffer, 0..64).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 64);
        assert_eq!(taken.sink.finish().unwrap().frames, 64);
        assert_eq!(own.finish().unwrap(), Written::default());
        assert!(hold.take().is_none());
    }
}
