//! Ends: a stream at its own pace that is ended while it waits for a side, or whose file is taken
//! from it, loses nothing that could be kept and says what is not there.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::record::{Studio, until};
use segue_tests::wav;
use serde_json::Value;

/// Frames per second.
const RATE_HZ: usize = 48_000;

/// The bytes of a frame.
const FRAME_BYTES: usize = 2;

/// From here on a stall is an outage.
const OUTAGE_NS: u64 = 1_000_000_000;

/// More than a pipe holds: two seconds.
const LONG_FRAMES: usize = 2 * RATE_HZ;

/// A session that reads a pipe whose other end this test holds.
struct Piped {
    desk: Desk,
    child: Child,
    input: Option<ChildStdin>,
}

impl Piped {
    /// One that writes to `output`, after `prepare` put there what it wants.
    fn start(output: &str, more: &[&str], prepare: impl FnOnce(&Desk)) -> Self {
        let desk = Desk::new();
        desk.install(reference().files());
        prepare(&desk);
        let mut command = desk.command(["run", "-", output, "--pace", "realtime"]);
        command.args(["--raw", "s16le:48000:1", "--stage", "segue.gain gain_db=0"]);
        command.args(["--report", "report.json"]).args(more);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        Self { desk, child, input }
    }

    fn give(&mut self, frames: usize) {
        let input = self.input.as_mut().unwrap();
        input.write_all(&vec![1; frames * FRAME_BYTES]).unwrap();
    }

    fn ctl(&self, command: &str) -> String {
        let answer = self.desk.segue(["ctl", command]);
        answer.text() + &answer.err
    }

    fn end(&self, how: End) {
        match how {
            End::By(signal) => kill_process(Pid::from_child(&self.child), signal).unwrap(),
            End::OnRequest => {
                let said = self.ctl("stop");
                assert!(said.contains("the session ends"), "{said}");
            }
        }
    }

    /// The exit code and standard error, once it has ended; both pipes are open until then.
    fn over(self) -> (Option<i32>, String, Desk) {
        let Self { desk, child, input } = self;
        let out = child.wait_with_output().unwrap();
        drop(input);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        (out.status.code(), err, desk)
    }
}

/// How a session is ended.
#[derive(Debug, Clone, Copy)]
enum End {
    By(Signal),
    OnRequest,
}

/// A session of which nothing was heard leaves what has its output's name, or nothing.
#[track_caller]
fn check_empty(name: &str, end: End, was_there: bool) {
    let more: &[&str] = if was_there { &["--overwrite"] } else { &[] };
    let take = Piped::start(name, more, |desk| {
        if was_there {
            desk.write(name, "an earlier take");
        }
    });
    until("it can be asked", || take.ctl("status").contains("gain"));
    take.end(end);
    let (found, err, desk) = take.over();
    let (code, said) = match end {
        End::By(_) => (143, "stopped by SIGTERM"),
        // It waits for its input, and is ended as by a signal.
        End::OnRequest => (143, "stopped by SIGTERM"),
    };
    assert_eq!(found, Some(code), "{name} {end:?}: {err}");
    let expected = format!("{said}; {name} was not written\n");
    assert!(err.ends_with(&expected), "{name} {end:?}: {err}");
    let left = fs::read_to_string(desk.path(name)).ok();
    let expected = was_there.then_some("an earlier take");
    assert_eq!(left.as_deref(), expected, "{name} {end:?}");
    let names = fs::read_dir(desk.path("")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name());
    let marker = names.find(|name| name.to_string_lossy().starts_with(".segue"));
    assert_eq!(marker, None, "{name} {end:?}");
}

#[test]
fn what_ends_before_its_first_frame_takes_the_place_of_nothing() {
    thread::scope(|scope| {
        for name in ["rec.wav", "rec.flac", "rec.aiff", "rec.raw"] {
            for end in [End::By(Signal::TERM), End::OnRequest] {
                scope.spawn(move || check_empty(name, end, true));
            }
        }
        scope.spawn(|| check_empty("new.wav", End::By(Signal::TERM), false));
    });
}

