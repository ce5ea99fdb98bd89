//! Siege: everything outside that a session could wait for keeps it waiting, and it does not wait: a
//! slow disk, standard error, a service manager and clients that nobody reads. The audio goes on,
//! and the end comes; also where a stage does not come back.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Child, Stdio};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use segue_tests::air::{Air, Ears};
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::Desk;
use segue_tests::record::{RATE_HZ, Studio, until};
use segue_tests::wav;

/// How many values the timeline sets, one every 10 ms: more than a small pipe, the queue of a
/// datagram socket and the buffer of a stream socket hold of what is told about them.
const SETS: usize = 400;

/// Where the last one falls to.
const LAST_DB: f32 = -6.0;

fn factor(gain_db: f32) -> f32 {
    10.0_f32.powf(gain_db / 20.0)
}

fn gain(gain_db: f32) -> String {
    format!(
        "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\nparams = {{ gain_db = {gain_db} }}\n"
    )
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install([reference().file("segue-gain")]);
    desk
}

/// A timeline of many changes, in seconds 1 to 5.
fn timeline(desk: &Desk) {
    let mut text = String::new();
    for number in 0..SETS {
        let at = 48_000 + number * 480;
        let value = if number + 1 == SETS { LAST_DB } else { -1.0 };
        writeln!(
            text,
            "[[change]]\nat_frames = {at}\nset = {{ stage = \"gain\", param = \"gain_db\", value = {value:.1} }}"
        )
        .unwrap();
    }
    desk.write("timeline.toml", text);
}

/// The control socket of a session, with its greeting read.
fn client(air: &Air) -> BufReader<UnixStream> {
    let folder = fs::read_dir(air.desk.path("runtime/segue")).unwrap();
    let mut paths = folder.map(|entry| entry.unwrap().path());
    let socket = paths.find(|path| path.extension().is_some_and(|end| end == "sock"));
    let mut stream = BufReader::new(UnixStream::connect(socket.unwrap()).unwrap());
    stream.read_line(&mut String::new()).unwrap();
    stream
}

#[test]
fn a_slow_disk_holds_up_a_reload_and_a_save_and_nothing_else() {
    let desk = desk();
    let slow = desk.path("state/disk-is-slow");
    let air = Air::start_as(desk, &gain(0.0), Ears::Open, |command| {
        command.env("SEGUE_TEST_SLOW_DISK", &slow);
    });
    air.wait_for(1.0);
    air.save(&gain(-9.0));
    for (command, set_db) in [(["reload"], -1.0), (["save"], -4.0)] {
        if command == ["save"] {
            let _ = air.done(&["set", "gain", "gain_db", "-5"]);
        }
        let reached = slow.with_extension("reached");
        let _ = fs::remove_file(&reached);
        fs::write(&slow, "").unwrap();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| air.ctl(&command));
            until("the disk is asked", || reached.exists());
            // What is asked meanwhile is answered, and what is set is heard.
            assert_eq!(air.status()["state"], "running");
            let _ = air.done(&["set", "gain", "gain_db", &set_db.to_string()]);
            air.wait_for(factor(set_db));
            air.stays(factor(set_db));
            fs::remove_file(&slow).unwrap();
            let _ = asked.join().unwrap().expect(0);
        });
    }
    // What was written is the file's, what was set since is not.
    assert!(air.saved().contains("gain_db = -5"), "{}", air.saved());
    let expected = ("gain.params.gain_db".to_owned(), "-4".to_owned());
    assert_eq!(air.overrides(), [expected]);
    air.stays(factor(-4.0));
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
}

#[test]
fn what_is_no_file_is_refused_and_the_audio_goes_on() {
    let desk = desk();
    let pipe = desk.path("pipe.toml");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let paths = ["pipe.toml", "/proc/kmsg", "/dev/zero"];
    let edits = paths.iter().enumerate().map(|(number, path)| {
        let at = 24_000 * (number + 1);
        format!("[[change]]\nat_frames = {at}\nedit = {{ config = \"{path}\" }}\n")
    });
    desk.write("timeline.toml", edits.collect::<String>());
    let air = Air::start(desk, &gain(LAST_DB), &["--timeline", "timeline.toml"]);
    air.wait_for(factor(LAST_DB));
    let status =
        air.wait_until(|status| status["receipts"].as_array().unwrap().len() == paths.len());
    for receipt in status["receipts"].as_array().unwrap() {
        assert_eq!(receipt["verdict"], "refused", "{receipt:#}");
    }
    fs::rename(&pipe, air.desk.path("plugins.toml")).unwrap();
    let why = air.refused(&["reload"], 3);
    assert!(why.contains("is not a regular file"), "{why}");
    air.stays(factor(LAST_DB));
    let over = air.finish();
    // What a timeline wants and does not get degrades the run.
    assert_eq!(over.code, Some(4), "{}", over.err);
}

#[test]
fn standard_error_that_nobody_reads_holds_up_nothing() {
    for more in [&[][..], &["--log", "json", "-vv"]] {
        let desk = desk();
        timeline(&desk);
        let air = Air::start_as(desk, &gain(0.0), Ears::Closed, |command| {
            command.args(["--timeline", "timeline.toml"]).args(more);
        });
        air.wait_for(factor(LAST_DB));
        let _ = air.done(&["set", "gain", "gain_db", "0"]);
        air.wait_for(1.0);
        let _ = air.done(&["stop"]);
        let over = air.wait();
        assert_eq!(over.code, Some(0), "{}", over.err);
        let changes = over.report["changes"].as_array().unwrap();
        assert_eq!(changes.len(), SETS + 1);
    }
}

