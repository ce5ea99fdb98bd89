//! Golden: whole reports as people and programs read them, compared to the last character.
//!
//! To write the golden files anew: `SEGUE_GOLDEN=write cargo test -p segue report`.

use std::path::Path;

use crate::config::render::Color;
use crate::golden;
use crate::observe::{
    ActionOutcome, ActionReport, AttemptOutcome, AttemptReport, BudgetReport, DecideReport,
    DecisionAction, FailureKind, FallbackReport, FaultReport, GenerationReport, HeapReport,
    MachineReport, Notice, OnError, OutputReport, Pace, PriorityReport, ProcessReport,
    ProcessingReport, ReadingBetter, ReadingReport, RestartReport, RestartState, RunReport,
    SCHEMA_VERSION, SlowCall, Spread, StageCost, StageEstimate, StageReport, Stalls, StreamReport,
    SubstituteKind, SubstituteReport, TapKind, TapReport, TimeReport, TotalCost, TotalEstimate,
};
use crate::report::tests::receipts;
use crate::report::{json, profile, text};

fn spread(values: &[f64]) -> Spread {
    let mut spread = Spread::default();
    values.iter().for_each(|value| spread.record(*value));
    spread
}

fn fault() -> FaultReport {
    FaultReport {
        position_frames: 59_232,
        kind: FailureKind::Panicked,
        text: "index out of bounds\u{1b}[2J".to_owned(),
    }
}

fn slowest(p50_ns: u64) -> Vec<SlowCall> {
    let call = |times: u64| SlowCall {
        position_frames: 59_392 + times * 4096,
        took_ns: p50_ns * times,
    };
    [70, 40, 9].map(call).to_vec()
}

fn cost(ns_per_stream_second: f64) -> StageCost {
    StageCost {
        error: 0.0,
        ns_per_stream_second,
        held_bytes: Some(12_700.0),
    }
}

fn total(ns_per_stream_second: f64, error: f64) -> TotalCost {
    TotalCost {
        error,
        ns_per_stream_second,
        peak_memory_bytes: Some(9_437_184),
    }
}

fn processing() -> ProcessingReport {
    ProcessingReport {
        timed_every_blocks: 16,
        frames: 336_128,
        total_ns: 22_400_000,
        host: TimeReport {
            blocks_timed: 82,
            p50_ns: 212,
            p99_ns: 400,
            max_ns: 9_100,
            mean_ns: 240.5,
            ns_per_frame: 0.94,
            share_of_real_time: 0.000_045,
            share_of_processing: 0.0141,
            histogram: vec![(208, 60), (416, 22)],
            slowest: Vec::new(),
        },
    }
}

fn machine() -> MachineReport {
    MachineReport {
        cpu: Some("Acme 9".to_owned()),
        cores: Some(2),
        vector_level: "avx2".to_owned(),
        vector_bound: Some("avx2".to_owned()),
        os: Some("Acme Linux 12".to_owned()),
        kernel: Some("6.1.0".to_owned()),
        segue: "1.0.0".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        rustc: "rustc 1.95.0 (abcdef012 2026-04-01)".to_owned(),
        profile: "release".to_owned(),
    }
}

fn stage(id: &str, calls: u64, p50_ns: u64) -> StageReport {
    StageReport {
        id: id.to_owned(),
        component: format!("acme.{id}/{id}"),
        version: "1.0.0".to_owned(),
        key: Some("5e".repeat(32)),
        calls,
        time: TimeReport {
            blocks_timed: calls / 16,
            p50_ns,
            p99_ns: p50_ns * 3,
            max_ns: p50_ns * 70,
            mean_ns: p50_ns as f64 * 1.25,
            ns_per_frame: p50_ns as f64 * 1.25 / 256.0,
            share_of_real_time: p50_ns as f64 / 5_333_333.0,
            share_of_processing: p50_ns as f64 / 17_000.0,
            histogram: vec![(p50_ns, calls / 32), (p50_ns * 70, calls / 32)],
            slowest: slowest(p50_ns),
        },
        estimate: StageEstimate {
            estimated: Some(cost(p50_ns as f64 * 230.0)),
            found: Some(cost(p50_ns as f64 * 234.5)),
        },
        latency_frames: 240,
        tail_frames: 0,
        heap: Some(HeapReport {
            held_bytes: 12_700,
            process_calls: 0,
        }),
        faults: Vec::new(),
        faults_left_out: 0,
        on_error: OnError::Bypass,
        substituted_from_frame: None,
        blocks_substituted: 0,
        substitutes: Vec::new(),
        fallback: None,
        restart: None,
        budget: None,
        outputs: Vec::new(),
        records_lost: 0,
    }
}

fn substitute(signal: SubstituteKind, frames: u64) -> SubstituteReport {
    SubstituteReport { signal, frames }
}

fn attempt(tried_at_frames: u64, outcome: AttemptOutcome, text: &str) -> AttemptReport {
    AttemptReport {
        tried_at_frames,
        position_frames: tried_at_frames + 5_760,
        outcome,
        text: text.to_owned(),
    }
}

