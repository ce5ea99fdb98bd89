//! Params: the parameters and groups of a declaration as records.
//!
//! In: a `ParamItem`. Out: its bytes.

use crate::declare::{GroupDecl, ParamChange, ParamDecl, ParamItem, ParamLimit};
use crate::manifest::codes;
use crate::manifest::tags::{Tag, component, group, param};
use crate::manifest::writer::Writer;

pub(super) const fn write_item(writer: &mut Writer<'_>, item: &ParamItem) {
    match item {
        ParamItem::One(decl) => write_param(writer, component::PARAMS, decl),
        ParamItem::Group(decl) => write_group(writer, decl),
    }
}

const fn write_group(writer: &mut Writer<'_>, decl: &GroupDecl) {
    let start = writer.begin(component::GROUPS);
    writer.text(group::ID, decl.id);
    writer.text_if_any(group::DOC, decl.doc);
    writer.record(group::COUNT, &decl.count.to_le_bytes());
    let mut at = 0;
    while at < decl.members.len() {
        match &decl.members[at] {
            ParamItem::One(member) => write_param(writer, group::MEMBERS, member),
            // `check` has refused it; the reader would not understand it either.
            ParamItem::Group(_) => panic!("groups of parameters do not nest"),
        }
        at += 1;
    }
    writer.end(start);
}

const fn write_param(writer: &mut Writer<'_>, tag: Tag, decl: &ParamDecl) {
    let start = writer.begin(tag);
    writer.text(param::ID, decl.id);
    writer.text_if_any(param::DOC, decl.doc);
    writer.text_if_any(param::UNIT, decl.unit);
    writer.numbers(param::RANGE, &[decl.min, decl.max, decl.default]);
    writer.texts(param::CHOICES, decl.choices);
    if decl.smooth_ms != 0.0 {
        writer.numbers(param::SMOOTH_MS, &[decl.smooth_ms]);
    }
    if let ParamChange::Reactivates = decl.change {
        writer.code(param::CHANGE, codes::from_change(decl.change));
    }
    if let ParamLimit::BelowHalfRate = decl.limit {
        writer.code(param::LIMIT, codes::from_limit(decl.limit));
    }
    writer.end(start);
}
