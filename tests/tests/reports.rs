//! What reports say of a run beyond its sound: where time went, on which machine, what was expected
//! of it; and `segue profile`, which asks for nothing else.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;

use segue_tests::build::reference;
use segue_tests::desk::{Answer, Desk};
use segue_tests::documented;
use segue_tests::wav;
use serde_json::Value;

const RATE: u32 = 48_000;

const FRAMES: usize = 20_000;

/// Two stages without latency.
const CHAIN: [&str; 4] = [
    "--stage",
    "segue.gain gain_db=-6",
    "--stage",
    "segue.filters",
];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    let input = [1, 2].map(|seed| wav::noise(seed, FRAMES));
    wav::write(&desk.path("in.wav"), RATE, &input);
    desk
}

/// Runs stages over the input; returns the report, and the table.
fn run(desk: &Desk, stages: &[&str], code: i32) -> (Value, String) {
    let fixed = ["run", "in.wav", "--report", "report.json"];
    let answer = desk.segue(fixed.iter().chain(stages)).expect(code);
    let report = fs::read(desk.path("report.json")).unwrap();
    let report = serde_json::from_slice(&report).unwrap();
    documented::check("report", &report);
    (report, answer.text())
}

fn profile(desk: &Desk, arguments: &[&str], code: i32) -> Answer {
    desk.segue(["profile"].iter().chain(arguments)).expect(code)
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// What holds for the times of a stage or the host.
fn times_agree(time: &Value, frames: u64) {
    let buckets = time["histogram"].as_array().unwrap();
    let counts = buckets.iter().map(|bucket| bucket[1].as_u64().unwrap());
    let timed = time["blocks_timed"].as_u64().unwrap();
    assert_eq!(counts.sum::<u64>(), timed);
    assert!(timed > 0);
    let bounds: Vec<_> = buckets.iter().map(|bucket| bucket[0].as_u64()).collect();
    assert!(bounds.is_sorted());
    assert_eq!(bounds.last().copied().flatten(), time["max_ns"].as_u64());
    let slowest = time["slowest"].as_array().unwrap();
    assert_eq!(slowest.len() as u64, timed.min(8));
    let took: Vec<_> = slowest
        .iter()
        .map(|call| call["took_ns"].as_u64())
        .collect();
    assert!(took.is_sorted_by(|one, next| one >= next));
    assert_eq!(took[0], time["max_ns"].as_u64());
    let at = slowest.iter().map(|call| call["position_frames"].as_u64());
    assert!(at.flatten().all(|at| at < frames));
    let mean = number(&time["mean_ns"]);
    assert!(mean > 0.0 && mean <= number(&time["max_ns"]));
    assert!(number(&time["ns_per_frame"]) > 0.0);
}

/// The shares of all stages and of the host are the whole.
fn shares_are_all(report: &Value) {
    let stages = report["stages"].as_array().unwrap();
    let times = stages.iter().map(|stage| &stage["time"]);
    let all = times.chain([&report["processing"]["host"]]);
    let sum: f64 = all.map(|time| number(&time["share_of_processing"])).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn a_report_says_where_time_went_and_on_which_machine() {
    let desk = desk();
    let (report, _) = run(&desk, &CHAIN, 0);
    for stage in report["stages"].as_array().unwrap() {
        times_agree(&stage["time"], FRAMES as u64);
    }
    times_agree(&report["processing"]["host"], FRAMES as u64);
    shares_are_all(&report);
    let blocks = report["stream"]["blocks"].as_u64().unwrap();
    let timed = report["processing"]["host"]["blocks_timed"].as_u64();
    assert_eq!(report["processing"]["timed_every_blocks"], 16);
    assert_eq!(timed, Some(blocks.div_ceil(16)));
    assert_eq!(report["processing"]["frames"], FRAMES);
    let machine = &report["machine"];
    assert!(machine["rustc"].as_str().unwrap().starts_with("rustc "));
    assert!(machine["cores"].as_u64().unwrap() > 0);
    assert_eq!(machine["segue"], report["segue"]);
    assert_eq!(machine["vector_bound"], Value::Null);
    assert_eq!(report["stream"]["pace"], "fast");
}

#[test]
fn the_level_that_is_used_stands_in_the_report() {
    let desk = desk();
    let mut command = desk.command(["run", "in.wav", "--report", "-", "-q"]);
    let answer = segue_tests::desk::answer(command.args(CHAIN).env("SEGUE_CPU", "baseline"), &[]);
    let machine = answer.expect(0).json()["machine"].clone();
    assert_eq!(machine["vector_bound"], "baseline");
    assert!(["baseline", "native"].contains(&machine["vector_level"].as_str().unwrap()));
}

#[test]
fn at_the_pace_of_the_stream_every_block_is_timed() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), RATE, &[wav::noise(1, 2_000)]);
    let paced = [&CHAIN[..], &["--pace", "realtime"]].concat();
    let (report, _) = run(&desk, &paced, 0);
    assert_eq!(report["stream"]["pace"], "realtime");
    assert_eq!(
        report["stages"][0]["time"]["blocks_timed"],
        report["stream"]["blocks"]
    );
}

