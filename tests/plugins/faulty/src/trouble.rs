//! Trouble: which method is to panic, and what it throws.

use segue_plugin::prelude::*;

/// The settings of every component that panics.
pub(crate) const SETTINGS: &[SettingDecl] = &[
    SettingDecl {
        id: "panic_in",
        doc: "The method that panics.",
        value: SettingKind::Text { bytes_max: 64 },
        need: Need::Optional,
    },
    SettingDecl {
        id: "bomb",
        doc: "Whether what it throws panics again when it is dropped.",
        value: SettingKind::Boolean,
        need: Need::Optional,
    },
];

/// What is thrown when even the handling of a panic is to panic.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload panics in its drop");
    }
}

/// Which method is to panic, and what it throws.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    method: String,
    bomb: bool,
}

impl Trouble {
    pub(crate) fn new(setup: &Setup<'_>) -> Self {
        Self {
            method: setup.text("panic_in").unwrap_or_default().to_owned(),
            bomb: setup.boolean("bomb").unwrap_or_default(),
        }
    }

    /// Panics if `method` is the one.
    pub(crate) fn visit(&self, method: &str) {
        if self.method != method {
            return;
        }
        if self.bomb {
            std::panic::panic_any(Bomb);
        }
        panic!("as told, in {method}");
    }
}
