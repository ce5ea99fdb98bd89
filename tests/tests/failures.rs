//! What is heard, and what the report says, when a stage fails: every `on_error`, with and without
//! latency, for every kind of failure, with and without a new instance that comes back.
//!
//! The oracle below says sample by sample what should be heard, from the words of the design: the
//! substitute begins with the failed call, the step decays over 5 ms, a new instance is tried when
//! it is due, runs in shadow for its latency and 100 ms, and is faded in over 20 ms.
//!
//! To write the golden file anew: `SEGUE_GOLDEN=write cargo test -p segue-tests --test failures`.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeMap;
use std::path::Path;

use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk};
use segue_tests::documented;
use segue_tests::golden;
use segue_tests::wav::{self, Channels};
use serde_json::{Value, json};

/// The rate of everything here.
const SAMPLE_RATE_HZ: u32 = 48_000;

/// The frames of a block.
const BLOCK_FRAMES: usize = 256;

/// The frames of the input.
const FRAMES: usize = 48_000;

/// The block in which the first instance dies begins here.
const FAULT: usize = 39 * BLOCK_FRAMES;

/// How long a step decays: 5 ms.
const DECAY: usize = 240;

/// How long a new instance runs in shadow beside its latency: 100 ms.
const SHADOW: usize = 4_800;

/// How long it is faded in: 20 ms.
const FADE: usize = 960;

/// The wait before the first attempt: 50 ms, which is no multiple of a block.
const DELAY: usize = 2_400;

/// What the stage multiplies with, so that it and its input are told apart.
const GAIN: f32 = 1.5;

/// What becomes of the instances after the first, and when the stage is heard again.
#[derive(Clone, Copy)]
struct Story {
    name: &'static str,
    lives: &'static str,
    /// How many attempts there are until one returns, and what they wait together; `None` where
    /// none returns.
    returns_at: Option<usize>,
    /// Whether it may be restarted at all.
    restart: &'static str,
}

const RESTART: &str = "restart = { attempts = 3, delay = \"50ms\", delay_max = \"80ms\" }";

const STORIES: [Story; 6] = [
    Story {
        name: "none",
        lives: "",
        returns_at: None,
        restart: "",
    },
    Story {
        name: "returns",
        lives: ", \"well\"",
        returns_at: Some(FAULT + DELAY),
        restart: RESTART,
    },
    Story {
        name: "is not created, then returns",
        lives: ", \"create\"",
        // The second wait is twice the first, but for the longest.
        returns_at: Some(FAULT + DELAY + 3_840),
        restart: RESTART,
    },
    Story {
        name: "is not activated, then returns",
        lives: ", \"activate\"",
        returns_at: Some(FAULT + DELAY + 3_840),
        restart: RESTART,
    },
    Story {
        name: "fails in shadow, then returns",
        // It dies in the first block after its first, shorter one: see `shadow_block`.
        lives: ", \"after 1000\"",
        returns_at: Some(shadow_block(FAULT + DELAY, 1_000) + 3_840),
        restart: RESTART,
    },
    Story {
        name: "is given up",
        lives: ", \"create\", \"after 0\", \"activate\"",
        returns_at: None,
        restart: RESTART,
    },
];

/// The start of the block in which an instance that began at `begin` has its frame `age`.
const fn shadow_block(begin: usize, age: usize) -> usize {
    let frame = begin + age;
    let block = frame - frame % BLOCK_FRAMES;
    if block < begin { begin } else { block }
}

/// One line of the table.
#[derive(Clone, Copy)]
struct Case {
    on_error: &'static str,
    late: usize,
    death: &'static str,
    story: Story,
}

struct Run {
    answer: Answer,
    output: Channels,
    report: Value,
}

/// A desk with an input that is a sine on one channel and noise on the other.
fn desk() -> (Desk, Channels) {
    let desk = Desk::new();
    desk.install(["faulty", "through", "shapes"].map(test_plugin));
    let sine = (0..FRAMES).map(|frame| (frame as f32 * 0.0576).sin() * 0.5);
    let input = vec![sine.collect(), wav::noise(6, FRAMES)];
    wav::write(&desk.path("in.wav"), SAMPLE_RATE_HZ, &input);
    (desk, input)
}

