//! Overrides: values that people and decision engines gave a running session, in place of the
//! file's.
//!
//! In: wishes, with who has them; and the file as it was and is. Out: who holds which key, the
//! configuration with their values in their places, and what `status` shows of them.
//!
//! Pure; the clock is the caller's. A person's value outranks any engine's; a value is kept across
//! reloads until the file changes that key. Control threads only.

use semver::VersionReq;

use crate::config::mistake::Mistakes;
use crate::config::model::Config;
use crate::config::nearest::did_you_mean;
use crate::config::overrides::values::FileValue;
use crate::id::{ComponentAddress, StageId};
use crate::observe::{OverrideStatus, Who};

mod applied;
mod key;
mod refusal;
mod values;

pub use crate::config::overrides::key::{OverrideKey, Reset, UnknownOverride};
pub use crate::config::overrides::refusal::ValueRefused;
pub(crate) use crate::config::overrides::values::quoted;
pub use crate::config::overrides::values::value;

/// The most overrides of one session.
pub const OVERRIDDEN_MAX: usize = 1_000;

/// A value that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of which key.
    pub key: OverrideKey,
    /// The value as TOML; a bare word is taken as a text.
    pub value: String,
    /// Who wants it.
    pub who: Who,
    /// When, as `status` shows it: RFC 3339 in UTC.
    pub when: String,
    /// Why, as far as they said.
    pub why: String,
}

/// A value that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldValue {
    /// Of which key.
    pub key: OverrideKey,
    /// The value as TOML on one line.
    pub value: String,
    /// Who wanted it.
    pub who: Who,
    /// When, as `status` shows it.
    pub when: String,
    /// Why, as far as they said.
    pub why: String,
    /// What the file said then; `None` where it said nothing.
    pub file: Option<String>,
}

/// All values that differ from the file, in the order in which they were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    held: Vec<HeldValue>,
}

impl Overrides {
    /// Takes a value in the place of the file's, and of one that was held. Another component for a
    /// stage drops the version that was wanted of the one before; `bypass = false` drops `bypass`.
    ///
    /// Whether the component knows the parameter is not looked at.
    ///
    /// # Errors
    /// When the stage is not in the file, the value is none, or somebody of a higher rank holds
    /// the key; then nothing changed.
    pub fn set(&mut self, file: &Config, wish: Wish) -> Result<(), ValueRefused> {
        let stage = wish.key.stage();
        if file.stage(stage).is_none() {
            let known = file.stages.iter().map(|stage| stage.id.value.as_str());
            return Err(ValueRefused::NoStage {
                stage: stage.to_string(),
                help: did_you_mean(stage.as_str(), known),
            });
        }
        let value = values::checked(&wish.key, &wish.value)?;
        if let Some(holder) = self
            .holder(&wish.key)
            .filter(|held| held.who.rank() > wish.who.rank())
        {
            return Err(ValueRefused::Held {
                key: holder.key.to_string(),
                who: holder.who.clone(),
            });
        }
        let is_off = matches!(wish.key, OverrideKey::Bypass { .. }) && value == "false";
        let mut next = self.clone();
        next.take(|held| held.key == wish.key || held.key.is_replaced_by(&wish.key));
        if !is_off {
            let file = FileValue::of(file, &wish.key, &next).text;
            next.held.push(HeldValue {
                key: wish.key,
                value,
                who: wish.who,
                when: wish.when,
                why: wish.why,
                file,
            });
        }
        next.fits(file)?;
        *self = next;
        Ok(())
    }

    /// Gives keys back to the file; returns which were held.
    pub fn reset(&mut self, which: &Reset) -> Vec<HeldValue> {
        self.take(|held| which.covers(&held.key))
    }

    /// Forgets what was written into the file; `save` says which, of what was held then. What was
    /// set since stays.
    pub fn saved(&mut self, written: &[OverrideKey], then: &Self) {
        self.take(|held| written.contains(&held.key) && then.get(&held.key) == Some(held));
    }

