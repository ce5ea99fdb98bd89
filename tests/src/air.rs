//! Air: a session at the pace of the stream that is listened to all the time.
//!
//! In: a configuration, and a constant signal for as long as the test wants. Out: what is heard,
//! waited for in frames; answers of `segue ctl`. Standard error is read, or nobody reads it. Every wait has a deadline, none asserts a time.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::pipe::fcntl_setpipe_size;
use serde_json::Value;

use crate::desk::{Answer, Desk};
use crate::documented;

/// Every sample that goes in.
pub const LEVEL: f32 = 0.25;

/// The samples of both ways: `--raw` takes this.
const RAW: &str = "f32le:48000:1";

/// The bytes of a sample.
const SAMPLE_BYTES: usize = 4;

/// How many frames are written at once.
const FEED_FRAMES: usize = 1_024;

/// How many frames in a row have to be as expected: 50 ms.
const PART_FRAMES: usize = 2_400;

/// How long nothing may change where nothing is to change: half a second.
const STAYS_FRAMES: usize = 24_000;

/// How far samples may be from what is expected: what arithmetic in single precision leaves.
const NEAR: f32 = 1e-6;

/// How long something may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// A session that runs.
#[derive(Debug)]
pub struct Air {
    /// Where it runs.
    pub desk: Desk,
    child: Child,
    is_over: Arc<AtomicBool>,
    feeder: JoinHandle<()>,
    heard: Arc<Heard>,
    reader: JoinHandle<()>,
    told: Arc<Told>,
    teller: JoinHandle<()>,
    ears: Arc<Growing<Ears>>,
}

/// Whether standard error is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ears {
    /// From the start.
    #[default]
    Open,
    /// Once the process is over, out of a pipe that holds as little as a pipe can.
    Closed,
}

/// What is left when a session is over.
#[derive(Debug)]
pub struct Over {
    /// Where it ran.
    pub desk: Desk,
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// All that came out.
    pub heard: Vec<f32>,
    /// Standard error.
    pub err: String,
    /// The report.
    pub report: Value,
}

/// What grows on another thread, and who waits for it.
#[derive(Debug, Default)]
struct Growing<T> {
    all: Mutex<T>,
    more: Condvar,
}

type Heard = Growing<Vec<f32>>;
type Told = Growing<String>;

impl<T> From<T> for Growing<T> {
    fn from(value: T) -> Self {
        Self {
            all: Mutex::new(value),
            more: Condvar::new(),
        }
    }
}

