//! Likeness: what a stage's costs depend on, as one number: the same stage under the same
//! conditions has the same.
//!
//! In: the content of its library, its component, parameters and settings, and what surrounds it.
//! Out: half a SHA-256. Nothing is read: of files that settings name, name, size and time of the
//! last change stand for the content, since costs need not be as sure as keys.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use segue_plugin::declare::Layout;
use segue_plugin::link::{Setting, SettingValue};
use serde::{Deserialize, Serialize};

use crate::session::bind::Bound;
use crate::session::build::Opened;
use crate::session::key::level::level;
use crate::session::key::parts::{sorted, tuned};
use crate::session::key::{Key, Recipe};
use crate::session::run::Pace;

/// What costs depend on, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::session) struct Likeness([u8; 16]);

impl From<Key> for Likeness {
    fn from(key: Key) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&key.0.0[..16]);
        Self(half)
    }
}

/// What surrounds every stage of a run.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Surroundings {
    /// Frames per second.
    pub(in crate::session) sample_rate_hz: u32,
    /// Frames per block.
    pub(in crate::session) block_frames: u32,
    /// Plugins are told, and caches are cold between blocks of live runs.
    pub(in crate::session) pace: Pace,
}

impl Surroundings {
    /// The likeness of one stage, which reads such channels.
    pub(in crate::session) fn stage(
        &self,
        bound: &Bound,
        opened: &Opened,
        layout_in: Layout,
    ) -> Likeness {
        let (generation, providers) = &opened[&bound.plugin];
        let recipe = tuned("cost", bound, generation.hash(), &providers.contents());
        let recipe = sorted(&bound.settings).into_iter().fold(recipe, setting);
        let recipe = recipe.bytes("layout", layout_in.to_string());
        self.around(recipe).end().into()
    }

    /// The likeness of the host that runs these stages, in whatever order.
    pub(in crate::session) fn host(&self, stages: &[Likeness]) -> Likeness {
        let mut stages = stages.to_vec();
        stages.sort_unstable();
        let recipe = stages.iter().fold(Recipe::of("cost of host"), |all, one| {
            all.bytes("stage", one.0)
        });
        self.around(recipe).end().into()
    }

    fn around(&self, recipe: Recipe) -> Recipe {
        recipe
            .bytes("segue", env!("CARGO_PKG_VERSION"))
            .number("debug", u64::from(cfg!(debug_assertions)))
            .bytes("level", level())
            .number("rate", u64::from(self.sample_rate_hz))
            .number("block_frames", u64::from(self.block_frames))
            .number("live", u64::from(self.pace == Pace::RealTime))
    }
}

fn setting(recipe: Recipe, setting: &Setting) -> Recipe {
    let recipe = recipe.bytes("setting", &setting.id);
    match &setting.value {
        SettingValue::Text(text) => recipe.bytes("text", text),
        SettingValue::Integer(integer) => recipe.bytes("integer", integer.to_le_bytes()),
        SettingValue::Boolean(yes) => recipe.number("boolean", u64::from(*yes)),
        SettingValue::List(items) => items
            .iter()
            .fold(recipe.number("list", items.len() as u64), |recipe, item| {
                recipe.bytes("item", item)
            }),
        SettingValue::Path(path) => file(recipe.bytes("path", path), Path::new(path)),
    }
}

/// Size and last change of a file or folder, if it is there.
fn file(recipe: Recipe, path: &Path) -> Recipe {
    let Ok(metadata) = fs::metadata(path) else {
        return recipe;
    };
    let changed = metadata.modified().ok();
    let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    recipe
        .number("size", metadata.len())
        .bytes("changed", format!("{changed:?}"))
}