/// A session that waits for a side hears of no end: after two seconds it is ended as by a signal.
#[track_caller]
fn check_stopped(take: Piped, kept: &str, side: &str) -> Desk {
    take.end(End::OnRequest);
    let (code, err, desk) = take.over();
    assert_eq!(code, Some(143), "{err}");
    assert!(
        err.contains("stopped by SIGTERM; ") && err.contains(kept),
        "{err}"
    );
    let report: Value =
        serde_json::from_slice(&fs::read(desk.path("report.json")).unwrap()).unwrap();
    let sides = report["stream"]["stalls"]["sides"].as_array().unwrap();
    let found = sides.iter().find(|one| one["side"] == side);
    let worst_ns = found.and_then(|one| one["worst_ns"].as_u64());
    let is_outage = worst_ns.is_some_and(|worst_ns| worst_ns >= OUTAGE_NS);
    assert!(is_outage, "{sides:#?}");
    desk
}

#[test]
fn a_stall_of_the_input_that_lasts_until_the_end_is_counted() {
    let mut take = Piped::start("rec.wav", &[], |_| {});
    take.give(RATE_HZ);
    until("the input is waited for", || {
        take.ctl("status").contains("waits for the input")
    });
    let desk = check_stopped(take, "rec.wav holds 1.0 s\n", "input");
    let samples = &wav::read(&desk.path("rec.wav"))[0];
    // A turn that is not full waits for the rest of its frames.
    let expected = RATE_HZ - 256..=RATE_HZ;
    assert!(expected.contains(&samples.len()), "{}", samples.len());
    let sample = 257.0 / 32_768.0;
    assert!(samples.iter().all(|found| *found == sample));
}

#[test]
fn a_stall_of_the_reader_that_lasts_until_the_end_is_counted() {
    let mut take = Piped::start("-", &[], |_| {});
    let mut read = take.child.stdout.take().unwrap();
    take.give(1_024);
    read.read_exact(&mut [0; 4]).unwrap();
    let mut input = take.input.take().unwrap();
    let feeder = thread::spawn(move || input.write_all(&vec![1; LONG_FRAMES * FRAME_BYTES]));
    until("the reader is waited for", || {
        take.ctl("status").contains("waits for the output")
    });
    let _ = check_stopped(take, " s went to standard output\n", "output");
    let _ = feeder.join();
    drop(read);
}

#[test]
fn a_recording_whose_file_was_taken_from_its_name_says_so() {
    for what in ["deleted", "renamed", "replaced"] {
        let studio = Studio::new(60);
        let mut take = studio.record("rec.wav", 16_000);
        take.wait_for_goal();
        let (path, old) = (studio.desk.path("rec.wav"), studio.desk.path("old.wav"));
        match what {
            "deleted" => fs::remove_file(&path).unwrap(),
            _ => fs::rename(&path, &old).unwrap(),
        }
        if what == "replaced" {
            studio.desk.write("rec.wav", "another file");
        }
        kill_process(Pid::from_raw(take.id() as i32).unwrap(), Signal::TERM).unwrap();
        let over = take.wait();
        assert_eq!(over.code, Some(1), "{what}: {}", over.err);
        let said = "rec.wav is not what was written: meanwhile somebody deleted, moved or replaced";
        assert!(over.err.contains(said), "{what}: {}", over.err);
        assert!(!over.err.contains("holds"), "{what}: {}", over.err);
        assert_eq!(studio.names(".segue"), [""; 0], "{what}");
        match what {
            "renamed" => assert!(wav::read(&old)[0].len() >= 16_000),
            "replaced" => {
                let left = fs::read_to_string(&path).unwrap();
                assert_eq!(left, "another file");
            }
            _ => assert!(!path.exists()),
        }
    }
}
