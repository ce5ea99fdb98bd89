//! Place: where in the stream a change falls: `at_frames = 48000` or `at = "1.5s"`.
//!
//! Pure.

use toml::de::DeValue;

use crate::config::check::{clipped, found};
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::units;
use crate::control::timeline::fields::Fields;
use crate::control::timeline::{Toml, span};
use crate::swap::ask::At;

/// The two ways to say it.
const PLACES: [&str; 2] = ["at_frames", "at"];

/// Reads the place of a change.
pub(super) fn place(fields: &mut Fields<'_>, mistakes: &mut Mistakes) -> Option<At> {
    match fields.among(&PLACES)[..] {
        [] => {
            let mistake = Mistake::new(fields.span, "a change has no place in the stream");
            mistakes.push(mistake.help("add at_frames = 48000, or at = \"1s\""));
            None
        }
        [(_, first), (_, second)] => {
            let mistake = Mistake::new(second, "a change has two places in the stream");
            mistakes.push(mistake.also(first, "the other one"));
            for key in PLACES {
                fields.take(key);
            }
            None
        }
        _ => match fields.take("at_frames") {
            Some(value) => frames("at_frames", value, mistakes).map(At::Frames),
            None => time(fields.take("at")?, mistakes),
        },
    }
}

/// Reads a number of frames.
pub(super) fn frames(key: &str, value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<u64> {
    let place = span(value.span());
    let mistake = match value.get_ref() {
        DeValue::Integer(number) => {
            match u64::from_str_radix(number.as_str(), number.radix()) {
                // Past this a sum with a length could not be said any more.
                Ok(frames) if frames <= i64::MAX as u64 => return Some(frames),
                _ => {
                    let found = clipped(number.as_str());
                    let max = i64::MAX;
                    Mistake::new(place, format!("`{key}` is {found}, expected 0 to {max}"))
                }
            }
        }
        other => {
            let kind = found(other);
            let message = format!("`{key}` is {kind}, expected a number of frames");
            let help = (key == PLACES[0]).then_some("a duration is written as at = \"1.5s\"");
            Mistake::new(place, message).help_if(help.map(str::to_owned))
        }
    };
    mistakes.push(mistake);
    None
}

fn time(value: &Toml<'_>, mistakes: &mut Mistakes) -> Option<At> {
    let place = span(value.span());
    let mistake = match value.get_ref() {
        DeValue::String(text) => match units::time(text) {
            Ok(time) => return Some(At::Time(time)),
            Err(why) => {
                let bare = text.parse::<f64>().is_ok_and(f64::is_finite);
                let help = bare.then(|| format!("use at = \"{}s\"", clipped(text)));
                Mistake::new(place, format!("`{}` {why}", clipped(text))).help_if(help)
            }
        },
        DeValue::Integer(_) | DeValue::Float(_) => Mistake::new(place, "`at` has no unit")
            .help("use at = \"1.5s\", or at_frames = 48000 for frames"),
        other => {
            let expected = units::Unit::Time.expected();
            Mistake::new(
                place,
                format!("`at` is {}, expected {expected}", found(other)),
            )
        }
    };
    mistakes.push(mistake);
    None
}
