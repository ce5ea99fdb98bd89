//! Signals: Ctrl-C and SIGTERM end a run in order, a second one ends it at once. SIGHUP reloads
//! the configuration of a run that can be reached. A limit on the size of files is an error of the
//! write that meets it, and no end.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use crate::control::Service;
use crate::observe::Cause;
use crate::swap::ask::{Answer, Asked, Command, Reload};

/// The terminal of this process, if it has one.
const TERMINAL: &str = "/dev/tty";

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

/// Listens to SIGHUP until it is dropped.
pub(super) struct Hangup {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Hangup {
    /// Asks for a reload at every SIGHUP. The one that says that the terminal is gone ends the run
    /// instead, as it ends every program: `stop` becomes its number. Thread: any.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn listen(
        sender: SyncSender<Asked>,
        service: Option<Arc<Service>>,
        stop: Arc<AtomicUsize>,
    ) -> io::Result<Self> {
        let mut signals = Signals::new([SIGHUP])?;
        let handle = signals.handle();
        let had = terminal();
        let hear = move || {
            for _ in signals.forever() {
                if means_end(had, terminal()) {
                    stop.store(SIGHUP as usize, Ordering::Relaxed);
                    return;
                }
                reload(&sender, service.as_deref());
            }
        };
        let thread = thread::Builder::new().name("signals".to_owned());
        Ok(Self {
            handle,
            thread: Some(thread.spawn(hear)?),
        })
    }
}

impl Drop for Hangup {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told its story.
            let _ = thread.join();
        }
    }
}

/// Whether this process has a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    There,
    Missing,
}

fn terminal() -> Terminal {
    match File::open(TERMINAL) {
        Ok(_) => Terminal::There,
        Err(_) => Terminal::Missing,
    }
}

/// Whether a SIGHUP says that the terminal is gone.
fn means_end(had: Terminal, has: Terminal) -> bool {
    (had, has) == (Terminal::There, Terminal::Missing)
}

/// Asks for a reload, and waits until it is over: a service manager wants to know.
fn reload(sender: &SyncSender<Asked>, service: Option<&Service>) {
    let (answer, answered) = sync_channel(1);
    let _reloading = service.map(Service::reloading);
    let asked = Asked {
        command: Command::Reload(Reload::Apply),
        cause: Cause {
            who: "signal: SIGHUP".to_owned(),
            why: String::new(),
        },
        answer,
    };
    if sender.try_send(asked).is_err() {
        tracing::warn!("SIGHUP does not reload: too much is asked of the session already");
        return;
    }
    match answered.recv() {
        // Its receipt tells why.
        Ok(Answer::Refused(why)) => tracing::debug!("SIGHUP did not reload: {why}"),
        Ok(Answer::Done(text)) => tracing::info!("SIGHUP: {text}"),
        Ok(Answer::Status(_) | Answer::Changed(_) | Answer::Planned(_)) => {}
        Err(_) => tracing::debug!("the session ended before it could be reloaded"),
    }
}

/// A signal as people know it.
pub(super) fn name(signal: usize) -> String {
    match i32::try_from(signal) {
        Ok(SIGINT) => "SIGINT (Ctrl-C)".to_owned(),
        Ok(SIGTERM) => "SIGTERM".to_owned(),
        Ok(SIGHUP) => "SIGHUP (the terminal is gone)".to_owned(),
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
        assert_eq!(name(1), "SIGHUP (the terminal is gone)");
        assert_eq!(name(40), "signal 40");
    }

    #[test]
    fn a_hangup_ends_the_run_only_where_the_terminal_went() {
        use Terminal::{Missing, There};
        assert!(means_end(There, Missing));
        assert!(!means_end(There, There));
        assert!(!means_end(Missing, Missing));
    }

    #[test]
    fn a_hangup_asks_for_a_reload_and_is_no_longer_heard_once_it_is_dropped() {
        let (sender, asked) = sync_channel(1);
        let stop = Arc::new(AtomicUsize::new(0));
        let hangup = Hangup::listen(sender, None, Arc::clone(&stop)).unwrap();
        signal_hook::low_level::raise(SIGHUP).unwrap();
        let request = asked.recv().unwrap();
        assert_eq!(request.command, Command::Reload(Reload::Apply));
        assert_eq!(request.cause.who, "signal: SIGHUP");
        request.answer.send(Answer::Done(String::new())).unwrap();
        drop(hangup);
        assert!(asked.recv().is_err(), "the sender is gone with its thread");
        assert_eq!(stop.load(Ordering::Relaxed), 0);
    }
}
