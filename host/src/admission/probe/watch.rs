//! Watch: a child process from its start to its end, and never longer than allowed.
//!
//! In: a command. Out: the lines that it sent, the last of what else it wrote, and how it ended.
//! However much it writes, whatever it closes, and whoever else holds its pipes: memory is bounded
//! and so is time. When it is over, the whole process group is killed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::admission::probe::signals;
use crate::admission::probe::tail::Tail;
use crate::admission::wire::{Line, TEXT_BYTES_MAX};

/// How long one look at the pipes lasts at most. A child whose pipes are held open by others
/// is found to be over no later than this.
const LOOK: Duration = Duration::from_millis(10);

/// The most that is read of a pipe before anything else is looked at, in bytes: what a pipe holds.
const TURN_BYTES: usize = 64 << 10;

/// The longest line that is understood, in bytes: its text with each byte escaped.
const LINE_BYTES_MAX: usize = 8 * TEXT_BYTES_MAX;

/// The most notes kept.
const NOTES_MAX: usize = 64;

/// What became of a child.
#[derive(Debug)]
pub(super) struct Watched {
    /// How it ended.
    pub(super) ending: Ending,
    /// What it sent.
    pub(super) lines: Lines,
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
pub(super) struct Lines {
    /// Whether it understood what to do.
    pub(super) is_ready: bool,
    /// What it was doing.
    pub(super) step: Option<String>,
    /// What it noted.
    pub(super) notes: Vec<String>,
    /// That it was done, or how it failed.
    pub(super) last: Option<Line>,
}

/// Why a child could not be watched.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be started.
    Start(io::Error),
    /// It was started, but not watched; it was killed.
    Watch(io::Error),
}

/// Runs the command with its own process group and no input.
pub(super) fn watch(command: &mut Command, deadline: Duration) -> Result<Watched, Failure> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let until = Instant::now() + deadline;
    let mut child = command.spawn().map_err(Failure::Start)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.expect("a child that was just started has a number");
    let mut reading = Reading::of(&mut child);
    let followed = match &mut reading {
        Ok(reading) => reading.follow(pid, until),
        Err(_) => Ok(Stop::Child),
    };
    let status = end(&mut child, pid);
    let (mut reading, stop) = (reading.map_err(Failure::Watch)?, followed);
    let stop = stop.map_err(Failure::Watch)?;
    let status = status.map_err(Failure::Watch)?;
    // What was still on its way when it ended.
    reading.read().map_err(Failure::Watch)?;
    Ok(Watched {
        ending: match stop {
            Stop::Child => ending(status),
            Stop::Deadline => Ending::Late(deadline),
        },
        lines: reading.lines,
        evidence: reading.tail.lines(),
    })
}

/// Kills whatever is left of the group, and takes the child's status, which frees its number.
fn end(child: &mut Child, pid: Pid) -> io::Result<ExitStatus> {
    // The child has not been waited for, so both numbers are still its own. It may have left its
    // group, or the group may be gone.
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = child.kill();
    child.wait()
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, Some(signal)) => {
            let outside = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];
            if outside.iter().any(|known| known.as_raw() == signal) {
                Ending::Killed(signal)
            } else {
                Ending::Crashed(signal)
            }
        }
        (None, None) => Ending::Killed(0), // Every status is one of the two.
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
struct Reading {
    answers: Option<File>,
    errors: Option<File>,
    lines: Lines,
    /// The line under way.
    partial: Vec<u8>,
    tail: Tail,
}

impl Reading {
    fn of(child: &mut Child) -> io::Result<Self> {
        let answers = child.stdout.take().map(OwnedFd::from).map(File::from);
        let errors = child.stderr.take().map(OwnedFd::from).map(File::from);
        for pipe in [&answers, &errors].into_iter().flatten() {
            ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            answers,
            errors,
            lines: Lines::default(),
            partial: Vec::new(),
            tail: Tail::default(),
        })
    }

    /// Reads until the child said its last word, is gone, or is late.
    fn follow(&mut self, pid: Pid, until: Instant) -> io::Result<Stop> {
        loop {
            let is_gone = is_gone(pid)?;
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

    /// Waits until there is something to read.
    fn wait(&self, duration: Duration) -> io::Result<()> {
        let pipes = [&self.answers, &self.errors].into_iter().flatten();
        let mut polled: Vec<_> = pipes.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(duration.subsec_nanos()),
        };
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
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
                && let Some(line) = Line::decode(&self.partial)
            {
                self.lines.take(line);
            }
            self.partial.clear();
        }
    }
}

impl Lines {
    /// Takes a line; before the first word of a helper, and after its last, there is none.
    fn take(&mut self, line: Line) {
        if self.last.is_some() || !self.is_ready && line != Line::Ready {
            return;
        }
        match line {
            Line::Ready => self.is_ready = true,
            Line::Step(step) => self.step = Some(step),
            Line::Note(note) if self.notes.len() < NOTES_MAX => self.notes.push(note),
            Line::Note(_) => {}
            Line::Failed(_) | Line::Done => self.last = Some(line),
        }
    }
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

/// Whether the child has ended; its number stays taken.
fn is_gone(pid: Pid) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}
