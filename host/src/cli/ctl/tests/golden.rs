//! Golden: what people read of made-up sessions, whole; and help.

use clap::CommandFactory;

use crate::cli::arguments::Arguments;
use crate::cli::ctl::{planned, status};
use crate::cli::terminal::Look;
use crate::cli::tests::specimen::{check, look};
use crate::observe::{
    Alignment, Cause, ChangeAction, ChangeCost, ChangeState, ChangeVerdict, OverrideStatus, Pace,
    PlannedEdit, PriorityReport, Receipt, SessionState, SideStalls, StageCondition, StageStatus,
    StallSide, Stalls, Status, Waiting, Who,
};

/// The columns of a terminal that nobody made wider.
const COLUMNS: usize = 80;

fn stage(id: &str, component: &str, version: &str) -> StageStatus {
    StageStatus {
        id: id.to_owned(),
        component: component.to_owned(),
        version: version.to_owned(),
        state: StageCondition::Heard,
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
        who: Who::from("ctl: ada (pid 7)".to_owned()),
        when: "2026-05-04T03:02:01Z".to_owned(),
        why: "brighter\nfor the chorus".to_owned(),
    }
}

fn receipt(number: u64) -> Receipt {
    Receipt {
        change: number,
        stage: "tube".to_owned(),
        action: ChangeAction::Swap,
        cause: Cause {
            who: Who::OnSave,
            why: String::new(),
        },
        verdict: ChangeVerdict::Done,
        reasons: Vec::new(),
        mistakes: Vec::new(),
        state: ChangeState::Retired,
        old: None,
        new: None,
        asked_at_frames: 48_000 * number,
        applied_at_frames: None,
        states_at_frames: None,
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
    tube.pending = Some(ChangeAction::Swap);
    let mut eq = stage("eq", "segue.filters/eq", "1.2.0");
    eq.rollback = Some("acme.filters/eq 2.0.0".to_owned());
    Status {
        session: "voice".to_owned(),
        config: "studio/voice.toml".to_owned(),
        state: SessionState::Running,
        pace: Pace::RealTime,
        position_frames: 3_000_000,
        frames: Some(9_600_000),
        sample_rate_hz: 48_000,
        latency_frames: 544,
        reserve_frames: 480,
        late_blocks: 1,
        lateness: None,
        stalls: Stalls {
            count: 2,
            total_ns: 3_400_000_000,
            sides: vec![SideStalls {
                side: StallSide::Output,
                count: 2,
                total_ns: 3_400_000_000,
                worst_ns: 3_000_000_000,
                worst_position_frames: 7,
            }],
        },
        waiting: Some(Waiting {
            side: StallSide::Input,
            waited_ns: 5_321_000_000,
        }),
        priority: PriorityReport::default(),
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

fn terminal() -> Look {
    Look {
        is_terminal: true,
        ..look(COLUMNS)
    }
}

#[test]
fn the_status_of_a_session_fits_a_terminal() {
    let text = status::text(&full(), &terminal());
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
        lateness: None,
        stalls: Stalls::default(),
        waiting: None,
        priority: PriorityReport::default(),
        stages: Vec::new(),
        overrides: Vec::new(),
        receipts: Vec::new(),
        ..full()
    };
    assert_eq!(
        status::text(&empty, &look(COLUMNS)),
        "session voice: studio/voice.toml, running, 62.5 s, 48000 Hz, pace realtime, 544 frames \
         late\n"
    );
}

#[test]
fn a_plan_is_a_table() {
    let edit = |stage: &str, action, what: &str, cost| PlannedEdit {
        stage: stage.to_owned(),
        action,
        what: what.to_owned(),
        cost,
    };
    let plan = [
        edit(
            "tube",
            ChangeAction::Swap,
            "acme.warmth/tube 1.0.0 -> 1.1.0",
            ChangeCost::Fade,
        ),
        edit(
            "eq",
            ChangeAction::Set,
            "gain_db -6 -> -3",
            ChangeCost::Nothing,
        ),
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
