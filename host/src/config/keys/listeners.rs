//! Listeners: the keys of `[[tap]]` and `[[decide]]`.

use crate::config::keys::rules::{ACT, DECIDE_ID, NODE, READABLE, TAP_ID};
use crate::config::keys::shared::{COMPONENT_KEY, PARAMS_KEY, SETTINGS_KEY, id};
use crate::config::keys::{Absent, ConfigKey, KeyKind, ListRule, Repeats, Table};
use crate::config::limits::NAMES_MAX;
use crate::config::words::Release;

/// A tap.
pub static TAP: Table = Table {
    name: "`[[tap]]`",
    doc: "An analyzer or metric that listens somewhere in the pipeline; never in the audio path.",
    keys: &[
        id(
            KeyKind::Text(&TAP_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"loudness\"",
        ),
        COMPONENT_KEY,
        ConfigKey {
            name: "from",
            kind: KeyKind::Text(&NODE),
            doc: "Where it listens.",
            absent: Absent::Means("the pipeline's output"),
            example: "\"limit\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "reference",
            kind: KeyKind::Text(&NODE),
            doc: "What a metric compares with.",
            absent: Absent::Means("none"),
            example: "\"input\"",
            since: Release::V1_0,
        },
        PARAMS_KEY,
        SETTINGS_KEY,
    ],
    renamed: &[("after", "from"), ("name", "id"), ("plugin", "component")],
};

/// A decision.
pub static DECIDE: Table = Table {
    name: "`[[decide]]`",
    doc: "A decision engine: it reads what taps and stages measure, and alerts or ends the run, as \
          far as `may` allows.",
    keys: &[
        id(
            KeyKind::Text(&DECIDE_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"guard\"",
        ),
        COMPONENT_KEY,
        ConfigKey {
            name: "reads",
            kind: KeyKind::List(&ListRule {
                item: &READABLE,
                items_min: 1,
                items_max: NAMES_MAX,
                repeats: Repeats::Mistake,
            }),
            doc: "The taps whose readings it sees, and the stages whose outputs.",
            absent: Absent::Mistake,
            example: "[\"loudness\"]",
            since: Release::V1_0,
        },
        PARAMS_KEY,
        SETTINGS_KEY,
        ConfigKey {
            name: "may",
            kind: KeyKind::List(&ListRule {
                item: &ACT,
                items_min: 0,
                items_max: NAMES_MAX,
                repeats: Repeats::Mistake,
            }),
            doc: "What it may do; nothing that is not listed is ever done. \"alert\" writes to \
                  log and report, \"stop\" ends the run.",
            absent: Absent::Default("[]"),
            example: "[\"alert\"]",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "dry_run",
            kind: KeyKind::Boolean,
            doc: "Whether what it would do is recorded only.",
            absent: Absent::Default("false"),
            example: "false",
            since: Release::V1_0,
        },
    ],
    renamed: &[
        ("from", "reads"),
        ("after", "reads"),
        ("actions", "may"),
        ("name", "id"),
        ("plugin", "component"),
    ],
};