fn run(desk: &Desk, stage: &str, arguments: &[&str]) -> Run {
    let head = "[stream]\ninput = \"in.wav\"\noutput = \"out.wav\"\noverwrite = true\n";
    desk.write("plugins.toml", format!("{head}{stage}"));
    let all = ["run", "--report", "report.json"];
    let answer = desk.segue(all.iter().chain(arguments));
    let report = std::fs::read(desk.path("report.json"));
    let report = report.unwrap_or_else(|_| panic!("{stage}\n{}", answer.err));
    let report = serde_json::from_slice(&report).unwrap();
    documented::check("report", &report);
    Run {
        output: match desk.path("out.wav").exists() {
            true => wav::read(&desk.path("out.wav")),
            false => Vec::new(),
        },
        report,
        answer,
    }
}

impl Case {
    fn stage(&self) -> String {
        let Self {
            on_error,
            late,
            death,
            story,
        } = self;
        let fallback = match *on_error {
            "fallback" => "fallback = \"test.through\"\n",
            _ => "",
        };
        let lives = format!(
            "settings = {{ lives = [\"at {}\"{}] }}",
            FAULT + 16,
            story.lives
        );
        format!(
            "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/mortal\"\n\
             params = {{ late_frames = {late}, gain = {GAIN}, death = \"{death}\" }}\n\
             {lives}\non_error = \"{on_error}\"\n{fallback}{}\n",
            story.restart
        )
    }

    /// What should be heard of one channel, in stream time: its latency still in it.
    fn oracle(&self, input: &[f32]) -> Vec<f32> {
        let late = |frame: usize| match frame.checked_sub(self.late) {
            Some(at) => input.get(at).copied().unwrap_or(0.0),
            None => 0.0,
        };
        let own = |frame: usize| late(frame) * GAIN;
        let length = input.len() + self.late;
        let kept: Vec<f32> = (0..FAULT).map(own).collect();
        let substitute = |frame: usize| match self.on_error {
            "bypass" | "fallback" => late(frame),
            "hold" => held(&kept, frame - FAULT),
            _ => 0.0,
        };
        let step = match self.on_error {
            "bypass" | "fallback" => own(FAULT - 1) - late(FAULT - 1),
            "hold" => 0.0,
            _ => own(FAULT - 1),
        };
        let fade = self.story.returns_at;
        let fade = fade.map_or(usize::MAX, |at| at + self.late + SHADOW);
        let heard = |frame: usize| {
            if frame < FAULT || frame >= fade.saturating_add(FADE) {
                return own(frame);
            }
            let left = (FAULT + DECAY).saturating_sub(frame);
            let old = match left {
                0 => substitute(frame),
                left => substitute(frame) + step * (left as f32 / DECAY as f32),
            };
            match frame.checked_sub(fade) {
                None | Some(0) => old,
                Some(done) => old + (own(frame) - old) * (done as f32 / FADE as f32),
            }
        };
        (0..length).map(heard).collect()
    }
}

/// The last 20 ms of what was kept, back and forth, fading over 100 ms.
fn held(kept: &[f32], frame: usize) -> f32 {
    let kept = &kept[kept.len() - 960..];
    let turn = 2 * (kept.len() - 1);
    let back = (frame + 1) % turn;
    let back = back.min(turn - back);
    let left = 4_800usize.saturating_sub(frame + 1);
    kept[kept.len() - 1 - back] * (left as f32 / 4_800.0)
}

fn largest_step(samples: &[f32]) -> f32 {
    let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f32::max)
}

/// What a report says of the failures, without what differs from machine to machine.
fn told(report: &Value) -> Value {
    let stage = &report["stages"][0];
    let mut told = json!({ "degraded": report["degraded"], "complete": report["complete"] });
    for key in [
        "on_error",
        "faults",
        "substituted_from_frame",
        "substitutes",
        "fallback",
        "restart",
    ] {
        told[key] = stage[key].clone();
    }
    told
}

/// Compares with the golden file, or writes it.
fn compare(name: &str, told: &BTreeMap<String, Value>) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = tests.join(name);
    let text = serde_json::to_string_pretty(told).unwrap() + "\n";
    // Where in the plugin's source a panic was is the plugin's own business.
    let line = |line: &str| match (line.find(" (faulty"), line.rfind(')')) {
        (Some(at), Some(end)) => format!("{}{}", &line[..at], &line[end + 1..]),
        _ => line.to_owned(),
    };
    let text: String = text.lines().map(|text| line(text) + "\n").collect();
    golden::check(&path, &text);
}

