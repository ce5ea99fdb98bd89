//! Golden: what people read of made-up sessions, whole; and help.

use clap::CommandFactory;

use crate::cli::arguments::Arguments;
use crate::cli::ctl::{planned, status};
use crate::cli::specimen::{check, look};
use crate::cli::terminal::Look;
use crate::observe::{Alignment, Cause, OverrideStatus, PlannedEdit, Receipt, StageStatus, Status};

/// The columns of a terminal that nobody made wider.
const COLUMNS: usize = 80;

fn stage(id: &str, component: &str, version: &str) -> StageStatus {
    StageStatus {
        id: id.to_owned(),
        component: component.to_owned(),
        version: version.to_owned(),
        state: "heard".to_owned(),
        latency_frames: 64,
        params: vec![("drive_db".to_owned(), 9.5)],
        outputs: Vec::new(),
        rollback: None,
        pending: None,
    }
}

fn one_override(key: &str, value: &str, file: Option<&str>) -> OverrideStatus {
    OverrideStatus {
        key: key.to_owned(),
        value: value.to_owned(),
        file: file.map(str::to_owned),
        who: "ctl: ada (pid 7)".to_owned(),
        when: "2026-05-04T03:02:01Z".to_owned(),
        why: "brighter\nfor the chorus".to_owned(),
    }
}

fn receipt(number: u64) -> Receipt {
    Receipt {
        change: number,
        stage: "tube".to_owned(),
        action: "swap".to_owned(),
        cause: Cause {
            who: "reload".to_owned(),
            why: String::new(),
        },
        verdict: "done".to_owned(),
        reasons: Vec::new(),
        state: "retired".to_owned(),
        old: None,
        new: None,
        asked_at_frames: 0,
        heard_at_frames: None,
        done_at_frames: None,
        steps: Vec::new(),
        takeover: None,
        alignment: Alignment::default(),
        frames_in: 0,
        frames_out: 0,
        seam: None,
        heap_calls: None,
        late_blocks: 0,
    }
}

fn full() -> Status {
    let mut tube = stage("tube", "acme.warmth/tube", "1.1.0");
    tube.rollback = Some("acme.warmth/tube 1.0.0".to_owned());
    tube.pending = Some("swap: priming".to_owned());
    let mut eq = stage("eq", "segue.filters/eq", "1.2.0");
    eq.rollback = Some("acme.filters/eq 2.0.0".to_owned());
    Status {
        session: "voice".to_owned(),
        config: "studio/voice.toml".to_owned(),
        state: "running".to_owned(),
        pace: "realtime".to_owned(),
        position_frames: 3_000_000,
        frames: Some(9_600_000),
        sample_rate_hz: 48_000,
        latency_frames: 544,
        reserve_frames: 480,
        late_blocks: 1,
        stages: vec![tube, eq],
        overrides: vec![
            one_override("tube.params.drive_db", "9.5", Some("6.0")),
            one_override("tube.bypass", "true", None),
            one_override("tubes.bypass", "true", None),
        ],
        receipts: (1..=7).map(receipt).collect(),
        generations: Vec::new(),
    }
}

fn essence(receipt: &Receipt, rate: u32) -> String {
    format!("{} change {} at {rate}", receipt.stage, receipt.change)
}

fn terminal() -> Look {
    Look {
        is_terminal: true,
        ..look(COLUMNS)
    }
}

#[test]
fn the_status_of_a_session_fits_a_terminal() {
    let text = status::text(&full(), &terminal(), essence);
    assert!(
        text.lines().all(|line| line.chars().count() <= COLUMNS),
        "{text}"
    );
    check("ctl-status.txt", &text);
}

#[test]
fn the_status_of_a_session_with_nothing_in_it_is_one_line() {
    let empty = Status {
        frames: None,
        reserve_frames: 0,
        late_blocks: 0,
        stages: Vec::new(),
        overrides: Vec::new(),
        receipts: Vec::new(),
        ..full()
    };
    assert_eq!(
        status::text(&empty, &look(COLUMNS), essence),
        "session voice: studio/voice.toml, running, 62.5 s, 48000 Hz, pace realtime, 544 frames \
         late\n"
    );
}

#[test]
fn a_plan_is_a_table() {
    let edit = |stage: &str, action: &str, what: &str, cost: &str| PlannedEdit {
        stage: stage.to_owned(),
        action: action.to_owned(),
        what: what.to_owned(),
        cost: cost.to_owned(),
    };
    let plan = [
        edit(
            "tube",
            "swap",
            "acme.warmth/tube 1.0.0 -> 1.1.0",
            "state handed over",
        ),
        edit("eq", "set", "gain_db -6 -> -3", "nothing"),
    ];
    check("ctl-plan.txt", &planned(&plan, &terminal()));
    assert_eq!(planned(&[], &terminal()), "nothing would change\n");
}

#[test]
fn the_help_of_every_command_is_as_it_was() {
    let mut whole = Arguments::command().term_width(100);
    whole.build();
    let ctl = whole.find_subcommand_mut("ctl").unwrap();
    let mut text = ctl.render_help().to_string();
    for below in ctl.get_subcommands_mut() {
        text.push_str(&format!("\n----\n{}", below.render_help()));
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    check("ctl-help.txt", &text);
}
