//! Plugins: the keys of `[plugins]`.

use crate::config::keys::rules::{PATH, PLUGIN_ID, REQUIREMENT};
use crate::config::keys::{
    Absent, ChoiceRule, ConfigKey, KeyKind, ListRule, MapRule, Repeats, Table,
};
use crate::config::limits::{PATHS_MAX, REQUIRE_MAX};
use crate::config::words::{Release, Trust, Watch};

/// Where plugins are found.
pub static PLUGINS: Table = Table {
    name: "`[plugins]`",
    doc: "Where plugins are found, and which versions will do.",
    keys: &[
        ConfigKey {
            name: "paths",
            kind: KeyKind::List(&ListRule {
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
        ConfigKey {
            name: "files",
            kind: KeyKind::List(&ListRule {
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
        ConfigKey {
            name: "discover",
            kind: KeyKind::Boolean,
            doc: "Whether folders are searched; if not, only `files` are found.",
            absent: Absent::Default("true"),
            example: "true",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "watch",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Watch::WORDS,
                renamed: &[],
            }),
            doc: "What a changed library does to a running session.",
            absent: Absent::Default("\"report\""),
            example: "\"report\"",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "trust",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Trust::WORDS,
                renamed: &[("all", "any")],
            }),
            doc: "Which libraries may be opened.",
            absent: Absent::Default("\"any\""),
            example: "\"any\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "require",
            kind: KeyKind::Map(&MapRule {
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
