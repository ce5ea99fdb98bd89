//! Derived: what the code that `#[derive(Params)]` writes calls. Authors have no need of it.
//!
//! In: the fields of a struct one after the other, and what is left of a wire index. Out: the
//! field that the index names is set or asked, and the others are passed by.

use std::ops::ControlFlow;

use crate::declare::{ParamDecl, ParamItem, param_count};
use crate::params::{ParamValue, Params, nearest};

/// A field at its default.
///
/// # Panics
/// When `item` is a group, which the macro never passes.
#[must_use]
pub fn default_of<V: ParamValue>(item: &ParamItem) -> V {
    let decl = declared(item).expect("the macro pairs a field with its own declaration");
    V::from_decl(decl)
}

/// Sets `field` if `index` has come down to 0; returns the index from the next field on, or
/// `None` once the parameter was found.
pub fn set_one<V: ParamValue>(
    field: &mut V,
    item: &ParamItem,
    index: Option<u32>,
    value: f64,
) -> Option<u32> {
    let index = index?;
    if index > 0 {
        return Some(index - 1);
    }
    let decl = declared(item)?;
    if let Some(value) = nearest([decl.min, decl.max], decl.choices.len(), value) {
        field.set(value);
    }
    None
}

/// As [`set_one`] for a group: the first instance whole, then the second.
pub fn set_group<P: Params>(fields: &mut [P], index: Option<u32>, value: f64) -> Option<u32> {
    match place::<P>(fields.len(), index?) {
        Ok((instance, member)) => {
            fields[instance].set_param(member, value);
            None
        }
        Err(rest) => Some(rest),
    }
}

/// Asks `field` if the index has come down to 0, and breaks with its value.
pub fn get_one<V: ParamValue>(field: &V, index: ControlFlow<f64, u32>) -> ControlFlow<f64, u32> {
    match index {
        ControlFlow::Continue(0) => ControlFlow::Break(field.get()),
        ControlFlow::Continue(index) => ControlFlow::Continue(index - 1),
        found @ ControlFlow::Break(_) => found,
    }
}

/// As [`get_one`] for a group.
pub fn get_group<P: Params>(fields: &[P], index: ControlFlow<f64, u32>) -> ControlFlow<f64, u32> {
    match place::<P>(fields.len(), index?) {
        Ok((instance, member)) => ControlFlow::Break(fields[instance].param(member)),
        Err(rest) => ControlFlow::Continue(rest),
    }
}

/// The value that was found, or NaN.
#[must_use]
pub fn value_of(found: ControlFlow<f64, u32>) -> f64 {
    match found {
        ControlFlow::Break(value) => value,
        ControlFlow::Continue(_) => f64::NAN,
    }
}

/// An integer in a range or as a default.
#[must_use]
pub const fn whole(value: i64) -> f64 {
    value as f64
}

/// The value of the choice at a place.
#[must_use]
pub const fn choice(index: u32) -> f64 {
    index as f64
}

/// The value of the last of `labels`.
///
/// # Panics
/// In a constant this is a compile error: when there are none.
#[must_use]
pub const fn last_choice(labels: &[&str]) -> f64 {
    assert!(
        !labels.is_empty(),
        "a number needs a range: `range = 0.0..=1.0`"
    );
    (labels.len() - 1) as f64
}

/// The number of instances of a group.
///
/// # Panics
/// In a constant this is a compile error: when there are more than 65,535.
#[must_use]
pub const fn group_count(count: usize) -> u16 {
    assert!(
        count <= u16::MAX as usize,
        "a group has 65,535 instances at most"
    );
    count as u16
}

/// The instance of a group and the parameter in it that `index` names, or what is left of it.
fn place<P: Params>(instances: usize, index: u32) -> Result<(usize, u32), u32> {
    const { assert!(param_count(P::PARAMS) > 0, "a group needs parameters") };
    let width = param_count(P::PARAMS);
    let instance = (index / width) as usize;
    if instance < instances {
        return Ok((instance, index % width));
    }
    Err(index - width * instances as u32)
}

fn declared(item: &ParamItem) -> Option<&ParamDecl> {
    match item {
        ParamItem::One(decl) => Some(decl),
        ParamItem::Group(_) => None,
    }
}
