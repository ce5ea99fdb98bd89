//! Replay: how a change came about in an earlier run, as its receipts say it.
//!
//! Pure.

use toml::de::{DeArray, DeValue};

use crate::config::check::found;
use crate::config::limits::STAGES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::control::timeline::fields::Fields;
use crate::control::timeline::place::frames;
use crate::control::timeline::{Toml, span};
use crate::swap::ask::{Replay, ReplayedFade};

const REPLAY: &str = "replay";

/// The keys of `replay`, and those of each of its `fades`.
const KEYS: [&str; 3] = ["applied_at_frames", "states_at_frames", "fades"];
const FADE_KEYS: [&str; 3] = ["stage", "primed_from_frames", "primed_to_frames"];

/// Reads `replay`, where it is there.
pub(super) fn replay(change: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<Replay> {
    let mut fields = table(change.take(REPLAY)?, REPLAY, mistakes)?;
    let applied = number(KEYS[0], &mut fields, mistakes);
    if applied.is_none() {
        fields.need(KEYS[0], mistakes);
    }
    let states_at_frames = number(KEYS[1], &mut fields, mistakes);
    let fades = fields.take(KEYS[2]);
    let fades = fades.map_or(Some(Vec::new()), |list| fades_of(list, mistakes));
    fields.nothing_else(&KEYS, mistakes);
    Some(Replay {
        applied_at_frames: applied?,
        states_at_frames,
        fades: fades?,
    })
}

fn fades_of(value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<Vec<ReplayedFade>> {
    let place = span(value.span());
    let list: &DeArray<'_> = match value.get_ref() {
        DeValue::Array(list) if list.len() <= STAGES_MAX => list,
        DeValue::Array(list) => {
            let message = format!(
                "`fades` has {} tables, expected at most {STAGES_MAX}",
                list.len()
            );
            mistakes.push(Mistake::new(place, message));
            return None;
        }
        other => {
            let message = format!("`fades` is {}, expected a list of tables", found(other));
            mistakes.push(Mistake::new(place, message));
            return None;
        }
    };
    list.iter().map(|value| fade(value, mistakes)).collect()
}

fn fade(value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<ReplayedFade> {
    let mut fields = table(value, "a fade", mistakes)?;
    let stage = fields.needed(FADE_KEYS[0], mistakes);
    let from = number(FADE_KEYS[1], &mut fields, mistakes);
    let to = number(FADE_KEYS[2], &mut fields, mistakes);
    fields.nothing_else(&FADE_KEYS, mistakes);
    Some(ReplayedFade {
        stage: stage?,
        primed_frames: from.zip(to).map(|(from, to)| from..to),
    })
}

fn number(key: &str, fields: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<u64> {
    frames(key, fields.take(key)?, mistakes)
}

fn table<'t>(
    value: &'t Toml<'t>,
    name: &'static str,
    mistakes: &mut Mistakes,
) -> Option<Fields<'t>> {
    let place = span(value.span());
    if let DeValue::Table(table) = value.get_ref() {
        return Some(Fields::new(table, place, name));
    }
    let message = format!("{name} is {}, expected a table", found(value.get_ref()));
    mistakes.push(Mistake::new(place, message));
    None
}
