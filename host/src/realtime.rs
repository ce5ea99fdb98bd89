//! Realtime: asks for real-time priority for the calling thread.
//!
//! In: a thread that keeps the pace of a stream. Out: a priority for as long as the answer is kept,
//! from the system or from rtkit; or why neither grants it.
//!
//! First of all the processor time that a thread may take at that priority without a pause is
//! bounded (`RLIMIT_RTTIME`): one that runs away, a plugin in an endless loop, is set back to the
//! normal priority instead of taking the machine with it. Threads and processes that the thread
//! starts do not inherit the priority.

mod bus;
mod rtkit;

use std::io;

use crate::observe::{PriorityGrantor, PriorityReport, PriorityState};
use crate::realtime::bus::{Address, BusError};
use crate::realtime::rtkit::PRIORITY;
use crate::system::scheduler::{self, Policy};

/// How much processor time a thread may take at that priority without a pause, in µs: many times
/// what the longest block may take, and less than what people take for a frozen machine. rtkit
/// demands 200 ms at most.
const PAUSE_EVERY_US: u64 = 150_000;

/// The priority of one thread, until this is dropped. Stays on the thread that asked.
#[derive(Debug)]
pub struct Priority {
    report: PriorityReport,
    thread: scheduler::Thread,
    before: Option<Policy>,
}

impl Priority {
    /// Asks for the calling thread: the system, then rtkit. What was granted, or why it was not,
    /// its [`Priority::report`] says. May wait for rtkit, two seconds at most.
    ///
    /// Thread: the one that is to have it. Not real-time safe.
    #[must_use]
    pub fn ask() -> Self {
        Self::ask_of(&Address::of_system())
    }

    /// Nobody asks; for where the configuration says so.
    #[must_use]
    pub fn not_asked() -> Self {
        Self {
            report: PriorityReport::default(),
            thread: scheduler::Thread::current(),
            before: None,
        }
    }

    /// The same, of rtkit on another bus.
    fn ask_of(bus: &Address) -> Self {
        let thread = scheduler::Thread::current();
        let before = thread.policy().ok();
        let report = granted(&thread, bus).unwrap_or_else(|reason| PriorityReport {
            state: PriorityState::Refused,
            reason: Some(reason.to_string()),
            ..PriorityReport::default()
        });
        Self {
            before: before.filter(|_| report.state == PriorityState::Granted),
            report,
            thread,
        }
    }

    /// How it stands now. Thread: any; a system call.
    #[must_use]
    pub fn report(&self) -> PriorityReport {
        let is_lost = self.report.state == PriorityState::Granted
            && self.thread.policy().is_ok_and(Policy::is_normal);
        if !is_lost {
            return self.report.clone();
        }
        PriorityReport {
            state: PriorityState::Lost,
            reason: Some(format!(
                "the thread worked for {} ms without a pause",
                PAUSE_EVERY_US / 1_000
            )),
            ..self.report.clone()
        }
    }
}

impl Drop for Priority {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            // A thread that has ended meanwhile has no priority to give back.
            let _ = self.thread.set(before);
        }
    }
}

/// Why the thread has no priority.
#[derive(Debug, thiserror::Error)]
enum NotGranted {
    #[error("its processor time cannot be bounded: {0}")]
    Unbounded(io::Error),
    #[error("the system says `{system}`, rtkit {rtkit}")]
    Refused { system: io::Error, rtkit: BusError },
}

/// Asks the system, then rtkit.
fn granted(thread: &scheduler::Thread, bus: &Address) -> Result<PriorityReport, NotGranted> {
    scheduler::bound(PAUSE_EVERY_US).map_err(NotGranted::Unbounded)?;
    let system = match system(thread) {
        Ok(priority) => return Ok(report("fifo", priority, PriorityGrantor::System)),
        Err(error) => error,
    };
    match rtkit::make_realtime(thread, bus) {
        Ok(priority) => Ok(report("rr", priority, PriorityGrantor::Rtkit)),
        Err(rtkit) => Err(NotGranted::Refused { system, rtkit }),
    }
}

/// From the system; less than what is wanted where the process may have no more.
fn system(thread: &scheduler::Thread) -> io::Result<u32> {
    let wanted = match thread.set(Policy::fifo(PRIORITY)) {
        Ok(()) => return Ok(PRIORITY),
        Err(error) => error,
    };
    match scheduler::priority_max() {
        max @ 1..PRIORITY => thread.set(Policy::fifo(max)).map(|()| max),
        _ => Err(wanted),
    }
}

fn report(policy: &str, priority: u32, by: PriorityGrantor) -> PriorityReport {
    PriorityReport {
        state: PriorityState::Granted,
        policy: Some(policy.to_owned()),
        priority: Some(priority),
        by: Some(by),
        reason: None,
    }
}

#[cfg(test)]
mod tests;
