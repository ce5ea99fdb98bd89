//! Params: a parameter set from outside, put where the file would have it.

use toml::de::DeValue;

use crate::config::check::clipped;
use crate::config::entries::Entries;
use crate::config::limits::PARAMS_MAX;
use crate::config::mistake::Mistake;
use crate::config::nearest::did_you_mean;
use crate::config::source::{Span, Spanned};
use crate::config::values::{ParamValue, ParamValues, Scalar};

/// One parameter, and the value it is to have.
pub(crate) struct Assignment<'o> {
    /// The id of the stage, tap or decision.
    pub(crate) part: &'o str,
    /// The whole id of the parameter.
    pub(crate) param: &'o str,
    /// The value as it was given.
    pub(crate) value: &'o str,
    /// How it was given.
    pub(crate) form: ValueForm,
    /// The place of the value.
    pub(crate) span: Span,
}

/// How a value is given from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueForm {
    /// As at a shell: a text without quotes.
    Plain,
    /// As in the file: a text has quotes.
    Toml,
}

impl Assignment<'_> {
    /// Puts the value where the file would have it.
    pub(crate) fn apply(&self, root: &mut Entries) -> Result<(), Mistake> {
        let span = self.span;
        let value = Spanned::new(ParamValue::One(scalar(self.value, self.form, span)?), span);
        let params = find(root, self.part, span)?;
        match self.param.split('.').collect::<Vec<_>>()[..] {
            [name] => params.set(named(name, span)?, value),
            [group, number, member] => {
                let row = row(params, named(group, span)?, number)?;
                row.set(named(member, span)?, value);
            }
            _ => {
                let message = format!("`{}` is no parameter", clipped(self.param));
                let help = "it is a name, as in gain_db, or a group, a number and a name, as in \
                            band.1.gain_db";
                return Err(Mistake::new(span, message).help(help));
            }
        }
        Ok(())
    }
}

/// The parameters of a stage, tap or decision.
fn find<'r>(root: &'r mut Entries, part: &str, span: Span) -> Result<&'r mut ParamValues, Mistake> {
    const TABLES: [&str; 3] = ["stage", "tap", "decide"];
    let tables = TABLES.into_iter().flat_map(|key| root.tables(key));
    let known: Vec<_> = tables
        .filter_map(|table| Some(table.text("id")?.value))
        .collect();
    let unknown = || {
        let message = format!(
            "`{}` is unknown, expected the id of a stage, tap or decision",
            clipped(part)
        );
        let help = did_you_mean(part, known.iter().map(String::as_str));
        Mistake::new(span, message).help_if(help)
    };
    let is_meant = |table: &Entries| table.text("id").is_some_and(|id| id.value == part);
    let key = TABLES
        .into_iter()
        .find(|key| root.tables(key).iter().any(is_meant))
        .ok_or_else(unknown)?;
    let mut tables = root.tables_mut(key).iter_mut();
    let table = tables.find(|table| is_meant(table));
    table.and_then(Entries::params_mut).ok_or_else(unknown)
}

/// The table of a group with this number, counted from 1; tables before it are made as needed,
/// since an empty one means the defaults.
fn row<'p>(
    params: &'p mut ParamValues,
    group: Spanned<String>,
    number: &str,
) -> Result<&'p mut ParamValues, Mistake> {
    let span = group.span;
    let refuse = |what: &str| Mistake::new(span, format!("`{}` {what}", clipped(number)));
    let number: usize = number
        .parse()
        .ok()
        .filter(|number| (1..=PARAMS_MAX).contains(number))
        .ok_or_else(|| refuse("is no number of a group's table, expected 1 or more"))?;
    let name = group.value.clone();
    if !params.entries.iter().any(|(known, _)| *known == group) {
        params.set(group, Spanned::new(ParamValue::Group(Vec::new()), span));
    }
    let mut entries = params.entries.iter_mut();
    match entries.find(|(known, _)| known.value == name) {
        Some((
            _,
            Spanned {
                value: ParamValue::Group(rows),
                ..
            },
        )) => {
            while rows.len() < number {
                rows.push(Spanned::new(ParamValues::default(), span));
            }
            Ok(&mut rows[number - 1].value)
        }
        _ => Err(Mistake::new(
            span,
            format!("`{name}` is one value, not a group"),
        )),
    }
}

fn named(name: &str, span: Span) -> Result<Spanned<String>, Mistake> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        let message = format!("`{}` is no name of a parameter", clipped(name));
        return Err(Mistake::new(span, message));
    }
    Ok(Spanned::new(name.to_owned(), span))
}

/// A number or boolean if the text is one, and a label otherwise.
fn scalar(text: &str, form: ValueForm, span: Span) -> Result<Scalar, Mistake> {
    let label = || Scalar::Label(text.to_owned());
    let scalar = match DeValue::parse(text).map(toml::Spanned::into_inner) {
        Ok(DeValue::Boolean(value)) => Scalar::Boolean(value),
        Ok(DeValue::Integer(number)) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| label(), |value| Scalar::Number(value as f64)),
        Ok(DeValue::Float(number)) => number
            .as_str()
            .parse()
            .map_or_else(|_| label(), Scalar::Number),
        Ok(DeValue::String(text)) if form == ValueForm::Toml => Scalar::Label(text.into_owned()),
        _ => label(),
    };
    match scalar {
        Scalar::Number(number) if !number.is_finite() => {
            Err(Mistake::new(span, "the value is not a finite number"))
        }
        scalar => Ok(scalar),
    }
}