#[test]
fn a_service_manager_that_does_not_read_holds_up_nothing() {
    let desk = desk();
    timeline(&desk);
    let _silent = UnixDatagram::bind(desk.path("notify")).unwrap();
    let socket = desk.path("notify");
    let air = Air::start_as(desk, &gain(0.0), Ears::Open, |command| {
        command.args(["--timeline", "timeline.toml"]);
        command.env("NOTIFY_SOCKET", socket);
    });
    air.wait_for(factor(LAST_DB));
    air.stays(factor(LAST_DB));
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    let expected = "the service manager does not read what this session tells it";
    assert!(over.err.contains(expected), "{}", over.err);
}

#[test]
fn clients_that_do_not_read_hold_up_nothing_and_are_left() {
    let desk = desk();
    timeline(&desk);
    let air = Air::start(desk, &gain(0.0), &["--timeline", "timeline.toml"]);
    air.wait_for(1.0);
    let mut follower = client(&air);
    let order = b"{\"id\":1,\"command\":\"events\"}\n";
    follower.get_mut().write_all(order).unwrap();
    let mut asker = client(&air);
    // Answers of a few kilobytes each: more than a socket holds.
    let order = b"{\"id\":1,\"command\":\"status\"}\n".repeat(200);
    asker.get_mut().write_all(&order).unwrap();
    air.wait_for(factor(LAST_DB));
    assert_eq!(air.status()["state"], "running");
    air.stays(factor(LAST_DB));
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    for mut left in [follower, asker] {
        let mut rest = Vec::new();
        left.read_to_end(&mut rest).unwrap();
        assert!(!rest.is_empty());
    }
}

/// A run with a stage that hangs in a block behind the first second. It ends with the test.
struct Hung {
    studio: Studio,
    child: Child,
}

impl Drop for Hung {
    fn drop(&mut self) {
        // It is over, unless the test failed.
        let _ = self.child.kill();
    }
}

impl Hung {
    /// Waits until it hangs.
    fn start(pace: &str) -> Self {
        let studio = Studio::new(60);
        studio.desk.install([test_plugin("faulty")]);
        let config = format!(
            "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/panics\"\n\
             params = {{ from_frame = {RATE_HZ} }}\nsettings = {{ hang_in = \"process\" }}\n"
        );
        studio.desk.write("plugins.toml", config);
        let arguments = ["run", "in.wav", "rec.wav", "--pace", pace];
        let mut command = studio.desk.command(arguments);
        command.args(["--config", "plugins.toml", "--report", "report.json"]);
        command.env("SEGUE_TEST_MARK", studio.desk.path("mark"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        until("the stage hangs", || studio.desk.path("mark").exists());
        Self { studio, child }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id() as i32).unwrap(), signal).unwrap();
    }

    /// Waits for its end, which has a deadline; what it said.
    #[track_caller]
    fn ends(&mut self) -> String {
        let mut code = None;
        until("it ends", || {
            let status = self.child.try_wait().unwrap();
            code = status.map(|status| status.code());
            status.is_some()
        });
        let mut err = String::new();
        let pipe = self.child.stderr.as_mut().unwrap();
        pipe.read_to_string(&mut err).unwrap();
        assert_eq!(code.unwrap(), Some(1), "{err}");
        let hangs = "stage `bad` (test.faulty.panics 1.0.0) has not come back from a call for ";
        assert!(err.contains(hangs), "{err}");
        assert!(err.contains("its thread was left behind"), "{err}");
        assert!(err.contains("report.json was not written: "), "{err}");
        assert!(!self.studio.desk.path("report.json").exists());
        assert_eq!(self.studio.names(".segue"), [""; 0]);
        err
    }
}

#[test]
fn what_was_recorded_until_a_stage_hung_is_kept_and_the_first_signal_is_heard() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut hung = Hung::start("realtime");
        hung.signal(signal);
        let err = hung.ends();
        assert!(err.contains("rec.wav holds 1.0 s\n"), "{err}");
        let frames = wav::read(&hung.studio.desk.path("rec.wav"))[0].len();
        let expected = RATE_HZ as usize - 1_024..=RATE_HZ as usize;
        assert!(expected.contains(&frames), "{frames}");
    }
}

#[test]
fn who_asks_a_session_that_hangs_hears_of_the_stage_and_can_stop_it() {
    let mut hung = Hung::start("realtime");
    let desk = &hung.studio.desk;
    let stuck = "stuck: stage `bad` (test.faulty.panics 1.0.0) has not come back from a call for ";
    // Whoever asks in the first second hears that the host itself is waited for.
    until("the stage is named", || {
        let status = desk.segue(["ctl", "status"]);
        status.text().contains(stuck) || status.err.contains(stuck)
    });
    let stop = desk.segue(["ctl", "stop"]).expect(0).text();
    let named = stop.starts_with("the session ends") && stop.contains("stage `bad` (test.faulty");
    assert!(named, "{stop}");
    let err = hung.ends();
    assert!(err.contains("rec.wav holds 1.0 s\n"), "{err}");
}

#[test]
fn of_a_fast_run_that_hangs_nothing_is_left_but_words() {
    let mut hung = Hung::start("fast");
    hung.signal(Signal::TERM);
    let err = hung.ends();
    assert!(err.contains("rec.wav was not written\n"), "{err}");
    assert!(!hung.studio.desk.path("rec.wav").exists());
}
