//! Declarations that between them use every case of every field.

use segue_plugin::abi::AbiVersion;
use segue_plugin::declare::{
    Better, BlockInvariance, Capabilities, ComponentDecl, EventDecl, GroupDecl, Heap, Kind, Need,
    OutputDecl, PanicStrategy, ParamChange, ParamDecl, ParamItem, ParamLimit, Per, PluginDecl,
    ReadingDecl, RealTime, Reference, RequireDecl, SettingDecl, SettingKind, Span,
};
use segue_plugin::layout::{Layout, Layouts};

/// A processor that declares nothing.
pub(crate) const PLAIN: ComponentDecl = ComponentDecl {
    kind: Kind::Processor,
    name: "plain",
    doc: "",
    params: &[],
    settings: &[],
    outputs: &[],
    events: &[],
    subscribes: &[],
    capabilities: Capabilities::DEFAULT,
    readings: &[],
    hop: Span::Varies,
    reference: Reference::Unused,
};

/// A plugin with that one component.
pub(crate) const SMALL: PluginDecl = PluginDecl {
    id: "acme.small",
    name: "Small",
    version: "0.1.0",
    vendor: "",
    license: "MIT",
    doc: "",
    min_host: AbiVersion { major: 1, minor: 0 },
    rustc: "rustc 1.92.0",
    target: "x86_64-unknown-linux-gnu",
    panic: PanicStrategy::Abort,
    heap: Heap::Unmetered,
    requires: &[],
    replaces: &[],
    components: &[PLAIN],
};

/// A number from 0 to 1.
pub(crate) const NUMBER: ParamDecl = ParamDecl {
    id: "mix",
    doc: "How much of it.",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.5,
    choices: &[],
    smooth_ms: 20.0,
    change: ParamChange::Live,
    limit: ParamLimit::Range,
};

const MODE: ParamDecl = ParamDecl {
    id: "mode",
    doc: "Which curve.\nSecond line: “warm”.",
    unit: "",
    min: 0.0,
    max: 2.0,
    default: 1.0,
    choices: &["off", "high-pass", "1.5"],
    smooth_ms: 0.0,
    change: ParamChange::Reactivates,
    limit: ParamLimit::Range,
};

const FREQUENCY: ParamDecl = ParamDecl {
    id: "frequency_hz",
    unit: "Hz",
    min: 10.0,
    max: 24_000.0,
    default: 1_000.1,
    limit: ParamLimit::BelowHalfRate,
    ..NUMBER
};

const BANDS: GroupDecl = GroupDecl {
    id: "band",
    doc: "One filter.",
    count: 3,
    members: &[ParamItem::One(MODE), ParamItem::One(FREQUENCY)],
};

const PROCESSOR: ComponentDecl = ComponentDecl {
    name: "eq",
    doc: "Filters.",
    params: &[
        ParamItem::One(NUMBER),
        ParamItem::Group(BANDS),
        ParamItem::One(MODE),
    ],
    settings: &[
        setting("model", SettingKind::Path, Need::Required),
        setting("title", SettingKind::Text { bytes_max: 80 }, Need::Optional),
        setting(
            "order",
            SettingKind::Integer {
                min: -3,
                max: i64::MAX,
            },
            Need::Optional,
        ),
        setting("dry", SettingKind::Boolean, Need::Optional),
        setting(
            "tags",
            SettingKind::List {
                items_max: 9,
                bytes_max: 40,
            },
            Need::Optional,
        ),
    ],
    outputs: &[OutputDecl {
        id: "reduction_db",
        doc: "How much quieter.",
        unit: "dB",
        min: f64::NEG_INFINITY,
        max: 0.0,
    }],
    events: &[EventDecl {
        id: "clip",
        doc: "It clipped.",
        unit: "dBFS",
    }],
    capabilities: Capabilities {
        layouts: Layouts::Pairs(&[
            (Layout::MONO, Layout::STEREO),
            (Layout::discrete(64), Layout::positions(1 << 17)),
        ]),
        latency: Span::Frames(480),
        tail: Span::Seconds(0.1),
        real_time: RealTime::WarmsUp,
        blocks: BlockInvariance::Varies,
        sidechains: 2,
        state_schema: 7,
    },
    ..PLAIN
};

const METRIC: ComponentDecl = ComponentDecl {
    kind: Kind::Metric,
    name: "snr",
    subscribes: &["acme.small/plain:clip"],
    readings: &[
        reading("snr_db", Per::Channel, Better::Higher),
        reading("thd", Per::Signal, Better::Lower),
        reading("count", Per::Signal, Better::Neither),
    ],
    hop: Span::Frames(4800),
    reference: Reference::Required,
    capabilities: Capabilities {
        layouts: Layouts::Same(&[Layout::MONO, Layout::SURROUND_5_1]),
        real_time: RealTime::Offline,
        ..Capabilities::DEFAULT
    },
    ..PLAIN
};

/// A plugin of all four kinds.
pub(crate) const LARGE: PluginDecl = PluginDecl {
    id: "acme.large-2",
    name: "Große Röhre",
    version: "1.2.3-rc.1+build.5",
    vendor: "Acme “Audio”",
    license: "MIT OR Apache-2.0",
    doc: "Line one.\n\tLine two.",
    panic: PanicStrategy::Unwind,
    heap: Heap::Metered,
    requires: &[
        RequireDecl {
            id: "acme.small",
            version: ">=1.2, <2",
            need: Need::Required,
        },
        RequireDecl {
            id: "acme.other",
            version: "*",
            need: Need::Optional,
        },
    ],
    replaces: &["acme.old"],
    components: &[
        PROCESSOR,
        METRIC,
        ComponentDecl {
            kind: Kind::Analyzer,
            name: "levels",
            hop: Span::Seconds(0.4),
            ..PLAIN
        },
        ComponentDecl {
            kind: Kind::Decision,
            name: "rules",
            hop: Span::Frames(0),
            ..PLAIN
        },
    ],
    ..SMALL
};

const fn setting(id: &'static str, value: SettingKind, need: Need) -> SettingDecl {
    SettingDecl {
        id,
        doc: "Something given.",
        value,
        need,
    }
}

const fn reading(id: &'static str, per: Per, better: Better) -> ReadingDecl {
    ReadingDecl {
        id,
        doc: "",
        unit: "dB",
        min: -1.5,
        max: f64::INFINITY,
        per,
        better,
    }
}

/// 64 parameters with distinct ids.
const MANY: [ParamItem; 64] = {
    const DIGITS: &str = "00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 17 20 21 22 23 24 25 26 27 30 31 32 33 34 35 36 37 40 41 42 43 44 45 46 47 50 51 52 53 54 55 56 57 60 61 62 63 64 65 66 67 70 71 72 73 74 75 76 77 ";
    let mut items = [ParamItem::One(NUMBER); 64];
    let mut at = 0;
    while at < items.len() {
        let id = DIGITS.split_at(at * 3).1.split_at(2).0;
        items[at] = ParamItem::One(ParamDecl {
            id,
            doc: "",
            ..NUMBER
        });
        at += 1;
    }
    items
};

/// 16 components of 64 parameters each.
pub(crate) const WIDE: PluginDecl = PluginDecl {
    id: "acme.wide",
    components: &{
        const NAMES: [&str; 16] = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
        ];
        let mut components = [PLAIN; 16];
        let mut at = 0;
        while at < components.len() {
            components[at].name = NAMES[at];
            components[at].params = &MANY;
            at += 1;
        }
        components
    },
    ..SMALL
};
