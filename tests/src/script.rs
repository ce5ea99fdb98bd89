//! Script: a run of a pipeline off line, with changes at exact frames of its stream.
//!
//! In: plugins, a signal, the tables of stages, changes. Out: what came out, the report and its
//! receipts; beside it the same run without a change, which is the oracle of most tests.

use std::ffi::OsStr;
use std::fmt::Write;

use serde_json::Value;

use crate::desk::{Answer, Desk};
use crate::wav::{self, Channels};

/// The rate of everything here, in frames per second.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// How long a fade is where nothing else is said: 20 ms, in frames.
pub const FADE_FRAMES: usize = 960;

/// A desk with an input and a pipeline.
#[derive(Debug)]
pub struct Script {
    /// Where it lies.
    pub desk: Desk,
    /// What is in `in.wav`.
    pub input: Channels,
    /// Changes that every run begins with, the undisturbed one too.
    prelude: Changes,
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// What is in the output.
    pub output: Channels,
    /// The report.
    pub report: Value,
    /// What was printed.
    pub answer: Answer,
    /// How many receipts are those of the prelude.
    prelude: usize,
}

impl Script {
    /// A desk with this input and these tables as `plugins.toml`.
    #[must_use]
    pub fn new(desk: Desk, input: Channels, tables: &str) -> Self {
        wav::write(&desk.path("in.wav"), SAMPLE_RATE_HZ, &input);
        desk.write("plugins.toml", tables);
        Self {
            desk,
            input,
            prelude: Changes::new(),
        }
    }

    /// Begins every run with these changes: an older version, say, where the newest one starts.
    #[must_use]
    pub fn beginning_with(self, prelude: Changes) -> Self {
        Self { prelude, ..self }
    }

    /// The run without a change, which is whole and not degraded.
    #[must_use]
    #[track_caller]
    pub fn undisturbed(&self) -> Run {
        self.changed(&Changes::new()).expect(0)
    }

    /// The run with these changes.
    #[must_use]
    #[track_caller]
    pub fn changed(&self, changes: &Changes) -> Run {
        self.changed_with(changes, &[] as &[&str])
    }

    /// The run with these changes and further arguments.
    #[must_use]
    #[track_caller]
    pub fn changed_with<A: AsRef<OsStr>>(&self, changes: &Changes, arguments: &[A]) -> Run {
        let mut all: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        let text = format!("{}{}", self.prelude.text(), changes.text());
        if !text.is_empty() {
            self.desk.write("changes.toml", text);
            all.extend(["--timeline", "changes.toml"].map(OsStr::new));
        }
        self.run(&all)
    }

    /// A run with these arguments; whatever its exit code, its report and its output are there.
    #[must_use]
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Run {
        let first = [
            "run",
            "in.wav",
            "out.wav",
            "--config",
            "plugins.toml",
            "--overwrite",
            "--report",
            "report.json",
        ];
        let report = self.desk.path("report.json");
        // What an earlier run left must not pass for what this one made.
        let _ = std::fs::remove_file(&report);
        let arguments = arguments.iter().map(AsRef::as_ref);
        let answer = self
            .desk
            .segue(first.map(OsStr::new).into_iter().chain(arguments));
        let text = std::fs::read(&report)
            .unwrap_or_else(|error| panic!("no report ({error}): {:?}\n{}", answer, answer.err));
        let report = serde_json::from_slice(&text).expect("a report is JSON");
        Run {
            output: wav::read(&self.desk.path("out.wav")),
            report,
            answer,
            prelude: self.prelude.count(),
        }
    }
}

impl Run {
    /// Asserts the exit code, and shows what was printed where it is another.
    #[must_use]
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let receipts = &self.report["changes"];
        assert_eq!(
            self.answer.code,
            Some(code),
            "{}\n{receipts:#}",
            self.answer.err
        );
        self
    }

    /// The receipts, in order, without those of the prelude, which have to be there and done.
    #[must_use]
    #[track_caller]
    pub fn receipts(&self) -> &[Value] {
        let receipts = self.report["changes"].as_array();
        let receipts = receipts.expect("a report has receipts");
        let (prelude, rest) = receipts.split_at(self.prelude);
        assert!(
            prelude.iter().all(|receipt| receipt["verdict"] == "done"),
            "{prelude:#?}"
        );
        rest
    }

    /// The only receipt.
    #[must_use]
    #[track_caller]
    pub fn receipt(&self) -> &Value {
        let receipts = self.receipts();
        assert_eq!(receipts.len(), 1, "{receipts:#?}");
        &receipts[0]
    }

    /// Asserts that so many changes were made, and returns their receipts.
    #[track_caller]
    pub fn all_done(&self, count: usize) -> &[Value] {
        let receipts = self.receipts();
        assert_eq!(receipts.len(), count, "{receipts:#?}");
        for receipt in receipts {
            assert_eq!(receipt["verdict"], "done", "{receipt:#}");
            assert_eq!(
                receipt["heap_calls"].as_u64().unwrap_or(0),
                0,
                "{receipt:#}"
            );
        }
        receipts
    }
}

/// A frame that a receipt names.
#[must_use]
#[track_caller]
pub fn frame(receipt: &Value, key: &str) -> usize {
    let frame = receipt[key].as_u64();
    frame.unwrap_or_else(|| panic!("no {key} in {receipt:#}")) as usize
}

/// Asserts that two signals are the same to the last bit, and says where they are not.
#[track_caller]
pub fn assert_same(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: channels");
    for (channel, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}: frames");
        let differs = |at: &usize| found[*at].to_bits() != expected[*at].to_bits();
        if let Some(at) = (0..found.len()).find(differs) {
            let (found, expected) = (found[at], expected[at]);
            panic!("{what}: channel {channel}, frame {at} is {found}, expected {expected}");
        }
    }
}

/// The largest step from one sample to the next.
#[must_use]
pub fn largest_step(samples: &[f32]) -> f64 {
    let steps = samples.windows(2);
    let steps = steps.map(|two| (f64::from(two[1]) - f64::from(two[0])).abs());
    steps.fold(0.0, f64::max)
}

/// A sine from phase 0.
#[must_use]
pub fn sine(frequency_hz: f64, amplitude: f64, frames: usize) -> Vec<f32> {
    let turn = std::f64::consts::TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ);
    let sample = |frame: usize| (amplitude * (turn * frame as f64).sin()) as f32;
    (0..frames).map(sample).collect()
}

/// Changes at frames of the stream, as a file for `--timeline`.
#[derive(Debug, Clone, Default)]
pub struct Changes(String);

impl Changes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And one more: an action as it stands in the file.
    #[must_use]
    pub fn at(mut self, frame: usize, action: &str) -> Self {
        let written = writeln!(self.0, "[[change]]\nat_frames = {frame}\n{action}\n");
        written.expect("a text takes any text");
        self
    }

    /// And a swap of a stage, with more keys: `, version = "=1.1.0"`.
    #[must_use]
    pub fn swap(self, frame: usize, stage: &str, more: &str) -> Self {
        self.at(frame, &format!("swap = {{ stage = \"{stage}\"{more} }}"))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.matches("[[change]]").count()
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}
