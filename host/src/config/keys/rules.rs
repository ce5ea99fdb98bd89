//! Rules: what the texts of a configuration have to look like.
//!
//! In: a text. Out: whether it will do, by the same parsers that the model uses afterwards.

use std::fmt::Display;
use std::str::FromStr;

use segue_media::audio::LayoutName;
use semver::VersionReq;

use crate::config::keys::{KeyRefusal, TextRule};
use crate::config::limits::TEXT_BYTES_MAX;
use crate::config::words::{Act, Release};
use crate::id::{ComponentAddress, DecideId, NAME_BYTES_MAX, Node, PluginId, StageId, TapId};

/// The longest version requirement, in bytes.
const REQUIREMENT_BYTES_MAX: usize = 256;

/// The names of the pipeline's two ends, `RESERVED_NAMES`, as a regular expression.
const RESERVED: &str = "^(input|output)$";

/// A parser's verdict as the reader wants it.
fn parses<T: FromStr<Err: Display>>(text: &str) -> Result<(), KeyRefusal> {
    match text.parse::<T>() {
        Ok(_) => Ok(()),
        Err(error) => Err(KeyRefusal::Wrong(error.to_string())),
    }
}

/// The rule for a name that has a type of its own.
const fn name(
    expected: &'static str,
    pattern: &'static str,
    except: Option<&'static str>,
    check: fn(&str) -> Result<(), KeyRefusal>,
) -> TextRule {
    TextRule {
        expected,
        pattern: Some(pattern),
        except,
        bytes_max: NAME_BYTES_MAX,
        check,
    }
}

/// The id of a stage.
pub static STAGE_ID: TextRule = name(
    "a stage id, as in \"eq\"",
    StageId::PATTERN,
    Some(RESERVED),
    parses::<StageId>,
);

/// The id of a tap.
pub static TAP_ID: TextRule = name(
    "a tap id, as in \"loudness\"",
    TapId::PATTERN,
    Some(RESERVED),
    parses::<TapId>,
);

/// The id of a decision.
pub static DECIDE_ID: TextRule = name(
    "a decision id, as in \"guard\"",
    DecideId::PATTERN,
    Some(RESERVED),
    parses::<DecideId>,
);

/// The id of a plugin.
pub static PLUGIN_ID: TextRule = name(
    "a plugin id, as in \"acme.warmth\"",
    PluginId::PATTERN,
    None,
    parses::<PluginId>,
);

/// The address of a component.
pub static COMPONENT: TextRule = TextRule {
    bytes_max: 2 * NAME_BYTES_MAX + 1,
    ..name(
        "the address of a component, as in \"acme.warmth/tube\"",
        ComponentAddress::PATTERN,
        None,
        parses::<ComponentAddress>,
    )
};

/// Which versions of a plugin will do, in Cargo's syntax.
pub static REQUIREMENT: TextRule = TextRule {
    expected: "a version requirement in Cargo's syntax, as in \"1\" or \"~1.4\"",
    pattern: None,
    except: None,
    bytes_max: REQUIREMENT_BYTES_MAX,
    check: |text| match text.parse::<VersionReq>() {
        Ok(_) => Ok(()),
        Err(error) => Err(KeyRefusal::Wrong(format!(
            "the version requirement `{}` is not in Cargo's syntax: {error}",
            text.escape_debug()
        ))),
    },
};

/// A path; a relative one starts at the configuration file.
pub static PATH: TextRule = TextRule {
    expected: "a path, as in \"/opt/segue/plugins\"",
    pattern: Some("^[^\\x00]+$"),
    except: None,
    bytes_max: TEXT_BYTES_MAX,
    check: filled,
};

/// A file of audio, or `-` for a pipe.
pub static STREAM: TextRule = TextRule {
    expected: "a path, or \"-\" for a pipe",
    pattern: Some("^[^\\x00]+$"),
    except: Some("^device:"),
    bytes_max: TEXT_BYTES_MAX,
    check: |text| match text.starts_with("device:") {
        true => Err(KeyRefusal::ComesWith(Release::Later, "a sound device")),
        false => filled(text),
    },
};

/// A channel layout.
pub static LAYOUT: TextRule = TextRule {
    expected: "a channel layout, as in \"stereo\", \"5.1\" or \"FL+FR+LFE\"",
    pattern: Some(LayoutName::PATTERN),
    except: None,
    bytes_max: 2 * NAME_BYTES_MAX,
    check: parses::<LayoutName>,
};

/// A name for people: of a pipeline.
pub static LABEL: TextRule = TextRule {
    expected: "a name, as in \"studio-a\"",
    pattern: Some("^[A-Za-z0-9_.-]+$"),
    except: None,
    bytes_max: NAME_BYTES_MAX,
    check: |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        match text.chars().find(|c| !plain(*c)) {
            None => filled(text),
            Some(c) => Err(KeyRefusal::Wrong(format!(
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
    except: None,
    bytes_max: NAME_BYTES_MAX,
    check: |text| {
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        match text.chars().find(|c| !plain(*c)) {
            None => filled(text),
            Some(c) => Err(KeyRefusal::Wrong(format!(
                "the name of a sidechain contains `{}`, expected `a-z`, `0-9`, `_` and `-`",
                c.escape_debug()
            ))),
        }
    },
};

/// `input`, or the id of a stage.
pub static NODE: TextRule = TextRule {
    expected: "\"input\" or a stage id",
    pattern: Some(StageId::PATTERN),
    except: Some("^output$"),
    bytes_max: NAME_BYTES_MAX,
    check: |text| match text {
        "output" => Err(KeyRefusal::Wrong(
            "`output` cannot be read, expected \"input\" or the id of a stage; the pipeline's \
             output is the last stage, or the one that `from` in `[stream]` names"
                .to_owned(),
        )),
        _ => parses::<Node>(text),
    },
};

/// What a decision reads: a tap, or a stage that has outputs.
pub static READABLE: TextRule = TextRule {
    expected: "the id of a tap or of a stage",
    pattern: Some(StageId::PATTERN),
    except: Some(RESERVED),
    bytes_max: NAME_BYTES_MAX,
    check: |text| match text.parse::<StageId>() {
        Ok(_) => Ok(()),
        Err(error) => Err(KeyRefusal::Wrong(error.to_string().replacen(
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
    except: None,
    bytes_max: 2 * NAME_BYTES_MAX,
    check: |text| match (text.parse::<Act>(), text.contains(':')) {
        (Ok(_), _) => Ok(()),
        // `bypass:tube` names what is done to what; such actions change what is heard.
        (Err(_), true) => Err(KeyRefusal::ComesWith(Release::V1_3, "an action on a stage")),
        (Err(_), false) => Err(KeyRefusal::NoneOf(Act::WORDS)),
    },
};

fn filled(text: &str) -> Result<(), KeyRefusal> {
    if text.is_empty() {
        return Err(KeyRefusal::Wrong("the text is empty".to_owned()));
    }
    if text.contains('\0') {
        return Err(KeyRefusal::Wrong(
            "the text contains a zero byte, which no path or name can have".to_owned(),
        ));
    }
    Ok(())
}
