//! Signals: Ctrl-C and SIGTERM end a run in order, a second one ends it at once. A limit on the
//! size of files is an error of the write that meets it, and no end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use rustix::process::Signal;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Listens; the answer becomes the number of the first signal. Thread: any.
///
/// # Errors
/// What the system says.
pub(super) fn listen() -> io::Result<Arc<AtomicUsize>> {
    let first = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
        flag::register_usize(signal, Arc::clone(&first), signal as usize)?;
    }
    // Heard by nobody: with a handler in its place the write answers that the file is too large,
    // and what was begun is removed.
    flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))?;
    Ok(first)
}
