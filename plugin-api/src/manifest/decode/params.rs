//! Params: the parameters and groups of a component.
//!
//! In: the records of a component. Out: its entries in wire order, and no more of them on the
//! wire than `PARAMS_MAX`.

use crate::declare::{ParamChange, ParamLimit};
use crate::manifest::codes;
use crate::manifest::error::Problem;
use crate::manifest::limits::{CHOICES_MAX, PARAMS_MAX};
use crate::manifest::model::{Param, ParamEntry, ParamGroup};
use crate::manifest::records::{Fields, Wrong, bytes, known_or, numbers, rule, text, unique};
use crate::manifest::rules;
use crate::manifest::syntax::Syntax;
use crate::manifest::tags::{component, group, param};

/// Every entry, in order. Each is bounded before this adds them up.
pub(super) fn read_entries(fields: &Fields<'_>) -> Result<Vec<ParamEntry>, Wrong> {
    let tags = [component::PARAMS, component::GROUPS];
    let entries = fields.row(&tags, PARAMS_MAX, read_entry)?;
    let width: u32 = entries.iter().map(ParamEntry::width).sum();
    rule(component::PARAMS, rules::params(width as usize))?;
    Ok(entries)
}

fn read_entry(number: u16, payload: &[u8]) -> Result<ParamEntry, Wrong> {
    if number == component::GROUPS.number {
        read_group(payload).map(ParamEntry::Group)
    } else {
        read_param(payload).map(ParamEntry::One)
    }
}

fn read_group(payload: &[u8]) -> Result<ParamGroup, Wrong> {
    let fields = Fields::read(payload)?;
    let found = ParamGroup {
        id: fields.one(group::ID, text(Syntax::ParamId))?,
        doc: fields.text_if_any(group::DOC, Syntax::Prose)?,
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
    let change = known_or(codes::to_change, ParamChange::Reactivates);
    // One that this version does not know is for the component to hold to.
    let limit = known_or(codes::to_limit, ParamLimit::Range);
    let choices = fields.many(param::CHOICES, CHOICES_MAX, text(Syntax::ChoiceLabel))?;
    unique(param::CHOICES, choices.iter().map(String::as_str))?;
    let [min, max, default] = fields.one(param::RANGE, |payload| {
        let range = numbers::<3>(payload)?;
        match rules::range_of_param(range, choices.len()) {
            Some(broken) => Err(Problem::Rule { broken }.into()),
            None => Ok(range),
        }
    })?;
    let smoothing = fields.optional(param::SMOOTH_MS, numbers::<1>)?;
    let [smooth_ms] = smoothing.unwrap_or_default();
    rule(param::SMOOTH_MS, rules::smoothing(smooth_ms, choices.len()))?;
    Ok(Param {
        id: fields.one(param::ID, text(Syntax::ParamId))?,
        doc: fields.text_if_any(param::DOC, Syntax::Prose)?,
        unit: fields.text_if_any(param::UNIT, Syntax::Unit)?,
        min,
        max,
        default,
        choices,
        smooth_ms,
        change: fields
            .optional(param::CHANGE, change)?
            .unwrap_or(ParamChange::Live),
        limit: fields
            .optional(param::LIMIT, limit)?
            .unwrap_or(ParamLimit::Range),
    })
}