#[test]
fn what_is_heard_has_no_step_and_no_shift_whatever_fails_and_whatever_comes_of_it() {
    let (desk, input) = desk();
    let deaths = [
        "fault",
        "panic",
        "not-a-number",
        "rounds-toward-zero",
        "unsupported",
    ];
    let mut deaths = deaths.iter().cycle();
    let mut all = BTreeMap::new();
    for on_error in ["bypass", "mute", "hold", "fallback"] {
        for late in [0, 480] {
            for story in STORIES {
                let death = deaths.next().unwrap();
                let case = Case {
                    on_error,
                    late,
                    death,
                    story,
                };
                let name = format!("{on_error}, {late} frames late, {death}: {}", story.name);
                let run = run(&desk, &case.stage(), &[]);
                let answer = run.answer.expect(4);
                assert!(
                    answer.err.contains("stage `bad` failed at"),
                    "{}",
                    answer.err
                );
                for (output, input) in run.output.iter().zip(&input) {
                    let expected = &case.oracle(input)[late..];
                    assert_eq!(output.len(), input.len(), "{name}");
                    let differs = output.iter().zip(expected).position(|(a, b)| a != b);
                    if let Some(at) = differs {
                        panic!(
                            "{name}: frame {at} is {}, expected {}",
                            output[at], expected[at]
                        );
                    }
                }
                // The sine's own steps, and the slope of the seam that decays: at most its size
                // over 5 ms.
                let own = largest_step(&input[0]) * GAIN;
                let seam = GAIN * 0.5 / DECAY as f32;
                let largest = largest_step(&run.output[0]);
                assert!(
                    largest <= own + seam + 1e-6,
                    "{name}: {largest} {own} {seam}"
                );
                all.insert(name, told(&run.report));
            }
        }
    }
    compare("failures.json", &all);
}

#[test]
fn every_kind_of_failure_ends_the_run_where_the_file_says_so_restart_or_not() {
    let (desk, _) = desk();
    for death in [
        "fault",
        "panic",
        "not-a-number",
        "rounds-toward-zero",
        "unsupported",
    ] {
        for story in &STORIES[..2] {
            let case = Case {
                on_error: "stop",
                late: 0,
                death,
                story: *story,
            };
            let run = run(&desk, &case.stage(), &[]);
            run.answer.expect(1);
            assert_eq!(run.output, Channels::new(), "an output that is not whole");
            let fault = &run.report["stages"][0]["faults"][0];
            assert_eq!(fault["position_frames"], FAULT, "{death}");
        }
    }
}

/// A stage whose first instance dies so, in long blocks, with a budget.
fn budgeted(death: &str, budget: &str) -> String {
    format!(
        "block_frames = 4096\n[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/mortal\"\n\
         params = {{ gain = {GAIN}, death = \"{death}\" }}\n\
         settings = {{ lives = [\"at {}\", \"well\"] }}\n{budget}\n\
         restart = {{ attempts = 5, delay = \"50ms\" }}\n",
        FAULT + 16
    )
}

/// The block of `budgeted` in which the trouble starts.
const BUDGET_FAULT: usize = (FAULT + 16) / 4096 * 4096;

const BUDGETS: [(&str, &str, &str, &str); 2] = [
    (
        "slow",
        "time",
        "budget = { time = \"100%\" }",
        "over time budget",
    ),
    (
        "hoards",
        "memory",
        "budget = { memory = \"512KiB\" }",
        "over memory budget",
    ),
];

#[test]
fn off_line_a_budget_is_reported_and_changes_not_one_sample() {
    let (desk, _) = desk();
    for (death, what, budget, _) in BUDGETS {
        let without = run(&desk, &budgeted(death, ""), &[]);
        let with = run(&desk, &budgeted(death, budget), &[]);
        with.answer.expect(0);
        assert_eq!(with.output, without.output, "{what}");
        let stage = &with.report["stages"][0];
        let breaches = stage["budget"][format!("{what}_breaches")].as_u64();
        assert!(breaches.unwrap() >= 1, "{stage}");
        assert_eq!(stage["faults"], json!([]));
        assert_eq!(without.report["stages"][0]["budget"], Value::Null);
        // Every call is timed where there is a budget, one in sixteen otherwise.
        assert_eq!(stage["time"]["blocks_timed"], stage["calls"]);
    }
}

