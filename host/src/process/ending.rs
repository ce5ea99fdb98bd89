//! Ending: last words, where foreign code ends the process.
//!
//! In: descriptors that are open already: standard error, the note, the pipes of what plugins
//! print. Out: one sentence on standard error and in the note, when the process dies of a signal
//! of its own making, or when foreign code calls `exit`; the exit code is then 1.
//!
//! What runs here runs in a signal handler, on a thread that may hold any lock: it takes no memory
//! and no lock, and calls nothing but `poll`, `write`, `read`, `getpid` and what ends the process.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use crate::process::calls;
use crate::process::note;
use crate::system::faults;
use crate::system::streams::{self, WaitFor};

/// The most that is told of what plugins printed last, in bytes: what a pipe holds.
const PRINTED_BYTES_MAX: usize = 64 * 1024;

/// The bytes of a sentence.
const WORDS_BYTES: usize = 1024;

/// How long what plugins printed last has to be said: the process is dead anyway.
const LAST_MOMENT: Duration = Duration::from_millis(50);

/// The process that is guarded: a child that a plugin forked has nothing to say.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// Standard error.
static ERROR: OnceLock<OwnedFd> = OnceLock::new();

/// Where what plugins print arrives.
static PRINTED: OnceLock<[OwnedFd; 2]> = OnceLock::new();

/// Whether the words were said: once is enough.
static IS_SAID: AtomicBool = AtomicBool::new(false);

/// What last words need.
#[derive(Debug)]
pub struct Streams {
    /// A copy of standard error, which stays open from here on.
    pub error: OwnedFd,
    /// Copies of the reading ends of what plugins print; reading them must not wait.
    pub printed: [OwnedFd; 2],
}

/// Guards the process from here on, once; call it before any library is opened. Thread: main.
///
/// # Errors
/// What the system says.
pub fn guard(streams: Streams) -> io::Result<()> {
    PRINTED.get_or_init(|| streams.printed);
    ERROR.get_or_init(|| streams.error);
    PROCESS.store(faults::process(), Ordering::Release);
    // SAFETY: last words take no memory and no lock, and nothing in them panics.
    unsafe { faults::at_exit(left) }?;
    // SAFETY: as above.
    unsafe { faults::at_fault(died) }
}

/// From the second signal of this number on the process ends at once, with this exit code; the
/// first one finds the flag down. The end was asked for, so there is no note of it.
///
/// # Errors
/// What the system says.
pub fn end_at_second(signal: c_int, asked: Arc<AtomicBool>, code: c_int) -> io::Result<()> {
    let action = move || {
        if asked.load(Ordering::SeqCst) {
            note::forget();
            faults::end(code);
        }
    };
    // SAFETY: the action reads an atomic, removes a file by a path that was made before, and ends
    // the process: a signal handler may do all three.
    unsafe { faults::at_signal(signal, action) }
}

/// The process dies of a signal.
fn died(signal: &str) {
    let mut words = EndingSentence::new();
    words.push("died of ");
    words.push(signal);
    last_words(words);
}

/// Foreign code called `exit`: the host itself always ends by `_exit`.
extern "C" fn left() {
    if PROCESS.load(Ordering::Acquire) != faults::process() {
        return; // A child that a plugin forked.
    }
    let mut words = EndingSentence::new();
    words.push("was ended by a call of exit()");
    last_words(words);
    faults::end(1);
}

/// Says what became of the process, and which call of a plugin the thread was in.
fn last_words(mut words: EndingSentence) {
    if PROCESS.load(Ordering::Acquire) != faults::process() || IS_SAID.swap(true, Ordering::SeqCst)
    {
        return;
    }
    match calls::now() {
        Some(name) => {
            words.push(" while ");
            words.push(name);
            words.push(" was called");
        }
        None => words.push(" on a thread that was calling no stage"),
    }
    words.push("\n");
    note::add(words.bytes());
    if let Some(error) = ERROR.get() {
        for printed in PRINTED.get().into_iter().flatten() {
            pass_on(printed, error);
        }
        write(error, b"error: the host ");
        write(error, words.bytes());
    }
    // What was read of the pipes a moment ago is said by threads that go on for as long.
    let _ = streams::wait([], Some(LAST_MOMENT));
}

/// What a plugin printed and nobody has read yet: often that says why it died.
fn pass_on(from: &OwnedFd, to: &OwnedFd) {
    let mut bytes = [0; 512];
    let (mut left, mut is_new) = (PRINTED_BYTES_MAX, true);
    while let count @ 1.. = streams::read(from, &mut bytes).unwrap_or(0) {
        for byte in &bytes[..count] {
            if is_new {
                write(to, b"plugin output: ");
            }
            is_new = *byte == b'\n';
            // Nothing that could steer a terminal, and no half of a character.
            let shown = matches!(byte, b' '..=b'~' | b'\n' | b'\t');
            write(
                to,
                if shown {
                    std::slice::from_ref(byte)
                } else {
                    b"?"
                },
            );
        }
        left = left.saturating_sub(count);
        if left == 0 {
            break;
        }
    }
    if !is_new {
        write(to, b"\n");
    }
}

/// Writes what can be written without waiting: a pipe that nobody reads must not keep a process
/// that died.
fn write(to: &OwnedFd, bytes: &[u8]) {
    let ready = streams::wait([(to.as_fd(), WaitFor::Writing)], Some(Duration::ZERO));
    if ready.is_ok_and(|[seen]| seen.is_any()) {
        let _ = streams::write(to, bytes);
    }
}

/// A sentence under way, without memory of the heap; what does not fit is left out.
struct EndingSentence {
    bytes: [u8; WORDS_BYTES],
    used: usize,
}

impl EndingSentence {
    const fn new() -> Self {
        Self {
            bytes: [0; WORDS_BYTES],
            used: 0,
        }
    }

    fn push(&mut self, text: &str) {
        let end = text.floor_char_boundary(WORDS_BYTES - self.used);
        self.bytes[self.used..self.used + end].copy_from_slice(&text.as_bytes()[..end]);
        self.used += end;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_is_too_long_ends_at_a_character() {
        let mut words = EndingSentence::new();
        words.push(&"x".repeat(WORDS_BYTES - 1));
        words.push("ä");
        assert_eq!(words.bytes().len(), WORDS_BYTES - 1);
        words.push("y");
        assert!(words.bytes().ends_with(b"xy"));
    }
}
