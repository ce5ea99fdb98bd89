//! A thousand swaps between two versions take no more than two: resident libraries, memory, file
//! descriptors, threads.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::live::{Live, RAW};
use segue_tests::script::Changes;
use serde_json::Value;

/// How many swaps there are.
const SWAPS: usize = 1_000;

/// How many frames lie between two of them: odd, and longer than a fade.
const DISTANCE_FRAMES: usize = 2_401;

/// How much more memory may be resident at the end than after the first few swaps, in KiB: each swap
/// leaves its receipt, which takes 1.2 KiB and is kept for the report; an instance that is left
/// behind, with its history, takes more than 100.
const GROWTH_KIB_MAX: i64 = 2 * SWAPS as i64;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    resident_kib: i64,
    descriptors: usize,
    threads: usize,
    /// Files of the private store that are mapped.
    libraries: usize,
}

impl Held {
    fn of(process: u32) -> Self {
        let folder = format!("/proc/{process}");
        let status = fs::read_to_string(format!("{folder}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.unwrap().trim().trim_end_matches(" kB");
        let maps = fs::read_to_string(format!("{folder}/maps")).unwrap();
        let mut libraries: Vec<_> = maps
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5))
            .filter(|path| path.contains("/segue/store/"))
            .collect();
        libraries.sort_unstable();
        libraries.dedup();
        Self {
            resident_kib: resident.parse().unwrap(),
            descriptors: fs::read_dir(format!("{folder}/fd")).unwrap().count(),
            threads: fs::read_dir(format!("{folder}/task")).unwrap().count(),
            libraries: libraries.len(),
        }
    }
}

/// Never silent, and another value at each frame for a while.
fn saw(frame: usize) -> f32 {
    0.25 + (frame % 997) as f32 / 4_000.0
}

#[test]
fn a_thousand_alternating_swaps_leave_two_generations_and_nothing_else() {
    let desk = Desk::new();
    desk.install(["swap-1", "swap-2"].map(test_plugin));
    let changes = (1..=SWAPS).fold(Changes::new(), |changes, swap| {
        let version = ["1.1.0", "1.0.0"][swap % 2];
        let more = format!(", version = \"={version}\"");
        changes.swap(swap * DISTANCE_FRAMES, "one", &more)
    });
    desk.write("changes.toml", changes.text());
    desk.write(
        "plugins.toml",
        "[[stage]]\nid = \"one\"\ncomponent = \"test.swap\"\n",
    );
    let mut command = desk.command(["run", "-", "-", "--config", "plugins.toml", "--raw", RAW]);
    command.args(["--timeline", "changes.toml", "--report", "report.json"]);
    let mut live = Live::start(&mut command, saw);
    // The fourth swap is over where the fifth begins: both versions were there twice.
    live.hear(5 * DISTANCE_FRAMES);
    let mut early = Held::of(live.id());
    // Each thread that helps takes a heap of its own when it first meets another: a few at most.
    live.hear(50 * DISTANCE_FRAMES);
    early.resident_kib = early.resident_kib.max(Held::of(live.id()).resident_kib);
    live.hear((SWAPS + 1) * DISTANCE_FRAMES);
    let late = Held::of(live.id());
    let over = live.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    assert_eq!((early.libraries, late.libraries), (2, 2));
    // One may be at work on the next swap, with files open.
    assert!(
        late.descriptors <= early.descriptors + 2,
        "{early:?} {late:?}"
    );
    assert!(late.threads <= early.threads + 1, "{early:?} {late:?}");
    let growth = late.resident_kib - early.resident_kib;
    assert!(
        growth <= GROWTH_KIB_MAX,
        "{growth} KiB more: {early:?} {late:?}"
    );
    check_heard(&over.heard);
    let report = fs::read(desk.path("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let generations = report["generations"].as_array().unwrap();
    assert_eq!(generations.len(), 2, "{generations:#?}");
    let last = report["changes"].as_array().unwrap().last().unwrap();
    assert_eq!(last["change"], SWAPS, "{last:#}");
    assert_eq!(last["verdict"], "done", "{last:#}");
}

/// Between two swaps one version is heard alone, and at no frame anything but the two.
fn check_heard(heard: &[f32]) {
    let factor = 0.501_187_2;
    for (frame, sample) in heard.iter().enumerate() {
        let ratio = sample / saw(frame);
        assert!(
            (factor - 1e-3..=1.0 + 1e-3).contains(&ratio),
            "frame {frame}: {sample} of {}",
            saw(frame)
        );
    }
    for swap in 0..=SWAPS {
        let before_the_next = (swap + 1) * DISTANCE_FRAMES - 1;
        let expected = saw(before_the_next) * [factor, 1.0][swap % 2];
        assert_eq!(heard[before_the_next], expected, "after {swap} swaps");
    }
}