    /// Drops what the file has changed since, or whose stage it no longer has; returns that. Both
    /// are configurations as they were read, without overrides.
    pub fn on_reload(&mut self, old: &Config, new: &Config) -> Vec<HeldValue> {
        let before = self.clone();
        let is_dropped = |held: &HeldValue| {
            let key = &held.key;
            new.stage(key.stage()).is_none()
                || FileValue::of(old, key, &before) != FileValue::of(new, key, &before)
        };
        // A version goes with the component that it is of: what the file says for it tells both.
        self.take(is_dropped)
    }

    /// The file's configuration with these values in their places; each has a place of its own,
    /// which messages call `ctl` and its key. `bypass` and versions are no keys of a stage in the
    /// file: `is_bypassed` and `version` return those.
    ///
    /// # Errors
    /// When a value no longer fits what the file says, as with a parameter that became a group.
    pub fn apply(&self, file: &Config) -> Result<Config, Mistakes> {
        applied::apply(&self.held, file)
    }

    /// Whether a stage's input is wanted in the place of its output.
    #[must_use]
    pub fn is_bypassed(&self, stage: &StageId) -> bool {
        let key = OverrideKey::Bypass {
            stage: stage.clone(),
        };
        self.get(&key).is_some()
    }

    /// The component that is wanted for a stage, if it is not the file's.
    #[must_use]
    pub fn component(&self, stage: &StageId) -> Option<ComponentAddress> {
        let key = OverrideKey::Component {
            stage: stage.clone(),
        };
        values::content(&self.get(&key)?.value)?.parse().ok()
    }

    /// Which versions are wanted for a stage, if somebody asked for some.
    #[must_use]
    pub fn version(&self, stage: &StageId) -> Option<VersionReq> {
        let key = OverrideKey::Version {
            stage: stage.clone(),
        };
        values::content(&self.get(&key)?.value)?.parse().ok()
    }

    /// What is held for a key.
    #[must_use]
    pub fn get(&self, key: &OverrideKey) -> Option<&HeldValue> {
        self.held.iter().find(|held| held.key == *key)
    }

    /// All that is held, in the order in which it was set.
    pub fn iter(&self) -> impl Iterator<Item = &HeldValue> {
        self.held.iter()
    }

    /// Whether the file alone says everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What `status` shows.
    #[must_use]
    pub fn status(&self) -> Vec<OverrideStatus> {
        let held = self.held.iter();
        held.map(|held| OverrideStatus {
            key: held.key.to_string(),
            value: held.value.clone(),
            file: held.file.clone(),
            who: held.who.clone(),
            when: held.when.clone(),
            why: held.why.clone(),
        })
        .collect()
    }

    /// Who holds a key, or what belongs to it: component and version are one claim.
    fn holder(&self, key: &OverrideKey) -> Option<&HeldValue> {
        let held = self.held.iter().filter(|held| held.key.shares_claim(key));
        held.max_by_key(|held| held.who.rank())
    }

    /// Whether there are not too many, and the newest fits what the file says.
    fn fits(&self, file: &Config) -> Result<(), ValueRefused> {
        let Some(newest) = self.held.last() else {
            return Ok(());
        };
        if self.held.len() > OVERRIDDEN_MAX {
            return Err(ValueRefused::TooMany);
        }
        // Those before it were looked at when they were set.
        match applied::apply(std::slice::from_ref(newest), file) {
            Ok(_) => Ok(()),
            Err(mistakes) => Err(ValueRefused::Value {
                key: newest.key.to_string(),
                found: newest.value.clone(),
                why: mistakes
                    .iter()
                    .next()
                    .map_or_else(String::new, |one| one.message.clone()),
            }),
        }
    }

    fn take(&mut self, mut is_meant: impl FnMut(&HeldValue) -> bool) -> Vec<HeldValue> {
        let (gone, kept) = self.held.drain(..).partition(|held| is_meant(held));
        self.held = kept;
        gone
    }
}

#[cfg(test)]
mod tests;
