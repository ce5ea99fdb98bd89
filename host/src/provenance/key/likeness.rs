//! Likeness: what a stage's costs depend on, as one number: the same stage under the same
//! conditions has the same.
//!
//! In: the content of its library, its component, parameters and settings, and what it runs under.
//! Out: half a SHA-256. Nothing is read: of files that settings name, name, size and time of the
//! last change stand for the content, since costs need not be as sure as keys.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use segue_plugin::declare::Layout;
use segue_plugin::link::{Setting, SettingValue};
use segue_plugin::setup::Mode;
use serde::{Deserialize, Serialize};

use crate::process::start;
use crate::provenance::ingredients::Ingredient;
use crate::provenance::key::level::level;
use crate::provenance::key::parts::{sorted, tuned};
use crate::provenance::key::{Key, KeyHasher};

/// What costs depend on, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Likeness([u8; 16]);

impl From<Key> for Likeness {
    fn from(key: Key) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&key.0.0[..16]);
        Self(half)
    }
}

/// What every stage of a run runs under.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Frames per block.
    pub block_frames: u32,
    /// Plugins are told, and caches are cold between blocks of live runs.
    pub mode: Mode,
}

impl Conditions {
    /// The likeness of one stage, which reads such channels.
    #[must_use]
    pub fn stage(&self, part: &Ingredient<'_>, layout_in: Layout) -> Likeness {
        let hasher = tuned("cost", part);
        let hasher = sorted(part.settings).into_iter().fold(hasher, setting);
        let hasher = hasher.bytes("layout", layout_in.to_string());
        self.under(hasher).end().into()
    }

    /// The likeness of the host that runs these stages, in whatever order.
    #[must_use]
    pub fn host(&self, stages: &[Likeness]) -> Likeness {
        let mut stages = stages.to_vec();
        stages.sort_unstable();
        let hasher = stages
            .iter()
            .fold(KeyHasher::of("cost of host"), |all, one| {
                all.bytes("stage", one.0)
            });
        self.under(hasher).end().into()
    }

    fn under(&self, hasher: KeyHasher) -> KeyHasher {
        hasher
            .bytes("segue", env!("CARGO_PKG_VERSION"))
            .number("debug", u64::from(cfg!(debug_assertions)))
            .bytes("level", level())
            .number("rate", u64::from(self.sample_rate_hz))
            .number("block_frames", u64::from(self.block_frames))
            .number("live", u64::from(self.mode == Mode::RealTime))
    }
}

fn setting(hasher: KeyHasher, setting: &Setting) -> KeyHasher {
    let hasher = hasher.bytes("setting", &setting.id);
    match &setting.value {
        SettingValue::Text(text) => hasher.bytes("text", text),
        SettingValue::Integer(integer) => hasher.bytes("integer", integer.to_le_bytes()),
        SettingValue::Boolean(yes) => hasher.number("boolean", u64::from(*yes)),
        SettingValue::List(items) => items
            .iter()
            .fold(hasher.number("list", items.len() as u64), |hasher, item| {
                hasher.bytes("item", item)
            }),
        SettingValue::Path(path) => file(hasher.bytes("path", path), Path::new(path)),
    }
}

/// Size and last change of a file or folder, if it is there.
fn file(hasher: KeyHasher, path: &Path) -> KeyHasher {
    let Ok(metadata) = fs::metadata(start::absolute(path)) else {
        return hasher;
    };
    let changed = metadata.modified().ok();
    let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    hasher
        .number("size", metadata.len())
        .bytes("changed", format!("{changed:?}"))
}
