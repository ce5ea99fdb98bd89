//! Signals: their names, for people.

use rustix::process::Signal;

/// The signals that end a process which did something wrong.
const KNOWN: [(Signal, &str); 8] = [
    (Signal::ABORT, "SIGABRT, it aborted"),
    (Signal::BUS, "SIGBUS, bad memory access"),
    (Signal::FPE, "SIGFPE, bad arithmetic"),
    (Signal::ILL, "SIGILL, bad instruction"),
    (Signal::SEGV, "SIGSEGV, bad memory access"),
    (Signal::SYS, "SIGSYS, bad system call"),
    (Signal::TRAP, "SIGTRAP, breakpoint"),
    (
        Signal::KILL,
        "SIGKILL, from outside, perhaps for want of memory",
    ),
];

/// What a signal is called.
pub(super) fn name(signal: i32) -> String {
    let known = KNOWN.iter().find(|(known, _)| known.as_raw() == signal);
    known.map_or_else(
        || format!("signal {signal}"),
        |(_, name)| (*name).to_owned(),
    )
}
