//! Scalar: single values and lists of texts: type, bounds, and the fix when one is wrong.

use std::fmt;

use toml::de::{DeArray, DeInteger, DeValue};

use crate::config::check::{Checker, Later, TomlValue, clipped, found, later_mistake};
use crate::config::entries::Value;
use crate::config::keys::{
    ChoiceRule, ConfigKey, DurationRule, IntegerRule, KeyKind, KeyRefusal, ListRule, Repeats,
    TextRule, renamed,
};
use crate::config::mistake::Mistake;
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::{Span, Spanned};
use crate::config::units::{Unit, memory, share, time};
use crate::config::words::Word;

/// What a text belongs to, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'s> {
    /// The value of a key.
    Key(&'s str),
    /// One entry of a list.
    EntryOf(&'s str),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(out, "`{}`", clipped(name)),
            Self::EntryOf(name) => write!(out, "an entry of `{}`", clipped(name)),
        }
    }
}

impl Checker<'_> {
    /// Checks a value that is neither table nor list, or reports that its type is wrong.
    pub(super) fn scalar(
        &mut self,
        key: &'static ConfigKey,
        value: &TomlValue<'_>,
    ) -> Option<Value> {
        let span = self.span(value);
        match (key.kind, value.get_ref()) {
            (KeyKind::Text(rule), DeValue::String(text)) => {
                self.text(rule, text, span)?;
                Some(Value::Text(text.to_string()))
            }
            (KeyKind::Choice(rule), DeValue::String(text)) => self.choice(key, rule, text, span),
            (KeyKind::Quantity(unit), DeValue::String(text)) => {
                self.quantity(key, unit, text, span)
            }
            (KeyKind::Duration(rule), DeValue::String(text)) => {
                self.quantity(key, Unit::Time, text, span)?;
                self.duration(rule, text, span)
            }
            (KeyKind::Integer(rule), DeValue::Integer(number)) => {
                self.integer(key, rule, number, span)
            }
            (KeyKind::Boolean, DeValue::Boolean(value)) => Some(Value::Boolean(*value)),
            (_, other) => {
                let mistake = wrong_type(key, other, span);
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// Checks a text against its rule.
    pub(super) fn text(&mut self, rule: &'static TextRule, text: &str, span: Span) -> Option<()> {
        if text.len() > rule.bytes_max {
            let message = format!(
                "the text has {} bytes, expected at most {}",
                text.len(),
                rule.bytes_max
            );
            self.mistakes.push(Mistake::new(span, message));
            return None;
        }
        let mistake = match (rule.check)(text) {
            Ok(()) => return Some(()),
            Err(KeyRefusal::Wrong(why)) => Mistake::new(span, why),
            Err(KeyRefusal::NoneOf(words)) => unknown_word(text, words, None, span),
            Err(KeyRefusal::ComesWith(release, what)) => {
                later_mistake(span, text, release).label(what)
            }
        };
        self.mistakes.push(mistake);
        None
    }

    /// Checks a value that has to be a text.
    pub(super) fn string(
        &mut self,
        subject: Subject<'_>,
        rule: &'static TextRule,
        value: &TomlValue<'_>,
    ) -> Option<Spanned<String>> {
        let span = self.span(value);
        let Some(text) = value.get_ref().as_str() else {
            let message = format!(
                "{subject} is {}, expected {}",
                found(value.get_ref()),
                rule.expected
            );
            self.mistakes.push(Mistake::new(span, message));
            return None;
        };
        self.text(rule, text, span)?;
        Some(Spanned::new(text.to_owned(), span))
    }

    /// Checks a list of texts; one wrong entry does not hide another.
    pub(super) fn list(
        &mut self,
        name: &str,
        rule: &'static ListRule,
        span: Span,
        items: &DeArray<'_>,
    ) -> Option<Vec<Spanned<String>>> {
        if items.len() > rule.items_max {
            self.too_many(name, span, items.len(), rule.items_max);
            return None;
        }
        if items.len() < rule.items_min {
            let message = format!("`{name}` is empty, expected {}", rule.item.expected);
            let help = format!("leave `{name}` out, or name something");
            self.mistakes.push(Mistake::new(span, message).help(help));
            return None;
        }
        let mut texts: Vec<Spanned<String>> = Vec::new();
        for item in items.iter() {
            let Some(text) = self.string(Subject::EntryOf(name), rule.item, item) else {
                continue;
            };
            let twin = texts.iter().find(|first| first.value == text.value);
            match twin.filter(|_| rule.repeats == Repeats::Mistake) {
                None => texts.push(text),
                Some(first) => self.mistakes.push(
                    Mistake::new(
                        text.span,
                        format!("`{}` stands in `{name}` twice", clipped(&text.value)),
                    )
                    .also(first.span, "first here"),
                ),
            }
        }
        Some(texts)
    }

    fn choice(
        &mut self,
        key: &'static ConfigKey,
        rule: &'static ChoiceRule,
        text: &str,
        span: Span,
    ) -> Option<Value> {
        let Some(word) = rule.words.iter().find(|word| word.text == text) else {
            // What another key says stands there as that key.
            let help = renamed(rule.renamed, text).map(|here| match here.contains('=') {
                true => format!("use {here}"),
                false => format!("did you mean `{here}`?"),
            });
            self.mistakes
                .push(unknown_word(text, rule.words, help, span));
            return None;
        };
        if !word.since.is_here() && self.later == Later::Told {
            let here = rule.words.iter().filter(|word| word.since.is_here());
            let help = format!(
                "until then `{}` may be {}",
                key.name,
                listed(here.map(|word| word.text))
            );
            self.mistakes.push(
                later_mistake(span, &format!("{} = \"{text}\"", key.name), word.since).help(help),
            );
            return None;
        }
        Some(Value::Text(text.to_owned()))
    }

    fn quantity(
        &mut self,
        key: &'static ConfigKey,
        unit: Unit,
        text: &str,
        span: Span,
    ) -> Option<Value> {
        let value = match unit {
            Unit::Time => time(text).map(Value::Time),
            Unit::Memory => memory(text).map(Value::Memory),
            Unit::Share => share(text).map(Value::Share),
        };
        let refuse = |why| {
            let message = format!("`{}` {why}", clipped(text));
            let bare = text.parse::<f64>().is_ok_and(f64::is_finite);
            Mistake::new(span, message).help_if(bare.then(|| with_unit(key.name, text, unit)))
        };
        value.map_err(|why| self.mistakes.push(refuse(why))).ok()
    }

    /// A duration that reads well, if it is not too long.
    fn duration(&mut self, rule: &'static DurationRule, text: &str, span: Span) -> Option<Value> {
        let found = time(text).ok()?;
        if found > rule.max {
            let message = format!(
                "`{}` is longer than {}, expected \"0s\" to \"{}\"",
                clipped(text),
                rule.what,
                rule.max_text
            );
            self.mistakes.push(Mistake::new(span, message));
            return None;
        }
        Some(Value::Time(found))
    }

    fn integer(
        &mut self,
        key: &'static ConfigKey,
        rule: &'static IntegerRule,
        number: &DeInteger<'_>,
        span: Span,
    ) -> Option<Value> {
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let Some(value) = value.filter(|value| (rule.min..=rule.max).contains(value)) else {
            let message = format!(
                "`{}` is {}, expected {} to {}",
                key.name,
                clipped(number.as_str()),
                rule.min,
                rule.max
            );
            self.mistakes.push(Mistake::new(span, message));
            return None;
        };
        match rule.later {
            Some((max, release)) if value > max && !release.is_here() => {
                let what = format!("{} = {value}", key.name);
                let help = match rule.min == max {
                    true => format!("until then {max}"),
                    false => format!("until then {} to {max}", rule.min),
                };
                self.mistakes
                    .push(later_mistake(span, &what, release).help(help));
                None
            }
            _ => Some(Value::Integer(value)),
        }
    }
}

/// That a word is none of a choice, and which one was most likely meant.
fn unknown_word(text: &str, words: &'static [Word], help: Option<String>, span: Span) -> Mistake {
    let names = || words.iter().map(|word| word.text);
    let message = format!(
        "`{}` is unknown, expected {}",
        clipped(text),
        listed(names())
    );
    Mistake::new(span, message).help_if(help.or_else(|| did_you_mean(text, names())))
}

/// That a value has another type than its key takes, with the fix where it is plain.
fn wrong_type(key: &'static ConfigKey, value: &DeValue<'_>, span: Span) -> Mistake {
    let name = key.name;
    let message = format!(
        "`{name}` is {}, expected {}",
        found(value),
        key.kind.expected()
    );
    let number = match value {
        DeValue::Integer(number) => Some(number.as_str()),
        DeValue::Float(number) => Some(number.as_str()),
        _ => None,
    };
    if let (Some(unit), Some(number)) = (key.kind.unit(), number) {
        return Mistake::new(span, message).help(with_unit(name, number, unit));
    }
    let help = match (key.kind, value) {
        (KeyKind::List(_), DeValue::String(text)) => {
            Some(format!("write {name} = [\"{}\"]", clipped(text)))
        }
        (KeyKind::Integer(_), DeValue::String(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("write {name} = {text}"))
        }
        (KeyKind::Boolean, value) if truth(value).is_some() => {
            truth(value).map(|meant| format!("write {name} = {meant}"))
        }
        (KeyKind::Tables(_), DeValue::Table(_)) => Some(format!("write [[{name}]]")),
        (KeyKind::Table(_), DeValue::Array(_)) => Some(format!("write [{name}]")),
        _ => Some(format!("write {name} = {}", key.example)).filter(|_| !key.example.is_empty()),
    };
    Mistake::new(span, message).help_if(help)
}

/// Which boolean another language would read there.
fn truth(value: &DeValue<'_>) -> Option<bool> {
    let text = match value {
        DeValue::String(text) => text.to_ascii_lowercase(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        _ => return None,
    };
    match text.as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// How a bare number is written with its unit.
fn with_unit(name: &str, number: &str, unit: Unit) -> String {
    let number = match (unit, number.parse::<f64>()) {
        (Unit::Share, Ok(part)) if part <= 1.0 => (part * 100.0).to_string(),
        _ => clipped(number),
    };
    let more = match unit {
        Unit::Share => "",
        Unit::Time | Unit::Memory => ", or whichever unit is meant",
    };
    format!("write {name} = \"{number}{}\"{more}", unit.usual())
}
