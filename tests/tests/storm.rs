//! Storm: how late a paced run is while all of its 200 stages are reloaded ten times a second, beside
//! five runs that nobody touches.
//!
//! It measures, so it is run on purpose, on a machine that does nothing else:
//! `cargo test --release -p segue-tests --test storm -- --ignored --nocapture`

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]
#![expect(
    clippy::print_stdout,
    reason = "what was measured is what it is run for"
)]

use std::thread::park_timeout;
use std::time::{Duration, Instant};

use segue_tests::air::Air;
use segue_tests::build::reference;
use segue_tests::desk::Desk;
use serde_json::Value;

/// The stages of the pipeline, all of which a reload sets.
const STAGES: usize = 200;

/// How often.
const EVERY: Duration = Duration::from_millis(100);

/// For how long each run goes.
const LONG: Duration = Duration::from_secs(20);

/// Runs that nobody touches.
const QUIET_RUNS: usize = 5;

/// What each run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Quiet,
    Storm,
}

/// A pipeline whose stages amplify and attenuate in turn, so that nothing grows.
fn pipeline(gain_db: f64) -> String {
    let mut text = "[stream]\nblock_frames = 128\n".to_owned();
    for stage in 0..STAGES {
        let gain_db = if stage % 2 == 0 { gain_db } else { -gain_db };
        text.push_str(&format!(
            "[[stage]]\nid = \"s{stage}\"\ncomponent = \"segue.gain\"\nparams.gain_db = {gain_db:?}\n"
        ));
    }
    text
}

/// One run; returns what its report says of the stream.
fn stream(weather: Weather) -> Value {
    let desk = Desk::new();
    desk.install(reference().files());
    let air = Air::start(desk, &pipeline(1.0), &[]);
    air.wait_for(1.0);
    let end = Instant::now() + LONG;
    let mut next = Instant::now();
    let mut reloads = 0;
    while Instant::now() < end {
        next += EVERY;
        while let Some(left) = next.checked_duration_since(Instant::now()) {
            park_timeout(left);
        }
        if weather == Weather::Storm {
            reloads += 1;
            air.save(&pipeline(1.0 + f64::from(reloads % 2)));
            let _ = air.ctl(&["reload"]);
        }
    }
    let over = air.finish();
    assert_eq!(over.code, Some(0), "{}", over.err);
    println!(
        "{weather:?}: {reloads} reloads, {}",
        line(&over.report["stream"])
    );
    over.report["stream"].clone()
}

fn number(stream: &Value, key: &str) -> f64 {
    stream["lateness"][key].as_f64().unwrap()
}

fn line(stream: &Value) -> String {
    let us = |key| number(stream, key) / 1_000.0;
    let (late, blocks) = (&stream["late_blocks"], &stream["blocks"]);
    let (p50, p99, max) = (us("p50_ns"), us("p99_ns"), us("max_ns"));
    let priority = &stream["priority"]["state"];
    format!(
        "late by p50 {p50:.0} µs, p99 {p99:.0} µs, at most {max:.0} µs; {late} of {blocks} blocks \
         late; priority {priority}"
    )
}

#[test]
#[ignore = "measures for two minutes, and wants a machine of its own"]
fn a_storm_of_reloads_makes_no_block_later() {
    let quiet: Vec<_> = (0..QUIET_RUNS).map(|_| stream(Weather::Quiet)).collect();
    let quiet_p99 = quiet.iter().map(|one| number(one, "p99_ns"));
    let latest = quiet_p99.fold(0.0, f64::max);
    let storm = number(&stream(Weather::Storm), "p99_ns");
    println!(
        "p99 in the storm is {:.2} of the latest quiet run's",
        storm / latest
    );
    assert!(
        storm <= latest,
        "{storm} ns, {latest} ns where nothing changes"
    );
}
