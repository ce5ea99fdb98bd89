//! Component: one component of a declaration as a record.
//!
//! In: a `ComponentDecl`. Out: its bytes.

use crate::declare::{
    ComponentDecl, EventDecl, OutputDecl, ReadingDecl, SettingDecl, SettingKind, Span,
};
use crate::layout::{Layout, Layouts};
use crate::manifest::codes;
use crate::manifest::encode::params::write_item;
use crate::manifest::tags::{Tag, component, plugin, reading, setting};
use crate::manifest::writer::Writer;

pub(super) const fn write_component(writer: &mut Writer<'_>, decl: &ComponentDecl) {
    let start = writer.begin(plugin::COMPONENTS);
    writer.code(component::KIND, codes::from_kind(decl.kind));
    writer.text(component::NAME, decl.name);
    writer.text_if_any(component::DOC, decl.doc);
    write_capabilities(writer, decl);
    write_span(writer, component::HOP, decl.hop);
    writer.code(component::REFERENCE, codes::from_reference(decl.reference));
    writer.texts(component::SUBSCRIBES, decl.subscribes);
    write_rows(writer, decl);
    writer.end(start);
}

const fn write_rows(writer: &mut Writer<'_>, decl: &ComponentDecl) {
    let mut at = 0;
    while at < decl.params.len() {
        write_item(writer, &decl.params[at]);
        at += 1;
    }
    at = 0;
    while at < decl.settings.len() {
        write_setting(writer, &decl.settings[at]);
        at += 1;
    }
    at = 0;
    while at < decl.outputs.len() {
        write_output(writer, &decl.outputs[at]);
        at += 1;
    }
    at = 0;
    while at < decl.events.len() {
        write_event(writer, &decl.events[at]);
        at += 1;
    }
    at = 0;
    while at < decl.readings.len() {
        write_reading(writer, &decl.readings[at]);
        at += 1;
    }
}

const fn write_capabilities(writer: &mut Writer<'_>, decl: &ComponentDecl) {
    let decl = &decl.capabilities;
    write_layouts(writer, decl.layouts);
    write_span(writer, component::LATENCY, decl.latency);
    write_span(writer, component::TAIL, decl.tail);
    writer.code(component::REAL_TIME, codes::from_real_time(decl.real_time));
    writer.code(component::BLOCKS, codes::from_blocks(decl.blocks));
    writer.code(component::SIDECHAINS, decl.sidechains);
    writer.record(component::STATE_SCHEMA, &decl.state_schema.to_le_bytes());
}

const fn write_layouts(writer: &mut Writer<'_>, layouts: Layouts) {
    let start = writer.begin(component::LAYOUTS);
    let mut at = 0;
    match layouts {
        Layouts::Any => writer.raw(&[codes::LAYOUTS_ANY]),
        Layouts::Same(layouts) => {
            writer.raw(&[codes::LAYOUTS_SAME]);
            while at < layouts.len() {
                write_layout(writer, layouts[at]);
                at += 1;
            }
        }
        Layouts::Pairs(pairs) => {
            writer.raw(&[codes::LAYOUTS_PAIRS]);
            while at < pairs.len() {
                write_layout(writer, pairs[at].0);
                write_layout(writer, pairs[at].1);
                at += 1;
            }
        }
    }
    writer.end(start);
}

const fn write_layout(writer: &mut Writer<'_>, layout: Layout) {
    writer.raw(&layout.mask().to_le_bytes());
    writer.raw(&(layout.channels() as u16).to_le_bytes());
}

const fn write_span(writer: &mut Writer<'_>, tag: Tag, span: Span) {
    let start = writer.begin(tag);
    match span {
        Span::Frames(frames) => {
            writer.raw(&[codes::SPAN_FRAMES]);
            writer.raw(&frames.to_le_bytes());
        }
        Span::Seconds(seconds) => {
            writer.raw(&[codes::SPAN_SECONDS]);
            writer.raw(&seconds.to_bits().to_le_bytes());
        }
        Span::Varies => writer.raw(&[codes::SPAN_VARIES]),
    }
    writer.end(start);
}

const fn write_setting(writer: &mut Writer<'_>, decl: &SettingDecl) {
    let start = writer.begin(component::SETTINGS);
    writer.text(setting::ID, decl.id);
    writer.text_if_any(setting::DOC, decl.doc);
    write_setting_kind(writer, decl.value);
    writer.code(setting::NEED, codes::from_need(decl.need));
    writer.end(start);
}

const fn write_setting_kind(writer: &mut Writer<'_>, kind: SettingKind) {
    let start = writer.begin(setting::VALUE);
    match kind {
        SettingKind::Text { bytes_max } => {
            writer.raw(&[codes::SETTING_TEXT]);
            writer.raw(&bytes_max.to_le_bytes());
        }
        SettingKind::Path => writer.raw(&[codes::SETTING_PATH]),
        SettingKind::Integer { min, max } => {
            writer.raw(&[codes::SETTING_INTEGER]);
            writer.raw(&min.to_le_bytes());
            writer.raw(&max.to_le_bytes());
        }
        SettingKind::Boolean => writer.raw(&[codes::SETTING_BOOLEAN]),
        SettingKind::List {
            items_max,
            bytes_max,
        } => {
            writer.raw(&[codes::SETTING_LIST]);
            writer.raw(&items_max.to_le_bytes());
            writer.raw(&bytes_max.to_le_bytes());
        }
    }
    writer.end(start);
}

const fn write_output(writer: &mut Writer<'_>, decl: &OutputDecl) {
    let start = writer.begin(component::OUTPUTS);
    writer.text(reading::ID, decl.id);
    writer.text_if_any(reading::DOC, decl.doc);
    writer.text_if_any(reading::UNIT, decl.unit);
    writer.numbers(reading::RANGE, &[decl.min, decl.max]);
    writer.end(start);
}

const fn write_event(writer: &mut Writer<'_>, decl: &EventDecl) {
    let start = writer.begin(component::EVENTS);
    writer.text(reading::ID, decl.id);
    writer.text_if_any(reading::DOC, decl.doc);
    writer.text_if_any(reading::UNIT, decl.unit);
    writer.end(start);
}

const fn write_reading(writer: &mut Writer<'_>, decl: &ReadingDecl) {
    let start = writer.begin(component::READINGS);
    writer.text(reading::ID, decl.id);
    writer.text_if_any(reading::DOC, decl.doc);
    writer.text_if_any(reading::UNIT, decl.unit);
    writer.numbers(reading::RANGE, &[decl.min, decl.max]);
    writer.code(reading::PER, codes::from_per(decl.per));
    writer.code(reading::BETTER, codes::from_better(decl.better));
    writer.end(start);
}
