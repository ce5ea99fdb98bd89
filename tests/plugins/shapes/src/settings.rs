//! Settings: one of every kind, refused unless they are what the test wrote.

use segue_plugin::prelude::*;

/// Is created only with the settings it expects: each kind arrives as it was written.
#[derive(Params)]
pub(crate) struct Settings;

const fn setting(id: &'static str, doc: &'static str, value: SettingKind) -> SettingDecl {
    SettingDecl {
        id,
        doc,
        value,
        need: Need::Optional,
    }
}

impl AudioProcessor for Settings {
    const SETTINGS: &'static [SettingDecl] = &[
        setting("word", "Grüße.", SettingKind::Text { bytes_max: 16 }),
        setting(
            "file",
            "An absolute path whose name is model.bin.",
            SettingKind::Path,
        ),
        setting(
            "count",
            "Minus seven.",
            SettingKind::Integer { min: -10, max: 10 },
        ),
        setting("yes", "True.", SettingKind::Boolean),
        setting(
            "names",
            "One, two, and an empty one.",
            SettingKind::List {
                items_max: 3,
                bytes_max: 8,
            },
        ),
    ];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        if setup.text("word").is_none() {
            return Ok(Self); // A probe gives nothing.
        }
        let path = setup.path("file").unwrap_or_else(|| "".as_ref());
        let right = setup.text("word") == Some("Grüße")
            && path.is_absolute()
            && path.ends_with("model.bin")
            && setup.integer("count") == Some(-7)
            && setup.boolean("yes") == Some(true)
            && setup.list("names").eq(["one", "two", ""])
            && setup.integer("word").is_none()
            && setup.resource_dir().is_absolute();
        if right {
            Ok(Self)
        } else {
            Err(Refusal::new(format!(
                "the settings did not arrive: {setup:?}"
            )))
        }
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        Ok(Status::Continue)
    }
}
