//! Faults: signals that the fault of a program raises, and the ways in which foreign code ends it.
//!
//! In: what to do then. Out: it is called, once for each cause, on the thread in question, which may
//! hold any lock: it may take no memory and no lock. Then happens what would have happened.

use std::ffi::{c_int, c_void};
use std::io;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use signal_hook::low_level;

/// The signals that the fault of a program raises, with the names that people know.
const DEADLY: [(c_int, &str); 7] = [
    (
        libc::SIGSEGV,
        "SIGSEGV (an access to memory that is not there)",
    ),
    (
        libc::SIGBUS,
        "SIGBUS (an access to memory that is not there)",
    ),
    (
        libc::SIGABRT,
        "SIGABRT (it gave up, as after a panic or a damaged heap)",
    ),
    (
        libc::SIGILL,
        "SIGILL (an instruction that this processor does not know)",
    ),
    (libc::SIGFPE, "SIGFPE (a division by zero)"),
    (libc::SIGTRAP, "SIGTRAP (a trap in the code)"),
    (libc::SIGSYS, "SIGSYS (a call that the system forbids)"),
];

/// What was done about each signal before.
static BEFORE: [OnceLock<libc::sigaction>; DEADLY.len()] =
    [const { OnceLock::new() }; DEADLY.len()];

/// What is called with the name of the signal.
static DYING: OnceLock<fn(&str)> = OnceLock::new();

#[cfg(target_os = "linux")]
unsafe extern "C" {
    fn at_quick_exit(function: extern "C" fn()) -> c_int;
}

/// Has `dying` called with the name of the signal when the process dies of a fault. Call it once.
///
/// # Errors
/// What the system says.
///
/// # Safety
/// `dying` does what a signal handler may do: it takes no memory and no lock.
pub unsafe fn at_fault(dying: fn(&str)) -> io::Result<()> {
    DYING.get_or_init(|| dying);
    for ((signal, _), before) in DEADLY.iter().zip(&BEFORE) {
        listen(*signal, before)?;
    }
    Ok(())
}

/// Has `leaving` called when somebody calls `exit`; not when the process ends by `_exit`.
///
/// # Errors
/// When the system has no room to remember it.
///
/// # Safety
/// `leaving` does not unwind, whichever thread calls it, and whatever that thread holds.
pub unsafe fn at_exit(leaving: extern "C" fn()) -> io::Result<()> {
    // SAFETY: the function takes nothing and lives as long as the process; the caller promises the rest.
    if unsafe { libc::atexit(leaving) } != 0 {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    #[cfg(target_os = "linux")]
    // SAFETY: as above.
    if unsafe { at_quick_exit(leaving) } != 0 {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    Ok(())
}

/// Has `action` called at each signal of this number, within the handler.
///
/// # Errors
/// What the system says.
///
/// # Safety
/// `action` does what a signal handler may do: it takes no memory and no lock.
pub unsafe fn at_signal(
    signal: c_int,
    action: impl Fn() + Send + Sync + 'static,
) -> io::Result<()> {
    // SAFETY: the caller promises what is asked of an action.
    unsafe { low_level::register(signal, action) }?;
    Ok(())
}

/// Ends the process at once: nothing that anybody registered is called.
pub fn end(code: c_int) -> ! {
    low_level::exit(code)
}

/// The number of this process, another one in a child that it forked.
#[must_use]
pub fn process() -> i32 {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::getpid() }
}

/// Has `died` called for a signal.
fn listen(signal: c_int, before: &OnceLock<libc::sigaction>) -> io::Result<()> {
    // SAFETY: all zeros are a valid value of this plain structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = died;
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: as above.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the old action is asked for only; both pointers are valid for the call.
    if unsafe { libc::sigaction(signal, null(), &raw mut old) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // It has to be there before the handler can be called.
    before.get_or_init(|| old);
    // SAFETY: the handler has the type that `SA_SIGINFO` asks for and lives as long as the process.
    if unsafe { libc::sigaction(signal, &raw const action, null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The process dies of a signal: says so, then lets happen what would have happened.
extern "C" fn died(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let place = DEADLY.iter().position(|(known, _)| *known == signal);
    if let Some(place) = place {
        if let Some(dying) = DYING.get() {
            dying(DEADLY[place].1);
        }
        if let Some(before) = BEFORE[place].get() {
            // SAFETY: it is the action that the system gave for this very signal.
            unsafe { libc::sigaction(signal, before, null_mut()) };
        }
    }
    // SAFETY: with `SA_SIGINFO` the system passes a valid pointer.
    let is_sent = unsafe { (*info).si_code } <= 0;
    if is_sent || place.is_none() {
        // The instruction that is run again would not raise it a second time.
        // SAFETY: takes a number; the signal is delivered once this handler is over.
        unsafe { libc::raise(signal) };
    }
}
