//! Old plugins in this host, and plugins and hosts of tomorrow: what the rules for growth promise.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

mod museum {
    pub(crate) mod future;
}

use std::process::Command;

use museum::future::{Edit, future, mutilated};
use segue::loading::{LoadError, Providers};
use segue_plugin::declare::Layout;
use segue_plugin::link::{Creation, Heard, Setting, SettingValue, Start};
use segue_plugin::setup::{Format, Mode};
use segue_tests::build::{own_workspace, test_plugin};
use segue_tests::library::{class, open, try_open};
use segue_tests::play::{SAMPLE_RATE_HZ, play};
use segue_tests::wav::noise;

fn start(sources: &[(String, Vec<String>, usize)]) -> Start<'_> {
    Start {
        format: Format {
            sample_rate_hz: SAMPLE_RATE_HZ,
            layout: Layout::MONO,
        },
        frames_max: 256,
        mode: Mode::Offline,
        sidechains: &[],
        sources,
    }
}

#[test]
fn every_kind_of_an_old_plugin_works_in_this_host() {
    let built = own_workspace("museum", ["--package", "relic"]);
    let relic = open(built.file("relic"));
    let settings = [Setting {
        id: "word".to_owned(),
        value: SettingValue::Text("seven b".to_owned()),
    }];
    let creation = Creation {
        settings: &settings,
        params: &[(0, 0.25)],
        ..Creation::default()
    };
    let input = [noise(3, 1_000)];
    let played = play(&relic, "scale", &creation, &input, 256);
    let expected: Vec<_> = input[0].iter().map(|sample| sample * 0.25).collect();
    assert_eq!(played.signal, [expected]);
    assert_eq!(played.outputs[1], 7.0);
    let records = [(0, String::new()), (0, "the stream starts".to_owned())];
    assert_eq!(played.records, records);
    observers(&relic);
}

/// The analyzer hears and counts, the metric compares, the decision says hello.
fn observers(relic: &segue::loading::Generation) {
    use segue_plugin::abi::audio::Span;
    use segue_plugin::link::AudioView;
    let samples = [0.5, 0.25, 0.0];
    let span = Span {
        channels: 1,
        stride: 3,
        start: 0,
        frames: 3,
    };
    let signal = AudioView::new(&samples, span);
    let silence = [0.0; 3];
    let reference = AudioView::new(&silence, span);
    let nobody = Creation::default();
    for (component, frames) in [("count", 3.0), ("differ", 2.0)] {
        let mut observer = relic
            .observer(component, &nobody, Providers::none())
            .unwrap();
        observer.activate(&start(&[])).unwrap();
        let heard = Heard {
            position_frames: 0,
            subscription: 0,
            value: 1.0,
            from: "relic",
        };
        assert!(observer.hear(&heard).is_ok());
        assert!(observer.observe(0, signal, reference).is_ok());
        let mut values = [f64::NAN];
        assert!(observer.finish(&mut values, 1).is_ok());
        assert_eq!(values, [frames], "{component}");
    }
    let mut hello = relic.decision("hello", &nobody, Providers::none()).unwrap();
    hello.activate(&start(&[])).unwrap();
    let (status, actions) = hello.decide(0, &[], &[]);
    assert!(status.is_ok());
    assert_eq!(actions[0].reason, "hello from the museum");
}

#[test]
fn a_plugin_of_tomorrow_that_does_with_this_host_loads() {
    let library = open(future().file("test-future"));
    let input = [noise(4, 1_000)];
    let played = play(&library, "half", &Creation::default(), &input, 256);
    let expected: Vec<_> = input[0].iter().map(|sample| sample * 0.5).collect();
    assert_eq!(played.signal, [expected]);
}

#[test]
fn a_plugin_that_needs_a_host_of_tomorrow_gets_one_sentence() {
    let class = class(future().file("test-strict"));
    assert_eq!(class.name(), "incompatible");
    assert_eq!(
        class.reason().unwrap(),
        "the plugin needs a host that speaks plugin ABI 1.1 or a later 1.x, this one speaks 1.0: \
         update Segue, or ask for a build of the plugin for ABI 1.0"
    );
}

#[test]
fn a_plugin_of_today_works_in_a_host_of_tomorrow() {
    let check = |library: &std::path::Path, expected: &str| {
        let output = Command::new(future().file("future-host"))
            .arg(library)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    };
    check(
        test_plugin("through"),
        "function of tomorrow: None\n\
         method of tomorrow: 7\n\
         processed: [0.5, -0.5, 0.25, 1.0]\n",
    );
    check(
        future().file("test-future"),
        "function of tomorrow: Some(11)\n\
         method of tomorrow: 42\n\
         processed: [0.25, -0.25, 0.125, 0.5]\n",
    );
}

#[test]
fn a_layout_that_changed_in_the_middle_is_refused_in_one_sentence() {
    let field = Edit {
        file: "src/abi/setup.rs",
        before: "    /// How many frames it sounds on after the input ended, beside the latency.\n",
        after: "    /// In the middle.\n    pub middle_frames: u64,\n    /// The tail.\n",
    };
    let value = Edit {
        file: "src/format.rs",
        before: "            tail_frames: self.tail_frames,\n        }\n    }\n}",
        after: "            tail_frames: self.tail_frames,\n            middle_frames: 0,\n        \
                }\n    }\n}",
    };
    check_refused("middle_frames", &[field, value]);
    let method = Edit {
        file: "src/abi/object.rs",
        before: "    /// The most bytes `save_state` writes;",
        after: "    /// In the middle.\n    fn in_the_middle(&self) -> u32 {\n        0\n    }\n\n    \
                /// The most bytes `save_state` writes;",
    };
    check_refused("in_the_middle", &[method]);
}

/// Builds a plugin on an SDK with these edits under the same ABI version, and opens a copy of it.
fn check_refused(name: &str, edits: &[Edit]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.so"));
    std::fs::copy(mutilated(edits).file("test-future"), &path).unwrap();
    let Err(refusal) = try_open(&path) else {
        panic!("{name}: it was opened");
    };
    let text = refusal.to_string();
    assert_eq!(
        text,
        format!(
            "{}: its types differ from the host's; build it with an unchanged segue-plugin",
            path.display()
        )
    );
    let LoadError::Header { source, .. } = refusal else {
        panic!("{name}: {refusal:?}");
    };
    let dump = format!("{source:?}");
    assert!(dump.contains(name), "the dump for the log names it: {dump}");
}
