use std::fs;

use proptest::prelude::*;
use segue_plugin::declare::{Kind, ParamChange, ParamLimit, RealTime, Reference, Span};
use segue_plugin::layout::Layout;
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::{Capabilities, Layouts, Param, ParamEntry};

use super::*;
use crate::pipeline::Source;

fn param(id: &str, default: f64) -> ParamEntry {
    ParamEntry::One(Param {
        id: id.to_owned(),
        doc: String::new(),
        unit: String::new(),
        min: -100.0,
        max: 100.0,
        default,
        choices: Vec::new(),
        smooth_ms: 0.0,
        change: ParamChange::Live,
        limit: ParamLimit::Range,
    })
}

fn component(blocks: BlockInvariance) -> Component {
    Component {
        index: 0,
        kind: Kind::Processor,
        name: "tube".to_owned(),
        doc: String::new(),
        entries: vec![param("drive_db", 6.0), param("mix", 1.0)],
        settings: Vec::new(),
        outputs: Vec::new(),
        events: Vec::new(),
        subscribes: Vec::new(),
        capabilities: Capabilities {
            layouts: Layouts::Any,
            latency: Span::Frames(0),
            tail: Span::Frames(0),
            real_time: RealTime::Safe,
            blocks,
            sidechains: 0,
            state_schema: 0,
        },
        readings: Vec::new(),
        hop: Span::Frames(0),
        reference: Reference::Unused,
    }
}

/// What an ingredient is borrowed from.
#[derive(Clone)]
struct Bound {
    id: &'static str,
    component: Component,
    params: Vec<(u32, f64)>,
    settings: Vec<Setting>,
}

impl Bound {
    fn ingredient(&self) -> Ingredient<'_> {
        Ingredient {
            id: self.id,
            address: format!("acme.warmth/{}", self.component.name),
            component: &self.component,
            params: &self.params,
            settings: &self.settings,
            library: hash(1),
            providers: vec![hash(2)],
            fallback: None,
        }
    }
}

fn bound(params: &[(u32, f64)], settings: &[(&str, SettingValue)]) -> Bound {
    let setting = |(id, value): &(&str, SettingValue)| Setting {
        id: (*id).to_owned(),
        value: value.clone(),
    };
    Bound {
        id: "tube",
        component: component(BlockInvariance::Invariant),
        params: params.to_vec(),
        settings: settings.iter().map(setting).collect(),
    }
}

fn hash(byte: u8) -> ContentHash {
    ContentHash([byte; 32])
}

fn key(bound: &Bound) -> Key {
    own("stage", &bound.ingredient()).unwrap().end()
}

#[test]
fn a_default_that_is_written_out_changes_nothing_nor_does_an_order() {
    let plain = key(&bound(&[], &[]));
    assert_eq!(key(&bound(&[(0, 6.0)], &[])), plain);
    assert_eq!(key(&bound(&[(1, 1.0), (0, 6.0)], &[])), plain);
    let zero = key(&bound(&[(1, 0.0)], &[]));
    assert_eq!(key(&bound(&[(1, -0.0)], &[])), zero);
    let [a, b] = [
        ("a", SettingValue::Boolean(true)),
        ("b", SettingValue::Integer(1)),
    ];
    let both = key(&bound(&[], &[a.clone(), b.clone()]));
    assert_eq!(key(&bound(&[], &[b, a])), both);
}

#[test]
fn a_name_and_a_place_are_no_part_of_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "model").unwrap();
        (
            "model",
            SettingValue::Path(path.to_string_lossy().into_owned()),
        )
    };
    let one = bound(&[], &[at("one")]);
    let other = Bound {
        id: "second",
        ..bound(&[], &[at("two")])
    };
    assert_eq!(key(&one), key(&other));
    fs::write(folder.path().join("two"), "another").unwrap();
    assert_ne!(key(&one), key(&other));
}

#[test]
fn library_provider_component_and_kind_change_a_key() {
    let plain = bound(&[], &[]);
    let mut renamed = plain.clone();
    renamed.component.name = "valve".to_owned();
    let of = |library, providers: &[u8]| Ingredient {
        library: hash(library),
        providers: providers.iter().map(|byte| hash(*byte)).collect(),
        ..plain.ingredient()
    };
    let keys = [
        own("stage", &of(1, &[2])),
        own("stage", &of(3, &[2])),
        own("stage", &of(1, &[3])),
        own("stage", &of(1, &[])),
        own("tap", &of(1, &[2])),
        own("stage", &renamed.ingredient()),
    ]
    .map(|hasher| hasher.unwrap().end());
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{at}");
    }
}

