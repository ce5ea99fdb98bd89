//! Trouble: which method is to panic and what it throws, or which never comes back.

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
        id: "hang_in",
        doc: "The method that never comes back.",
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

/// Which method is to panic and what it throws, or which never comes back.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    method: String,
    hangs_in: String,
    bomb: bool,
}

impl Trouble {
    pub(crate) fn new(setup: &Setup<'_>) -> Self {
        let text = |id: &str| setup.text(id).unwrap_or_default().to_owned();
        Self {
            method: text("panic_in"),
            hangs_in: text("hang_in"),
            bomb: setup.boolean("bomb").unwrap_or_default(),
        }
    }

    /// Panics or hangs if `method` is the one. One that hangs first writes the file that
    /// `SEGUE_TEST_MARK` names, so that a test knows when.
    pub(crate) fn visit(&self, method: &str) {
        if self.hangs_in == method
            && let Some(mark) = std::env::var_os("SEGUE_TEST_MARK")
        {
            let _ = std::fs::write(mark, method);
        }
        while self.hangs_in == method {
            std::thread::park();
        }
        if self.method != method {
            return;
        }
        if self.bomb {
            std::panic::panic_any(Bomb);
        }
        panic!("as told, in {method}");
    }
}
