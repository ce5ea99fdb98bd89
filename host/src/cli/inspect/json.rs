//! Json: a manifest for programs, with its schema version inside.

use segue_plugin::declare::{
    Better, BlockInvariance, Heap, Need, PanicStrategy, ParamChange, ParamLimit, Per, RealTime,
    Reference, SettingKind, Span,
};
use segue_plugin::manifest::model::{Layouts, Param, ParamEntry, Setting};
use segue_plugin::manifest::{Component, Manifest};
use serde_json::{Value, json};

use crate::cli::inspect::names::bound;
use crate::discovery::{Entry, FoundPlugin};

/// The version of the shape. Fields are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// Everything a file says of itself, and what became of it.
pub(super) fn text(entry: &Entry, found: &FoundPlugin, components: &[&Component]) -> String {
    let manifest = &found.manifest;
    let value = json!({
        "schema_version": SCHEMA_VERSION,
        "path": entry.path.display().to_string(),
        "class": entry.class.name(),
        "reason": entry.class.reason(),
        "size_bytes": found.stamp.size_bytes,
        "machine": found.machine.to_string(),
        "plugin": plugin(manifest),
        "components": components.iter().map(|one| component(one)).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn plugin(manifest: &Manifest) -> Value {
    let requires = manifest.requires.iter().map(|require| {
        json!({
            "id": require.id,
            "version": require.version.to_string(),
            "optional": require.need == Need::Optional,
        })
    });
    json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version.to_string(),
        "vendor": manifest.vendor,
        "license": manifest.license,
        "doc": manifest.doc,
        "abi": manifest.header.abi.to_string(),
        "min_host": manifest.header.min_host.to_string(),
        "rustc": manifest.rustc,
        "target": manifest.target,
        "panic": match manifest.panic {
            PanicStrategy::Unwind => "unwind",
            PanicStrategy::Abort => "abort",
        },
        "metered": manifest.heap == Heap::Metered,
        "requires": requires.collect::<Vec<_>>(),
        "replaces": manifest.replaces,
    })
}

fn component(component: &Component) -> Value {
    let capabilities = &component.capabilities;
    let settings = component.settings.iter().map(setting);
    json!({
        "name": component.name,
        "kind": component.kind.name(),
        "doc": component.doc,
        "layouts": layouts(&capabilities.layouts),
        "latency": span(capabilities.latency),
        "tail": span(capabilities.tail),
        "sidechains": capabilities.sidechains,
        "real_time": match capabilities.real_time {
            RealTime::Safe => "safe",
            RealTime::WarmsUp => "warms up",
            RealTime::Offline => "offline",
        },
        "block_invariant": capabilities.blocks == BlockInvariance::Invariant,
        "state_schema": capabilities.state_schema,
        "hop": span(component.hop),
        "reference": component.reference == Reference::Required,
        "params": component.entries.iter().map(entry).collect::<Vec<_>>(),
        "settings": settings.collect::<Vec<_>>(),
        "outputs": outputs(component),
        "readings": readings(component),
        "events": events(component),
        "subscribes": component.subscribes,
    })
}

fn entry(entry: &ParamEntry) -> Value {
    match entry {
        ParamEntry::One(one) => param(one),
        ParamEntry::Group(group) => json!({
            "id": group.id,
            "doc": group.doc,
            "count": group.count,
            "members": group.members.iter().map(param).collect::<Vec<_>>(),
        }),
    }
}

fn param(param: &Param) -> Value {
    json!({
        "id": param.id,
        "doc": param.doc,
        "unit": param.unit,
        "min": param.min,
        "max": param.max,
        "default": param.default,
        "choices": param.choices,
        "smooth_ms": param.smooth_ms,
        "reactivates": param.change == ParamChange::Reactivates,
        "below_half_rate": param.limit == ParamLimit::BelowHalfRate,
    })
}

fn setting(setting: &Setting) -> Value {
    let (kind, bounds) = match setting.value {
        SettingKind::Text { bytes_max } => ("text", json!({ "bytes_max": bytes_max })),
        SettingKind::Path => ("path", json!({})),
        SettingKind::Integer { min, max } => ("integer", json!({ "min": min, "max": max })),
        SettingKind::Boolean => ("boolean", json!({})),
        SettingKind::List {
            items_max,
            bytes_max,
        } => (
            "list",
            json!({ "items_max": items_max, "bytes_max": bytes_max }),
        ),
    };
    json!({
        "id": setting.id,
        "doc": setting.doc,
        "type": kind,
        "bounds": bounds,
        "optional": setting.need == Need::Optional,
    })
}

fn outputs(component: &Component) -> Vec<Value> {
    let outputs = component.outputs.iter().map(|output| {
        // Where there is no bound there is null.
        json!({
            "id": output.id,
            "doc": output.doc,
            "unit": output.unit,
            "min": bound(output.min),
            "max": bound(output.max),
        })
    });
    outputs.collect()
}

fn readings(component: &Component) -> Vec<Value> {
    let readings = component.readings.iter().map(|reading| {
        json!({
            "id": reading.id,
            "doc": reading.doc,
            "unit": reading.unit,
            "min": bound(reading.min),
            "max": bound(reading.max),
            "per_channel": reading.per == Per::Channel,
            "better": match reading.better {
                Better::Neither => "neither",
                Better::Higher => "higher",
                Better::Lower => "lower",
            },
        })
    });
    readings.collect()
}

fn events(component: &Component) -> Vec<Value> {
    let events = component.events.iter();
    events
        .map(|event| json!({ "id": event.id, "doc": event.doc, "unit": event.unit }))
        .collect()
}

fn layouts(layouts: &Layouts) -> Value {
    match layouts {
        Layouts::Any => json!("any"),
        Layouts::Same(same) => {
            let names = same
                .iter()
                .map(|layout| [layout.to_string(), layout.to_string()]);
            json!(names.collect::<Vec<_>>())
        }
        Layouts::Pairs(pairs) => {
            let names = pairs
                .iter()
                .map(|(from, to)| [from.to_string(), to.to_string()]);
            json!(names.collect::<Vec<_>>())
        }
    }
}

/// `{"frames": 240}`, `{"seconds": 1.5}`, or null where it is known at activation only.
fn span(span: Span) -> Value {
    match span {
        Span::Frames(frames) => json!({ "frames": frames }),
        Span::Seconds(seconds) => json!({ "seconds": seconds }),
        Span::Varies => Value::Null,
    }
}
