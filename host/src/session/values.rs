//! Values: parameters and settings of a configuration, held against a manifest.
//!
//! In: what the file or somebody says, what the component declares, and the sample rate where it is
//! known. Out: wire indexes with values in range; every mistake at its place. Pure.
//!
//! This is the one judgement of values: a check, a start, a reload, its dry run, `set` and `save`
//! all ask here, so that none of them accepts what another refuses.

mod known;
mod settings;

use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::{FlatParam, ParamEntry, ParamGroup};

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::{Sources, Span, Spanned, TextOrigin};
use crate::config::values::{FlatParam as Written, ParamValues, Scalar};
pub(super) use crate::session::values::known::what_it_has;
pub(super) use crate::session::values::settings::{fits, settings};

/// What values are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    /// The component that is to have them.
    pub(super) component: &'a Component,
    /// The rate of the session; `None` where nobody knows it yet.
    pub(super) sample_rate_hz: Option<u32>,
}

impl Judge<'_> {
    /// The parameters by wire index.
    pub(super) fn params(self, values: &ParamValues, mistakes: &mut Mistakes) -> Vec<(u32, f64)> {
        let mut params = Vec::new();
        for written in values.flat() {
            match self.param(&written) {
                Ok(param) => params.push(param),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        params
    }

    /// The value of one parameter, for who says just that.
    pub(super) fn one(self, values: &ParamValues, id: &str, mistakes: &mut Mistakes) {
        let flat = values.flat();
        let said = flat.iter().rev().find(|written| written.id == id);
        if let Some(Err(mistake)) = said.map(|written| self.param(written)) {
            mistakes.push(mistake);
        }
    }

    /// The parameters that a component has under the same ids, with values that fit it; and the ids
    /// of the others. For values that were written for another component.
    pub(super) fn fitting(self, values: &ParamValues) -> (Vec<(u32, f64)>, Vec<String>) {
        let (mut params, mut others) = (Vec::new(), Vec::new());
        for written in values.flat() {
            match self.param(&written) {
                Ok(param) => params.push(param),
                Err(_) => others.push(written.id),
            }
        }
        (params, others)
    }

    fn param(self, written: &Written) -> Result<(u32, f64), Mistake> {
        let found = self
            .component
            .param(&written.id)
            .ok_or_else(|| unknown(self.component, written))?;
        let span = written.value.span;
        let value = number(&found, &written.value)?;
        in_range(&found, value, span)?;
        if let Some(rate_hz) = self.sample_rate_hz {
            below_limit(&found, value, rate_hz, span)?;
        }
        Ok((found.index, value))
    }
}

/// Holds the values of a part that is bound already to what only its session's rate bounds.
pub(super) fn at_rate(
    component: &Component,
    values: &ParamValues,
    sample_rate_hz: u32,
    mistakes: &mut Mistakes,
) {
    for written in values.flat() {
        let Some(found) = component.param(&written.id) else {
            continue; // It was told when the part was bound.
        };
        let span = written.value.span;
        let value = number(&found, &written.value);
        let judged = value.and_then(|value| below_limit(&found, value, sample_rate_hz, span));
        if let Err(mistake) = judged {
            mistakes.push(mistake);
        }
    }
}

fn in_range(found: &FlatParam<'_>, value: f64, span: Span) -> Result<(), Mistake> {
    let (param, id) = (found.param, &found.id);
    if (param.min..=param.max).contains(&value) {
        return Ok(());
    }
    let unit = spaced(&param.unit);
    let range = format!("{} to {}{unit}", param.min, param.max);
    let message = format!("{id} is {value}{unit}, expected {range}");
    Err(Mistake::new(span, message).label(format!("expected {range}")))
}

/// Holds a value to what the sample rate bounds, by name and number.
fn below_limit(
    found: &FlatParam<'_>,
    value: f64,
    sample_rate_hz: u32,
    span: Span,
) -> Result<(), Mistake> {
    let (param, id) = (found.param, &found.id);
    let Some(limit) = param.below(sample_rate_hz).filter(|limit| value >= *limit) else {
        return Ok(());
    };
    let unit = spaced(&param.unit);
    let message = format!(
        "{id} is {value}{unit}, expected less than {limit}{unit}, half of the sample rate of \
         {sample_rate_hz} Hz"
    );
    Err(Mistake::new(span, message).label(format!("expected less than {limit}{unit}")))
}

/// Values without those that `ctl` set for parameters of another component, and their ids: they
/// stay overrides, and apply again once that component is back.
pub(super) fn applicable(
    component: &Component,
    values: &ParamValues,
    sources: &Sources,
) -> (ParamValues, Vec<String>) {
    let is_meant = |name: &Spanned<String>| {
        let is_of_file = sources.get(name.span.source).origin != TextOrigin::Control;
        is_of_file
            || component
                .entries
                .iter()
                .any(|entry| entry.id() == name.value)
    };
    let entries = values.entries.iter().cloned();
    let (entries, others): (Vec<_>, Vec<_>) = entries.partition(|(name, _)| is_meant(name));
    let others = others.into_iter().map(|(name, _)| name.value);
    (ParamValues { entries }, others.collect())
}

/// The number of a value: itself, or the place of its label.
fn number(found: &FlatParam<'_>, value: &Spanned<Scalar>) -> Result<f64, Mistake> {
    let (param, span) = (found.param, value.span);
    let choices = || listed(param.choices.iter().map(String::as_str));
    let label = match &value.value {
        Scalar::Number(number) if param.choices.is_empty() => return Ok(*number),
        Scalar::Number(number) => {
            let message = format!("{} is {number}, expected one of its labels", found.id);
            return Err(Mistake::new(span, message).label(format!("expected {}", choices())));
        }
        Scalar::Label(label) => label.as_str(),
        Scalar::Boolean(true) => "on",
        Scalar::Boolean(false) => "off",
    };
    if param.choices.is_empty() {
        let message = format!("{} is `{label}`, expected a number", found.id);
        let label = format!("expected a number{}", in_unit(&param.unit));
        return Err(Mistake::new(span, message).label(label));
    }
    let place = param.choices.iter().position(|choice| choice == label);
    place.map(|place| place as f64).ok_or_else(|| {
        let message = format!("{} is `{label}`, which is none of its labels", found.id);
        Mistake::new(span, message)
            .label(format!("expected {}", choices()))
            .help_if(did_you_mean(
                label,
                param.choices.iter().map(String::as_str),
            ))
    })
}

fn unknown(component: &Component, written: &Written) -> Mistake {
    let name = &component.name;
    let (first, rest) = match written.id.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (written.id.as_str(), None),
    };
    let entry = component.entries.iter().find(|entry| entry.id() == first);
    let names = component.entries.iter().map(ParamEntry::id);
    match (entry, rest.and_then(|rest| rest.split_once('.'))) {
        (Some(ParamEntry::Group(group)), Some(at)) => not_in(component, written, group, at),
        (Some(ParamEntry::Group(_)), None) => Mistake::new(
            written.name,
            format!("{first} of {name} is a row of alike parameters"),
        )
        .label(format!(
            "expected an array of tables: {first} = [{{ … }}, {{ … }}]"
        )),
        (Some(ParamEntry::One(_)), _) => Mistake::new(
            written.name,
            format!("{first} of {name} is one parameter, not a row"),
        )
        .label("expected one value"),
        (None, _) => Mistake::new(written.name, format!("{name} has no parameter `{first}`"))
            .label(expected(names.clone()))
            .help_if(did_you_mean(first, names)),
    }
}

/// A parameter that a row of alike ones does not have: too high a number, or another name.
fn not_in(
    component: &Component,
    written: &Written,
    group: &ParamGroup,
    (number, member): (&str, &str),
) -> Mistake {
    let (name, row, count) = (&component.name, &group.id, group.count);
    let members = || group.members.iter().map(|param| param.id.as_str());
    if members().any(|known| known == member) {
        let message = format!("{name} has {count} of {row}, found number {number}");
        return Mistake::new(written.name, message).label(format!("expected at most {count}"));
    }
    let message = format!("{row} of {name} has no parameter `{member}`");
    Mistake::new(written.name, message)
        .label(format!("expected {}", listed(members())))
        .help_if(did_you_mean(member, members()))
}

fn expected<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    if names.clone().next().is_none() {
        "it has no parameters".to_owned()
    } else {
        format!("expected {}", listed(names))
    }
}

fn spaced(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    }
}

fn in_unit(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" in {unit}")
    }
}
