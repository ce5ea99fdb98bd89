//! A library that is rewritten again and again under a session that keeps the stream's pace and
//! takes what is new: whole, cut off, renamed over, deleted and made again.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::live::{Live, RAW};
use segue_tests::script::SAMPLE_RATE_HZ;

/// How many frames lie between two rewritings: 200 ms of the stream, which is how they are timed.
const EVERY_FRAMES: usize = SAMPLE_RATE_HZ as usize / 5;

/// How often the library is rewritten, and how often where there is time: 5 s and 30 s.
const REWRITINGS: usize = 25;
const REWRITINGS_LONG: usize = 150;

/// With this variable the long run is made.
const LONG: &str = "SEGUE_LONG";

/// How long the last version may take to be heard, in frames.
const PATIENCE_FRAMES: usize = 60 * SAMPLE_RATE_HZ as usize;

/// What the two builds make of the signal.
const FACTORS: [f32; 2] = [0.501_187_2, 0.251_188_64];

/// A signal of which every frame is another for a while: one that is missing is seen.
fn saw(frame: usize) -> f32 {
    0.25 + (frame % 997) as f32 / 4_000.0
}

/// Puts content at the library's path, in one of the ways in which libraries are replaced.
fn rewrite(desk: &Desk, how: usize, content: &[u8]) {
    let path = desk.path("plugins/library.so");
    match how % 3 {
        0 => fs::write(&path, content).unwrap(),
        1 => {
            let beside = desk.write("library.new", content);
            fs::rename(beside, &path).unwrap();
        }
        _ => {
            fs::remove_file(&path).unwrap();
            fs::write(&path, content).unwrap();
        }
    }
}

#[test]
fn a_library_rewritten_under_a_live_session_never_costs_a_frame_and_the_last_one_wins() {
    let builds = ["swap-2", "swap-3"].map(|plugin| fs::read(test_plugin(plugin)).unwrap());
    let desk = Desk::new();
    rewrite(&desk, 0, &builds[0]);
    desk.write(
        "plugins.toml",
        "[plugins]\nwatch = \"swap\"\n\n[[stage]]\nid = \"one\"\ncomponent = \"test.swap\"\n",
    );
    let mut command = desk.command(["run", "-", "-", "--config", "plugins.toml", "--raw", RAW]);
    command.args(["--pace", "realtime", "--report", "report.json"]);
    let mut live = Live::start(&mut command, saw);
    live.hear(EVERY_FRAMES);
    let long = std::env::var_os(LONG).is_some();
    let rewritings = if long { REWRITINGS_LONG } else { REWRITINGS };
    for turn in 1..=rewritings {
        let build = &builds[turn / 2 % 2];
        // Half of the time it is cut off, each time elsewhere.
        let end = if turn % 2 == 0 {
            build.len()
        } else {
            build.len() * (turn % 10 + 1) / 11
        };
        rewrite(&desk, turn, &build[..end]);
        live.hear((turn + 1) * EVERY_FRAMES);
    }
    // The last one is whole, and another one than was heard at the start.
    rewrite(&desk, 1, &builds[1]);
    let patience = live.heard.len() + PATIENCE_FRAMES;
    loop {
        let frames = live.heard.len() + EVERY_FRAMES;
        assert!(frames < patience, "the last version is not heard");
        let part = live.hear(frames);
        let from = frames - part.len();
        let last = |(at, sample): (usize, &f32)| *sample == saw(from + at) * FACTORS[1];
        if part.iter().enumerate().all(last) {
            break;
        }
    }
    let over = live.finish();
    assert!(
        matches!(over.code, Some(0 | 4)),
        "{:?} {}",
        over.code,
        over.err
    );
    for (frame, sample) in over.heard.iter().enumerate() {
        let ratio = sample / saw(frame);
        let range = FACTORS[1] - 1e-4..=FACTORS[0] + 1e-4;
        assert!(range.contains(&ratio), "frame {frame}: {sample}");
    }
    let report = fs::read(desk.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["complete"], true, "{}", over.err);
    assert_eq!(report["stream"]["frames_in"], over.heard.len());
    assert_eq!(report["stream"]["frames_out"], over.heard.len());
    let stage = &report["stages"][0];
    assert_eq!(stage["faults"], serde_json::Value::Array(Vec::new()));
    assert_eq!(report["generations"].as_array().unwrap().len(), 2);
}