#[test]
fn the_second_run_is_expected_to_be_as_the_first_was_found() {
    let desk = desk();
    let (first, table) = run(&desk, &CHAIN, 0);
    assert_eq!(first["estimate"]["estimated"], Value::Null);
    assert_eq!(first["estimate"]["stages_known"], 0);
    let words = |table: &str| table.replace('\n', " ");
    assert!(
        words(&table).contains("no earlier run to expect from"),
        "{table}"
    );
    let (second, table) = run(&desk, &CHAIN, 0);
    assert_eq!(second["estimate"]["estimated"], first["estimate"]["found"]);
    assert_eq!(second["estimate"]["stages_known"], 2);
    for at in 0..2 {
        let estimate = |report: &Value| report["stages"][at]["estimate"].clone();
        assert_eq!(estimate(&second)["estimated"], estimate(&first)["found"]);
    }
    assert!(
        table.lines().any(|line| line.starts_with("cost: ")),
        "{table}"
    );
    assert!(words(&table).contains("not as meant; expected "), "{table}");
    // Both runs were as long: the third is expected to be their mean.
    let (third, _) = run(&desk, &CHAIN, 0);
    let time = |cost: &Value| number(&cost["ns_per_stream_second"]);
    let mean = (time(&first["estimate"]["found"]) + time(&second["estimate"]["found"])) / 2.0;
    let estimated = time(&third["estimate"]["estimated"]);
    assert!((estimated / mean - 1.0).abs() < 1e-9, "{estimated} {mean}");
}

#[test]
fn a_total_is_the_sum_of_its_stages_and_the_host() {
    let desk = desk();
    let (report, _) = run(&desk, &CHAIN, 0);
    let time = |cost: &Value| number(&cost["ns_per_stream_second"]);
    let stages = report["stages"].as_array().unwrap();
    let stages: f64 = stages
        .iter()
        .map(|one| time(&one["estimate"]["found"]))
        .sum();
    let host = &report["processing"]["host"];
    let blocks = number(&report["stream"]["blocks"]);
    let seconds = FRAMES as f64 / f64::from(RATE);
    let all = stages + number(&host["mean_ns"]) * blocks / seconds;
    let found = &report["estimate"]["found"];
    assert!((time(found) / all - 1.0).abs() < 1e-9, "{found} {all}");
    assert_eq!(
        found["peak_memory_bytes"],
        report["process"]["peak_memory_bytes"]
    );
    let total = number(&report["processing"]["total_ns"]) / seconds;
    assert!((total / all - 1.0).abs() < 1e-3, "{total} {all}");
}

