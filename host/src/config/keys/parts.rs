//! Parts: the tables that stand in a file many times: stages, taps and decisions.

use crate::config::keys::rules::{
    ACT, COMPONENT, DECIDE_ID, NODE, READABLE, SIDECHAIN, STAGE_ID, TAP_ID,
};
use crate::config::keys::{
    Absent, ChoiceRule, IntegerRule, Key, Kind, ListRule, MapRule, Repeats, Table,
};
use crate::config::limits::{NAMES_MAX, SIDECHAINS_MAX};
use crate::config::units::Unit;
use crate::config::words::{OnError, Release, SwapState};

/// The most attempts of a restart that anybody can mean.
const ATTEMPTS_MAX: i64 = 1_000_000;

const COMPONENT_KEY: Key = Key {
    name: "component",
    kind: Kind::Text(&COMPONENT),
    doc: "The component that does the work, as `segue list` shows it. A plugin with one component \
          needs no \"/name\".",
    absent: Absent::Mistake,
    example: "\"acme.warmth/tube\"",
    since: Release::V1_0,
};

const PARAMS_KEY: Key = Key {
    name: "params",
    kind: Kind::Params,
    doc: "Its parameters: numbers in the parameter's unit, labels of choices, and an array of \
          tables for a row of alike parameters.",
    absent: Absent::Means("every parameter at its default"),
    example: "{ drive_db = 6.0 }",
    since: Release::V1_0,
};

const SETTINGS_KEY: Key = Key {
    name: "settings",
    kind: Kind::Settings,
    doc: "Its settings: texts, paths, whole numbers, booleans and lists of texts. A change of one \
          rebuilds the instance.",
    absent: Absent::Means("every setting at its default"),
    example: "{ model = \"models/el84.bin\" }",
    since: Release::V1_0,
};

const fn id(kind: Kind, doc: &'static str, example: &'static str) -> Key {
    Key {
        name: "id",
        kind,
        doc,
        absent: Absent::Mistake,
        example,
        since: Release::V1_0,
    }
}

