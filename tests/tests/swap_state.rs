//! Running state from one instance to the next: a swap of a plugin for itself is not to be heard,
//! a newer version reads the state of an older one, and where it cannot, a fade says so.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use segue_plugin::declare::Kind;
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::{Desk, stage};
use segue_tests::library;
use segue_tests::script::{Changes, Run, SAMPLE_RATE_HZ, Script, assert_same, largest_step};
use segue_tests::wav;
use serde_json::Value;

/// How long the run with many swaps is, in frames: a minute.
const MINUTE_FRAMES: usize = 60 * SAMPLE_RATE_HZ as usize;

/// How many swaps fall into it.
const SWAPS: usize = 200;

/// The reference processors that declare no state, and why; none at present.
const STATELESS: [(&str, &str); 0] = [];

/// What makes a reference processor do something that a fresh instance would do otherwise.
const AT_WORK: [(&str, &str); 8] = [
    ("segue.delay/delay", "params = { feedback = 0.6 }"),
    (
        "segue.delay/latency",
        "params = { latency_frames = 480, tail_frames = 4800 }",
    ),
    ("segue.denoise/rnnoise", "params = { mix = 0.9 }"),
    (
        "segue.dynamics/compressor",
        "params = { threshold_db = -30, ratio = 4, release_ms = 500 }",
    ),
    (
        "segue.dynamics/gate",
        "params = { threshold_db = -20, release_ms = 500 }",
    ),
    (
        "segue.dynamics/limiter",
        "params = { ceiling_dbtp = -12, lookahead_ms = 5 }",
    ),
    (
        "segue.filters/eq",
        "params.band = [{ type = \"high-pass\", frequency_hz = 30 }, \
         { type = \"peak\", frequency_hz = 900, gain_db = 9, q = 12 }]",
    ),
    ("segue.gain/gain", "params = { gain_db = -3 }"),
];

/// Noise that swells and falls, so that what follows a level is never at rest.
fn swelling(seed: u64, frames: usize) -> Vec<f32> {
    let noise = wav::noise(seed, frames).into_iter().enumerate();
    let swell = |frame: usize| (frame % 24_000) as f32 / 24_000.0;
    noise
        .map(|(frame, sample)| sample * (0.01 + 0.9 * swell(frame) * swell(frame)))
        .collect()
}

/// Every processor of the reference plugins, and the schema of its state.
fn processors() -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for file in reference().files() {
        let manifest = library::found(file).manifest;
        for component in &manifest.components {
            if component.kind == Kind::Processor {
                let address = format!("{}/{}", manifest.id, component.name);
                found.push((address, component.capabilities.state_schema));
            }
        }
    }
    found.sort();
    found
}

/// Odd frames, all over the run and nowhere near the ends of blocks only.
fn swaps(frames: usize) -> Changes {
    let distance = frames / (SWAPS + 1);
    (1..=SWAPS).fold(Changes::new(), |changes, swap| {
        let at = (swap * distance + swap * swap % 211) | 1;
        changes.swap(at, "one", "")
    })
}

/// Self-swaps in a minute of noise, against the run without.
fn check_self_swaps(component: &str, params: &str) {
    let desk = Desk::new();
    desk.install(reference().files());
    let input = vec![swelling(1, MINUTE_FRAMES)];
    let script = Script::new(desk, input, &stage("one", component, params));
    let expected = script.undisturbed();
    let run = script.changed(&swaps(MINUTE_FRAMES)).expect(0);
    for receipt in run.all_done(SWAPS) {
        assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
        assert!(receipt["takeover"]["bytes"].as_u64().unwrap() > 0);
        assert_eq!(receipt["frames_in"], receipt["frames_out"], "{receipt:#}");
        assert_eq!(receipt["old"], receipt["new"], "{receipt:#}");
        assert_eq!(receipt["state"], "retired", "{receipt:#}");
    }
    assert_same(&run.output, &expected.output, component);
    assert_ne!(run.output, script.input, "{component} does nothing");
}

/// One test for each component, so that they run beside each other.
macro_rules! self_swaps {
    ($($name:ident: $at:literal,)*) => {
        $(
            #[test]
            fn $name() {
                let (component, params) = AT_WORK[$at];
                check_self_swaps(component, params);
            }
        )*
    };
}

self_swaps! {
    two_hundred_self_swaps_of_the_delay_are_not_heard: 0,
    two_hundred_self_swaps_of_the_latency_are_not_heard: 1,
    two_hundred_self_swaps_of_the_denoiser_are_not_heard: 2,
    two_hundred_self_swaps_of_the_compressor_are_not_heard: 3,
    two_hundred_self_swaps_of_the_gate_are_not_heard: 4,
    two_hundred_self_swaps_of_the_limiter_are_not_heard: 5,
    two_hundred_self_swaps_of_the_equalizer_are_not_heard: 6,
    two_hundred_self_swaps_of_the_gain_are_not_heard: 7,
}