#[test]
fn only_the_same_stages_are_known() {
    let desk = desk();
    let (_, _) = run(&desk, &CHAIN, 0);
    let known = |stages: &[&str]| {
        let (report, _) = run(&desk, stages, 0);
        let estimate = &report["estimate"];
        (
            estimate["stages_known"].clone(),
            estimate["estimated"].is_object(),
        )
    };
    let changed = [
        "--stage",
        "segue.gain gain_db=-7",
        "--stage",
        "segue.filters",
    ];
    assert_eq!(known(&changed), (1.into(), false));
    let larger = [&CHAIN[..], &["--block-frames", "64"]].concat();
    assert_eq!(known(&larger), (0.into(), false));
    // Another order, other names: the same stages.
    let turned = [
        "--stage",
        "segue.filters id=other",
        "--stage",
        "segue.gain gain_db=-6",
    ];
    assert_eq!(known(&turned), (2.into(), true));
    // Fewer of them, with what is known of the host.
    assert_eq!(known(&CHAIN[..2]), (1.into(), true));
}

#[test]
fn errors_are_counted_in_blocks_and_multiplied() {
    let desk = desk();
    // No sample of 32 bits holds ten times the largest.
    let mut left = wav::noise(1, 10 * 256);
    left[4 * 256 + 7] = 3e38;
    wav::write(&desk.path("in.wav"), RATE, &[left]);
    let stages = [
        "--block-frames",
        "256",
        "--stage",
        "segue.gain id=one gain_db=20 on_error=mute",
        "--stage",
        "segue.gain id=two gain_db=-6",
    ];
    let (report, table) = run(&desk, &stages, 4);
    let stage = |at: usize| &report["stages"][at];
    assert_eq!(stage(0)["blocks_substituted"], 6);
    assert_eq!(stage(1)["blocks_substituted"], 0);
    let error = |cost: &Value| number(&cost["found"]["error"]);
    assert_eq!(error(&stage(0)["estimate"]), 0.6);
    assert_eq!(error(&stage(1)["estimate"]), 0.0);
    assert!((error(&report["estimate"]) - 0.6).abs() < 1e-12);
    let words = table.replace('\n', " ");
    assert!(words.contains("60.0 % of blocks not as meant"), "{table}");
    let (report, _) = run(&desk, &stages, 4);
    assert!((number(&report["estimate"]["estimated"]["error"]) - 0.6).abs() < 1e-12);
}

