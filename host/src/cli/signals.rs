//! Signals: Ctrl-C and SIGTERM end a run in order, a second one ends it at once. SIGHUP reloads
//! the configuration of a run that can be reached. A limit on the size of files is an error of the
//! write that meets it, and no end.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::control::Service;
use crate::observe::{Cause, Who};
use crate::process::ending;
use crate::swap::ask::{Answer, Command, ControlEnd, Insert, Reload};
use crate::threads::{prepare_to_wait, wait_for_end};

/// The terminal of this process, if it has one.
const TERMINAL: &str = "/dev/tty";

/// Listens; the answer becomes the number of the first signal. Thread: any.
///
/// # Errors
/// What the system says.
pub(super) fn listen() -> Result<Arc<AtomicUsize>, Failure> {
    let heard = install();
    heard.map_err(|error| Failure::new(Exit::Failed, format!("signals cannot be heard: {error}")))
}

fn install() -> io::Result<Arc<AtomicUsize>> {
    let first = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it.
        ending::end_at_second(signal, Arc::clone(&asked), 128 + signal)?;
        flag::register(signal, Arc::clone(&asked))?;
        flag::register_usize(signal, Arc::clone(&first), signal as usize)?;
    }
    // Heard by nobody: with a handler in its place the write returns that the file is too large,
    // and what was begun is removed.
    flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
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
        control: ControlEnd,
        service: Option<Arc<Service>>,
        stop: Arc<AtomicUsize>,
    ) -> io::Result<Self> {
        let mut signals = Signals::new([SIGHUP])?;
        let handle = signals.handle();
        let had = terminal();
        let hear = move || {
            prepare_to_wait();
            for _ in signals.forever() {
                if means_end(had, terminal()) {
                    stop.store(SIGHUP as usize, Ordering::Relaxed);
                    return;
                }
                reload(&control, service.as_deref());
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
            wait_for_end(thread);
        }
    }
}

/// Whether this process has a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TerminalUse {
    There,
    Missing,
}

fn terminal() -> TerminalUse {
    match File::open(TERMINAL) {
        Ok(_) => TerminalUse::There,
        Err(_) => TerminalUse::Missing,
    }
}

/// Whether a SIGHUP says that the terminal is gone.
fn means_end(had: TerminalUse, has: TerminalUse) -> bool {
    (had, has) == (TerminalUse::There, TerminalUse::Missing)
}

/// Asks for a reload, and waits until it is over: a service manager wants to know.
fn reload(control: &ControlEnd, service: Option<&Service>) {
    let _reloading = service.map(Service::reloading);
    let who = Who::Signal {
        name: "SIGHUP".to_owned(),
    };
    let why = String::new();
    let command = Command::Reload(Reload::Apply(Insert::Refused));
    let answered = match control.ask(command, Cause { who, why }) {
        Ok(answered) => answered,
        Err(error) => return tracing::warn!("SIGHUP does not reload: {error}"),
    };
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
    use crate::swap::ask::ends;

    #[test]
    fn signals_have_the_names_that_people_know() {
        assert_eq!(name(2), "SIGINT (Ctrl-C)");
        assert_eq!(name(15), "SIGTERM");
        assert_eq!(name(1), "SIGHUP (the terminal is gone)");
        assert_eq!(name(40), "signal 40");
    }

    #[test]
    fn a_hangup_ends_the_run_only_where_the_terminal_went() {
        use TerminalUse::{Missing, There};
        assert!(means_end(There, Missing));
        assert!(!means_end(There, There));
        assert!(!means_end(Missing, Missing));
    }

    #[test]
    fn a_hangup_asks_for_a_reload_and_is_no_longer_heard_once_it_is_dropped() {
        let (control, asked) = ends(|| ());
        let stop = Arc::new(AtomicUsize::new(0));
        let hangup = Hangup::listen(control, None, Arc::clone(&stop)).unwrap();
        signal_hook::low_level::raise(SIGHUP).unwrap();
        let request = asked.recv().unwrap();
        assert_eq!(
            request.command,
            Command::Reload(Reload::Apply(Insert::Refused))
        );
        assert_eq!(request.cause.who.to_string(), "signal: SIGHUP");
        request.answer.send(Answer::Done(String::new())).unwrap();
        drop(hangup);
        assert!(
            asked.recv().is_err(),
            "the control end is gone with its thread"
        );
        assert_eq!(stop.load(Ordering::Relaxed), 0);
    }
}
