//! Components that fail on the air: the host never ends, what `on_error` says is heard, and the
//! report says what happened.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_tests::build::test_plugin;
use segue_tests::desk::{Answer, Desk};
use segue_tests::wav::{self, Channels};
use serde_json::Value;

/// The rate of everything here.
const SAMPLE_RATE_HZ: u32 = 48_000;

/// The frames of a block.
const BLOCK_FRAMES: usize = 256;

/// How long the step decays where a substitute takes over: 5 ms.
const DECAY_FRAMES: usize = 240;

/// The first frame of the block in which trouble starts.
const TROUBLE_FRAME: usize = 39 * BLOCK_FRAMES;

/// A frame within that block, which is what components are told.
const FROM_FRAME: usize = TROUBLE_FRAME + 16;

/// What a run came to.
struct Run {
    desk: Desk,
    answer: Answer,
    input: Channels,
}

impl Run {
    fn new(configuration: &str) -> Self {
        let desk = Desk::new();
        desk.install(["faulty", "through"].map(test_plugin));
        let input = vec![wav::noise(6, 20_000), wav::noise(7, 20_000)];
        wav::write(&desk.path("in.wav"), SAMPLE_RATE_HZ, &input);
        let head = "[stream]\ninput = \"in.wav\"\noutput = \"out.wav\"\n";
        desk.write("plugins.toml", format!("{head}{configuration}"));
        let answer = desk.segue(["run", "--report", "report.json"]);
        Self {
            desk,
            answer,
            input,
        }
    }

    fn expect(self, code: i32) -> Self {
        Self {
            answer: self.answer.expect(code),
            ..self
        }
    }

    fn output(&self) -> Channels {
        wav::read(&self.desk.path("out.wav"))
    }