/// A stage.
pub static STAGE: Table = Table {
    name: "`[[stage]]`",
    doc: "A place in the pipeline, filled by a processor. It reads the stage above it unless \
          `after` says otherwise; the first reads \"input\".",
    keys: &[
        id(
            Kind::Text(&STAGE_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"tube\"",
        ),
        COMPONENT_KEY,
        Key {
            name: "after",
            kind: Kind::List(&ListRule {
                item: &NODE,
                items_min: 1,
                items_max: NAMES_MAX,
                repeats: Repeats::Mistake,
            }),
            doc: "What it reads. Several are summed, their latencies aligned.",
            absent: Absent::Means("the stage above; for the first, \"input\""),
            example: "[\"eq\"]",
            since: Release::V1_0,
        },
        Key {
            name: "sidechain",
            kind: Kind::Map(&MapRule {
                key: &SIDECHAIN,
                value: &NODE,
                items_max: SIDECHAINS_MAX,
            }),
            doc: "Further inputs, by the names that the component gives them.",
            absent: Absent::Means("none"),
            example: "{ key = \"eq\" }",
            since: Release::V1_0,
        },
        PARAMS_KEY,
        SETTINGS_KEY,
        Key {
            name: "on_error",
            kind: Kind::Choice(&ChoiceRule {
                words: OnError::WORDS,
                renamed: &[
                    ("skip", "bypass"),
                    ("ignore", "bypass"),
                    ("silence", "mute"),
                    ("abort", "stop"),
                    ("fail", "stop"),
                ],
            }),
            doc: "What is heard when the stage fails. The length and layout of the stream stay.",
            absent: Absent::Default("\"bypass\""),
            example: "\"bypass\"",
            since: Release::V1_0,
        },
        Key {
            name: "fallback",
            kind: Kind::Text(&COMPONENT),
            doc: "The component that is heard with `on_error = \"fallback\"`; it is kept warm.",
            absent: Absent::Means("none"),
            example: "\"segue.gain\"",
            since: Release::V1_1,
        },
        Key {
            name: "restart",
            kind: Kind::Table(&RESTART),
            doc: "When a new instance is tried after a failure.",
            absent: Absent::Means("never"),
            example: "{ attempts = 5, delay = \"100ms\", delay_max = \"30s\" }",
            since: Release::V1_1,
        },
        Key {
            name: "budget",
            kind: Kind::Table(&BUDGET),
            doc: "What the stage may use. Off line a breach is reported; at real-time pace it is \
                  a fault.",
            absent: Absent::Means("no limit"),
            example: "{ time = \"30%\", memory = \"32MiB\" }",
            since: Release::V1_1,
        },
        Key {
            name: "swap",
            kind: Kind::Table(&SWAP),
            doc: "How a new instance takes over while the audio runs; nothing swaps before \
                  Segue 1.2.",
            absent: Absent::Keys,
            example: "{ fade = \"20ms\", state = \"handoff\" }",
            since: Release::V1_0,
        },
    ],
    renamed: &[
        ("retry", "restart"),
        ("retries", "restart"),
        ("name", "id"),
        ("plugin", "component"),
        ("inputs", "after"),
        ("input", "after"),
        ("parameters", "params"),
        ("on_failure", "on_error"),
        ("limits", "budget"),
    ],
};

static RESTART: Table = Table {
    name: "`restart`",
    doc: "When a new instance is tried after a failure.",
    keys: &[
        Key {
            name: "attempts",
            kind: Kind::Integer(&IntegerRule {
                min: 1,
                max: ATTEMPTS_MAX,
                later: None,
            }),
            doc: "How many instances are tried before the stage is given up.",
            absent: Absent::Default("5"),
            example: "5",
            since: Release::V1_1,
        },
        Key {
            name: "delay",
            kind: Kind::Quantity(Unit::Time),
            doc: "The wait before the first attempt; it doubles with each.",
            absent: Absent::Default("\"100ms\""),
            example: "\"100ms\"",
            since: Release::V1_1,
        },
        Key {
            name: "delay_max",
            kind: Kind::Quantity(Unit::Time),
            doc: "The longest wait.",
            absent: Absent::Default("\"30s\""),
            example: "\"30s\"",
            since: Release::V1_1,
        },
    ],
    renamed: &[("retries", "attempts"), ("backoff", "delay")],
};

static BUDGET: Table = Table {
    name: "`budget`",
    doc: "What a stage may use.",
    keys: &[
        Key {
            name: "time",
            kind: Kind::Quantity(Unit::Share),
            doc: "The share of a block's duration that processing it may take.",
            absent: Absent::Means("no limit"),
            example: "\"30%\"",
            since: Release::V1_1,
        },
        Key {
            name: "memory",
            kind: Kind::Quantity(Unit::Memory),
            doc: "The memory that the stage's instance may hold.",
            absent: Absent::Means("no limit"),
            example: "\"32MiB\"",
            since: Release::V1_1,
        },
    ],
    renamed: &[("cpu", "time"), ("memory_max", "memory")],
};

static SWAP: Table = Table {
    name: "`swap`",
    doc: "How a new instance takes over while the audio runs.",
    keys: &[
        Key {
            name: "fade",
            kind: Kind::Quantity(Unit::Time),
            doc: "How long old and new are heard together.",
            absent: Absent::Default("\"20ms\""),
            example: "\"20ms\"",
            since: Release::V1_0,
        },
        Key {
            name: "state",
            kind: Kind::Choice(&ChoiceRule {
                words: SwapState::WORDS,
                renamed: &[("keep", "handoff"), ("new", "fresh")],
            }),
            doc: "What the new instance starts from.",
            absent: Absent::Default("\"handoff\""),
            example: "\"handoff\"",
            since: Release::V1_0,
        },
    ],
    renamed: &[("crossfade", "fade")],
};

/// A tap.
pub static TAP: Table = Table {
    name: "`[[tap]]`",
    doc: "An analyzer or metric that listens somewhere in the pipeline; never in the audio path.",
    keys: &[
        id(
            Kind::Text(&TAP_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"loudness\"",
        ),
        COMPONENT_KEY,
        Key {
            name: "from",
            kind: Kind::Text(&NODE),
            doc: "Where it listens.",
            absent: Absent::Means("the pipeline's output"),
            example: "\"limit\"",
            since: Release::V1_0,
        },
        Key {
            name: "reference",
            kind: Kind::Text(&NODE),
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
    doc: "A decision engine: it reads what taps and stages measure, and acts within `may`.",
    keys: &[
        id(
            Kind::Text(&DECIDE_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"guard\"",
        ),
        COMPONENT_KEY,
        Key {
            name: "reads",
            kind: Kind::List(&ListRule {
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
        Key {
            name: "may",
            kind: Kind::List(&ListRule {
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
        Key {
            name: "dry_run",
            kind: Kind::Boolean,
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
