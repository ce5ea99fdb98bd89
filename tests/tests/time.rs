//! Time: at the pace of the stream what is late is told, with whose it is, and never caught up flat
//! out; real-time priority is asked for, and what became of it is told.
//!
//! Stalls are made, not waited for: a side holds its pipe for longer than what counts as one.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use serde_json::Value;

/// Frames per second.
const RATE_HZ: usize = 48_000;

/// What is given at once, a tenth of a second: whole blocks, since a session waits for one that is not.
const AHEAD_FRAMES: usize = 20 * 256;

/// Half a second of frames: more than a pipe holds.
const HALF_FRAMES: usize = 5 * AHEAD_FRAMES;

/// The bytes of a frame.
const FRAME_BYTES: usize = 4;

/// How long a side holds the stream: an outage.
const HELD: Duration = Duration::from_millis(1_500);

/// How long a host is stopped.
const STOPPED: Duration = Duration::from_secs(3);

/// From here on a stall is an outage, which degrades a run.
const OUTAGE_NS: u64 = 1_000_000_000;

/// A session between two pipes whose ends this test holds.
struct Between {
    desk: Desk,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// What is left of it.
struct Over {
    code: Option<i32>,
    err: String,
    stream: Value,
    degraded: Vec<String>,
    frames: usize,
}

impl Between {
    fn start() -> Self {
        let desk = Desk::new();
        desk.install(reference().files());
        let arguments = ["run", "-", "-", "--pace", "realtime", "--no-control"];
        let mut command = desk.command(arguments);
        command.args(["--raw", "f32le:48000:1", "--stage", "segue.gain gain_db=0"]);
        command.args(["--report", "report.json"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = child.stdout.take().unwrap();
        Self {
            desk,
            child,
            input,
            output,
        }
    }

    fn give(&mut self, frames: usize) {
        self.input
            .write_all(&vec![0; frames * FRAME_BYTES])
            .unwrap();
    }

    fn take(&mut self, frames: usize) {
        self.output
            .read_exact(&mut vec![0; frames * FRAME_BYTES])
            .unwrap();
    }

    /// Gives and takes so many frames, a tenth of a second ahead.
    fn flow(&mut self, frames: usize) {
        self.give(AHEAD_FRAMES);
        for _ in 0..frames / AHEAD_FRAMES - 1 {
            self.give(AHEAD_FRAMES);
            self.take(AHEAD_FRAMES);
        }
        self.take(AHEAD_FRAMES);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn finish(self) -> Over {
        let Self {
            desk,
            child,
            input,
            mut output,
        } = self;
        drop(input);
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).unwrap();
        let done = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        let report = std::fs::read(desk.path("report.json")).expect(&err);
        let report: Value = serde_json::from_slice(&report).unwrap();
        let degraded = report["degraded"].as_array().unwrap().iter();
        Over {
            code: done.status.code(),
            err,
            stream: report["stream"].clone(),
            degraded: degraded
                .map(|one| one.as_str().unwrap().to_owned())
                .collect(),
            frames: rest.len() / FRAME_BYTES,
        }
    }
}

impl Over {
    /// The stalls of one side: how many, and the worst of them.
    fn stalls(&self, side: &str) -> (u64, u64) {
        let sides = self.stream["stalls"]["sides"].as_array().unwrap();
        let found = sides.iter().find(|one| one["side"] == side);
        let number = |key: &str| found.map_or(0, |one| one[key].as_u64().unwrap());
        (number("count"), number("worst_ns"))
    }

    /// One outage of this side, which is told everywhere; none of another, and no catching up.
    fn check(&self, side: &str) {
        let (count, worst_ns) = self.stalls(side);
        assert!(count >= 1 && worst_ns >= OUTAGE_NS, "{}", self.stream);
        for other in ["input", "output", "taps", "host"] {
            let is_outage = self.stalls(other).1 >= OUTAGE_NS;
            assert_eq!(is_outage, other == side, "{other}: {}", self.stream);
        }
        assert!(self.stream["late_blocks"].as_u64().unwrap() >= 1);
        assert!(self.stream["lateness"]["max_ns"].as_u64().unwrap() >= OUTAGE_NS);
        let elapsed_ns = self.stream["elapsed_ns"].as_u64().unwrap();
        let frames = self.stream["frames_in"].as_u64().unwrap();
        let lasts_ns = frames * 1_000_000_000 / RATE_HZ as u64;
        // The stall and the stream, but for what counts as none and may be caught up.
        assert!(
            elapsed_ns + 100_000_000 >= lasts_ns + worst_ns,
            "caught up: {}",
            self.stream
        );
        assert!(self.err.contains("stall: "), "{}", self.err);
    }
}

/// The side of the pipe that this test holds does nothing for a while.
fn hold(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        park_timeout(end - Instant::now());
    }
}

#[test]
fn an_input_that_stalls_is_told_and_not_caught_up() {
    let mut between = Between::start();
    between.flow(HALF_FRAMES);
    hold(HELD);
    between.flow(HALF_FRAMES);
    let over = between.finish();
    over.check("input");
    assert_eq!(over.code, Some(4), "{}", over.err);
    assert!(over.degraded[0].contains("waiting for the input"));
    assert_eq!(over.frames, 0);
}

#[test]
fn an_output_that_nobody_reads_is_told_and_loses_nothing() {
    let mut between = Between::start();
    between.flow(HALF_FRAMES);
    // More than both pipes hold, so that the session waits for its output.
    let mut input = File::from(between.input.as_fd().try_clone_to_owned().unwrap());
    let feeder = std::thread::spawn(move || {
        let bytes = vec![0; 3 * HALF_FRAMES * FRAME_BYTES];
        input.write_all(&bytes).unwrap();
    });
    hold(HELD);
    between.take(3 * HALF_FRAMES);
    feeder.join().unwrap();
    let over = between.finish();
    over.check("output");
    assert_eq!(
        (over.code, &over.degraded[..]),
        (Some(0), &[][..]),
        "{}",
        over.err
    );
    assert_eq!(over.frames, 0);
}

#[test]
fn a_host_that_was_stopped_is_late_by_itself() {
    for is_fed in [true, false] {
        let mut between = Between::start();
        between.flow(HALF_FRAMES);
        if is_fed {
            between.give(AHEAD_FRAMES); // Else it is stopped while it waits for its input.
        }
        between.signal(Signal::STOP);
        let pid = Pid::from_child(&between.child);
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        if !is_fed {
            between.give(AHEAD_FRAMES);
        }
        hold(STOPPED);
        between.signal(Signal::CONT);
        between.take(AHEAD_FRAMES);
        between.flow(HALF_FRAMES);
        let over = between.finish();
        over.check("host");
        assert_eq!(over.code, Some(4), "{}", over.err);
        assert!(over.degraded[0].contains("waiting for the host itself"));
    }
}

/// A run of a quarter of a second whose configuration wants priority, by rights or without.
fn run(realtime: &str, pace: &str, rights: Rights) -> (Option<i32>, String, Value) {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.write(
        "plugins.toml",
        format!(
            "[host]\nrealtime = \"{realtime}\"\n[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n"
        ),
    );
    segue_tests::wav::write_16(&desk.path("in.wav"), 48_000, &[vec![7_i16; RATE_HZ / 4]]);
    let plain = desk.command([
        "run",
        "in.wav",
        "out.wav",
        "--config",
        "plugins.toml",
        "--report",
        "report.json",
        "--pace",
        pace,
    ]);
    let mut command = match rights {
        Rights::Own => plain,
        Rights::None => without_rights(&plain),
    };
    command.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere");
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = std::fs::read(desk.path("report.json")).ok();
    let report = report.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
    (
        output.status.code(),
        err,
        report["stream"]["priority"].clone(),
    )
}

#[derive(Clone, Copy)]
enum Rights {
    /// Those that the test has.
    Own,
    /// Without that to a real-time priority.
    None,
}

/// The same, without the right to a real-time priority, which root would have.
fn without_rights(command: &Command) -> Command {
    let is_root = rustix::process::getuid().is_root();
    let dropped = match is_root {
        true => "exec setpriv --bounding-set=-sys_nice prlimit --rtprio=0 \"$0\" \"$@\"",
        false => "exec prlimit --rtprio=0 \"$0\" \"$@\"",
    };
    segue_tests::record::in_shell(command, dropped)
}

#[test]
fn priority_is_asked_for_at_the_pace_of_the_stream_alone() {
    for (realtime, pace) in [("off", "realtime"), ("require", "fast"), ("try", "fast")] {
        let (code, err, priority) = run(realtime, pace, Rights::None);
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(priority["state"], "not_asked");
    }
    let (code, err, priority) = run("try", "realtime", Rights::Own);
    assert_eq!(code, Some(0), "{err}");
    match priority["state"].as_str() {
        Some("granted") => {
            assert_eq!(
                (&priority["policy"], &priority["by"]),
                (&"fifo".into(), &"system".into())
            );
        }
        Some("refused") => assert!(priority["reason"].as_str().unwrap().contains("rtkit")),
        _ => panic!("{priority}"),
    }
}

#[test]
fn a_run_that_requires_priority_and_does_not_get_it_is_refused() {
    let (code, err, _) = run("require", "realtime", Rights::None);
    assert_eq!(code, Some(2), "{err}");
    let expected = "`host.realtime` is `require`, and there is no real-time priority: the system \
                    says `Operation not permitted";
    assert!(err.contains(expected), "{err}");
    let (code, err, priority) = run("try", "realtime", Rights::None);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(priority["state"], "refused");
    assert!(err.contains("priority: no real-time priority: "), "{err}");
}
