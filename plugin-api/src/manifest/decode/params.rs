//! Params: the parameters and groups of a component.
//!
//! In: the records of a component. Out: its entries in wire order, and no more of them on the
//! wire than `PARAMS_MAX`.

use crate::declare::ParamChange;
use crate::manifest::codes;
use crate::manifest::error::Problem;
use crate::manifest::limits::{CHOICES_MAX, PARAMS_MAX};
use crate::manifest::model::{Param, ParamEntry, ParamGroup};
use crate::manifest::records::{Fields, Wrong, bytes, known_or, numbers, rule, text, unique};
use crate::manifest::rules;
use crate::manifest::syntax::Syntax;
use crate::manifest::tags::{component, group, param, param_item};

/// Every entry, in order. Each is bounded before this adds them up.
pub(super) fn read_entries(fields: &Fields<'_>) -> Result<Vec<ParamEntry>, Wrong> {
    let entries = fields.many(component::PARAMS, PARAMS_MAX, read_entry)?;
    let width: u32 = entries.iter().map(ParamEntry::width).sum();
    rule(component::PARAMS, rules::params(width as usize))?;
    Ok(entries)
}

fn read_entry(payload: &[u8]) -> Result<ParamEntry, Wrong> {
    let fields = Fields::read(payload)?;
    if fields.has(param_item::GROUP) {
        return fields
            .one(param_item::GROUP, read_group)
            .map(ParamEntry::Group);
    }
    fields.one(param_item::ONE, read_param).map(ParamEntry::One)
}

fn read_group(payload: &[u8]) -> Result<ParamGroup, Wrong> {
    let fields = Fields::read(payload)?;
    let found = ParamGroup {
        id: fields.one(group::ID, text(Syntax::ParamId))?,
        doc: fields.one(group::DOC, text(Syntax::Prose))?,
        count: fields
            .one(group::COUNT, bytes::<2>)
            .map(u16::from_le_bytes)?,
        members: fields.many(group::MEMBERS, PARAMS_MAX, read_param)?,
    };
    rule(group::COUNT, rules::group(found.count, found.members.len()))?;
    unique(
        group::MEMBERS,
        found.members.iter().map(|member| member.id.as_str()),
    )?;
    Ok(found)
}

fn read_param(payload: &[u8]) -> Result<Param, Wrong> {
    let fields = Fields::read(payload)?;
    let choices = fields.many(param::CHOICES, CHOICES_MAX, text(Syntax::ChoiceLabel))?;
    unique(param::CHOICES, choices.iter().map(String::as_str))?;
    let [min, max, default] = fields.one(param::RANGE, |payload| {
        let range = numbers::<3>(payload)?;
        match rules::range_of_param(range, choices.len()) {
            Some(broken) => Err(Problem::Rule { broken }.into()),
            None => Ok(range),
        }
    })?;
    let [smooth_ms] = fields.one(param::SMOOTH_MS, numbers::<1>)?;
    rule(param::SMOOTH_MS, rules::smoothing(smooth_ms, choices.len()))?;
    Ok(Param {
        id: fields.one(param::ID, text(Syntax::ParamId))?,
        doc: fields.one(param::DOC, text(Syntax::Prose))?,
        unit: fields.one(param::UNIT, text(Syntax::Unit))?,
        min,
        max,
        default,
        choices,
        smooth_ms,
        change: fields.one(
            param::CHANGE,
            known_or(codes::to_change, ParamChange::Reactivates),
        )?,
    })
}
