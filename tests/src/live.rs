//! Live: a session between two pipes, fed for as long as its output is read.
//!
//! In: a command that reads raw samples and writes them. Out: its output as far as the test wants
//! to read; where the test reads no further, the session stands still, so that it can be looked at.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// How many frames are fed at once.
const FEED_FRAMES: usize = 1_024;

/// The bytes of a sample.
const SAMPLE_BYTES: usize = 4;

/// The samples of both ways: `--raw` takes this.
pub const RAW: &str = "f32le:48000:1";

/// A running session.
#[derive(Debug)]
pub struct Live {
    child: Child,
    out: ChildStdout,
    is_over: Arc<AtomicBool>,
    feeder: JoinHandle<()>,
    errors: JoinHandle<String>,
    /// What came out so far.
    pub heard: Vec<f32>,
}

/// What is left when a session is over.
#[derive(Debug)]
pub struct Over {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// All that came out.
    pub heard: Vec<f32>,
    /// Standard error.
    pub err: String,
}

impl Live {
    /// Starts a session and feeds it `signal` of each frame until it is to end.
    #[must_use]
    pub fn start(command: &mut Command, signal: fn(usize) -> f32) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the executable was built");
        let pipe = child.stdin.take().expect("standard input is piped");
        let out = child.stdout.take().expect("standard output is piped");
        let mut err = child.stderr.take().expect("standard error is piped");
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let feeder = std::thread::spawn(move || feed(pipe, signal, &seen));
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = err.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            child,
            out,
            is_over,
            feeder,
            errors,
            heard: Vec::new(),
        }
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads until so many frames came out since the start, and returns the newest part.
    ///
    /// What has come out by then was processed; the session may be ahead by what pipes hold.
    #[track_caller]
    pub fn hear(&mut self, frames: usize) -> &[f32] {
        let from = self.heard.len();
        let mut bytes = vec![0; frames.saturating_sub(from) * SAMPLE_BYTES];
        if let Err(error) = self.out.read_exact(&mut bytes) {
            let status = self.child.wait().expect("the child can be waited for");
            panic!("the output ended before frame {frames}: {error}, {status}");
        }
        self.heard.extend(samples(&bytes));
        &self.heard[from..]
    }

    /// Ends the input, reads the rest and waits for the end.
    #[must_use]
    pub fn finish(mut self) -> Over {
        self.is_over.store(true, Ordering::Relaxed);
        let mut rest = Vec::new();
        self.out.read_to_end(&mut rest).expect("a pipe can be read");
        self.heard.extend(samples(&rest));
        let status = self.child.wait().expect("the child can be waited for");
        self.feeder.join().expect("the feeder does not panic");
        let err = self.errors.join().expect("the reader does not panic");
        Over {
            code: status.code(),
            heard: self.heard,
            err,
        }
    }
}

/// Writes until the end is wanted or nobody reads.
fn feed(mut pipe: ChildStdin, signal: fn(usize) -> f32, is_over: &AtomicBool) {
    let mut at = 0;
    while !is_over.load(Ordering::Relaxed) {
        let frames = at..at + FEED_FRAMES;
        let bytes: Vec<u8> = frames
            .flat_map(|frame| signal(frame).to_le_bytes())
            .collect();
        if pipe.write_all(&bytes).is_err() {
            return;
        }
        at += FEED_FRAMES;
    }
}

fn samples(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let (whole, _) = bytes.as_chunks::<SAMPLE_BYTES>();
    whole.iter().map(|sample| f32::from_le_bytes(*sample))
}
