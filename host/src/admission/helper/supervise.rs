//! Supervise: the process between a host and the one that opens libraries.
//!
//! In: the arguments of the helper process. Out: the same program started once more, which does
//! the work; how it ended; and nothing left of what it started.
//!
//! What a library does to its parent it does to this process and not to the host. Whatever it
//! starts becomes this process's child when its own parent ends, whichever session or group it
//! went to, and is ended here.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};

use signal_hook::consts::{SIGCHLD, SIGTERM};
use signal_hook::iterator::Signals;

use crate::admission::wire::HelperEnd;
use crate::system::processes::{self, Children, Number};

/// The argument behind all others that says: do the work.
pub(super) const WORKER: &str = "worker";

/// The most processes looked at to find those that a library started.
const PROCESSES_MAX: usize = 1 << 16;

/// Runs this very program again as the worker, and waits for its end, or for the word to end it.
/// How it ended is `None` where it was ended here, or could not be started.
pub(super) fn supervise() -> Option<HelperEnd> {
    // Without this a library's children escape as they did before; the probe goes on.
    processes::adopt();
    // Before there is a child, so that the end of none is missed.
    let mut signals = Signals::new([SIGCHLD, SIGTERM]).ok()?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut command = Command::new(processes::program()?);
    command.args(arguments).arg(WORKER);
    let mut child = command.spawn().ok()?;
    let status = watch(&mut child, &mut signals);
    sweep();
    status.map(|status| match (status.code(), status.signal()) {
        (_, Some(signal)) => HelperEnd::Signal(signal),
        (code, None) => HelperEnd::Code(code.unwrap_or(0)),
    })
}

/// Waits until the worker ends; ends it when asked to.
fn watch(child: &mut Child, signals: &mut Signals) -> Option<ExitStatus> {
    loop {
        for signal in signals.wait() {
            if signal == SIGTERM {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
    }
}

/// Ends every child of this process, and theirs as these become children in turn.
///
/// A library that starts processes faster than they are ended keeps this process busy until the
/// host loses patience and ends both by their group.
fn sweep() {
    loop {
        match processes::take_any() {
            Children::Gone => {}
            Children::Alive => {
                // They have not been waited for, so the numbers are still their own.
                children().into_iter().for_each(Number::end);
                processes::wait_for_any();
            }
            Children::None => return,
        }
    }
}

/// The children of this process, where the system says.
fn children() -> Vec<Number> {
    let own = Number::own().as_raw();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = processes.take(PROCESSES_MAX).flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children = numbers.filter(|number| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat"));
        stat.is_ok_and(|stat| parent_in(&stat) == Some(own))
    });
    children.filter_map(Number::from_raw).collect()
}

/// The parent in a line of `/proc/PID/stat`: the second field behind the name, which may be any.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_whatever_name() {
        assert_eq!(parent_in("12 (sh) S 7 12 12"), Some(7));
        assert_eq!(parent_in("12 (a) R 1 (b)) S 7 12"), Some(7));
        assert_eq!(parent_in("12 (sh"), None);
        assert_eq!(parent_in(""), None);
    }
}