    fn report(&self) -> Value {
        let text = std::fs::read(self.desk.path("report.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

/// A stage that panics in `method`, and more lines for it.
fn panicking(method: &str, more: &str) -> String {
    format!(
        "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/panics\"\n\
         params = {{ from_frame = {FROM_FRAME} }}\nsettings = {{ panic_in = \"{method}\" }}\n{more}\n"
    )
}

/// A stage that breaks a promise.
fn misbehaving(how: &str) -> String {
    format!(
        "[[stage]]\nid = \"bad\"\ncomponent = \"test.faulty/misbehaves\"\n\
         params = {{ how = \"{how}\", from_frame = {FROM_FRAME} }}\n"
    )
}

/// Before the trouble the stage is heard, after the decay its substitute: the input times `dry`.
fn check_substitute(run: &Run, dry: f32) {
    for (output, input) in run.output().iter().zip(&run.input) {
        assert_eq!(output.len(), input.len());
        let times = |factor: f32, part: &[f32]| -> Vec<f32> {
            part.iter().map(|sample| sample * factor).collect()
        };
        assert_eq!(output[..TROUBLE_FRAME], times(2.0, &input[..TROUBLE_FRAME]));
        let after = TROUBLE_FRAME + DECAY_FRAMES;
        assert_eq!(output[after..], times(dry, &input[after..]));
        // In between, the step decays: where it starts, the signal goes on where it was.
        assert_ne!(output[TROUBLE_FRAME], input[TROUBLE_FRAME] * dry);
        let largest = output
            .iter()
            .fold(0.0f32, |most, sample| most.max(sample.abs()));
        assert!(largest < 2.5, "{largest}");
    }
}

#[test]
fn a_stage_that_panics_is_bypassed_bit_for_bit() {
    let run = Run::new(&panicking("process", "")).expect(4);
    check_substitute(&run, 1.0);
    let report = run.report();
    assert_eq!(report["complete"], true);
    let stage = &report["stages"][0];
    assert_eq!(stage["on_error"], "bypass");
    assert_eq!(stage["substituted_from_frame"], TROUBLE_FRAME);
    let fault = &stage["faults"][0];
    assert_eq!(fault["kind"], "panicked");
    assert_eq!(fault["position_frames"], TROUBLE_FRAME);
    let text = fault["text"].as_str().unwrap();
    assert!(text.starts_with("panicked: as told, in process"), "{text}");
    assert_eq!(report["generations"][0]["panics"], 1);
    assert!(
        run.answer
            .err
            .contains("stage `bad` failed at 0.208 s (frame 9984)")
    );
}

#[test]
fn a_payload_that_panics_when_dropped_changes_nothing() {
    let bomb = panicking("process", "").replace(" }\n\n", ", bomb = true }\n");
    assert!(bomb.contains("bomb"), "{bomb}");
    check_substitute(&Run::new(&bomb).expect(4), 1.0);
}

#[test]
fn a_stage_that_panics_is_muted_where_the_file_says_so() {
    let run = Run::new(&panicking("process", "on_error = \"mute\"")).expect(4);
    check_substitute(&run, 0.0);
}

#[test]
fn a_stage_that_panics_ends_the_run_where_the_file_says_so() {
    let run = Run::new(&panicking("process", "on_error = \"stop\"")).expect(1);
    assert!(
        !run.desk.path("out.wav").exists(),
        "an output that is not whole"
    );
    let report = run.report();
    assert_eq!(report["complete"], false);
    let fault = &report["stages"][0]["faults"][0];
    assert_eq!(fault["position_frames"], TROUBLE_FRAME);
    assert!(
        run.answer.err.contains("its on_error is `stop`"),
        "{}",
        run.answer.err
    );
}

#[test]
fn every_broken_promise_is_a_fault_of_its_own_kind() {
    for (how, kind) in [
        ("faults", "failed"),
        ("not-a-number", "non-finite output"),
        ("infinite", "non-finite output"),
        ("rounds-toward-zero", "changed floating-point mode"),
    ] {
        let run = Run::new(&misbehaving(how)).expect(4);
        check_substitute(&run, 1.0);
        let fault = &run.report()["stages"][0]["faults"][0];
        assert_eq!(fault["kind"], kind, "{how}");
    }
    let run = Run::new(&misbehaving("faults"));
    let fault = &run.report()["stages"][0]["faults"][0];
    assert_eq!(fault["text"], "it does not feel like it");
}

#[test]
fn heap_calls_and_lost_notes_are_counted() {
    let run = Run::new(&misbehaving("allocates")).expect(0);
    let blocks = run.report()["stream"]["blocks"].as_u64().unwrap();
    let calls = &run.report()["stages"][0]["heap"]["process_calls"];
    let bad = blocks - (TROUBLE_FRAME / BLOCK_FRAMES) as u64;
    assert_eq!(
        calls.as_u64(),
        Some(2 * bad),
        "one taken and one given back each"
    );
    let run = Run::new(&misbehaving("floods")).expect(0);
    let lost = run.report()["stages"][0]["records_lost"].as_u64().unwrap();
    assert!(lost > 1_900 * bad, "{lost}");
    let run = Run::new(&misbehaving("behaves")).expect(0);
    assert_eq!(run.report()["stages"][0]["heap"]["process_calls"], 0);
    assert_eq!(run.report()["stages"][0]["records_lost"], 0);
}

#[test]
fn a_panic_before_the_first_block_refuses_the_run() {
    for method in ["create", "validate_input", "activate"] {
        let run = Run::new(&panicking(method, "")).expect(3);
        let sentence = format!(
            "error: stage `bad` (test.faulty/panics 1.0.0): panicked: as told, in {method}"
        );
        assert!(run.answer.err.starts_with(&sentence), "{}", run.answer.err);
        assert!(!run.desk.path("out.wav").exists());
    }
}

#[test]
fn a_panic_after_the_last_block_degrades_the_run() {
    for method in ["deactivate", "drop"] {
        let run = Run::new(&panicking(method, "")).expect(4);
        let report = run.report();
        assert_eq!(report["complete"], true, "{method}");
        assert_eq!(report["generations"][0]["panics"], 1, "{method}");
        let told = ["test.faulty panicked; it was caught inside it"];
        assert_eq!(report["degraded"], serde_json::json!(told), "{method}");
        let expected: Vec<_> = run.input[1].iter().map(|sample| sample * 2.0).collect();
        assert_eq!(run.output()[1], expected, "{method}");
    }
}

/// A tap or a decision that panics in `method`, beside one stage.
fn listening(component: &str, method: &str) -> String {
    let stage = "[[stage]]\nid = \"stage\"\ncomponent = \"test.through\"\n";
    let settings = format!("settings = {{ panic_in = \"{method}\" }}\n");
    let good = "[[tap]]\nid = \"good\"\ncomponent = \"test.faulty/panicking-analyzer\"\n";
    let bad = match component {
        "panicking-analyzer" => "[[tap]]\nid = \"bad\"\n".to_owned(),
        "panicking-metric" => "[[tap]]\nid = \"bad\"\nreference = \"input\"\n".to_owned(),
        _ => "[[decide]]\nid = \"bad\"\nreads = [\"good\"]\nmay = [\"alert\"]\n".to_owned(),
    };
    format!("{stage}{good}{bad}component = \"test.faulty/{component}\"\n{settings}")
}

#[test]
fn an_observer_that_panics_is_not_asked_again_and_the_sound_goes_on() {
    for (component, methods) in [
        ("panicking-analyzer", &["process", "emit", "finish"][..]),
        ("panicking-metric", &["process", "emit", "finish"][..]),
        ("panicking-decision", &["process"][..]),
    ] {
        for method in methods {
            let run = Run::new(&listening(component, method)).expect(4);
            let report = run.report();
            assert_eq!(report["complete"], true, "{component} {method}");
            assert_eq!(run.output(), run.input, "{component} {method}");
            let list = if component == "panicking-decision" {
                &report["decides"][0]
            } else {
                &report["taps"][1]
            };
            let text = list["fault"]["text"].as_str().unwrap();
            let expected = format!("panicked: as told, in {method}");
            assert!(text.starts_with(&expected), "{component}: {text}");
            let good = &report["taps"][0];
            assert_eq!(good["fault"], Value::Null);
            assert_eq!(
                good["readings"][0]["value"], 20_000.0,
                "{component} {method}"
            );
        }
    }
}

#[test]
fn an_observer_that_panics_at_either_end_is_told() {
    for component in [
        "panicking-analyzer",
        "panicking-metric",
        "panicking-decision",
    ] {
        let run = Run::new(&listening(component, "create")).expect(3);
        assert!(
            run.answer.err.contains("panicked: as told, in create"),
            "{}",
            run.answer.err
        );
        let run = Run::new(&listening(component, "drop")).expect(4);
        assert_eq!(run.output(), run.input);
    }
}
