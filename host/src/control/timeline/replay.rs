//! Replay: how a change came about in an earlier run, as its receipts say it.
//!
//! In: the table beside an action, and the place of the change. Out: the numbers, or every mistake:
//! numbers that no run can have had together would come about otherwise than they say.
//!
//! Pure.

use toml::de::{DeArray, DeValue};

use crate::config::check::found;
use crate::config::limits::STAGES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::source::{Span, Spanned};
use crate::control::timeline::fields::Fields;
use crate::control::timeline::place::frames;
use crate::control::timeline::{Toml, span};
use crate::id::StageId;
use crate::swap::ask::{At, Replay, ReplayedFade};

const REPLAY: &str = "replay";

/// The keys of `replay`, and those of each of its `fades`.
const KEYS: [&str; 3] = ["applied_at_frames", "states_at_frames", "fades"];
const FADE_KEYS: [&str; 3] = ["stage", "primed_from_frames", "primed_to_frames"];

/// What makes the numbers fit again.
const HELP: &str = "take all numbers from the receipts of one change; `at_frames` is the greatest \
                    `primed_to_frames` of its fades, or without one its `states_at_frames` or else \
                    its `applied_at_frames`";

/// A number of frames, with its place.
type Frames = Spanned<u64>;

/// A fade with the places of what it says.
struct Fade {
    span: Span,
    stage: StageId,
    primed: Option<(Frames, Frames)>,
}

/// Reads `replay`, where it is there.
pub(super) fn replay(
    change: &mut Fields<'_>,
    at: Option<At>,
    mistakes: &mut Mistakes,
) -> Option<Replay> {
    let mut fields = table(change.take(REPLAY)?, REPLAY, mistakes)?;
    fields.need(KEYS[0], mistakes);
    let applied = number(KEYS[0], &mut fields, mistakes);
    let states = number(KEYS[1], &mut fields, mistakes);
    let fades = fields.take(KEYS[2]);
    let fades = fades.map_or(Some(Vec::new()), |list| fades_of(list, mistakes));
    fields.nothing_else(&KEYS, mistakes);
    let (applied, fades) = applied.zip(fades)?;
    no_stage_twice(&fades, mistakes);
    in_order(at, (&applied, states.as_ref()), &fades, mistakes);
    let fades = fades.into_iter().map(|fade| ReplayedFade {
        stage: fade.stage,
        primed_frames: fade.primed.map(|(from, to)| from.value..to.value),
    });
    Some(Replay {
        applied_at_frames: applied.value,
        states_at_frames: states.map(|states| states.value),
        fades: fades.collect(),
    })
}

/// What an instance hears is there when the change begins, and states are written between that and
/// the frame at which it is applied. Where the change begins is known here where it is a frame.
fn in_order(
    at: Option<At>,
    (applied, states): (&Frames, Option<&Frames>),
    fades: &[Fade],
    mistakes: &mut Mistakes,
) {
    const BEGINS: &str = "where the change begins";
    const APPLIED: &str = "where the change is applied";
    let begins = match at {
        Some(At::Frames(frames)) => Some(frames),
        Some(At::Time(_)) | None => None,
    };
    let heard_until = begins.map_or((applied.value, APPLIED), |frames| (frames, BEGINS));
    for (_, to) in fades.iter().filter_map(|fade| fade.primed.as_ref()) {
        at_most(FADE_KEYS[2], to, heard_until, mistakes);
    }
    if let Some(states) = states {
        at_most(KEYS[1], states, (applied.value, APPLIED), mistakes);
    }
    let begins = begins.map(|frames| (frames, BEGINS));
    for (key, found) in [(KEYS[0], Some(applied)), (KEYS[1], states)] {
        if let Some((found, begins)) = found.zip(begins) {
            at_least(key, found, begins, mistakes);
        }
    }
}

fn at_most(key: &str, found: &Frames, (most, why): (u64, &str), mistakes: &mut Mistakes) {
    let (span, found) = (found.span, found.value);
    if found > most {
        let message = format!("`{key}` is {found}, expected at most {most}, {why}");
        mistakes.push(Mistake::new(span, message).help(HELP));
    }
}

fn at_least(key: &str, found: &Frames, (least, why): (u64, &str), mistakes: &mut Mistakes) {
    let (span, found) = (found.span, found.value);
    if found < least {
        let message = format!("`{key}` is {found}, expected {least} or more, {why}");
        mistakes.push(Mistake::new(span, message).help(HELP));
    }
}

fn no_stage_twice(fades: &[Fade], mistakes: &mut Mistakes) {
    for (at, fade) in fades.iter().enumerate() {
        let mut before = fades[..at].iter();
        if let Some(first) = before.find(|first| first.stage == fade.stage) {
            let message = format!("`{}` has a second fade", fade.stage);
            mistakes.push(Mistake::new(fade.span, message).also(first.span, "the first one"));
        }
    }
}

fn fades_of(value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<Vec<Fade>> {
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

fn fade(value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<Fade> {
    let mut fields = table(value, "a fade", mistakes)?;
    let place = fields.span;
    let stage = fields.needed(FADE_KEYS[0], mistakes);
    if let [(there, key)] = fields.among(&FADE_KEYS[1..])[..] {
        let message = format!("`{there}` stands alone, expected both or neither");
        let help = "write `primed_from_frames` and `primed_to_frames` as the receipt has them, or \
                    neither where it has null";
        mistakes.push(Mistake::new(key, message).help(help));
    }
    let from = number(FADE_KEYS[1], &mut fields, mistakes);
    let to = number(FADE_KEYS[2], &mut fields, mistakes);
    fields.nothing_else(&FADE_KEYS, mistakes);
    let primed = from.zip(to);
    if let Some((from, to)) = &primed {
        let from = (from.value, "as `primed_from_frames` is");
        at_least(FADE_KEYS[2], to, from, mistakes);
    }
    Some(Fade {
        span: place,
        stage: stage?,
        primed,
    })
}

fn number(key: &str, fields: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<Frames> {
    let value = fields.take(key)?;
    let frames = frames(key, value, mistakes)?;
    Some(Spanned::new(frames, span(value.span())))
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
