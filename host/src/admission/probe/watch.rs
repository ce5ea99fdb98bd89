//! Watch: a child process from its start to its end, and never longer than allowed.
//!
//! In: a command. Out: the lines that it sent, the last of what else it wrote, and how it ended.
//! However much it writes, whatever it closes, and whoever else holds its pipes: memory is bounded
//! and so is time. When it is over, the whole process group is killed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::admission::probe::signals;
use crate::admission::probe::tail::Tail;
use crate::admission::wire::{HelperEnd, HelperLine, TEXT_BYTES_MAX};
use crate::process::scarce::{self, Resource};
use crate::system::processes::{FROM_OUTSIDE, Number};
use crate::system::streams::{self, WaitFor};

/// How long one look at the pipes lasts at most. A child whose pipes are held open by others
/// is found to be over no later than this.
const LOOK: Duration = Duration::from_millis(10);

/// How long a child has to end what a library started, before both are ended by their group.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long one look at a child that is about to end lasts at most.
const GOING: Duration = Duration::from_millis(1);

/// The most that is read of a pipe before anything else is looked at, in bytes: what a pipe holds.
const TURN_BYTES: usize = 64 << 10;

/// The longest line that is understood, in bytes: its text with each byte escaped.
const LINE_BYTES_MAX: usize = 8 * TEXT_BYTES_MAX;

/// The most notes kept.
const NOTES_MAX: usize = 64;

/// What became of a child.
#[derive(Debug)]
pub(super) struct ChildWatched {
    /// How it ended.
    pub(super) ending: Ending,
    /// What it sent.
    pub(super) lines: HelperLines,
    /// The last of what else it wrote.
    pub(super) evidence: Vec<String>,
}

/// How a child ended. Of one that said that it was done or had failed this is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that it brought upon itself.
    Crashed(i32),
    /// By a signal from outside.
    Killed(i32),
    /// By us, when the deadline was over.
    Late(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(formatter, "ended with exit code {code}"),
            Self::Crashed(signal) => write!(formatter, "crashed ({})", signals::name(*signal)),
            Self::Killed(signal) => write!(formatter, "was killed ({})", signals::name(*signal)),
            Self::Late(deadline) => {
                let seconds = deadline.as_secs_f64();
                write!(formatter, "did not come back within {seconds} s")
            }
        }
    }
}

/// What a child sent, as far as it matters afterwards.
#[derive(Debug, Default)]
pub(super) struct HelperLines {
    /// Whether it understood what to do.
    pub(super) is_ready: bool,
    /// What it was doing.
    pub(super) step: Option<String>,
    /// What it noted.
    pub(super) notes: Vec<String>,
    /// That it was done, or how it failed.
    pub(super) last: Option<HelperLine>,
    /// How the process that did the work ended; only the one that supervises it says so.
    pub(super) ended: Option<HelperEnd>,
}

/// Why a child could not be watched.
#[derive(Debug)]
pub(super) enum WatchFailure {
    /// It could not be started.
    Start(io::Error),
    /// It was started, but not watched; it was killed.
    Watch(io::Error),
}

/// Runs the command with its own process group.
pub(super) fn watch(
    command: &mut Command,
    deadline: Duration,
) -> Result<ChildWatched, WatchFailure> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let until = Instant::now() + deadline;
    let child = scarce::ask(Resource::Process).and_then(|()| command.spawn());
    let mut child = child.map_err(WatchFailure::Start)?;
    let pid = Number::of(&child);
    let mut reading = ChildPipes::of(&mut child);
    let followed = match &mut reading {
        Ok(reading) => reading.follow(pid, until),
        Err(_) => Ok(Stop::Child),
    };
    if let Ok(reading) = &mut reading {
        reading.let_go(pid);
    }
    let status = end(&mut child, pid);
    let (mut reading, stop) = (reading.map_err(WatchFailure::Watch)?, followed);
    let stop = stop.map_err(WatchFailure::Watch)?;
    let status = status.map_err(WatchFailure::Watch)?;
    // What was still on its way when it ended.
    reading.read().map_err(WatchFailure::Watch)?;
    Ok(ChildWatched {
        ending: match stop {
            Stop::Child => reading.lines.ended.map_or_else(|| ending(status), worked),
            Stop::Deadline => Ending::Late(deadline),
        },
        lines: reading.lines,
        evidence: reading.tail.lines(),
    })
}

/// Kills whatever is left of the group, and takes the child's status, which frees its number.
fn end(child: &mut Child, pid: Number) -> io::Result<ExitStatus> {
    // The child has not been waited for, so both numbers are still its own. It may have left its
    // group, or the group may be gone.
    pid.end_group();
    let _ = child.kill();
    child.wait()
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, Some(signal)) => worked(HelperEnd::Signal(signal)),
        (None, None) => Ending::Killed(0), // Every status is one of the two.
    }
}