#[test]
fn every_reference_processor_with_state_is_swapped_above() {
    let (with, without): (Vec<_>, Vec<_>) = processors()
        .into_iter()
        .partition(|(_, schema)| *schema != 0);
    let tried: Vec<_> = AT_WORK.iter().map(|(component, _)| *component).collect();
    let with: Vec<_> = with.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(with, tried);
    let without: Vec<_> = without
        .iter()
        .map(|(address, _)| address.as_str())
        .collect();
    assert_eq!(without, STATELESS.map(|(address, _)| address));
}

/// A stage of a delay in stereo, and one swap of it for itself.
fn delayed(more: &str) -> Script {
    let desk = Desk::new();
    desk.install([reference().file("segue-delay")]);
    let input = [1, 2].map(|seed| swelling(seed, FRAMES));
    Script::new(
        desk,
        input.to_vec(),
        &stage("one", "segue.delay/delay", more),
    )
}

#[test]
fn a_delay_at_its_defaults_is_handed_over() {
    let script = delayed("");
    let expected = script.undisturbed();
    let run = script.changed(&Changes::new().swap(SWAP_FRAME, "one", ""));
    let run = run.expect(0);
    run.all_done(1);
    let takeover = &run.receipt()["takeover"];
    assert_eq!(takeover["by"], "handoff", "{takeover:#}");
    // The numbers, and the samples of 250 ms: not those of the room for longer delays.
    let bytes = takeover["bytes"].as_u64().unwrap();
    assert!((96_000..96_500).contains(&bytes), "{takeover:#}");
    assert_same(&run.output, &expected.output, "handed over");
}

#[test]
fn a_delay_that_is_not_handed_over_has_heard_what_it_repeats() {
    let script = delayed("swap = { state = \"fresh\" }");
    let expected = script.undisturbed();
    let run = script.changed(&Changes::new().swap(SWAP_FRAME, "one", ""));
    let run = run.expect(0);
    run.all_done(1);
    let takeover = &run.receipt()["takeover"];
    assert_eq!(takeover["by"], "fade", "{takeover:#}");
    let primed = takeover["primed_frames"].as_u64().unwrap();
    assert!(primed >= 12_000, "{takeover:#}");
    // Equal signals stay equal, to the last bit.
    assert_same(&run.output, &expected.output, "primed");
}

#[test]
fn a_state_that_does_not_fit_is_not_handed_on_and_the_receipt_says_so() {
    // 1.5 s of two channels are a little more than a state may have.
    let script = delayed("params = { delay_ms = 1500.0 }");
    let run = script.changed(&Changes::new().swap(SWAP_FRAME, "one", ""));
    let run = run.expect(0);
    run.all_done(1);
    let takeover = &run.receipt()["takeover"];
    assert_eq!(takeover["by"], "fade", "{takeover:#}");
    let why = takeover["why"].as_str().unwrap();
    assert!(why.contains("longer than 524288 bytes"), "{why}");
}

/// Where the versions of the state's test plugin meet.
const SWAP_FRAME: usize = 96_001;

/// How long these runs are.
const FRAMES: usize = 192_000;

/// Both versions; the first is what runs.
fn versions(params: &str) -> Script {
    let desk = Desk::new();
    desk.install(["state-1", "state-2"].map(test_plugin));
    let tables = stage(
        "one",
        "test.state/level",
        &format!("params = {{ {params} }}"),
    );
    // A level that is far from 0, over which a fresh instance needs seconds.
    let input = [11, 12].map(|seed| {
        wav::noise(seed, FRAMES)
            .iter()
            .map(|x| 0.4 + x / 4.0)
            .collect()
    });
    let older = Changes::new().swap(1, "one", ", version = \"=1.0.0\"");
    Script::new(desk, input.to_vec(), &tables).beginning_with(older)
}

/// One swap of the stage.
fn once(version: &str) -> Changes {
    Changes::new().swap(SWAP_FRAME, "one", &format!(", version = \"={version}\""))
}

/// The largest difference between two signals.
fn distance(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    pairs.fold(0.0, |most, (found, expected)| {
        most.max((found - expected).abs())
    })
}

/// The newest instance's count of frames.
fn frames_seen(run: &Run) -> Option<f64> {
    run.report["stages"][0]["outputs"][0]["values"]["max"].as_f64()
}

