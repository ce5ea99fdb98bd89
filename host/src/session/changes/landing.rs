//! Landing: what becomes true of a session once a change is over.
//!
//! In: another file, wishes for keys, keys that are given back. Out: the configurations as they
//! would be, and as they are from then on.

use std::sync::Arc;

use crate::config::Mistakes;
use crate::config::model::Config;
use crate::config::overrides::{self, OverrideKey, Overrides, Rank};
use crate::config::render::Color;
use crate::session::changes::plan::Plan;
use crate::session::changes::{Running, Wish};
use crate::session::optional::without_again;

/// What becomes true of a session when a change is over.
#[derive(Default)]
pub(super) struct Landing {
    /// Another file.
    pub(super) file: Option<Arc<Config>>,
    /// Overrides.
    pub(super) wishes: Vec<overrides::Wish>,
    /// Overrides that are given back, before the wishes are set.
    pub(super) resets: Vec<overrides::Reset>,
    /// Stages that come and go.
    pub(super) plan: Option<Plan>,
}

impl Landing {
    /// Somebody's value for a key.
    pub(super) fn set(&mut self, key: OverrideKey, value: String, wish: &Wish) {
        self.wishes.push(overrides::Wish {
            key,
            value,
            who: wish.cause.who.clone(),
            rank: rank(&wish.cause.who),
            when: super::status::now(),
            why: wish.cause.why.clone(),
        });
    }
}

/// A decision's wish gives way to anybody's.
pub(super) fn rank(who: &str) -> Rank {
    match who.starts_with("decision") || who.starts_with("watch") {
        true => Rank::Engine,
        false => Rank::Human,
    }
}

/// The configurations of a session as they would be.
pub(super) struct After {
    pub(super) file: Arc<Config>,
    pub(super) overrides: Overrides,
    pub(super) config: Arc<Config>,
}

impl Running {
    /// What would run.
    pub(super) fn after(&self, landing: &Landing) -> Result<After, String> {
        let mut overrides = self.overrides.clone();
        let file = landing
            .file
            .clone()
            .unwrap_or_else(|| Arc::clone(&self.file));
        if landing.file.is_some() {
            overrides.on_reload(&self.file, &file);
        }
        for reset in &landing.resets {
            overrides.reset(reset);
        }
        for wish in &landing.wishes {
            let set = overrides.set(&file, wish.clone());
            set.map_err(|refused| refused.to_string())?;
        }
        let applied = overrides.apply(&file).map_err(|mistakes| told(&mistakes))?;
        let config = Arc::new(without_again(applied, &self.config, &self.file));
        Ok(After {
            file,
            overrides,
            config,
        })
    }

    /// Makes it true.
    pub(super) fn land(&mut self, landing: &mut Landing) {
        // What was possible when it began may have been overtaken: then the rest stays true.
        if let Ok(after) = self.after(landing) {
            self.file = after.file;
            self.overrides = after.overrides;
            self.config = after.config;
        }
    }
}

/// Mistakes as people read them, with lines and columns.
pub(super) fn told(mistakes: &Mistakes) -> String {
    mistakes.render(Color::Plain, 80)
}