#[test]
fn a_history_that_cannot_be_read_or_written_is_never_in_the_way() {
    let desk = desk();
    let (_, _) = run(&desk, &CHAIN, 0);
    let file = desk.path("cache").join("segue").join("history");
    let whole = fs::read(&file).unwrap();
    let forgotten = |what: &str| {
        let (report, _) = run(&desk, &CHAIN, 0);
        assert_eq!(report["estimate"]["estimated"], Value::Null, "{what}");
        assert!(report["estimate"]["found"].is_object(), "{what}");
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (what, bytes) in [
        ("empty", &[][..]),
        ("cut", &whole[..whole.len() - 1]),
        ("flipped", &flipped),
        ("text", b"not a history"),
    ] {
        fs::write(&file, bytes).unwrap();
        forgotten(what);
    }
    let (report, _) = run(&desk, &CHAIN, 0);
    assert!(report["estimate"]["estimated"].is_object(), "it recovers");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    forgotten("folder");
    forgotten("folder, again");
}

#[test]
fn a_profile_times_every_block_and_writes_nothing() {
    let desk = desk();
    desk.write(
        "plugins.toml",
        "[stream]\ninput = \"in.wav\"\noutput = \"out.wav\"\n\
         [[stage]]\nid = \"soft\"\ncomponent = \"segue.gain\"\nparams.gain_db = -6\n",
    );
    let answer = profile(&desk, &[], 0);
    assert!(!desk.path("out.wav").exists());
    let text = answer.text();
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for part in [
        "soft ",
        "(host)",
        "(all)",
        "slowest blocks",
        "ns/frame",
        "× real",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let report = profile(&desk, &["--json"], 0).json();
    let stage = &report["stages"][0];
    assert_eq!(report["processing"]["timed_every_blocks"], 1);
    assert_eq!(stage["time"]["blocks_timed"], report["stream"]["blocks"]);
    assert_eq!(report["stream"]["frames_in"], FRAMES);
    assert_eq!(report["stream"]["output"], Value::Null);
    times_agree(&stage["time"], FRAMES as u64);
    shares_are_all(&report);
    // The run that follows knows what the profile found.
    let estimate = &desk.segue(["run", "--report", "-"]).expect(0).json()["estimate"];
    assert_eq!(estimate["stages_known"], 1);
    assert!(estimate["estimated"].is_object());
}

#[test]
fn a_profile_is_as_long_as_was_asked_for() {
    let desk = desk();
    let frames = |arguments: &[&str]| {
        let all = [arguments, &["--json"], &CHAIN[..]].concat();
        profile(&desk, &all, 0).json()["stream"]["frames_in"].clone()
    };
    assert_eq!(frames(&["in.wav"]), FRAMES);
    assert_eq!(frames(&["in.wav", "--seconds", "0.25"]), 12_000);
    assert_eq!(frames(&["in.wav", "--seconds", "100"]), FRAMES);
    assert_eq!(frames(&["--seconds", "0.1"]), 4_800);
    for wrong in ["0", "-1", "nan", "1e9", "x"] {
        let argument = format!("--seconds={wrong}");
        let answer = profile(&desk, &[&argument, "--stage", "segue.gain"], 2);
        assert!(answer.err.contains("expected seconds"), "{}", answer.err);
    }
}

#[test]
fn a_signal_is_made_as_the_configuration_wants_it_and_is_the_same_each_time() {
    let desk = desk();
    let write = |rate: u32, layout: &str| {
        desk.write(
            "plugins.toml",
            format!(
                "[stream]\nsample_rate_hz = {rate}\nlayout = \"{layout}\"\n\
                 [[stage]]\nid = \"soft\"\ncomponent = \"segue.gain\"\n\
                 [[tap]]\nid = \"loud\"\ncomponent = \"segue.loudness\"\n"
            ),
        );
        profile(&desk, &["--seconds", "1", "--json"], 0).json()
    };
    let report = write(44_100, "5.1");
    assert_eq!(report["stream"]["sample_rate_hz"], 44_100);
    assert_eq!(report["stream"]["layout_in"], "5.1");
    assert_eq!(report["stream"]["frames_in"], 44_100);
    assert_eq!(report["stream"]["input"], "generated signal");
    let readings = report["taps"][0]["readings"].clone();
    let loud = readings.as_array().unwrap().iter();
    let mut loud = loud.filter(|reading| reading["id"] == "integrated_lufs");
    let loud = number(&loud.next().unwrap()["value"]);
    assert!((-40.0..-5.0).contains(&loud), "{readings}");
    assert_eq!(write(44_100, "5.1")["taps"][0]["readings"], readings);
}

#[test]
fn a_profile_shows_how_times_are_distributed() {
    let desk = desk();
    let all = [&["in.wav", "--histogram"], &CHAIN[..]].concat();
    let text = profile(&desk, &all, 0).text();
    let blocks = FRAMES.div_ceil(256);
    for id in ["gain", "filters", "(host)"] {
        assert!(text.contains(&format!("{id}: {blocks} blocks\n")), "{text}");
    }
    assert!(text.contains("█"), "{text}");
    let both = [&["--json", "--histogram"], &CHAIN[..]].concat();
    assert_eq!(profile(&desk, &both, 2).text(), "");
}

#[test]
fn a_profile_that_fails_says_so() {
    let desk = desk();
    let text = |arguments: &[&str], code| profile(&desk, arguments, code).err;
    let gone = text(&["gone.wav", "--stage", "segue.gain"], 1);
    assert!(gone.contains("gone.wav"), "{gone}");
    let unknown = text(&["--stage", "acme.gone"], 3);
    assert!(unknown.contains("acme.gone"), "{unknown}");
}
