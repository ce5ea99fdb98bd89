//! Part: one component, as an operator needs to know it.

use segue_plugin::declare::{Better, Kind, Need, ParamChange, ParamLimit, Per, Reference, Span};
use segue_plugin::manifest::model::{Layouts, Param, ParamEntry};
use segue_plugin::manifest::{Component, Manifest};

use crate::cli::inspect::names;
use crate::cli::terminal::Look;
use crate::cli::text::{clean, entry};
use crate::text::wrapped;

/// Where values begin, in columns.
const INDENT: usize = 14;

/// Where the values of parameters and their like begin, in columns.
const DEEP: usize = 24;

/// One component with all it takes and gives.
pub(super) fn text(manifest: &Manifest, component: &Component, look: &Look) -> String {
    let address = format!("{}/{}", manifest.id, component.name);
    let mut text = format!("\n{}  {}\n", look.bold(&address), component.kind.name());
    for line in wrapped(&clean(&component.doc), look.width - 2) {
        text.push_str(&format!("  {line}\n"));
    }
    for (label, value) in promises(component) {
        text.push_str(&entry(&format!("  {label}"), INDENT, &value, look.width));
    }
    for (title, lines) in sections(component) {
        if lines.is_empty() {
            continue;
        }
        text.push_str(&format!("\n  {}\n", look.bold(title)));
        for (label, value, doc) in lines {
            text.push_str(&entry(
                &format!("    {label}"),
                DEEP,
                &clean(&value),
                look.width,
            ));
            if !doc.is_empty() {
                text.push_str(&entry("", DEEP, &clean(doc), look.width));
            }
        }
    }
    text
}

/// What a component needs and promises, as far as its kind can.
fn promises(component: &Component) -> Vec<(&'static str, String)> {
    let capabilities = &component.capabilities;
    let mut values = Vec::new();
    if component.kind != Kind::Decision {
        let layouts = match &capabilities.layouts {
            Layouts::Any => "any layout".to_owned(),
            layouts => layouts.to_string(),
        };
        values.push(("takes", layouts));
    }
    if component.kind == Kind::Processor {
        values.push(("latency", names::span(capabilities.latency)));
        values.push(("tail", names::span(capabilities.tail)));
        values.push(("sidechains", capabilities.sidechains.to_string()));
        values.push(("blocks", names::blocks(capabilities.blocks).to_owned()));
        values.push((
            "real time",
            names::real_time(capabilities.real_time).to_owned(),
        ));
        let state = match capabilities.state_schema {
            0 => "none to hand over".to_owned(),
            schema => format!("handed over, schema {schema}"),
        };
        values.push(("state", state));
    } else if component.hop != Span::Varies {
        values.push(("emits every", names::span(component.hop)));
    }
    if component.reference == Reference::Required {
        values.push((
            "compares",
            "with a reference, which has to be given".to_owned(),
        ));
    }
    values
}

type PartLine<'c> = (String, String, &'c str);

fn sections(component: &Component) -> Vec<(&'static str, Vec<PartLine<'_>>)> {
    vec![
        ("parameters", params(component)),
        ("settings", settings(component)),
        ("outputs", outputs(component)),
        ("readings", readings(component)),
        ("events", events(component)),
    ]
}

fn params(component: &Component) -> Vec<PartLine<'_>> {
    let mut lines = Vec::new();
    for entry in &component.entries {
        match entry {
            ParamEntry::One(param) => lines.push(param_line("", param)),
            ParamEntry::Group(group) => {
                let row = format!("up to {} of these, each a table:", group.count);
                lines.push((group.id.clone(), row, group.doc.as_str()));
                lines.extend(group.members.iter().map(|param| param_line("  ", param)));
            }
        }
    }
    lines
}

fn param_line<'c>(indent: &str, param: &'c Param) -> PartLine<'c> {
    let mut value = format!("{}; default {}", names::range(param), names::default(param));
    if param.smooth_ms > 0.0 {
        value.push_str(&format!("; glides for {} ms", param.smooth_ms));
    }
    if param.limit == ParamLimit::BelowHalfRate {
        value.push_str("; below half the sample rate");
    }
    if param.change == ParamChange::Reactivates {
        value.push_str("; a change swaps the stage");
    }
    (format!("{indent}{}", param.id), value, &param.doc)
}

fn settings(component: &Component) -> Vec<PartLine<'_>> {
    let settings = component.settings.iter().map(|setting| {
        let need = match setting.need {
            Need::Required => ", has to be given",
            Need::Optional => "",
        };
        let value = format!("{}{need}", names::setting(setting.value));
        (setting.id.clone(), value, setting.doc.as_str())
    });
    settings.collect()
}

fn outputs(component: &Component) -> Vec<PartLine<'_>> {
    let outputs = component.outputs.iter().map(|output| {
        let value = names::bounds(output.min, output.max, &output.unit);
        (output.id.clone(), value, output.doc.as_str())
    });
    outputs.collect()
}

fn readings(component: &Component) -> Vec<PartLine<'_>> {
    let readings = component.readings.iter().map(|reading| {
        let mut value = names::bounds(reading.min, reading.max, &reading.unit);
        if reading.per == Per::Channel {
            value.push_str(", per channel");
        }
        value.push_str(match reading.better {
            Better::Neither => "",
            Better::Higher => ", the higher the better",
            Better::Lower => ", the lower the better",
        });
        (reading.id.clone(), value, reading.doc.as_str())
    });
    readings.collect()
}

fn events(component: &Component) -> Vec<PartLine<'_>> {
    let events = component.events.iter().map(|event| {
        let value = format!("published{}", in_unit(&event.unit));
        (event.id.clone(), value, event.doc.as_str())
    });
    let heard = component.subscribes.iter();
    let heard = heard.map(|address| (address.clone(), "heard".to_owned(), ""));
    events.chain(heard).collect()
}

fn in_unit(unit: &str) -> String {
    match unit {
        "" => String::new(),
        unit => format!(", a number in {unit}"),
    }
}