/// What the end of the process that did the work means.
fn worked(ended: HelperEnd) -> Ending {
    match ended {
        HelperEnd::Code(code) => Ending::Exited(code),
        HelperEnd::Signal(signal) => {
            if FROM_OUTSIDE.contains(&signal) {
                Ending::Killed(signal)
            } else {
                Ending::Crashed(signal)
            }
        }
    }
}

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The child said its last word, or is gone.
    Child,
    /// The time is over.
    Deadline,
}

/// The pipes of a child, and what came through them.
struct ChildPipes {
    answers: Option<File>,
    errors: Option<File>,
    lines: HelperLines,
    /// The line under way.
    partial: Vec<u8>,
    tail: Tail,
}

impl ChildPipes {
    fn of(child: &mut Child) -> io::Result<Self> {
        let answers = child.stdout.take().map(OwnedFd::from).map(File::from);
        let errors = child.stderr.take().map(OwnedFd::from).map(File::from);
        for pipe in [&answers, &errors].into_iter().flatten() {
            streams::never_wait(pipe)?;
        }
        Ok(Self {
            answers,
            errors,
            lines: HelperLines::default(),
            partial: Vec::new(),
            tail: Tail::default(),
        })
    }

    /// Reads until the child said its last word, is gone, or is late.
    fn follow(&mut self, pid: Number, until: Instant) -> io::Result<Stop> {
        loop {
            let is_gone = pid.is_gone()?;
            self.read()?;
            if is_gone || self.lines.last.is_some() {
                return Ok(Stop::Child);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Stop::Deadline);
            }
            self.wait(left.min(LOOK))?;
        }
    }

    /// Asks the child to end what it started, and waits a little until it is gone. What it still
    /// says is read: it would wait for a reader.
    fn let_go(&mut self, pid: Number) {
        let until = Instant::now() + PATIENCE;
        // The child has not been waited for, so the number is its own.
        pid.ask_to_end();
        while matches!(pid.is_gone(), Ok(false)) && Instant::now() < until {
            if self.read().is_err() || self.wait(GOING).is_err() {
                return;
            }
        }
    }

    /// Waits until there is something to read.
    fn wait(&self, duration: Duration) -> io::Result<()> {
        let limit = Some(duration);
        let seen = match (&self.answers, &self.errors) {
            (Some(answers), Some(errors)) => {
                streams::wait([readable(answers), readable(errors)], limit).map(drop)
            }
            (Some(pipe), None) | (None, Some(pipe)) => {
                streams::wait([readable(pipe)], limit).map(drop)
            }
            (None, None) => streams::wait([], limit).map(drop),
        };
        match seen {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            seen => seen,
        }
    }

    /// Reads what there is, a turn of each pipe.
    fn read(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; TURN_BYTES];
        if let Some(read) = turn(&mut self.answers, &mut chunk)? {
            self.answered(&chunk[..read]);
        }
        if let Some(read) = turn(&mut self.errors, &mut chunk)? {
            self.tail.push(&chunk[..read]);
        }
        Ok(())
    }

    fn answered(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte != b'\n' {
                // Of a line that is too long the rest is read and forgotten.
                if self.partial.len() <= LINE_BYTES_MAX {
                    self.partial.push(*byte);
                }
                continue;
            }
            if self.partial.len() <= LINE_BYTES_MAX
                && let Some(line) = HelperLine::decode(&self.partial)
            {
                self.lines.take(line);
            }
            self.partial.clear();
        }
    }
}

impl HelperLines {
    /// Takes a line; before the first word of a helper, and after its last, there is none.
    fn take(&mut self, line: HelperLine) {
        if let HelperLine::Ended(ended) = line {
            self.ended = Some(ended);
            return;
        }
        if self.last.is_some() || !self.is_ready && line != HelperLine::Ready {
            return;
        }
        match line {
            HelperLine::Ready => self.is_ready = true,
            HelperLine::Step(step) => self.step = Some(step),
            HelperLine::Note(note) if self.notes.len() < NOTES_MAX => self.notes.push(note),
            HelperLine::Note(_) => {}
            HelperLine::Failed(_) | HelperLine::Done => self.last = Some(line),
            HelperLine::Ended(_) => {}
        }
    }
}

/// A pipe that is waited for until there is something to read.
fn readable(pipe: &File) -> (BorrowedFd<'_>, WaitFor) {
    (pipe.as_fd(), WaitFor::Reading)
}

/// Reads what a pipe holds, at most one turn; closes it at its end.
fn turn(pipe: &mut Option<File>, chunk: &mut [u8]) -> io::Result<Option<usize>> {
    let Some(file) = pipe else {
        return Ok(None);
    };
    match file.read(chunk) {
        Ok(0) => {
            *pipe = None;
            Ok(None)
        }
        Ok(read) => Ok(Some(read)),
        Err(error) if is_later(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_later(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::WouldBlock || kind == io::ErrorKind::Interrupted
}
