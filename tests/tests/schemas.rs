//! Schemas: what the product says while it runs and afterwards is what `docs/schema` says.
//!
//! Status, receipts and reports are held to their schemas wherever tests ask for them (`Air`, and
//! the helpers of the tests of reports, failures and batches); here are the events, and a pipeline
//! with something of everything.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use segue_tests::air::Air;
use segue_tests::build::{reference, test_plugin};
use segue_tests::desk::Desk;
use segue_tests::{documented, wav};
use serde_json::Value;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk.install(["faulty", "through"].map(test_plugin));
    desk
}

#[test]
fn events_are_as_documented() {
    let stage = "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\n";
    let air = Air::start(desk(), stage, &[]);
    air.wait_for(1.0);
    let mut follower = air.desk.command(["ctl", "events", "--json"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    // The first event says that it follows.
    let mut names = Vec::new();
    let mut next = || -> Option<String> {
        let event: Value = serde_json::from_str(&lines.next()?.unwrap()).unwrap();
        documented::check("event", &event);
        Some(event["event"].as_str().unwrap().to_owned())
    };
    names.extend(next());
    let _ = air.done(&["set", "gain", "gain_db", "-6"]);
    let _ = air.done(&["bypass", "gain"]);
    let _ = air.finish();
    names.extend(std::iter::from_fn(next));
    for name in ["progress", "changed", "finished"] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
    assert!(follower.wait().unwrap().success());
}

/// A stage that fails and is restarted beside a fallback, within a budget; a tap, a metric and a
/// decision; and a stage that is left out.
const EVERYTHING: &str = r#"
[stream]
input = "in.wav"

[[stage]]
id = "dies"
component = "test.faulty/mortal"
params = { late_frames = 0, gain = 0.5, death = "panic" }
settings = { lives = ["at 9600", "well"] }
on_error = "fallback"
fallback = "test.through"
restart = { attempts = 1, delay = "50ms", delay_max = "80ms" }
budget = { time = "50%", memory = "64 MiB" }

[[stage]]
id = "nowhere"
component = "acme.nowhere"
optional = true

[[stage]]
id = "gain"
component = "segue.gain"

[[tap]]
id = "levels"
component = "segue.levels"

[[decide]]
id = "guard"
component = "segue.rules"
reads = ["levels"]
may = ["alert"]
params = { clipped_max = 0 }
"#;

#[test]
fn a_report_of_everything_is_as_documented() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(3, 48_000)]);
    desk.write("plugins.toml", EVERYTHING);
    let _ = desk.segue(["run", "--report", "report.json"]).expect(4);
    let report: Value =
        serde_json::from_slice(&fs::read(desk.path("report.json")).unwrap()).unwrap();
    documented::check("report", &report);
    for list in ["left_out", "taps", "decides", "generations"] {
        assert!(
            !report[list].as_array().unwrap().is_empty(),
            "{list}: {report:#}"
        );
    }
}
