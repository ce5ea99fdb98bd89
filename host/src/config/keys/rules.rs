//! Rules: what the texts of a configuration have to look like.
//!
//! In: a text. Out: whether it will do, by the same parsers that the model uses afterwards.

use std::fmt::Display;
use std::str::FromStr;

use semver::VersionReq;

use crate::config::keys::{Refusal, TextRule};
use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::words::{Act, Release};
use crate::id::{ComponentAddress, DecideId, NAME_BYTES_MAX, Node, PluginId, StageId, TapId};

/// The longest version requirement, in bytes.
const REQUIREMENT_BYTES_MAX: usize = 256;

/// A parser's verdict as the reader wants it.
fn parses<T: FromStr<Err: Display>>(text: &str) -> Result<(), Refusal> {
    match text.parse::<T>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::Wrong(error.to_string())),
    }
}

macro_rules! parsed_rule {
    ($(#[$doc:meta])* $rule:ident, $type:ty, $expected:literal, $pattern:expr, $bytes_max:expr) => {
        $(#[$doc])*
        pub static $rule: TextRule = TextRule {
            expected: $expected,
            pattern: $pattern,
            bytes_max: $bytes_max,
            check: parses::<$type>,
        };
    };
}

parsed_rule!(
    /// The id of a stage.
    STAGE_ID, StageId, "a stage id, as in \"eq\"", Some(StageId::PATTERN), NAME_BYTES_MAX
);
parsed_rule!(
    /// The id of a tap.
    TAP_ID, TapId, "a tap id, as in \"loudness\"", Some(TapId::PATTERN), NAME_BYTES_MAX
);
parsed_rule!(
    /// The id of a decision.
    DECIDE_ID, DecideId, "a decision id, as in \"guard\"", Some(DecideId::PATTERN), NAME_BYTES_MAX
);
parsed_rule!(
    /// `input`, or the id of a stage.
    NODE, Node, "\"input\" or a stage id", Some(StageId::PATTERN), NAME_BYTES_MAX
);
parsed_rule!(
    /// The address of a component.
    COMPONENT, ComponentAddress, "the address of a component, as in \"acme.warmth/tube\"",
    Some(ComponentAddress::PATTERN), 2 * NAME_BYTES_MAX + 1
);
parsed_rule!(
    /// The id of a plugin.
    PLUGIN_ID, PluginId, "a plugin id, as in \"acme.warmth\"",
    Some(PluginId::PATTERN), NAME_BYTES_MAX
);

/// Which versions of a plugin will do, in Cargo's syntax.
pub static REQUIREMENT: TextRule = TextRule {
    expected: "a version requirement in Cargo's syntax, as in \"1\" or \"~1.4\"",
    pattern: None,
    bytes_max: REQUIREMENT_BYTES_MAX,
    check: |text| match text.parse::<VersionReq>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::Wrong(format!(
            "the version requirement `{}` is not in Cargo's syntax: {error}",
            text.escape_debug()
        ))),
    },
};

/// A path; a relative one starts at the configuration file.
pub static PATH: TextRule = TextRule {
    expected: "a path, as in \"/opt/segue/plugins\"",
    pattern: Some("^[^\\x00]+$"),
    bytes_max: TEXT_BYTES_MAX,
    check: filled,
};

/// A file of audio, or `-` for a pipe.
pub static STREAM: TextRule = TextRule {
    expected: "a path, or \"-\" for a pipe",
    pattern: Some("^[^\\x00]+$"),
    bytes_max: TEXT_BYTES_MAX,
    check: |text| match text.starts_with("device:") {
        true => Err(Refusal::ComesWith(Release::Later, "a sound device")),
        false => filled(text),
    },
};

/// A name for people: of a pipeline.
pub static LABEL: TextRule = TextRule {
    expected: "a name, as in \"studio-a\"",
    pattern: Some("^[A-Za-z0-9_.-]+$"),
    bytes_max: NAME_BYTES_MAX,
    check: |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        match text.chars().find(|c| !plain(*c)) {
            None => filled(text),
            Some(c) => Err(Refusal::Wrong(format!(
                "the name contains `{}`, expected letters, digits, `_`, `.` and `-`, \
                 since it is part of a file name too",
                c.escape_debug()
            ))),
        }
    },
};

/// The name of a sidechain, as its component calls it.
pub static SIDECHAIN: TextRule = TextRule {
    expected: "the name of a sidechain, as in \"key\"",
    pattern: Some(StageId::PATTERN),
    bytes_max: NAME_BYTES_MAX,
    check: |text| {
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        match text.chars().find(|c| !plain(*c)) {
            None => filled(text),
            Some(c) => Err(Refusal::Wrong(format!(
                "the name of a sidechain contains `{}`, expected `a-z`, `0-9`, `_` and `-`",
                c.escape_debug()
            ))),
        }
    },
};

/// What a decision reads: a tap, or a stage that has outputs.
pub static READABLE: TextRule = TextRule {
    expected: "the id of a tap or of a stage",
    pattern: Some(StageId::PATTERN),
    bytes_max: NAME_BYTES_MAX,
    check: |text| match text.parse::<StageId>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::Wrong(error.to_string().replacen(
            "the stage id",
            "the id",
            1,
        ))),
    },
};

/// What a decision may do.
pub static ACT: TextRule = TextRule {
    expected: "an action, as in \"alert\"",
    pattern: Some("^(alert|stop)$"),
    bytes_max: 2 * NAME_BYTES_MAX,
    check: |text| match (text.parse::<Act>(), text.contains(':')) {
        (Ok(_), _) => Ok(()),
        // `bypass:tube` names what is done to what; such actions change what is heard.
        (Err(_), true) => Err(Refusal::ComesWith(Release::V1_2, "an action on a stage")),
        (Err(_), false) => Err(Refusal::NoneOf(Act::WORDS)),
    },
};

fn filled(text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::Wrong("the text is empty".to_owned()));
    }
    if text.contains('\0') {
        return Err(Refusal::Wrong(
            "the text contains a zero byte, which no path or name can have".to_owned(),
        ));
    }
    Ok(())
}
