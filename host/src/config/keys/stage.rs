//! Stage: the keys of `[[stage]]` and of the tables in it.

use crate::config::keys::rules::{COMPONENT, NODE, SIDECHAIN, STAGE_ID};
use crate::config::keys::shared::{COMPONENT_KEY, PARAMS_KEY, SETTINGS_KEY, id};
use crate::config::keys::{
    Absent, ChoiceRule, ConfigKey, DurationRule, IntegerRule, KeyKind, ListRule, MapRule, Repeats,
    Table,
};
use crate::config::limits::{FADE_MAX, NAMES_MAX, ROLLBACK_MAX, SIDECHAINS_MAX};
use crate::config::units::Unit;
use crate::config::words::{OnError, Release, SwapState, SwapTail};

/// The most attempts of a restart that anybody can mean.
const ATTEMPTS_MAX: i64 = 1_000_000;

/// A stage.
pub static STAGE: Table = Table {
    name: "`[[stage]]`",
    doc: "A place in the pipeline, filled by a processor. It reads the stage above it unless \
          `after` says otherwise; the first reads \"input\".",
    keys: &[
        id(
            KeyKind::Text(&STAGE_ID),
            "Its name, unique among stages, taps and decisions.",
            "\"tube\"",
        ),
        COMPONENT_KEY,
        ConfigKey {
            name: "after",
            kind: KeyKind::List(&ListRule {
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
        ConfigKey {
            name: "sidechain",
            kind: KeyKind::Map(&MapRule {
                key: &SIDECHAIN,
                value: &NODE,
                items_max: SIDECHAINS_MAX,
            }),
            doc: "Further inputs, each with a name of your own. The component tells them apart by \
                  their order: the first one here is its first.",
            absent: Absent::Means("none"),
            example: "{ key = \"eq\" }",
            since: Release::V1_0,
        },
        PARAMS_KEY,
        SETTINGS_KEY,
        ConfigKey {
            name: "optional",
            kind: KeyKind::Boolean,
            doc: "Whether the pipeline runs without it where its plugin is missing, refused, or \
                  cannot be created or activated: then its input passes through, and the run is \
                  degraded (exit code 4).",
            absent: Absent::Default("false"),
            example: "false",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "on_error",
            kind: KeyKind::Choice(&ChoiceRule {
                words: OnError::WORDS,
                renamed: &[
                    ("skip", "bypass"),
                    ("ignore", "bypass"),
                    ("silence", "mute"),
                    ("abort", "stop"),
                    ("fail", "stop"),
                    ("retry", "restart = { attempts = 5, delay = \"100ms\" }"),
                    ("restart", "restart = { attempts = 5, delay = \"100ms\" }"),
                ],
            }),
            doc: "What is heard when the stage fails. The length and layout of the stream stay.",
            absent: Absent::Default("\"bypass\""),
            example: "\"bypass\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "fallback",
            kind: KeyKind::Text(&COMPONENT),
            doc: "The component that is heard where `on_error` is \"fallback\", with the defaults of \
                  its parameters. It is kept warm; where it fails too, the stage's input is heard.",
            absent: Absent::Means("none"),
            example: "\"segue.gain\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "restart",
            kind: KeyKind::Table(&RESTART),
            doc: "When a new instance is tried after a failure.",
            absent: Absent::Means("never"),
            example: "{ attempts = 5, delay = \"100ms\", delay_max = \"30s\" }",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "budget",
            kind: KeyKind::Table(&BUDGET),
            doc: "What the stage may use. Off line a breach is reported; at real-time pace it is \
                  a fault.",
            absent: Absent::Means("no limit"),
            example: "{ time = \"30%\", memory = \"32MiB\" }",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "swap",
            kind: KeyKind::Table(&SWAP),
            doc: "How a new instance takes over while the audio runs.",
            absent: Absent::Keys,
            example: "{ fade = \"20ms\", state = \"handoff\" }",
            since: Release::V1_2,
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
        ConfigKey {
            name: "attempts",
            kind: KeyKind::Integer(&IntegerRule {
                min: 1,
                max: ATTEMPTS_MAX,
                later: None,
            }),
            doc: "How many instances are tried before the stage is given up. They count anew once \
                  one was heard for `delay_max`.",
            absent: Absent::Default("5"),
            example: "5",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "delay",
            kind: KeyKind::Quantity(Unit::Time),
            doc: "The wait before the first attempt, in stream time; it doubles with each.",
            absent: Absent::Default("\"100ms\""),
            example: "\"100ms\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "delay_max",
            kind: KeyKind::Quantity(Unit::Time),
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
        ConfigKey {
            name: "time",
            kind: KeyKind::Quantity(Unit::Share),
            doc: "The share of a block's duration that processing it may take; a shorter block at \
                  the end may take as long.",
            absent: Absent::Means("no limit"),
            example: "\"30%\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "memory",
            kind: KeyKind::Quantity(Unit::Memory),
            doc: "The memory that the stage's instance may hold.",
            absent: Absent::Means("no limit"),
            example: "\"32MiB\"",
            since: Release::V1_1,
        },
    ],
    renamed: &[("cpu", "time"), ("memory_max", "memory")],
};

/// How long a fade may be.
static FADE: DurationRule = DurationRule {
    what: "a fade may last",
    max: FADE_MAX,
    max_text: "10s",
};

/// How long what was heard before may stay at hand.
static ROLLBACK: DurationRule = DurationRule {
    what: "a version may stay at hand",
    max: ROLLBACK_MAX,
    max_text: "24h",
};

static SWAP: Table = Table {
    name: "`swap`",
    doc: "How a new instance takes over while the audio runs.",
    keys: &[
        ConfigKey {
            name: "fade",
            kind: KeyKind::Duration(&FADE),
            doc: "How long old and new are heard together; \"0s\" goes over from one frame to the \
                  next. Nothing fades where the state is handed over.",
            absent: Absent::Default("\"20ms\""),
            example: "\"20ms\"",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "state",
            kind: KeyKind::Choice(&ChoiceRule {
                words: SwapState::WORDS,
                renamed: &[("keep", "handoff"), ("new", "fresh")],
            }),
            doc: "What the new instance starts from.",
            absent: Absent::Default("\"handoff\""),
            example: "\"handoff\"",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "tail",
            kind: KeyKind::Choice(&ChoiceRule {
                words: SwapTail::WORDS,
                renamed: &[("drop", "cut"), ("keep", "ring")],
            }),
            doc: "What becomes of what still sounds in the old instance. The new one starts from \
                  nothing where it rings.",
            absent: Absent::Default("\"cut\""),
            example: "\"cut\"",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "rollback",
            kind: KeyKind::Duration(&ROLLBACK),
            doc: "How long, in stream time, the version that was heard before stays at hand for \
                  `segue ctl rollback`; \"0s\" keeps none.",
            absent: Absent::Default("\"10min\""),
            example: "\"10min\"",
            since: Release::V1_2,
        },
    ],
    renamed: &[
        ("crossfade", "fade"),
        ("fade_ms", "fade"),
        ("undo", "rollback"),
        ("keep", "rollback"),
    ],
};