#[test]
fn only_a_stage_that_varies_with_blocks_is_told_apart_by_their_size() {
    let of = |blocks, block_frames| {
        let bound = Bound {
            component: component(blocks),
            ..bound(&[], &[])
        };
        let blocks = Blocks {
            block_frames,
            decide_every_frames: 0,
        };
        blocks
            .of_stage(KeyHasher::of("stage"), &bound.ingredient())
            .end()
    };
    let invariant = BlockInvariance::Invariant;
    assert_eq!(of(invariant, 64), of(invariant, 256));
    let varies = BlockInvariance::Varies;
    assert_ne!(of(varies, 64), of(varies, 256));
}

/// A stage that reads one signal.
fn wiring(input: Source) -> Wiring {
    Wiring {
        inputs: vec![input],
        sidechains: Vec::new(),
        channels_out: 1,
        latency_frames: 0,
    }
}

/// Parts of two stages one after the other, a tap on the second and a decision.
fn parts(stopping: &[usize]) -> Parts {
    let own = |number| KeyHasher::of("test").number("n", number).end();
    Parts {
        stages: vec![own(0), own(1)],
        taps: vec![own(2)],
        decides: vec![own(3)],
        network: Network {
            channels_in: 1,
            stages: [Source::Input, Source::Stage(0)].map(wiring).to_vec(),
            wires: Vec::new(),
            taps: vec![TapWiring {
                from: Source::Stage(1),
                reference: Some(Source::Input),
            }],
            output: Source::Stage(1),
        },
        reads: vec![vec![ReadBy::Tap(0)]],
        heard: [vec![Vec::new()], vec![Vec::new()]],
        level: "x86_64 avx2".to_owned(),
        tail: Tail::Cut,
        stopping: stopping.to_vec(),
    }
}

/// What a run of these parts starts from and ends in, by number; every number is another value.
fn keys(parts: &Parts, what: [u8; 6]) -> Keys {
    let [content, raw, rate, layout, mode, form] = what;
    let layout = [Layout::MONO, Layout::STEREO][usize::from(layout)];
    let format = Format::new(48_000 + u32::from(rate), layout, SampleFormat::S16).unwrap();
    let raws = ["s16le:48000:2", "s24le:48000:2"].map(|raw| raw.parse::<RawSpec>().unwrap());
    let from = RunInput {
        content: hash(content),
        raw: usize::from(raw).checked_sub(1).map(|at| &raws[at]),
        format: &format,
        mode: [Mode::Offline, Mode::RealTime][usize::from(mode)],
    };
    let form = Form {
        container: Container::Wav,
        samples: [SampleFormat::S16, SampleFormat::F32][usize::from(form % 2)],
        rounding: [Rounding::Plain, Rounding::Dithered][usize::from(form / 2)],
    };
    parts.keys(&from, Some(&form)).unwrap()
}

proptest! {
    #[test]
    fn keys_differ_when_what_they_come_from_does(
        one in [0u8..3, 0..3, 0..3, 0..2, 0..2, 0..4],
        other in [0u8..3, 0..3, 0..3, 0..2, 0..2, 0..4],
    ) {
        let parts = parts(&[]);
        let [a, b] = [one, other].map(|what| keys(&parts, what));
        prop_assert_eq!(&a, &keys(&parts, one));
        prop_assert_eq!(a.stages == b.stages, one[..5] == other[..5]);
        prop_assert_eq!(a.taps == b.taps, one[..5] == other[..5]);
        prop_assert_eq!(a.output == b.output, one == other);
    }
}

#[test]
fn level_and_tail_change_what_they_touch() {
    let plain = keys(&parts(&[]), [0; 6]);
    let level = Parts {
        level: "x86_64 baseline".to_owned(),
        ..parts(&[])
    };
    assert_ne!(keys(&level, [0; 6]).stages[0], plain.stages[0]);
    let tail = Parts {
        tail: Tail::Keep,
        ..parts(&[])
    };
    let tail = keys(&tail, [0; 6]);
    assert_eq!(tail.stages, plain.stages);
    assert_ne!(tail.output, plain.output);
}

#[test]
fn a_decision_that_may_end_the_run_is_part_of_the_output() {
    let other = |stopping: &[usize]| {
        let mut parts = parts(stopping);
        parts.taps[0] = parts.stages[0];
        keys(&parts, [0; 6]).output
    };
    assert_eq!(other(&[]), keys(&parts(&[]), [0; 6]).output);
    assert_ne!(other(&[0]), keys(&parts(&[0]), [0; 6]).output);
}

#[test]
fn the_stages_whose_events_a_tap_hears_are_known() {
    let mut tap = bound(&[], &[]);
    tap.component.subscribes = vec!["acme.warmth/tube:hot".to_owned(), "x.y/z:w".to_owned()];
    let mut other = bound(&[], &[]);
    other.component.name = "valve".to_owned();
    let plain = bound(&[], &[]);
    let (other, plain) = (other.ingredient(), plain.ingredient());
    assert_eq!(
        heard(&tap.ingredient(), &[other.clone(), plain.clone()]),
        [1]
    );
    assert_eq!(heard(&other, &[plain]), [0; 0]);
}
