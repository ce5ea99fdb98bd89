//! Top: the file itself and the tables that stand in it once.

use crate::config::keys::parts::{DECIDE, STAGE, TAP};
use crate::config::keys::rules::{LABEL, NODE, PATH, PLUGIN_ID, REQUIREMENT, STREAM};
use crate::config::keys::{
    Absent, ChoiceRule, IntegerRule, Key, Kind, ListRule, MapRule, Repeats, Table, TablesRule,
};
use crate::config::limits::{
    BLOCK_FRAMES_MAX, DECIDE_EVERY_FRAMES_MAX, DECIDES_MAX, LATENCY_RESERVE_FRAMES_MAX, PATHS_MAX,
    REQUIRE_MAX, SAMPLE_RATE_HZ_MAX, STAGES_MAX, TAPS_MAX, THREADS_MAX,
};
use crate::config::units::Unit;
use crate::config::words::{Release, Reload, Tail, Trust, Watch};

/// The file.
pub static ROOT: Table = Table {
    name: "the file",
    doc: "One file is one pipeline. Relative paths start at this file.",
    keys: &[
        table("pipeline", &PIPELINE),
        table("host", &HOST),
        table("stream", &STREAM_TABLE),
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

const fn table(name: &'static str, table: &'static Table) -> Key {
    Key {
        name,
        kind: Kind::Table(table),
        doc: table.doc,
        absent: Absent::Keys,
        example: "",
        since: Release::V1_0,
    }
}

const fn tables(name: &'static str, rule: &'static TablesRule) -> Key {
    Key {
        name,
        kind: Kind::Tables(rule),
        doc: rule.table.doc,
        absent: Absent::Means("none"),
        example: "",
        since: Release::V1_0,
    }
}

static PIPELINE: Table = Table {
    name: "`[pipeline]`",
    doc: "What the pipeline is called.",
    keys: &[Key {
        name: "name",
        kind: Kind::Text(&LABEL),
        doc: "The name in logs, metrics and the control socket's name.",
        absent: Absent::Means("the name of the file"),
        example: "\"studio-a\"",
        since: Release::V1_0,
    }],
    renamed: &[("id", "name")],
};

static HOST: Table = Table {
    name: "`[host]`",
    doc: "How the host behaves, whatever it runs.",
    keys: &[
        Key {
            name: "reload",
            kind: Kind::Choice(&ChoiceRule {
                words: Reload::WORDS,
                renamed: &[("auto", "on-save"), ("off", "manual")],
            }),
            doc: "When an edited configuration is applied to a running session.",
            absent: Absent::Default("\"manual\""),
            example: "\"manual\"",
            since: Release::V1_0,
        },
        Key {
            name: "memory_max",
            kind: Kind::Quantity(Unit::Memory),
            doc: "How much memory the plugins of a session may hold together.",
            absent: Absent::Means("no limit"),
            example: "\"256MiB\"",
            since: Release::V1_0,
        },
        Key {
            name: "threads",
            kind: Kind::Integer(&IntegerRule {
                min: 0,
                max: THREADS_MAX,
                later: Some((1, Release::V1_1)),
            }),
            doc: "How many threads process independent branches and files; 0 is one per core. \
                  The result is the same for every number.",
            absent: Absent::Default("0"),
            example: "0",
            since: Release::V1_0,
        },
    ],
    renamed: &[("memory", "memory_max"), ("jobs", "threads")],
};

static STREAM_TABLE: Table = Table {
    name: "`[stream]`",
    doc: "What goes in and out, and in which steps. The arguments of `segue run` override it.",
    keys: &[
        Key {
            name: "input",
            kind: Kind::Text(&STREAM),
            doc: "The audio file to read, or \"-\" for a pipe.",
            absent: Absent::Means("given on the command line"),
            example: "\"assets/voice.wav\"",
            since: Release::V1_0,
        },
        Key {
            name: "output",
            kind: Kind::Text(&STREAM),
            doc: "The audio file to write, or \"-\" for a pipe.",
            absent: Absent::Means("given on the command line"),
            example: "\"out/voice.wav\"",
            since: Release::V1_0,
        },
        Key {
            name: "overwrite",
            kind: Kind::Boolean,
            doc: "Whether an output file that exists is replaced.",
            absent: Absent::Default("false"),
            example: "false",
            since: Release::V1_0,
        },
        Key {
            name: "sample_rate_hz",
            kind: Kind::Integer(&IntegerRule {
                min: 1,
                max: SAMPLE_RATE_HZ_MAX,
                later: None,
            }),
            doc: "The sample rate of the session, in Hz. An input of another rate is converted \
                  from Segue 1.1 on, and refused before.",
            absent: Absent::Means("the input's"),
            example: "48000",
            since: Release::V1_0,
        },
        Key {
            name: "block_frames",
            kind: Kind::Integer(&IntegerRule {
                min: 1,
                max: BLOCK_FRAMES_MAX,
                later: None,
            }),
            doc: "How many frames are processed in one step. Off line it changes the speed and \
                  not one sample.",
            absent: Absent::Default("256"),
            example: "256",
            since: Release::V1_0,
        },
        Key {
            name: "from",
            kind: Kind::Text(&NODE),
            doc: "The stage whose output is the pipeline's.",
            absent: Absent::Means("the last stage"),
            example: "\"limit\"",
            since: Release::V1_0,
        },
        Key {
            name: "tail",
            kind: Kind::Choice(&ChoiceRule {
                words: Tail::WORDS,
                renamed: &[("drop", "cut"), ("ring", "keep")],
            }),
            doc: "What happens to what still sounds when the input is over.",
            absent: Absent::Default("\"cut\""),
            example: "\"cut\"",
            since: Release::V1_0,
        },
        Key {
            name: "latency_reserve_frames",
            kind: Kind::Integer(&IntegerRule {
                min: 0,
                max: LATENCY_RESERVE_FRAMES_MAX,
                later: Some((0, Release::V1_2)),
            }),
            doc: "Latency held in reserve at the output of a live session, for swaps to stages \
                  that need more.",
            absent: Absent::Default("0"),
            example: "0",
            since: Release::V1_0,
        },
        Key {
            name: "decide_every_frames",
            kind: Kind::Integer(&IntegerRule {
                min: 1,
                max: DECIDE_EVERY_FRAMES_MAX,
                later: None,
            }),
            doc: "How many frames lie between two decisions.",
            absent: Absent::Default("4800"),
            example: "4800",
            since: Release::V1_0,
        },
    ],
    renamed: &[
        ("sample_rate", "sample_rate_hz"),
        ("rate", "sample_rate_hz"),
        ("buffer_size", "block_frames"),
        ("block_size", "block_frames"),
        ("block", "block_frames"),
        ("in", "input"),
        ("out", "output"),
    ],
};

static PLUGINS: Table = Table {
    name: "`[plugins]`",
    doc: "Where plugins are found, and which versions will do.",
    keys: &[
        Key {
            name: "paths",
            kind: Kind::List(&ListRule {
                item: &PATH,
                items_min: 0,
                items_max: PATHS_MAX,
                repeats: Repeats::Mistake,
            }),
            doc: "Folders that are searched first; then the user's, the system's, and the one \
                  beside `segue`.",
            absent: Absent::Default("[]"),
            example: "[\"/opt/segue/plugins\"]",
            since: Release::V1_0,
        },
        Key {
            name: "files",
            kind: Kind::List(&ListRule {
                item: &PATH,
                items_min: 0,
                items_max: PATHS_MAX,
                repeats: Repeats::Mistake,
            }),
            doc: "Single libraries, found whether folders are searched or not.",
            absent: Absent::Default("[]"),
            example: "[\"build/libtube.so\"]",
            since: Release::V1_0,
        },
        Key {
            name: "discover",
            kind: Kind::Boolean,
            doc: "Whether folders are searched; if not, only `files` are found.",
            absent: Absent::Default("true"),
            example: "true",
            since: Release::V1_0,
        },
        Key {
            name: "watch",
            kind: Kind::Choice(&ChoiceRule {
                words: Watch::WORDS,
                renamed: &[],
            }),
            doc: "What a changed library does to a running session.",
            absent: Absent::Default("\"report\""),
            example: "\"report\"",
            since: Release::V1_0,
        },
        Key {
            name: "trust",
            kind: Kind::Choice(&ChoiceRule {
                words: Trust::WORDS,
                renamed: &[("all", "any")],
            }),
            doc: "Which libraries may be opened.",
            absent: Absent::Default("\"any\""),
            example: "\"any\"",
            since: Release::V1_0,
        },
        Key {
            name: "require",
            kind: Kind::Map(&MapRule {
                key: &PLUGIN_ID,
                value: &REQUIREMENT,
                items_max: REQUIRE_MAX,
            }),
            doc: "Which versions of a plugin will do, in Cargo's syntax.",
            absent: Absent::Means("the newest, never past the major that runs"),
            example: "{ \"acme.warmth\" = \"~1.4\" }",
            since: Release::V1_0,
        },
    ],
    renamed: &[
        ("path", "paths"),
        ("folders", "paths"),
        ("file", "files"),
        ("requires", "require"),
    ],
};