fn stages() -> Vec<StageReport> {
    let mut limit = stage("limit", 1313, 812);
    limit.heap = Some(HeapReport {
        held_bytes: 3 << 20,
        process_calls: 1313,
    });
    limit.outputs = vec![OutputReport {
        id: "reduction_db".to_owned(),
        unit: "dB".to_owned(),
        values: spread(&[0.0, -3.0, -1.0]),
    }];
    let mut tube = stage("a-tube-with-a-long-name", 231, 2_310);
    tube.heap = None;
    tube.faults = vec![fault()];
    tube.substituted_from_frame = Some(59_232);
    tube.on_error = OnError::Fallback;
    tube.substitutes = vec![
        substitute(SubstituteKind::Bypass, 12_000),
        substitute(SubstituteKind::Fallback, 48_000),
    ];
    tube.fallback = Some(FallbackReport {
        component: "segue.gain/gain".to_owned(),
        version: "1.0.0".to_owned(),
        fault: Some(fault()),
    });
    tube.restart = Some(RestartReport {
        attempts_max: 5,
        tried: 3,
        returned: 1,
        state: RestartState::Waiting,
        attempts: vec![
            attempt(64_032, AttemptOutcome::Refused, "no such model"),
            attempt(73_632, AttemptOutcome::Returned, ""),
            attempt(96_000, AttemptOutcome::FailedOnTrial, "panicked"),
        ],
        attempts_left_out: 0,
    });
    tube.budget = Some(BudgetReport {
        time_share_max: Some(0.3),
        time_share_worst: 0.4121,
        time_breaches: 2,
        memory_bytes_max: Some(32 << 20),
        memory_bytes_worst: 1 << 20,
        memory_breaches: 0,
    });
    let mut idle = stage("idle", 0, 0);
    idle.time.blocks_timed = 0;
    idle.time.histogram.clear();
    idle.time.slowest.clear();
    idle.estimate.found = None;
    vec![stage("eq", 1313, 13_240), tube, limit, idle]
}

fn reading(id: &str, channel: Option<&str>, value: Option<f64>) -> ReadingReport {
    ReadingReport {
        id: id.to_owned(),
        unit: "LUFS".to_owned(),
        channel: channel.map(str::to_owned),
        value,
        hops: value.map(|value| spread(&[value, value - 10.0, f64::NAN])),
        better: ReadingBetter::Neither,
    }
}

fn taps() -> Vec<TapReport> {
    let tap = |id: &str, readings| TapReport {
        id: id.to_owned(),
        component: "segue.loudness/loudness".to_owned(),
        version: "1.0.0".to_owned(),
        key: None,
        kind: TapKind::Metric,
        from: "limit".to_owned(),
        reference: None,
        channels: vec!["FL".to_owned(), "FR".to_owned()],
        frames: 336_000,
        dropped_frames: 0,
        readings,
        fault: None,
    };
    let many = (1..=10).map(|channel| {
        let name = channel.to_string();
        reading("dc", Some(&name), Some(f64::from(channel) * 1e-6))
    });
    vec![
        tap(
            "loudness",
            vec![
                reading("integrated_lufs", None, Some(-17.046)),
                reading("range_lu", None, None),
                reading("momentary_lufs", None, Some(f64::NEG_INFINITY)),
            ],
        ),
        tap(
            "levels",
            vec![
                reading("peak", Some("FL"), Some(0.577)),
                reading("peak", Some("FR"), Some(29_412.0)),
            ],
        ),
        tap("wide", many.collect()),
    ]
}

fn decides() -> Vec<DecideReport> {
    let action = |position_frames, outcome| ActionReport {
        position_frames,
        action: DecisionAction::Alert,
        target: String::new(),
        reason: "loudness true_peak_dbtp is -0.3, above -1 for 500 ms".to_owned(),
        outcome,
    };
    vec![DecideReport {
        id: "guard".to_owned(),
        component: "segue.rules/threshold".to_owned(),
        version: "1.0.0".to_owned(),
        decisions: 70,
        dry_run: false,
        actions: vec![
            action(57_600, ActionOutcome::Done),
            action(48_000 * 75, ActionOutcome::NotListed),
        ],
        actions_left_out: 3,
        fault: None,
    }]
}

fn report() -> RunReport {
    RunReport {
        schema_version: SCHEMA_VERSION,
        segue: "1.0.0".to_owned(),
        pipeline: "voice".to_owned(),
        complete: true,
        degraded: vec![
            "stage `a-tube-with-a-long-name` failed at frame 59232: index out of bounds\u{1b}[2J"
                .to_owned(),
        ],
        stream: stream(),
        stages: stages(),
        changes: receipts::all(),
        changes_left_out: 0,
        left_out: Vec::new(),
        taps: taps(),
        decides: decides(),
        processing: processing(),
        estimate: TotalEstimate {
            stages_known: 4,
            estimated: Some(total(3_120_000.0, 0.0)),
            found: Some(total(3_200_000.0, 0.0412)),
        },
        process: ProcessReport {
            peak_memory_bytes: Some(9_437_184),
        },
        machine: machine(),
        generations: vec![GenerationReport {
            plugin: "acme.eq".to_owned(),
            version: "1.0.0".to_owned(),
            hash: "00ff".repeat(16),
            size_bytes: 612_000,
            heap_peak_bytes: Some(13_000),
            panics: 0,
            logs_dropped: 0,
        }],
        notices: vec![Notice {
            text: "s32 samples are rounded to 24 significant bits".to_owned(),
        }],
    }
}

