//! A panic stays inside the library it happens in: every method of every kind, through the ABI.
//!
//! Libraries are opened in this process, so a panic that came through would end the test.

use std::sync::Arc;

use segue::loading::{Generation, Providers};
use segue_plugin::abi::audio::Span;
use segue_plugin::declare::Layout;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, CallStatus, Code, Creation, Flags, Observer, Processor,
    Setting, SettingValue, Start,
};
use segue_plugin::setup::{Format, Mode};
use segue_tests::build::test_plugin;
use segue_tests::library::open;

/// The format that everything here runs in.
const FORMAT: Format = Format {
    sample_rate_hz: 48_000,
    layout: Layout::MONO,
};

/// How long the blocks are.
const FRAMES: usize = 32;

/// A whole block of one channel.
const SPAN: Span = Span {
    channels: 1,
    stride: FRAMES,
    start: 0,
    frames: FRAMES,
};

/// What became of one call: what it said when it failed.
type Step = (&'static str, Result<(), String>);

#[test]
fn a_processor_that_panics_in_any_method_is_poisoned_and_the_host_goes_on() {
    for bomb in [false, true] {
        check(processor, "create", bomb, &["create"]);
        check(
            processor,
            "validate_input",
            bomb,
            &["validate_input", "activate"],
        );
        check(processor, "activate", bomb, &["activate"]);
        check(
            processor,
            "process",
            bomb,
            &["process", "save_state", "load_state", "migrate_state"],
        );
        check(
            processor,
            "save_state",
            bomb,
            &["save_state", "load_state", "migrate_state"],
        );
        check(
            processor,
            "load_state",
            bomb,
            &["load_state", "migrate_state", "reset"],
        );
        check(
            processor,
            "migrate_state",
            bomb,
            &["migrate_state", "reset", "deactivate"],
        );
        check(processor, "reset", bomb, &["reset", "deactivate"]);
        check(processor, "deactivate", bomb, &["deactivate"]);
        check(processor, "drop", bomb, &[]);
        check(processor, "none", bomb, &[]);
    }
}

#[test]
fn an_analyzer_that_panics_in_any_method_is_poisoned_and_the_host_goes_on() {
    for bomb in [false, true] {
        check(analyzer, "create", bomb, &["create"]);
        check(
            analyzer,
            "validate_input",
            bomb,
            &["validate_input", "activate"],
        );
        check(analyzer, "activate", bomb, &["activate"]);
        check(
            analyzer,
            "process",
            bomb,
            &["process", "emit", "finish", "reset"],
        );
        check(analyzer, "emit", bomb, &["emit", "finish", "reset"]);
        check(analyzer, "finish", bomb, &["finish", "reset", "deactivate"]);
        check(analyzer, "reset", bomb, &["reset", "deactivate"]);
        check(analyzer, "deactivate", bomb, &["deactivate"]);
        check(analyzer, "drop", bomb, &[]);
    }
}

#[test]
fn a_metric_that_panics_in_any_method_is_poisoned_and_the_host_goes_on() {
    for bomb in [false, true] {
        check(metric, "create", bomb, &["create"]);
        check(metric, "process", bomb, &["process", "emit", "finish"]);
        check(metric, "emit", bomb, &["emit", "finish"]);
        check(metric, "finish", bomb, &["finish"]);
        check(metric, "drop", bomb, &[]);
    }
}

#[test]
fn a_decision_that_panics_in_any_method_is_poisoned_and_the_host_goes_on() {
    for bomb in [false, true] {
        check(decision, "create", bomb, &["create"]);
        check(decision, "activate", bomb, &["activate"]);
        check(
            decision,
            "process",
            bomb,
            &["process", "reset", "deactivate"],
        );
        check(decision, "reset", bomb, &["reset", "deactivate"]);
        check(decision, "deactivate", bomb, &["deactivate"]);
        check(decision, "drop", bomb, &[]);
    }
}

/// Lets a component panic in `method`: every step before goes well, the first that fails says
/// why, and those after it fail too, since nobody asks a poisoned instance again.
fn check(
    drive: fn(&Generation, &Creation<'_>) -> Vec<Step>,
    method: &str,
    bomb: bool,
    failing: &[&str],
) {
    let faulty = open(test_plugin("faulty"));
    let settings = settings(method, bomb);
    let creation = Creation {
        name: "trouble",
        settings: &settings,
        ..Creation::default()
    };
    let steps = drive(&faulty, &creation);
    let failed = steps.iter().filter(|(_, answer)| answer.is_err());
    let names: Vec<_> = failed.clone().map(|(step, _)| *step).collect();
    assert!(names.starts_with(failing), "{method}: {steps:?}");
    assert_eq!(failing.is_empty(), names.is_empty(), "{method}: {steps:?}");
    for (_, answer) in failed {
        let text = answer.as_ref().expect_err("it was among the failed");
        let expected = if bomb {
            "panicked: a payload that is not text".to_owned()
        } else {
            format!("panicked: as told, in {method}")
        };
        assert!(text.starts_with(&expected), "{method}: {text}");
    }
}

fn settings(method: &str, bomb: bool) -> [Setting; 2] {
    let setting = |id: &str, value| Setting {
        id: id.to_owned(),
        value,
    };
    [
        setting("panic_in", SettingValue::Text(method.to_owned())),
        setting("bomb", SettingValue::Boolean(bomb)),
    ]
}

fn start() -> Start<'static> {
    Start {
        format: FORMAT,
        frames_max: FRAMES as u32,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    }
}

/// A refusal as its text, anything else as nothing.
fn told<R>(step: &'static str, answer: Result<R, impl ToString>) -> Step {
    (
        step,
        answer.map(drop).map_err(|refusal| refusal.to_string()),
    )
}

/// A status as what the instance says of its failure.
fn status(step: &'static str, status: CallStatus, text: impl FnOnce() -> String) -> Step {
    if status.is_ok() {
        return (step, Ok(()));
    }
    assert_eq!(status.code, Code::POISONED, "{step}");
    (step, Err(text()))
}

fn processor(faulty: &Generation, creation: &Creation<'_>) -> Vec<Step> {
    let created = faulty.processor("panics", creation, Providers::none());
    let mut processor = match created {
        Ok(processor) => processor,
        Err(refusal) => return vec![told("create", Err::<(), _>(refusal))],
    };
    let mut steps = vec![
        told("validate_input", processor.validate_input(FORMAT)),
        told("activate", processor.activate(&start())),
    ];
    if steps[1].1.is_err() {
        return steps;
    }
    let done = process(&mut processor);
    steps.push(status("process", done, || processor.fault_text()));
    let mut state = [0; 64];
    let done = processor.save_state(&mut state);
    steps.push(status("save_state", done, || processor.fault_text()));
    let done = processor.load_state(&state[..8]);
    steps.push(status("load_state", done, || processor.fault_text()));
    steps.push(told("migrate_state", processor.migrate_state(1, &[0; 4])));
    let done = processor.reset();
    steps.push(status("reset", done, || processor.fault_text()));
    let done = processor.deactivate();
    steps.push(status("deactivate", done, || processor.fault_text()));
    steps
}

fn process(processor: &mut Processor) -> CallStatus {
    let input = [0.25; FRAMES];
    let mut output = [0.0; FRAMES];
    let outcome = processor.process(Block {
        position_frames: 0,
        flags: Flags::NONE,
        input: AudioView::new(&input, SPAN),
        output: AudioViewMut::new(&mut output, SPAN),
        sidechains: &[],
        events: &[],
        outputs: &mut [],
        records: &mut [],
    });
    if outcome.status.is_ok() {
        assert_eq!(output, [0.5; FRAMES]);
    }
    outcome.status
}

fn analyzer(faulty: &Generation, creation: &Creation<'_>) -> Vec<Step> {
    observer(faulty, "panicking-analyzer", creation)
}

fn metric(faulty: &Generation, creation: &Creation<'_>) -> Vec<Step> {
    observer(faulty, "panicking-metric", creation)
}

fn observer(faulty: &Generation, component: &str, creation: &Creation<'_>) -> Vec<Step> {
    let created = faulty.observer(component, creation, Providers::none());
    let mut observer = match created {
        Ok(observer) => observer,
        Err(refusal) => return vec![told("create", Err::<(), _>(refusal))],
    };
    let mut steps = vec![
        told("validate_input", observer.validate_input(FORMAT)),
        told("activate", observer.activate(&start())),
    ];
    if steps[1].1.is_err() {
        return steps;
    }
    let done = observe(&mut observer);
    steps.push(status("process", done, || observer.fault_text()));
    let done = observer.emit(&mut [0.0], 1);
    steps.push(status("emit", done, || observer.fault_text()));
    let done = observer.finish(&mut [0.0], 1);
    steps.push(status("finish", done, || observer.fault_text()));
    let done = observer.reset();
    steps.push(status("reset", done, || observer.fault_text()));
    let done = observer.deactivate();
    steps.push(status("deactivate", done, || observer.fault_text()));
    steps
}

fn observe(observer: &mut Observer) -> CallStatus {
    let samples = [0.25; FRAMES];
    let signal = AudioView::new(&samples, SPAN);
    observer.observe(0, signal, signal)
}

fn decision(faulty: &Generation, creation: &Creation<'_>) -> Vec<Step> {
    let created = faulty.decision("panicking-decision", creation, Providers::none());
    let mut decision = match created {
        Ok(decision) => decision,
        Err(refusal) => return vec![told("create", Err::<(), _>(refusal))],
    };
    let mut steps = vec![told("activate", decision.activate(&start()))];
    if steps[0].1.is_err() {
        return steps;
    }
    let (done, _) = decision.decide(0, &[], &[]);
    steps.push(status("process", done, || decision.fault_text()));
    let done = decision.reset();
    steps.push(status("reset", done, || decision.fault_text()));
    let done = decision.deactivate();
    steps.push(status("deactivate", done, || decision.fault_text()));
    steps
}

#[test]
fn every_panic_is_counted_drops_included() {
    let faulty = open(test_plugin("faulty"));
    let before = faulty.panics();
    let settings = settings("drop", true);
    let creation = Creation {
        settings: &settings,
        ..Creation::default()
    };
    drop(faulty.processor("panics", &creation, Providers::none()));
    assert!(faulty.panics() > before);
    assert!(Arc::ptr_eq(&faulty, &open(test_plugin("faulty"))));
}
