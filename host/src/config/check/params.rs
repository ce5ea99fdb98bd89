//! Params: numbers, labels and rows of alike parameters, as far as they can be checked without
//! the component.

use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::config::check::{Checker, TomlValue, clipped, found};
use crate::config::limits::{PARAMS_MAX, TEXT_BYTES_MAX};
use crate::config::mistake::Mistake;
use crate::config::source::{Span, Spanned};
use crate::config::values::{ParamValue, ParamValues, Scalar};
use crate::id::NAME_BYTES_MAX;

const EXPECTED: &str = "a number, a boolean, a label in quotes or an array of tables";

/// Where in a component's parameters we are; groups do not nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Component,
    Group,
}

impl Checker<'_> {
    /// Checks the parameters of a component.
    pub(super) fn params(
        &mut self,
        value: &TomlValue<'_>,
        table: &DeTable<'_>,
    ) -> Option<ParamValues> {
        let params = self.param_table(Level::Component, table);
        let count = params.count();
        if count > PARAMS_MAX {
            self.too_many("params", self.span(value), count, PARAMS_MAX);
            return None;
        }
        Some(params)
    }

    fn param_table(&mut self, level: Level, table: &DeTable<'_>) -> ParamValues {
        let mut entries = Vec::new();
        // One entry too many is read, so that the count tells; a flood is not.
        for (name, value) in table.iter().take(PARAMS_MAX + 1) {
            let name = Spanned::new(name.get_ref().to_string(), self.span(name));
            if !self.param_name(&name) {
                continue;
            }
            if let Some(found) = self.param(level, &name.value, value) {
                entries.push((name, Spanned::new(found, self.span(value))));
            }
        }
        entries.sort_by_key(|(name, _)| name.span);
        ParamValues { entries }
    }

    /// Whether this can be the name of a parameter or setting at all.
    pub(super) fn param_name(&mut self, name: &Spanned<String>) -> bool {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let good = !name.value.is_empty()
            && name.value.len() <= NAME_BYTES_MAX
            && name.value.chars().all(plain);
        if !good {
            let message = format!(
                "`{}` is no name of a parameter or setting, expected `a-z`, `0-9` and `_`, \
                 at most {NAME_BYTES_MAX} bytes",
                clipped(&name.value)
            );
            self.mistakes.push(Mistake::new(name.span, message));
        }
        good
    }

    fn param(&mut self, level: Level, name: &str, value: &TomlValue<'_>) -> Option<ParamValue> {
        let span = self.span(value);
        match (value.get_ref(), level) {
            (DeValue::Array(_), Level::Component) => self.group(name, value),
            (DeValue::Array(_), Level::Group) => {
                let message = format!("`{name}` is a group within a group, expected one value");
                self.mistakes.push(Mistake::new(span, message));
                None
            }
            (DeValue::Table(_), _) => {
                let message = format!("`{name}` is a table, expected {EXPECTED}");
                let help = format!("a row of alike parameters is written {name} = [{{ … }}]");
                self.mistakes.push(Mistake::new(span, message).help(help));
                None
            }
            (other, _) => self.param_scalar(name, other, span).map(ParamValue::One),
        }
    }

    fn group(&mut self, name: &str, value: &TomlValue<'_>) -> Option<ParamValue> {
        let rows = value.get_ref().as_array()?;
        if rows.len() > PARAMS_MAX {
            self.too_many(name, self.span(value), rows.len(), PARAMS_MAX);
            return None;
        }
        let mut tables = Vec::new();
        for row in rows.iter() {
            let span = self.span(row);
            match row.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Spanned::new(self.param_table(Level::Group, table), span));
                }
                other => {
                    let message = format!(
                        "an entry of `{name}` is {}, expected a table, as in {{ gain_db = 1.5 }}",
                        found(other)
                    );
                    self.mistakes.push(Mistake::new(span, message));
                }
            }
        }
        Some(ParamValue::Group(tables))
    }

    fn param_scalar(&mut self, name: &str, value: &DeValue<'_>, span: Span) -> Option<Scalar> {
        let scalar = match value {
            DeValue::Integer(number) => whole(number).map(Scalar::Number),
            DeValue::Float(number) => fraction(number).map(Scalar::Number),
            DeValue::Boolean(value) => Some(Scalar::Boolean(*value)),
            DeValue::String(text) if text.len() <= TEXT_BYTES_MAX => {
                Some(Scalar::Label(text.to_string()))
            }
            _ => None,
        };
        if scalar.is_none() {
            let what = match value {
                DeValue::Integer(_) => "too large a number",
                DeValue::Float(_) => "not a finite number",
                DeValue::String(_) => "too long a text",
                other => found(other),
            };
            let message = format!("`{name}` is {what}, expected {EXPECTED}");
            self.mistakes.push(Mistake::new(span, message));
        }
        scalar
    }
}

/// A whole number as the wire has it: a finite `f64`.
fn whole(number: &DeInteger<'_>) -> Option<f64> {
    let value = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
    Some(value as f64)
}

fn fraction(number: &DeFloat<'_>) -> Option<f64> {
    let value: f64 = number.as_str().parse().ok()?;
    value.is_finite().then_some(value)
}