fn stream() -> StreamReport {
    StreamReport {
        input: "assets/voice.wav".to_owned(),
        output: Some("out/voice.wav".to_owned()),
        input_sha256: Some("1a".repeat(32)),
        output_key: None,
        sample_rate_hz: 48_000,
        layout_in: "stereo".to_owned(),
        layout_out: "stereo".to_owned(),
        block_frames: 256,
        frames_in: 336_000,
        frames_out: 336_000,
        latency_frames: 480,
        pace: Pace::Fast,
        blocks: 1313,
        late_blocks: 0,
        lateness: None,
        stalls: Stalls::default(),
        priority: PriorityReport::default(),
        elapsed_ns: 48_700_000,
        times_real_time: 143.7,
        first_block_ns: Some(9_100_000),
        non_finite_samples: 0,
        non_finite_first_frame: None,
        non_finite_first_channel: None,
        clipped_samples: 17,
    }
}

/// Compares with a golden file, or writes it anew where that was asked for.
pub(in crate::report) fn check(name: &str, found: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/golden");
    golden::check(&folder.join(name), found);
}

pub(in crate::report) fn is_narrow(text: &str, columns: usize) -> bool {
    text.lines().all(|line| line.chars().count() <= columns)
}

#[test]
fn a_report_fits_80_columns() {
    let text = text(&report(), Color::Plain, 80);
    check("full.txt", &text);
    assert!(is_narrow(&text, 80));
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_profile_fits_80_columns() {
    let text = profile::text(&report(), Color::Plain, 80);
    check("profile.txt", &text);
    assert!(is_narrow(&text, 80));
    let wide = profile::text(&report(), Color::Plain, 120);
    check("profile-wide.txt", &wide);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_profile_of_nothing_is_a_table_all_the_same() {
    let mut report = report();
    report.stages.clear();
    report.processing.total_ns = 0;
    report.processing.host.blocks_timed = 0;
    report.estimate.found = None;
    report.degraded.clear();
    report.notices.clear();
    report.stream.clipped_samples = 0;
    check(
        "profile-nothing.txt",
        &profile::text(&report, Color::Plain, 80),
    );
}

#[test]
fn histograms_have_a_line_for_each_doubling() {
    let text = profile::histograms(&report(), 80);
    check("histogram.txt", &text);
    assert!(is_narrow(&text, 80));
    assert!(is_narrow(&profile::histograms(&report(), 200), 80));
}

#[test]
fn of_many_changes_the_newest_are_shown() {
    let mut report = report();
    report.changes = receipts::all().into_iter().cycle().take(23).collect();
    let text = text(&report, Color::Plain, 80);
    let shown = text.lines().filter(|line| line.starts_with("set: eq"));
    assert!(text.contains("\n3 changes, and then\nbypass: "), "{text}");
    assert_eq!(shown.count(), 4);
}

#[test]
fn a_first_run_has_no_estimate() {
    let mut report = report();
    report.estimate.estimated = None;
    let text = text(&report, Color::Plain, 80);
    let expected = "cost: 3.20 ms per second of audio, 9.00 MiB, 4.1 % of blocks not as meant; \
                    no earlier run to expect from";
    assert!(text.replace('\n', " ").contains(expected), "{text}");
}

#[test]
fn a_wide_terminal_is_used() {
    check("wide.txt", &text(&report(), Color::Plain, 120));
}

#[test]
fn a_run_that_was_stopped_says_so() {
    let mut report = report();
    report.complete = false;
    report.degraded.clear();
    report.stages.truncate(1);
    report.changes.clear();
    report.taps.clear();
    report.decides.clear();
    report.notices.clear();
    report.stream.clipped_samples = 0;
    check("stopped.txt", &text(&report, Color::Plain, 80));
    report.complete = true;
    report.stages.clear();
    report.stream.output = None;
    check("measured.txt", &text(&report, Color::Plain, 80));
}

#[test]
fn colours_change_nothing_but_colours() {
    let colored = text(&report(), Color::Ansi, 80);
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find('m').unwrap();
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    assert_ne!(plain, colored);
    assert_eq!(plain, text(&report(), Color::Plain, 80));
}

#[test]
fn programs_read_the_same_with_a_schema_version_and_null_for_what_is_not_finite() {
    let text = json(&report());
    check("full.json", &text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema_version"], SCHEMA_VERSION);
    assert_eq!(value["complete"], true);
    assert!(value["taps"][0]["readings"][2]["value"].is_null());
    assert!(value["taps"][0]["readings"][2]["hops"]["min"].is_null());
}
