//! Shared: the keys that stages, taps and decisions have in common.

use crate::config::keys::rules::COMPONENT;
use crate::config::keys::{Absent, ConfigKey, KeyKind};
use crate::config::words::Release;

/// `component`.
pub(crate) const COMPONENT_KEY: ConfigKey = ConfigKey {
    name: "component",
    kind: KeyKind::Text(&COMPONENT),
    doc: "The component that does the work, as `segue list` shows it. A plugin with one component \
          needs no \"/name\".",
    absent: Absent::Mistake,
    example: "\"acme.warmth/tube\"",
    since: Release::V1_0,
};

/// `params`.
pub(crate) const PARAMS_KEY: ConfigKey = ConfigKey {
    name: "params",
    kind: KeyKind::Params,
    doc: "Its parameters: numbers in the parameter's unit, labels of choices, and an array of \
          tables for a row of alike parameters.",
    absent: Absent::Means("every parameter at its default"),
    example: "{ drive_db = 6.0 }",
    since: Release::V1_0,
};

/// `settings`.
pub(crate) const SETTINGS_KEY: ConfigKey = ConfigKey {
    name: "settings",
    kind: KeyKind::Settings,
    doc: "Its settings: texts, paths, whole numbers, booleans and lists of texts. A change of one \
          rebuilds the instance.",
    absent: Absent::Means("every setting at its default"),
    example: "{ model = \"models/el84.bin\" }",
    since: Release::V1_0,
};

/// `id`.
pub(crate) const fn id(kind: KeyKind, doc: &'static str, example: &'static str) -> ConfigKey {
    ConfigKey {
        name: "id",
        kind,
        doc,
        absent: Absent::Mistake,
        example,
        since: Release::V1_0,
    }
}
