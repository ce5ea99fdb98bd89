//! Component: one entry of a manifest's components.
//!
//! In: the bytes of its record. Out: the component with all its fields checked, alone and together.

use crate::declare::{Better, BlockInvariance, Need, RealTime, Reference};
use crate::manifest::codes;
use crate::manifest::decode::params::read_entries;
use crate::manifest::decode::values::{read_layouts, read_range, read_setting_kind, read_span};
use crate::manifest::limits::{EVENTS_MAX, OUTPUTS_MAX, READINGS_MAX, SETTINGS_MAX};
use crate::manifest::model::{
    Capabilities, Component, Event, Output, ParamEntry, Reading, Setting, UnknownComponent,
};
use crate::manifest::records::{Fields, Wrong, bytes, code, known, known_or, rule, text, unique};
use crate::manifest::rules;
use crate::manifest::syntax::Syntax;
use crate::manifest::tags::{component, reading, setting};

/// A component whose kind this version knows, or not.
pub(super) enum Entry {
    Known(Box<Component>),
    Unknown(UnknownComponent),
}

pub(super) fn read_component(payload: &[u8]) -> Result<Entry, Wrong> {
    let fields = Fields::read(payload)?;
    let name = fields.one(component::NAME, text(Syntax::ComponentName))?;
    let kind_code = fields.one(component::KIND, code)?;
    let Some(kind) = codes::to_kind(kind_code) else {
        return Ok(Entry::Unknown(UnknownComponent {
            index: 0,
            name,
            kind: kind_code,
        }));
    };
    let component = Component {
        index: 0,
        kind,
        name,
        doc: fields.text_if_any(component::DOC, Syntax::Prose)?,
        entries: read_entries(&fields)?,
        settings: fields.many(component::SETTINGS, SETTINGS_MAX, read_setting)?,
        outputs: fields.many(component::OUTPUTS, OUTPUTS_MAX, read_output)?,
        events: fields.many(component::EVENTS, EVENTS_MAX, read_event)?,
        subscribes: fields.many(
            component::SUBSCRIBES,
            EVENTS_MAX,
            text(Syntax::EventAddress),
        )?,
        capabilities: read_capabilities(&fields)?,
        readings: fields.many(component::READINGS, READINGS_MAX, read_reading)?,
        hop: fields.one(component::HOP, read_span)?,
        reference: fields.one(
            component::REFERENCE,
            known_or(codes::to_reference, Reference::Required),
        )?,
    };
    check_component(&component)?;
    Ok(Entry::Known(Box::new(component)))
}

/// What no single field can tell.
fn check_component(component: &Component) -> Result<(), Wrong> {
    let entries = component.entries.iter().map(ParamEntry::id);
    let settings = component.settings.iter().map(|setting| setting.id.as_str());
    unique(component::PARAMS, entries.chain(settings))?;
    unique(
        component::OUTPUTS,
        component.outputs.iter().map(|output| output.id.as_str()),
    )?;
    unique(
        component::EVENTS,
        component.events.iter().map(|event| event.id.as_str()),
    )?;
    unique(
        component::SUBSCRIBES,
        component.subscribes.iter().map(String::as_str),
    )?;
    unique(
        component::READINGS,
        component.readings.iter().map(|reading| reading.id.as_str()),
    )?;
    let belongs = rules::Belongs {
        kind: component.kind,
        outputs: component.outputs.len(),
        readings: component.readings.len(),
        subscribes: component.subscribes.len(),
        sidechains: component.capabilities.sidechains,
        reference: component.reference,
    };
    rule(component::KIND, rules::kind(&belongs))?;
    rule(component::HOP, rules::hop(component.kind, component.hop))
}

fn read_capabilities(fields: &Fields<'_>) -> Result<Capabilities, Wrong> {
    Ok(Capabilities {
        layouts: fields.one(component::LAYOUTS, read_layouts)?,
        latency: fields.one(component::LATENCY, read_span)?,
        tail: fields.one(component::TAIL, read_span)?,
        real_time: fields.one(
            component::REAL_TIME,
            known_or(codes::to_real_time, RealTime::Offline),
        )?,
        blocks: fields.one(
            component::BLOCKS,
            known_or(codes::to_blocks, BlockInvariance::Varies),
        )?,
        sidechains: fields.one(component::SIDECHAINS, code)?,
        state_schema: fields
            .one(component::STATE_SCHEMA, bytes::<4>)
            .map(u32::from_le_bytes)?,
    })
}

fn read_setting(payload: &[u8]) -> Result<Setting, Wrong> {
    let fields = Fields::read(payload)?;
    Ok(Setting {
        id: fields.one(setting::ID, text(Syntax::ParamId))?,
        doc: fields.text_if_any(setting::DOC, Syntax::Prose)?,
        value: fields.one(setting::VALUE, read_setting_kind)?,
        need: fields.one(setting::NEED, known_or(codes::to_need, Need::Required))?,
    })
}

fn read_output(payload: &[u8]) -> Result<Output, Wrong> {
    let fields = Fields::read(payload)?;
    let [min, max] = fields.one(reading::RANGE, read_range)?;
    Ok(Output {
        id: fields.one(reading::ID, text(Syntax::ParamId))?,
        doc: fields.text_if_any(reading::DOC, Syntax::Prose)?,
        unit: fields.text_if_any(reading::UNIT, Syntax::Unit)?,
        min,
        max,
    })
}

fn read_event(payload: &[u8]) -> Result<Event, Wrong> {
    let fields = Fields::read(payload)?;
    Ok(Event {
        id: fields.one(reading::ID, text(Syntax::EventId))?,
        doc: fields.text_if_any(reading::DOC, Syntax::Prose)?,
        unit: fields.text_if_any(reading::UNIT, Syntax::Unit)?,
    })
}

fn read_reading(payload: &[u8]) -> Result<Reading, Wrong> {
    let fields = Fields::read(payload)?;
    let [min, max] = fields.one(reading::RANGE, read_range)?;
    Ok(Reading {
        id: fields.one(reading::ID, text(Syntax::ParamId))?,
        doc: fields.text_if_any(reading::DOC, Syntax::Prose)?,
        unit: fields.text_if_any(reading::UNIT, Syntax::Unit)?,
        min,
        max,
        per: fields.one(reading::PER, known(codes::to_per))?,
        better: fields.one(reading::BETTER, known_or(codes::to_better, Better::Neither))?,
    })
}