#[test]
fn at_the_pace_of_the_stream_a_breach_is_a_fault_and_the_stage_is_restarted() {
    let (desk, input) = desk();
    for (death, what, budget, kind) in BUDGETS {
        let run = run(&desk, &budgeted(death, budget), &["--pace", "realtime"]);
        run.answer.expect(4);
        let stage = &run.report["stages"][0];
        let fault = &stage["faults"][0];
        assert_eq!(fault["kind"], kind, "{what}");
        assert_eq!(fault["position_frames"], BUDGET_FAULT, "{what}");
        assert!(stage["restart"]["tried"].as_u64().unwrap() >= 1, "{stage}");
        let expected = |factor: f32, range: std::ops::Range<usize>| -> Vec<f32> {
            input[1][range]
                .iter()
                .map(|sample| sample * factor)
                .collect()
        };
        let before = 0..BUDGET_FAULT;
        assert_eq!(
            run.output[1][before.clone()],
            expected(GAIN, before),
            "{what}"
        );
        let out = BUDGET_FAULT + DECAY..BUDGET_FAULT + SHADOW;
        assert_eq!(run.output[1][out.clone()], expected(1.0, out), "{what}");
        if stage["restart"]["state"] == "heard" && stage["faults"][1] == Value::Null {
            let end = FRAMES - 1_000..FRAMES;
            assert_eq!(run.output[1][end.clone()], expected(GAIN, end), "{what}");
        }
    }
}

#[test]
fn a_fallback_that_does_not_fit_is_refused_with_a_sentence() {
    let desk = Desk::new();
    desk.install(["faulty", "through", "shapes"].map(test_plugin));
    wav::write(
        &desk.path("in.wav"),
        SAMPLE_RATE_HZ,
        &[wav::noise(1, 1_000)],
    );
    for (fallback, code, sentence) in [
        (
            "test.shapes/widen",
            3,
            "the fallback of stage `bad` (test.shapes/widen 1.0.0): gives stereo, expected mono",
        ),
        (
            "test.shapes/nothing",
            3,
            "fallback of stage `bad` uses test.shapes/nothing: there is test.shapes/delay",
        ),
        (
            "test.faulty/panicking-analyzer",
            2,
            "a fallback is a processor, test.faulty/panicking-analyzer is an analyzer",
        ),
        ("test.absent", 3, "fallback of stage `bad`"),
    ] {
        desk.write(
            "plugins.toml",
            format!(
                "[stream]\ninput = \"in.wav\"\n[[stage]]\nid = \"bad\"\n\
                 component = \"test.through\"\non_error = \"fallback\"\nfallback = \"{fallback}\"\n"
            ),
        );
        let answer = desk.segue(["run"]).expect(code);
        assert!(answer.err.contains(sentence), "{fallback}: {}", answer.err);
    }
}

/// Runs a stage whose second instance takes 250 ms to be activated, in blocks of 5 ms.
fn slowly(desk: &Desk, arguments: &[&str]) -> Run {
    let stage = format!(
        "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/mortal\"\n\
         params = {{ gain = {GAIN} }}\n\
         settings = {{ lives = [\"at {}\", \"slowly\"] }}\n{RESTART}\n",
        FAULT + 16
    );
    run(desk, &stage, arguments)
}

#[test]
fn off_line_the_stream_waits_for_a_new_instance_and_live_it_does_not() {
    let (desk, _) = desk();
    let tried = |run: &Run| {
        let attempt = &run.report["stages"][0]["restart"]["attempts"][0];
        let frames = |key: &str| attempt[key].as_u64().unwrap_or_default() as usize;
        assert_eq!(attempt["outcome"], "returned", "{}", run.report);
        (frames("tried_at_frames"), frames("position_frames"))
    };
    let off_line = tried(&slowly(&desk, &[]));
    let back = FAULT + DELAY + SHADOW + FADE - 1;
    assert_eq!(
        off_line,
        (FAULT + DELAY, back / BLOCK_FRAMES * BLOCK_FRAMES)
    );
    let live = tried(&slowly(&desk, &["--pace", "realtime"]));
    // Once it is due and the conductor saw that; the stream went on while it was made.
    let due = (FAULT + DELAY).next_multiple_of(BLOCK_FRAMES);
    assert!(live.0 >= due, "{live:?}");
    assert!(live.1 > back + 4 * BLOCK_FRAMES, "{live:?}");
}
