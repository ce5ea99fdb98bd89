//! Top: the file itself, and the tables in it that are small.

use crate::config::keys::listeners::{DECIDE, TAP};
use crate::config::keys::plugins::PLUGINS;
use crate::config::keys::rules::LABEL;
use crate::config::keys::stage::STAGE;
use crate::config::keys::stream::STREAM;
use crate::config::keys::{Absent, ChoiceRule, ConfigKey, IntegerRule, KeyKind, Table, TablesRule};
use crate::config::limits::{DECIDES_MAX, STAGES_MAX, TAPS_MAX, THREADS_MAX};
use crate::config::units::Unit;
use crate::config::words::{Realtime, Release, Reload};

/// The file.
pub static ROOT: Table = Table {
    name: "the file",
    doc: "One file is one pipeline. Relative paths start at this file.",
    keys: &[
        table("pipeline", &PIPELINE),
        table("host", &HOST),
        table("stream", &STREAM),
        table("plugins", &PLUGINS),
        tables(
            "stage",
            &TablesRule {
                table: &STAGE,
                items_max: STAGES_MAX,
            },
        ),
        tables(
            "tap",
            &TablesRule {
                table: &TAP,
                items_max: TAPS_MAX,
            },
        ),
        tables(
            "decide",
            &TablesRule {
                table: &DECIDE,
                items_max: DECIDES_MAX,
            },
        ),
    ],
    renamed: &[
        ("stages", "stage"),
        ("taps", "tap"),
        ("decision", "decide"),
        ("decisions", "decide"),
        ("plugin", "plugins"),
        ("chain", "stage"),
    ],
};

const fn table(name: &'static str, table: &'static Table) -> ConfigKey {
    ConfigKey {
        name,
        kind: KeyKind::Table(table),
        doc: table.doc,
        absent: Absent::Keys,
        example: "",
        since: Release::V1_0,
    }
}

const fn tables(name: &'static str, rule: &'static TablesRule) -> ConfigKey {
    ConfigKey {
        name,
        kind: KeyKind::Tables(rule),
        doc: rule.table.doc,
        absent: Absent::Means("none"),
        example: "",
        since: Release::V1_0,
    }
}

/// What the pipeline is called.
pub static PIPELINE: Table = Table {
    name: "`[pipeline]`",
    doc: "What the pipeline is called.",
    keys: &[ConfigKey {
        name: "name",
        kind: KeyKind::Text(&LABEL),
        doc: "The name in logs, metrics and the control socket's name.",
        absent: Absent::Means("the name of the file"),
        example: "\"studio-a\"",
        since: Release::V1_0,
    }],
    renamed: &[("id", "name")],
};

/// How the host behaves.
pub static HOST: Table = Table {
    name: "`[host]`",
    doc: "How the host behaves, whatever it runs.",
    keys: &[
        ConfigKey {
            name: "reload",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Reload::WORDS,
                renamed: &[("auto", "on-save"), ("off", "manual")],
            }),
            doc: "When an edited configuration is applied to a running session.",
            absent: Absent::Default("\"manual\""),
            example: "\"manual\"",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "memory_max",
            kind: KeyKind::Quantity(Unit::Memory),
            doc: "How much memory the plugins of a session may hold together once they are activated.",
            absent: Absent::Means("no limit"),
            example: "\"256MiB\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "threads",
            kind: KeyKind::Integer(&IntegerRule {
                min: 0,
                max: THREADS_MAX,
                later: Some((1, Release::V1_1)),
            }),
            doc: "How many threads work at once: on several files, and on reading and writing \
                  beside the processing; 0 is one per core. The stages of one file run on one \
                  thread. The result is the same for every number.",
            absent: Absent::Default("0"),
            example: "0",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "realtime",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Realtime::WORDS,
                renamed: &[
                    ("auto", "try"),
                    ("on", "try"),
                    ("true", "try"),
                    ("false", "off"),
                ],
            }),
            doc: "Whether the thread that processes asks for real-time priority, at `--pace \
                  realtime` only: from the system, then from rtkit. With it other programs do not \
                  make the audio late.",
            absent: Absent::Default("\"try\""),
            example: "\"try\"",
            since: Release::V1_2,
        },
    ],
    renamed: &[
        ("memory", "memory_max"),
        ("jobs", "threads"),
        ("priority", "realtime"),
        ("rtprio", "realtime"),
    ],
};