impl<T> Growing<T> {
    fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let answer = change(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner));
        self.more.notify_all();
        answer
    }

    /// Waits until it is so; whether it became so in time.
    fn wait(&self, mut is_so: impl FnMut(&T) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if is_so(&all) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.more.wait_timeout(all, left);
            all = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Air {
    /// Starts a session of `content`, with further arguments.
    #[must_use]
    pub fn start(desk: Desk, content: &str, more: &[&str]) -> Self {
        Self::start_as(desk, content, Ears::Open, |command| {
            command.args(more);
        })
    }

    /// The same, with a command that is changed further.
    #[must_use]
    pub fn start_as(
        desk: Desk,
        content: &str,
        ears: Ears,
        change: impl FnOnce(&mut Command),
    ) -> Self {
        desk.write("plugins.toml", content);
        let mut command = desk.command(["run", "-", "-", "--config", "plugins.toml"]);
        command.args([
            "--raw",
            RAW,
            "--pace",
            "realtime",
            "--report",
            "report.json",
        ]);
        change(&mut command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the executable was built");
        let pipe = child.stdin.take().expect("standard input is piped");
        let out = child.stdout.take().expect("standard output is piped");
        let err = child.stderr.take().expect("standard error is piped");
        let is_over = Arc::new(AtomicBool::new(false));
        let (seen, heard, told) = (Arc::clone(&is_over), Arc::default(), Arc::default());
        let (listens, writes) = (Arc::clone(&heard), Arc::clone(&told));
        if ears == Ears::Closed {
            fcntl_setpipe_size(&err, 1).expect("a pipe may become smaller");
        }
        let ears = Arc::new(Growing::from(ears));
        let open = Arc::clone(&ears);
        Self {
            desk,
            child,
            is_over,
            feeder: std::thread::spawn(move || feed(pipe, &seen)),
            heard,
            reader: std::thread::spawn(move || listen(out, &listens)),
            told,
            teller: std::thread::spawn(move || {
                let _ = open.wait(|ears| *ears == Ears::Open);
                take_down(err, &writes);
            }),
            ears,
        }
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the input times `factor` is heard, and nothing else.
    #[track_caller]
    pub fn wait_for(&self, factor: f32) {
        let is_heard = |heard: &Vec<f32>| {
            let from = heard.len().checked_sub(PART_FRAMES);
            from.is_some_and(|from| all_near(&heard[from..], factor))
        };
        if !self.heard.wait(is_heard) {
            let (count, last) = self
                .heard
                .with(|heard| (heard.len(), heard.last().copied()));
            let err = self.err();
            panic!("{factor} is not heard, but {last:?} after {count} frames\n{err}");
        }
    }

    /// Hears the input times `factor` for a while, and nothing else.
    #[track_caller]
    pub fn stays(&self, factor: f32) {
        let from = self.heard.with(|heard| heard.len());
        let end = from + STAYS_FRAMES;
        assert!(
            self.heard.wait(|heard| heard.len() >= end),
            "{}",
            self.err()
        );
        let same = self.heard.with(|heard| all_near(&heard[from..end], factor));
        assert!(same, "{factor} is not heard any more\n{}", self.err());
    }

    /// Waits until standard error has this text.
    #[track_caller]
    pub fn wait_for_words(&self, words: &str) {
        // Lines are not broken in a pipe.
        let is_told = self.told.wait(|told| told.contains(words));
        assert!(is_told, "{words:?} is not told in\n{}", self.err());
    }

    /// Standard error so far.
    #[must_use]
    pub fn err(&self) -> String {
        self.told.with(|told| told.clone())
    }

    /// Saves as editors do: a new file beside it, then renamed over it.
    pub fn save(&self, content: &str) {
        let beside = self.desk.write("plugins.toml~", content);
        fs::rename(beside, self.desk.path("plugins.toml")).expect("the desk can be written to");
    }

    /// The configuration as it is on disk.
    #[must_use]
    pub fn saved(&self) -> String {
        fs::read_to_string(self.desk.path("plugins.toml")).expect("it was written")
    }

    /// Asks it.
    #[must_use]
    pub fn ctl(&self, arguments: &[&str]) -> Answer {
        self.desk.segue(["ctl"].iter().chain(arguments))
    }

    /// Asks it for something that it does; returns what it says.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> Value {
        let answer = self.ctl(&[arguments, &["--json"]].concat());
        let answer = answer.expect(0).json();
        if !answer["status"].is_null() {
            documented::check("status", &answer["status"]);
        }
        for receipt in answer["receipts"].as_array().into_iter().flatten() {
            documented::check("receipt", receipt);
        }
        answer
    }

    /// Asks it for something that it refuses, with this exit code; returns why.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: i32) -> String {
        self.ctl(arguments).expect(code).err
    }

    /// How it is.
    #[track_caller]
    pub fn status(&self) -> Value {
        self.done(&["status"])["status"].take()
    }

    /// Asks how it is until it is so.
    #[track_caller]
    pub fn wait_until(&self, mut is_so: impl FnMut(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            assert!(Instant::now() < end, "{status:#}\n{}", self.err());
        }
    }

    /// The keys that differ from the file, with their values.
    #[track_caller]
    pub fn overrides(&self) -> Vec<(String, String)> {
        let status = self.status();
        let all = status["overrides"].as_array().expect("it is a list");
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        all.iter()
            .map(|one| (text(&one["key"]), text(&one["value"])))
            .collect()
    }

    /// Ends the input: all frames come out that went in, behind as many as the output is late.
    #[track_caller]
    pub fn finish(self) -> Over {
        self.is_over.store(true, Ordering::Relaxed);
        let over = self.wait();
        let stream = &over.report["stream"];
        let count = |key: &str| stream[key].as_u64().expect("a report counts frames");
        let frames = count("frames_in") + count("latency_frames");
        assert_eq!(frames, over.heard.len() as u64, "{}", over.err);
        over
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn wait(mut self) -> Over {
        self.reader.join().expect("the reader does not panic");
        let status = self.child.wait().expect("the child can be waited for");
        self.is_over.store(true, Ordering::Relaxed);
        self.ears.with(|ears| *ears = Ears::Open);
        self.feeder.join().expect("the feeder does not panic");
        self.teller.join().expect("the reader does not panic");
        let err = self.told.with(|told| told.clone());
        let report = fs::read(self.desk.path("report.json"));
        let report = report.unwrap_or_else(|error| panic!("{error}: {err}"));
        let report = serde_json::from_slice(&report).expect("a report is JSON");
        documented::check("report", &report);
        Over {
            desk: self.desk,
            code: status.code(),
            heard: self.heard.with(std::mem::take),
            err,
            report,
        }
    }
}

fn all_near(samples: &[f32], factor: f32) -> bool {
    let mut samples = samples.iter();
    samples.all(|sample| (sample - LEVEL * factor).abs() <= NEAR)
}

/// Writes until the end is wanted or nobody reads.
fn feed(mut pipe: ChildStdin, is_over: &AtomicBool) {
    let bytes = LEVEL.to_le_bytes().repeat(FEED_FRAMES);
    while !is_over.load(Ordering::Relaxed) {
        if pipe.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// Reads samples until there are no more.
fn listen(mut out: impl Read, heard: &Heard) {
    let mut left = Vec::new();
    let mut bytes = [0; FEED_FRAMES * SAMPLE_BYTES];
    while let Ok(count @ 1..) = out.read(&mut bytes) {
        left.extend_from_slice(&bytes[..count]);
        let (whole, rest) = left.as_chunks::<SAMPLE_BYTES>();
        let samples: Vec<_> = whole.iter().map(|one| f32::from_le_bytes(*one)).collect();
        let rest = rest.to_vec();
        heard.with(|heard| heard.extend(samples));
        left = rest;
    }
}

/// Reads words until there are no more.
fn take_down(mut err: impl Read, told: &Told) {
    let mut bytes = [0; 4_096];
    while let Ok(count @ 1..) = err.read(&mut bytes) {
        told.with(|told| told.push_str(&String::from_utf8_lossy(&bytes[..count])));
    }
}
