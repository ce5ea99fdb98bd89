//! A session at the pace of the stream, changed from outside: by a signal, by a saved file, by
//! `segue ctl`. What is heard is waited for in frames of the stream, never in time.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk};
use segue_tests::live::{Live, Over, RAW};
use segue_tests::script::SAMPLE_RATE_HZ;
use serde_json::Value;

/// How much is heard at once.
const PART_FRAMES: usize = SAMPLE_RATE_HZ as usize / 20;

/// How long a change may take to be heard, in frames.
const PATIENCE_FRAMES: usize = 60 * SAMPLE_RATE_HZ as usize;

/// What goes in.
const LEVEL: f32 = 0.25;

/// A session under test.
struct Session {
    desk: Desk,
    live: Live,
}

/// A file in which one stage halves the signal, times `more`.
fn file(reload: &str, more: &str) -> String {
    format!(
        "# On the air.\n[host]\nreload = \"{reload}\"\n\n[[stage]] # the only one\nid = \"one\"\n\
         component = \"test.provider/scale\"\nparams = {{ more = {more} }} # loud enough\n"
    )
}

impl Session {
    fn start(content: &str) -> Self {
        let desk = Desk::new();
        desk.install([test_plugin("provider-1")]);
        desk.write("plugins.toml", content);
        let mut command = desk.command(["run", "-", "-", "--config", "plugins.toml", "--raw", RAW]);
        command.args(["--pace", "realtime", "--report", "report.json"]);
        let live = Live::start(&mut command, |_| LEVEL);
        let mut session = Self { desk, live };
        session.wait_for(0.5);
        session
    }

    /// Hears until the signal is the input times `factor`, for a whole part.
    #[track_caller]
    fn wait_for(&mut self, factor: f32) {
        let patience = self.live.heard.len() + PATIENCE_FRAMES;
        while self.live.heard.len() < patience {
            if self.hears_only(factor) {
                return;
            }
        }
        let last = self.live.heard.last();
        panic!("{} is not heard, but {last:?}", factor * LEVEL);
    }

    /// Whether the next part is the input times `factor` throughout.
    #[track_caller]
    fn hears_only(&mut self, factor: f32) -> bool {
        let part = self.live.hear(self.live.heard.len() + PART_FRAMES);
        part.iter().all(|sample| *sample == LEVEL * factor)
    }

    /// Nothing changes for a second.
    #[track_caller]
    fn stays(&mut self, factor: f32) {
        for _ in 0..20 {
            assert!(self.hears_only(factor), "{factor} is not heard any more");
        }
    }

    fn hang_up(&self) {
        let pid = Pid::from_raw(self.live.id().cast_signed()).unwrap();
        kill_process(pid, Signal::HUP).unwrap();
    }

    /// Saves as editors do: a new file beside it, then renamed over it.
    fn save(&self, content: &str) {
        let beside = self.desk.write("plugins.toml~", content);
        fs::rename(beside, self.desk.path("plugins.toml")).unwrap();
    }

    fn ctl(&self, arguments: &[&str]) -> Answer {
        self.desk.segue(["ctl"].iter().chain(arguments))
    }

    fn status(&self) -> Value {
        let answer = self.ctl(&["status", "--json"]).expect(0).json();
        answer["status"].clone()
    }

    /// Ends it: every frame that went in came out.
    #[track_caller]
    fn finish(self, codes: &[i32]) -> (Over, Value) {
        let over = self.live.finish();
        let is_expected = over.code.is_some_and(|code| codes.contains(&code));
        assert!(is_expected, "{:?} {}", over.code, over.err);
        let report = fs::read(self.desk.path("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["stream"]["frames_in"], over.heard.len());
        (over, report)
    }
}

#[test]
fn a_hang_up_applies_the_file_and_a_mistake_is_explained() {
    let mut session = Session::start(&file("manual", "1.0"));
    session.save(&file("manual", "2.0"));
    session.stays(0.5); // Nothing changes unasked.
    session.hang_up();
    session.wait_for(1.0);
    session.save(&file("manual", "2.0 }\ntypo = { x = 1"));
    session.hang_up();
    session.stays(1.0);
    // A file that somebody has begun to write is no wish to have nothing.
    session.save("");
    session.hang_up();
    session.stays(1.0);
    session.save(&file("manual", "0.5"));
    session.hang_up();
    session.wait_for(0.25);
    let (over, report) = session.finish(&[0]);
    assert!(over.err.contains("plugins.toml:9:1"), "{}", over.err);
    assert!(over.err.contains("typo"), "{}", over.err);
    assert!(over.err.contains("is empty"), "{}", over.err);
    let changes = report["changes"].to_string();
    assert!(changes.contains("SIGHUP"), "{changes}");
}

#[test]
fn a_saved_file_is_applied_at_once_where_the_file_says_so() {
    let mut session = Session::start(&file("on-save", "1.0"));
    session.save(&file("on-save", "2.0"));
    session.wait_for(1.0);
    session.save("[[stage]\n");
    session.stays(1.0);
    session.save(&file("on-save", "0.5"));
    session.wait_for(0.25);
    // What the new file says of reloads holds from then on.
    session.save(&file("manual", "0.5"));
    session.stays(0.25);
    let (over, _) = session.finish(&[0]);
    assert!(over.err.contains("plugins.toml:1:"), "{}", over.err);
}

#[test]
fn ctl_finds_the_session_sets_saves_and_resets() {
    let mut session = Session::start(&file("manual", "1.0"));
    let status = session.status();
    assert_eq!(status["stages"][0]["id"], "one", "{status:#}");
    let _ = session.ctl(&["set", "one", "more", "2.0"]).expect(0);
    session.wait_for(1.0);
    // An override outlives a reload of a file that says nothing new about it.
    let _ = session.ctl(&["reload"]).expect(0);
    session.stays(1.0);
    let status = session.status();
    assert_eq!(status["overrides"][0]["key"], "one.params.more");
    let _ = session.ctl(&["reset", "one.params.more"]).expect(0);
    session.wait_for(0.5);
    let _ = session.ctl(&["set", "one", "more", "0.5", "--why", "too loud"]);
    session.wait_for(0.25);
    let _ = session.ctl(&["save"]).expect(0);
    let saved = fs::read_to_string(session.desk.path("plugins.toml")).unwrap();
    assert_eq!(saved, file("manual", "0.5"), "all else as it was");
    let _ = session.ctl(&["bypass", "one"]).expect(0);
    session.wait_for(1.0);
    let _ = session.ctl(&["bypass", "one", "--off"]).expect(0);
    session.wait_for(0.25);
    let unknown = session.ctl(&["swap", "nobody"]);
    assert_ne!(unknown.code, Some(0));
    assert!(unknown.err.contains("nobody"), "{}", unknown.err);
    let _ = session.finish(&[0]);
}
