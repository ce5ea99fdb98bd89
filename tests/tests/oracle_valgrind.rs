//! Valgrind: a run, its probe included, under an emulator that sees every access to memory.
//!
//! What Valgrind finds is reported as an exit code of its own. The run itself is one like any other:
//! no stage fails, and the samples are those of the machine.

#![cfg(target_os = "linux")]
use std::fs;

use segue_tests::build::{executable, test_plugin};
use segue_tests::desk::{Desk, answer};
use segue_tests::wav;

/// What Valgrind exits with where it found something.
const FOUND: &str = "--error-exitcode=99";

#[test]
fn a_run_under_valgrind_is_a_run_like_any_other() {
    let desk = Desk::new();
    desk.install([test_plugin("swap-1")]);
    desk.write(
        "plugins.toml",
        "[[stage]]\nid = \"one\"\ncomponent = \"test.swap\"\n",
    );
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(1, 10_000)]);
    let run = |output: &str| {
        [
            "run",
            "in.wav",
            output,
            "--config",
            "plugins.toml",
            "--report",
            "report.json",
        ]
        .map(str::to_owned)
    };
    // The first to run is the one that probes.
    let mut valgrind = desk.command_of("valgrind".as_ref(), ["--quiet", FOUND]);
    valgrind.arg(executable()).args(run("emulated.wav"));
    let emulated = answer(&mut valgrind, &[]);
    assert_eq!(emulated.code, Some(0), "{}", emulated.err);
    let plain = answer(&mut desk.command(run("plain.wav")), &[]);
    assert_eq!(plain.code, Some(0), "{}", plain.err);
    let read = |name: &str| fs::read(desk.path(name)).expect("the run wrote it");
    assert_eq!(read("emulated.wav"), read("plain.wav"));
}
