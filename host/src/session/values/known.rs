//! Known: what parameters a component has, for somebody who named one that it has not.
//!
//! In: the component, and the name. Out: a clause. Pure.

use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::{ParamEntry, ParamGroup};

use crate::config::nearest::{did_you_mean, listed};

/// The most names that a sentence lists.
const NAMES_MAX: usize = 12;

/// What it has, and what may have been meant: `it has band.1 to band.16`, where a row is not as
/// long.
pub(in crate::session) fn what_it_has(component: &Component, param: &str) -> String {
    let (first, rest) = param.split_once('.').unwrap_or((param, ""));
    let row = component.entries.iter().find_map(|entry| match entry {
        ParamEntry::Group(group) if group.id == first => Some(group),
        _ => None,
    });
    match row {
        Some(row) => what_a_row_has(row, rest.split_once('.').map(|(_, member)| member)),
        None => {
            let ids: Vec<_> = component.params().map(|flat| flat.id).collect();
            let help = did_you_mean(param, ids.iter().map(String::as_str));
            with(format!("it has {}", names(component)), help)
        }
    }
}

/// How long a row of alike parameters is, or what each of it has; `member` is what was named.
fn what_a_row_has(row: &ParamGroup, member: Option<&str>) -> String {
    let all = format!("{id}.1 to {id}.{}", row.count, id = row.id);
    let members = || row.members.iter().map(|member| member.id.as_str());
    match member {
        Some(member) if members().any(|known| known == member) => format!("it has {all}"),
        _ => {
            let help = member.and_then(|member| did_you_mean(member, members()));
            with(format!("each of {all} has {}", listed(members())), help)
        }
    }
}

fn with(text: String, help: Option<String>) -> String {
    match help {
        Some(help) => format!("{text}; {help}"),
        None => text,
    }
}

/// The parameters, a row of alike ones by its first.
fn names(component: &Component) -> String {
    let names = component.entries.iter().map(|entry| match entry {
        ParamEntry::One(param) => param.id.clone(),
        ParamEntry::Group(row) => match row.members.first() {
            Some(member) => format!("{}.1.{}", row.id, member.id),
            None => row.id.clone(),
        },
    });
    let names: Vec<_> = names.take(NAMES_MAX).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => listed(names.iter().map(String::as_str)),
    }
}
