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

/// A signal as people know it.
pub(super) fn name(signal: usize) -> String {
    match i32::try_from(signal) {
        Ok(SIGINT) => "SIGINT (Ctrl-C)".to_owned(),
        Ok(SIGTERM) => "SIGTERM".to_owned(),
        _ => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_names_that_people_know() {
        assert_eq!(name(2), "SIGINT (Ctrl-C)");
        assert_eq!(name(15), "SIGTERM");
        assert_eq!(name(1), "signal 1");
    }
}
