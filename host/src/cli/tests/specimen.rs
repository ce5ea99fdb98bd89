//! Specimen: made-up plugins and terminals for tests, and golden files to compare with.
//!
//! To write the golden files anew: `SEGUE_GOLDEN=write cargo test -p segue cli`.

use std::path::Path;

use segue_plugin::abi::ABI_VERSION;
use segue_plugin::declare::{
    Better, BlockInvariance, Heap, Kind, Layout, Need, PanicStrategy, ParamChange, ParamLimit, Per,
    RealTime, Reference, SettingKind, Span,
};
use segue_plugin::manifest::model::{
    Capabilities, Event, Layouts, Output, Param, ParamEntry, ParamGroup, Reading, Require, Setting,
};
use segue_plugin::manifest::{Component, HEADER_VERSION, Header, Manifest, TARGET};

use crate::cli::terminal::Look;
use crate::config::render::Color;
use crate::discovery::{Format, FoundPlugin, Machine, Stamp};
use crate::golden;

/// A file or pipe of so many columns.
pub(in crate::cli) fn look(width: usize) -> Look {
    Look {
        color: Color::Plain,
        width,
        is_terminal: false,
    }
}

/// A plugin with one component of everything, or for other ids than `acme.warmth` with two.
pub(in crate::cli) fn found(id: &str, version: &str) -> FoundPlugin {
    let mut manifest = manifest(id, version);
    if id != "acme.warmth" {
        manifest.components.push(component("low", Kind::Processor));
    }
    FoundPlugin {
        manifest,
        machine: Machine {
            format: Format::Elf,
            code: 62,
            address_bits: 64,
        },
        stamp: Stamp {
            device: 1,
            inode: 2,
            size_bytes: 612_000,
            modified: (0, 0),
            changed: (0, 0),
        },
        hash: None,
    }
}

fn manifest(id: &str, version: &str) -> Manifest {
    Manifest {
        header: Header {
            version: HEADER_VERSION,
            abi: ABI_VERSION,
            min_host: ABI_VERSION,
            body_bytes: 0,
        },
        id: id.to_owned(),
        name: "Warmth".to_owned(),
        version: version.parse().unwrap(),
        vendor: "Acme".to_owned(),
        license: "MIT".to_owned(),
        doc: "A tube that warms. It is made of glass.".to_owned(),
        rustc: "rustc 1.95.0 (abcdef012 2026-04-01)".to_owned(),
        target: TARGET.to_owned(),
        panic: PanicStrategy::Unwind,
        heap: Heap::Metered,
        requires: vec![Require {
            id: "acme.dsp".to_owned(),
            version: "^1.2".parse().unwrap(),
            need: Need::Optional,
        }],
        replaces: vec!["acme.tube".to_owned()],
        components: vec![component("tube", Kind::Processor)],
        unknown_components: Vec::new(),
    }
}

/// A component with one of everything.
pub(in crate::cli) fn component(name: &str, kind: Kind) -> Component {
    Component {
        index: 0,
        kind,
        name: name.to_owned(),
        doc: "Bends the signal as a tube does, in a curve that is known from the books and that \
              nobody hears. More on that elsewhere."
            .to_owned(),
        entries: vec![
            ParamEntry::One(param("drive_db", "dB", [0.0, 24.0], 6.0)),
            ParamEntry::One(choice()),
            ParamEntry::Group(ParamGroup {
                id: "band".to_owned(),
                doc: "One band.".to_owned(),
                count: 16,
                members: vec![
                    choice(),
                    param("frequency_hz", "Hz", [10.0, 22_000.0], 1000.0),
                ],
            }),
        ],
        settings: settings(),
        outputs: vec![Output {
            id: "reduction_db".to_owned(),
            doc: "How much less.".to_owned(),
            unit: "dB".to_owned(),
            min: f64::NEG_INFINITY,
            max: 0.0,
        }],
        events: vec![Event {
            id: "hot".to_owned(),
            doc: "The tube is hot.".to_owned(),
            unit: "K".to_owned(),
        }],
        subscribes: vec!["acme.fan/fan:stopped".to_owned()],
        capabilities: Capabilities {
            layouts: Layouts::Same(vec![Layout::MONO, Layout::STEREO]),
            latency: Span::Frames(240),
            tail: Span::Seconds(1.5),
            real_time: RealTime::WarmsUp,
            blocks: BlockInvariance::Invariant,
            sidechains: 1,
            state_schema: 3,
        },
        readings: vec![Reading {
            id: "heat_k".to_owned(),
            doc: "How hot, by Planck.".to_owned(),
            unit: "K".to_owned(),
            min: 0.0,
            max: f64::INFINITY,
            per: Per::Channel,
            better: Better::Lower,
        }],
        hop: Span::Varies,
        reference: Reference::Unused,
    }
}

fn param(id: &str, unit: &str, [min, max]: [f64; 2], default: f64) -> Param {
    Param {
        id: id.to_owned(),
        doc: "Gain before the curve, as it is measured at the input of the tube after it has \
              warmed up."
            .to_owned(),
        unit: unit.to_owned(),
        min,
        max,
        default,
        choices: Vec::new(),
        smooth_ms: 10.0,
        change: ParamChange::Live,
        limit: match unit {
            "Hz" => ParamLimit::BelowHalfRate,
            _ => ParamLimit::Range,
        },
    }
}

fn choice() -> Param {
    Param {
        id: "type".to_owned(),
        unit: String::new(),
        min: 0.0,
        max: 2.0,
        default: 1.0,
        choices: ["triode", "tetrode", "pentode"].map(str::to_owned).to_vec(),
        smooth_ms: 0.0,
        change: ParamChange::Reactivates,
        limit: ParamLimit::Range,
        ..param("type", "", [0.0, 2.0], 1.0)
    }
}

fn settings() -> Vec<Setting> {
    let setting = |id: &str, value, need| Setting {
        id: id.to_owned(),
        doc: "What it is.".to_owned(),
        value,
        need,
    };
    vec![
        setting("model", SettingKind::Path, Need::Required),
        setting(
            "seed",
            SettingKind::Integer { min: -1, max: 9 },
            Need::Optional,
        ),
        setting(
            "names",
            SettingKind::List {
                items_max: 4,
                bytes_max: 64,
            },
            Need::Optional,
        ),
    ]
}

/// Compares with a golden file, or writes it anew where that was asked for.
pub(in crate::cli) fn check(name: &str, found: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/golden");
    // The target of the machine that runs the test is no part of what is compared.
    golden::check(&folder.join(name), &found.replace(TARGET, "TARGET"));
}
