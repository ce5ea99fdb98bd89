//! Printed: what plugins print, made lines of the log.
//!
//! In: all that foreign code in this process writes to descriptors 1 and 2. Out: on standard error,
//! line by line and behind `plugin output:`, what is bounded and steers no terminal.
//!
//! One thread reads and never waits for anything else, so that a plugin that prints in `process`
//! stands still no longer than a read takes; another one says the lines.

mod bound;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::arguments::LogFormat;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printed::bound::{BoundedLines, LineBound, Room};
use crate::cli::terminal::{Amount, Terminal, say, voice};
use crate::cli::text::clean;
use crate::process::ending::{self, Streams};
use crate::process::standard::{self, Printed};
use crate::system::streams::{self, WaitFor};
use crate::threads::prepare_to_wait;

/// How many lines may wait to be said; what comes beyond is counted.
const WAITING_MAX: usize = 256;

/// How much is read at once: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;

/// How much is read of each stream when the process ends, in reads.
const LAST_READS: usize = 4;

/// How long the end of the process waits for what was printed last.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Asks the thread that reads for what is left.
static ASK: OnceLock<Ask> = OnceLock::new();

struct Ask {
    wake: File,
    sender: Sender<SyncSender<()>>,
}

/// What the thread that says lines is given.
enum PrinterJob {
    Line(String),
    /// All before this was said.
    All(SyncSender<()>),
}

/// From here on nothing that a plugin prints arrives where the host writes, and no plugin ends the
/// process without a word. Call it before a library is opened. Thread: main.
///
/// # Errors
/// What the system says; then no library may be opened.
pub(super) fn keep_apart(terminal: Terminal) -> Result<(), Failure> {
    begin(terminal).map_err(|error| {
        let message = format!("what plugins print cannot be kept apart: {error}");
        Failure::new(Exit::Failed, message)
    })
}

fn begin(terminal: Terminal) -> io::Result<()> {
    let Some(printed) = standard::keep()? else {
        return Ok(()); // It was done before.
    };
    voice::start(terminal.log)?;
    tell_panics();
    ending::guard(Streams {
        error: standard::error().as_fd().try_clone_to_owned()?,
        printed: [
            printed.out.try_clone()?.into(),
            printed.err.try_clone()?.into(),
        ],
    })?;
    let (woken, wake) = io::pipe()?;
    let (sender, asked) = channel();
    let (say, said) = channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let reader = StreamReader {
        printed,
        woken: File::from(OwnedFd::from(woken)),
        asked,
        bound: LineBound::new(Instant::now()),
        say,
        waiting: Arc::clone(&waiting),
    };
    spawn("plugin-output", move || reader.run())?;
    spawn("plugin-lines", move || tell(terminal, &said, &waiting))?;
    let wake = File::from(OwnedFd::from(wake));
    ASK.get_or_init(|| Ask { wake, sender });
    Ok(())
}

/// Says what was printed until now, as far as that takes no longer than a second.
pub(super) fn flush() {
    let Some(ask) = ASK.get() else {
        return; // Nothing was kept apart.
    };
    let (done, all_done) = sync_channel(1);
    let asked = ask.sender.send(done).is_ok() && (&ask.wake).write_all(&[0]).is_ok();
    if asked {
        // What takes longer is lost with the process.
        let _ = all_done.recv_timeout(LAST_WAIT);
    }
}

/// A panic of the host is the host's own word, and not a plugin's.
fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name").to_owned();
        let mut text = format!("\nthread {name:?} {panic}\n");
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            text.push_str(&format!("{backtrace}\n"));
        }
        // Not by `say`: the thread may hold its lock.
        voice::write(clean(&text));
    }));
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(move || {
        prepare_to_wait();
        body();
    })?;
    Ok(())
}

/// The thread that reads.
struct StreamReader {
    printed: Printed,
    woken: File,
    asked: Receiver<SyncSender<()>>,
    bound: LineBound,
    say: Sender<PrinterJob>,
    waiting: Arc<AtomicUsize>,
}

impl StreamReader {
    fn run(mut self) {
        let mut lines = [BoundedLines::default(), BoundedLines::default()];
        let mut bytes = vec![0; READ_BYTES];
        loop {
            let is_asked = self.wait();
            for (at, lines) in lines.iter_mut().enumerate() {
                let reads = if is_asked { LAST_READS } else { 1 };
                for _ in 0..reads {
                    let count = self.read(at, &mut bytes);
                    lines.take(&bytes[..count], |line| self.line(line));
                }
            }
            if is_asked {
                self.all(&mut lines);
            }
        }
    }

    /// Waits until something was printed, or all is asked for.
    fn wait(&mut self) -> bool {
        let [out, err, woken] = [&self.printed.out, &self.printed.err, &self.woken];
        let ends = [out.as_fd(), err.as_fd(), woken.as_fd()].map(|end| (end, WaitFor::Reading));
        match streams::wait(ends, None) {
            Ok([_, _, woken]) => return woken.has_bytes(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Without waiting for all there is nothing to do; a sleep is better than a busy loop.
            Err(_) => thread::sleep(LAST_WAIT),
        }
        false
    }

    fn read(&self, at: usize, bytes: &mut [u8]) -> usize {
        let mut from = [&self.printed.out, &self.printed.err][at];
        // Nothing is there, mostly; a pipe of ours has no other error.
        from.read(bytes).unwrap_or(0)
    }

    /// Says a line, if there is room.
    fn line(&mut self, line: &str) {
        let room = match self.waiting.load(Ordering::Relaxed) {
            ..WAITING_MAX => Room::Free,
            WAITING_MAX.. => Room::Full,
        };
        if !self.bound.takes(Instant::now(), room) {
            return;
        }
        if let Some(text) = self.bound.missed() {
            self.send(text);
        }
        self.send(line.to_owned());
    }

    fn send(&self, line: String) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The other thread lives as long as the process.
        let _ = self.say.send(PrinterJob::Line(line));
    }

    /// Says what is left, and that it was all.
    fn all(&mut self, lines: &mut [BoundedLines]) {
        let _ = self.woken.read(&mut [0]);
        for lines in lines {
            lines.finish(|line| self.line(line));
        }
        if let Some(text) = self.bound.missed() {
            self.send(text);
        }
        if let Ok(done) = self.asked.recv() {
            let _ = self.say.send(PrinterJob::All(done));
        }
    }
}

/// The thread that says lines.
fn tell(terminal: Terminal, said: &Receiver<PrinterJob>, waiting: &AtomicUsize) {
    for said in said {
        match said {
            PrinterJob::Line(line) => {
                show(terminal, &clean(&line));
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            PrinterJob::All(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// One line of a plugin's. Text goes past `tracing`, whose first line on a thread takes a lock of the
/// system's loader: a constructor that prints and does not come back holds it.
fn show(terminal: Terminal, line: &str) {
    match (terminal.log, terminal.amount) {
        (_, Amount::Quiet) => {}
        (LogFormat::Text, _) => say(&format!("plugin output: {line}\n")),
        (LogFormat::Json, _) => tracing::warn!(target: "plugin", "plugin output: {line}"),
    }
}