#[test]
fn what_an_instance_counted_its_successors_go_on_counting() {
    let script = versions("");
    let expected = script.undisturbed();
    let changes = (1..10).fold(Changes::new(), |changes, swap| {
        changes.swap(swap * 10_007, "one", ", version = \"=1.0.0\"")
    });
    let run = script.changed(&changes).expect(0);
    for receipt in run.all_done(9) {
        assert_eq!(receipt["takeover"]["by"], "handoff", "{receipt:#}");
        assert_eq!(receipt["takeover"]["bytes"], 3 * 8, "{receipt:#}");
        // A handoff is heard at exactly the frame that was asked for.
        assert_eq!(receipt["heard_at_frames"], receipt["asked_at_frames"]);
    }
    assert_same(&run.output, &expected.output, "handed on");
    assert_eq!(frames_seen(&run), Some(FRAMES as f64));
}

#[test]
fn a_newer_version_reads_the_state_of_the_older_one() {
    let script = versions("");
    let expected = script.undisturbed();
    let run = script.changed(&once("1.1.0")).expect(0);
    run.all_done(1);
    let receipt = run.receipt();
    assert_eq!(receipt["old"]["version"], "1.0.0");
    assert_eq!(receipt["new"]["version"], "1.1.0");
    assert_ne!(receipt["old"]["sha256"], receipt["new"]["sha256"]);
    // Primed alone, the level would begin at 0 and be far away.
    let far = distance(&run.output, &expected.output);
    assert!(
        far < 1e-3,
        "{far} away: the state did not arrive\n{receipt:#}"
    );
    assert_eq!(frames_seen(&run), Some(FRAMES as f64), "{receipt:#}");
}

/// A swap whose state does not arrive: priming and a fade, and the receipt says why.
#[track_caller]
fn check_fallback(more: &str, version: &str, why: &str) {
    let script = versions(more);
    let expected = script.undisturbed();
    let run = script.changed(&once(version)).expect(0);
    run.all_done(1);
    let receipt = run.receipt();
    assert_eq!(receipt["takeover"]["by"], "fade", "{more}: {receipt:#}");
    assert!(
        receipt["takeover"]["primed_frames"].as_u64().unwrap() > 0,
        "{more}: {receipt:#}"
    );
    let told = receipt["takeover"]["why"].to_string() + &receipt["reasons"].to_string();
    assert!(told.contains(why), "{more}: {told}");
    check_seam(&run, &expected, receipt, more);
}

/// The old one before the fade, another level after it, and no step in between.
#[track_caller]
fn check_seam(run: &Run, expected: &Run, receipt: &Value, more: &str) {
    let heard = segue_tests::script::frame(receipt, "heard_at_frames");
    let done = segue_tests::script::frame(receipt, "done_at_frames");
    for (output, expected) in run.output.iter().zip(&expected.output) {
        assert_eq!(output.len(), expected.len());
        assert_eq!(output[..heard], expected[..heard], "{more}");
        assert_ne!(output[done..], expected[done..], "{more}");
        let slope = 0.5 / (done - heard) as f64;
        let (step, own) = (largest_step(output), largest_step(expected));
        assert!(step <= own + slope, "{more}: a step of {step}, own {own}");
    }
}

#[test]
fn a_refused_or_malformed_migration_falls_back_to_a_fade() {
    for (how, why) in [
        ("refuses", "it leaves the past alone, as told"),
        ("short", "the running state ends before"),
        ("spoilt", "holds what no signal leaves behind"),
        ("too-much", "migrated to 525312 bytes"),
    ] {
        check_fallback(&format!("migrates = \"{how}\""), "1.1.0", why);
    }
}

#[test]
fn a_state_that_cannot_be_written_or_read_falls_back_to_a_fade() {
    for (more, why) in [
        ("writes = \"short\"", "ends before all of it was read"),
        ("writes = \"spoilt\"", "holds what no signal leaves behind"),
        ("writes = \"too-much\"", "longer than the 24 bytes"),
        ("writes = \"fails\"", "could not be written"),
        ("reads = \"refuses\"", "does not want the running state"),
    ] {
        check_fallback(more, "1.0.0", why);
    }
}

#[test]
fn a_panic_over_a_state_ends_the_instance_and_not_the_stream() {
    for (more, version) in [
        ("writes = \"panics\"", "1.0.0"),
        ("reads = \"panics\"", "1.0.0"),
        ("migrates = \"panics\"", "1.1.0"),
    ] {
        let script = versions(more);
        let run = script.changed(&once(version));
        assert!(matches!(run.answer.code, Some(0 | 4)), "{}", run.answer.err);
        assert_eq!(run.report["complete"], true, "{more}");
        assert_eq!(run.report["stream"]["frames_out"], FRAMES, "{more}");
        let receipt = run.receipt();
        let told = receipt.to_string();
        assert!(told.contains("as told, in"), "{more}: {receipt:#}");
        // Whoever is heard afterwards, the stream has no hole.
        for channel in &run.output {
            let silent = channel
                .windows(64)
                .position(|part| part.iter().all(|x| *x == 0.0));
            assert_eq!(silent, None, "{more}: {receipt:#}");
        }
    }
}
