//! Streams from outside: determinism, lengths, channels, memory, pace.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::process::Command;

use segue_tests::build::reference;
use segue_tests::desk::{Desk, answer};
use segue_tests::wav;

/// A chain with latency-free filters, a gain, taps and a decision, all by the file.
const CHAIN: &str = r#"
[stream]
input = "in.wav"
output = "out.wav"
overwrite = true

[[stage]]
id = "eq"
component = "segue.filters/eq"
params.band = [
  { type = "high-pass", frequency_hz = 80 },
  { type = "peak", frequency_hz = 3000, gain_db = 2.5, q = 0.9 },
]

[[stage]]
id = "trim"
component = "segue.gain"
params = { gain_db = -3.0 }

[[tap]]
id = "levels"
component = "segue.levels"

[[tap]]
id = "loudness"
component = "segue.loudness"

[[decide]]
id = "guard"
component = "segue.rules"
reads = ["loudness"]
params = { peak_max_dbtp = -40.0 }
may = ["alert"]
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.write("plugins.toml", CHAIN);
    desk
}

fn run(desk: &Desk, block_frames: usize) -> (Vec<u8>, serde_json::Value) {
    let frames = block_frames.to_string();
    let arguments = ["run", "--block-frames", &frames, "--report", "report.json"];
    let _ = desk.segue(arguments).expect(0);
    let report = std::fs::read(desk.path("report.json")).unwrap();
    (
        std::fs::read(desk.path("out.wav")).unwrap(),
        serde_json::from_slice(&report).unwrap(),
    )
}

/// What must not depend on the block size or on luck: everything measured from the audio.
fn measured(report: &serde_json::Value) -> String {
    format!("{} {}", report["taps"], report["decides"])
}

#[test]
fn every_block_size_and_every_run_gives_the_same_bits() {
    for channels in [1, 2, 3, 8] {
        let desk = desk();
        let signal: Vec<_> = (0..channels).map(|seed| wav::noise(seed, 50_001)).collect();
        wav::write(&desk.path("in.wav"), 48_000, &signal);
        let (first, report) = run(&desk, 64);
        assert_eq!(report["stream"]["frames_in"], 50_001);
        assert_eq!(report["stream"]["frames_out"], 50_001);
        assert_eq!(report["complete"], true);
        for block_frames in [64, 256, 1000, 4096, 65_536] {
            let (output, again) = run(&desk, block_frames);
            assert!(
                output == first,
                "{channels} channels, {block_frames} frames differ"
            );
            assert_eq!(measured(&again), measured(&report), "{block_frames}");
        }
    }
}

#[test]
fn an_unchanged_signal_comes_out_bit_for_bit() {
    let desk = desk();
    let signal = [
        vec![0i16, 1, -1, i16::MAX, i16::MIN, 12_345],
        vec![-7, 7, 0, 99, -99, 1],
    ];
    wav::write_16(&desk.path("in.wav"), 44_100, &signal);
    let arguments = [
        "run",
        "in.wav",
        "copy.wav",
        "--stage",
        "segue.gain gain_db=0",
    ];
    let _ = desk.segue(arguments).expect(0);
    let expected = signal.map(|channel| channel.iter().map(|s| f32::from(*s) / 32_768.0).collect());
    assert_eq!(
        wav::read(&desk.path("copy.wav")),
        expected.map(|channel: Vec<f32>| channel)
    );
}

#[test]
fn a_file_of_no_frames_gives_a_file_of_no_frames() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &[Vec::new(), Vec::new()]);
    let (_, report) = run(&desk, 256);
    assert_eq!(report["stream"]["frames_out"], 0);
    assert_eq!(wav::read(&desk.path("out.wav")), [vec![0.0f32; 0], vec![]]);
}

#[test]
fn raw_samples_go_through_pipes_and_nothing_else_does() {
    let desk = desk();
    let samples: Vec<i16> = (0..20_000)
        .map(|at| (at * 3 % 65_536 - 32_768) as i16)
        .collect();
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let arguments = [
        "run",
        "-",
        "-",
        "--raw",
        "s16le:48000:2",
        "--stage",
        "segue.gain gain_db=0",
    ];
    let answer = answer(&mut desk.command(arguments), &bytes).expect(0);
    assert!(
        answer.out == bytes,
        "{} bytes came, {}",
        answer.out.len(),
        answer.err
    );
}

/// The most memory a run took, in KiB, as the system counted it.
#[cfg(target_os = "linux")]
fn peak_kib(desk: &Desk, seconds: u64) -> u64 {
    // The shell feeds zeros and reads the high-water mark the kernel keeps of its child.
    let bytes = seconds * 8_000 * 2;
    let segue = segue_tests::build::executable().display().to_string();
    let script = format!(
        "head -c {bytes} /dev/zero | {segue} run - - -q --raw s16le:8000:1 \
         --stage 'segue.gain gain_db=-6' --report report.json > /dev/null"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    let command = desk.command(["--version"]);
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell.current_dir(desk.path(""));
    let _ = answer(&mut shell, &[]).expect(0);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(desk.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["stream"]["frames_in"], seconds * 8_000);
    report["process"]["peak_memory_bytes"]
        .as_u64()
        .expect("the report says it")
        / 1024
}

#[cfg(target_os = "linux")]
#[test]
fn ten_hours_take_no_more_memory_than_ten_seconds() {
    let desk = desk();
    let short = peak_kib(&desk, 10);
    let long = peak_kib(&desk, 36_000);
    assert!(
        long * 10 <= short * 11,
        "{short} KiB for 10 s, {long} KiB for 10 h"
    );
}

#[test]
fn a_run_that_keeps_pace_gives_the_same_samples() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 8_000, &[wav::noise(3, 2_000)]);
    let (fast, _) = run(&desk, 200);
    let arguments = ["run", "--block-frames", "200", "--pace", "realtime"];
    let _ = desk.segue(arguments).expect(0);
    assert!(std::fs::read(desk.path("out.wav")).unwrap() == fast);
}

#[test]
fn what_the_configuration_bounds_is_held_to_it() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 8_000, &[wav::noise(3, 2_000)]);
    desk.write(
        "plugins.toml",
        format!("[host]\nmemory_max = \"1KiB\"\n{CHAIN}"),
    );
    let answer = desk.segue(["run"]).expect(2);
    assert!(answer.err.contains("memory_max"), "{}", answer.err);
    desk.write(
        "plugins.toml",
        format!("[host]\nmemory_max = \"256MiB\"\n{CHAIN}"),
    );
    let _ = desk.segue(["run"]).expect(0);
}
