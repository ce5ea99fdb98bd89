//! Scheduler: the scheduling policy of one thread, and the bound of what it may take at it.
//!
//! In: a policy. Out: it holds, or what the system says. Where the bound is passed, a signal
//! sets the thread that passed it back to the normal policy, and nothing else.

use std::ffi::c_int;
use std::io;
use std::mem::zeroed;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::gettid;
use signal_hook::low_level;

/// What is neither handed on to threads that a thread starts nor to its processes.
const NOT_INHERITED: c_int = 0x4000_0000; // SCHED_RESET_ON_FORK

/// A thread of this process.
#[derive(Debug, Clone, Copy)]
pub struct Thread(libc::pid_t);

/// A policy with its priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    number: c_int,
    priority: c_int,
}

impl Policy {
    /// Runs before all of lesser priority until it waits.
    pub fn fifo(priority: u32) -> Self {
        Self {
            number: libc::SCHED_FIFO | NOT_INHERITED,
            priority: priority.cast_signed(),
        }
    }

    /// Whether it is that of every other thread.
    pub const fn is_normal(self) -> bool {
        self.number & !NOT_INHERITED == libc::SCHED_OTHER
    }
}

impl Thread {
    /// The one that calls.
    pub fn current() -> Self {
        Self(gettid().as_raw_nonzero().get())
    }

    /// Its number, as the system has it.
    pub const fn number(self) -> u32 {
        self.0.cast_unsigned()
    }

    /// The policy that it has.
    ///
    /// # Errors
    /// What the system says.
    pub fn policy(self) -> io::Result<Policy> {
        // SAFETY: takes a number and touches no memory of ours.
        let number = unsafe { libc::sched_getscheduler(self.0) };
        if number < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a struct of integers alone, for which zero is a value.
        let mut param: libc::sched_param = unsafe { zeroed() };
        // SAFETY: writes one `sched_param`, which lives on this stack until after the call.
        let result = unsafe { libc::sched_getparam(self.0, &raw mut param) };
        match result {
            0 => Ok(Policy {
                number,
                priority: param.sched_priority,
            }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Gives it another policy.
    ///
    /// # Errors
    /// What the system says.
    pub fn set(self, policy: Policy) -> io::Result<()> {
        match set(self.0, policy) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The call itself: no more, so that a signal handler may use it. 0 is this thread.
fn set(thread: libc::pid_t, policy: Policy) -> c_int {
    // SAFETY: a struct of integers alone, for which zero is a value.
    let mut param: libc::sched_param = unsafe { zeroed() };
    param.sched_priority = policy.priority;
    // SAFETY: reads one `sched_param`, which lives on this stack until after the call.
    unsafe { libc::sched_setscheduler(thread, policy.number, &raw const param) }
}

/// The highest priority that this process may give its threads without being root.
pub fn priority_max() -> u32 {
    let max = getrlimit(Resource::Rtprio).current;
    max.map_or(u32::MAX, |max| u32::try_from(max).unwrap_or(u32::MAX))
}

/// Bounds what any thread of this process may take at a real-time policy without a pause; from
/// then on one that takes more is set back to the normal policy.
///
/// # Errors
/// What the system says.
pub fn bound(soft_us: u64) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Rttime);
    let soft_us = soft_us.min(maximum.unwrap_or(u64::MAX));
    set_back()?;
    if current.is_none_or(|current| current > soft_us) {
        let current = Some(soft_us);
        setrlimit(Resource::Rttime, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// Bounds it for good, as rtkit demands: who passes this one is killed. It is only passed where
/// the signal before could not be handled.
///
/// # Errors
/// What the system says.
pub fn bound_for_good(hard_us: u64) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Rttime);
    if maximum.is_some_and(|maximum| maximum <= hard_us) {
        return Ok(());
    }
    let current = current.map(|current| current.min(hard_us));
    let maximum = Some(hard_us);
    Ok(setrlimit(Resource::Rttime, Rlimit { current, maximum })?)
}

/// Sets the thread back that passes the bound; once in a process. The system sends the signal to
/// that very thread.
fn set_back() -> io::Result<()> {
    static IS_SET: OnceLock<bool> = OnceLock::new();
    let is_set = *IS_SET.get_or_init(|| {
        let normal = Policy {
            number: libc::SCHED_OTHER,
            priority: 0,
        };
        // `sched_setscheduler` leaves nothing behind but `errno`, which `signal_hook` keeps.
        let action = move || {
            set(0, normal);
        };
        // SAFETY: the action makes one call of the system and touches no memory but its stack: it
        // takes no lock and no memory, whatever it interrupts.
        unsafe { low_level::register(libc::SIGXCPU, action) }.is_ok()
    });
    match is_set {
        true => Ok(()),
        false => Err(io::Error::other("SIGXCPU cannot be handled")),
    }
}
