//! The oracle: a declaration and its manifest, compared field by field.

use segue_plugin::abi::ABI_VERSION;
use segue_plugin::declare::{
    ComponentDecl, GroupDecl, ParamDecl, ParamItem, PluginDecl, param_count,
};
use segue_plugin::layout::Layouts as DeclaredLayouts;
use segue_plugin::manifest::model::{Component, Layouts, Manifest, Param, ParamEntry, ParamGroup};

/// Every field of `manifest` is what `decl` says.
pub(crate) fn assert_same(decl: &PluginDecl, manifest: &Manifest) {
    assert_eq!(manifest.header.abi, ABI_VERSION);
    assert_eq!(manifest.header.min_host, decl.min_host);
    assert_eq!(manifest.id, decl.id);
    assert_eq!(manifest.name, decl.name);
    assert_eq!(manifest.version.to_string(), decl.version);
    assert_eq!(manifest.vendor, decl.vendor);
    assert_eq!(manifest.license, decl.license);
    assert_eq!(manifest.doc, decl.doc);
    assert_eq!(manifest.rustc, decl.rustc);
    assert_eq!(manifest.target, decl.target);
    assert_eq!(manifest.panic, decl.panic);
    assert_eq!(manifest.heap, decl.heap);
    assert_eq!(manifest.replaces, decl.replaces);
    assert_eq!(manifest.unknown_components, []);
    pairs(decl.requires, &manifest.requires, |decl, require| {
        assert_eq!(require.id, decl.id);
        assert_eq!(require.version.to_string(), decl.version);
        assert_eq!(require.need, decl.need);
    });
    pairs(decl.components, &manifest.components, component);
    for (index, component) in manifest.components.iter().enumerate() {
        assert_eq!(component.index as usize, index);
        assert_eq!(manifest.component(&component.name), Some(component));
    }
}

fn component(decl: &ComponentDecl, found: &Component) {
    assert_eq!(found.kind, decl.kind);
    assert_eq!(found.name, decl.name);
    assert_eq!(found.doc, decl.doc);
    assert_eq!(found.subscribes, decl.subscribes);
    assert_eq!(found.hop, decl.hop);
    assert_eq!(found.reference, decl.reference);
    assert_eq!(found.param_count(), param_count(decl.params));
    capabilities(decl, found);
    pairs(decl.params, &found.entries, entry);
    pairs(decl.settings, &found.settings, |decl, setting| {
        assert_eq!(
            (setting.id.as_str(), setting.doc.as_str()),
            (decl.id, decl.doc)
        );
        assert_eq!((setting.value, setting.need), (decl.value, decl.need));
        assert_eq!(found.setting(decl.id), Some(setting));
    });
    pairs(decl.outputs, &found.outputs, |decl, output| {
        assert_eq!(
            [&*output.id, &*output.doc, &*output.unit],
            [decl.id, decl.doc, decl.unit]
        );
        assert_eq!([output.min, output.max], [decl.min, decl.max]);
    });
    pairs(decl.events, &found.events, |decl, event| {
        assert_eq!(
            [&*event.id, &*event.doc, &*event.unit],
            [decl.id, decl.doc, decl.unit]
        );
    });
    pairs(decl.readings, &found.readings, |decl, reading| {
        assert_eq!(
            [&*reading.id, &*reading.doc, &*reading.unit],
            [decl.id, decl.doc, decl.unit]
        );
        assert_eq!([reading.min, reading.max], [decl.min, decl.max]);
        assert_eq!((reading.per, reading.better), (decl.per, decl.better));
    });
}

fn capabilities(decl: &ComponentDecl, found: &Component) {
    let (decl, found) = (&decl.capabilities, &found.capabilities);
    match decl.layouts {
        DeclaredLayouts::Any => assert_eq!(found.layouts, Layouts::Any),
        DeclaredLayouts::Same(list) => assert_eq!(found.layouts, Layouts::Same(list.to_vec())),
        DeclaredLayouts::Pairs(list) => assert_eq!(found.layouts, Layouts::Pairs(list.to_vec())),
    }
    assert_eq!(found.latency, decl.latency);
    assert_eq!(found.tail, decl.tail);
    assert_eq!(found.real_time, decl.real_time);
    assert_eq!(found.blocks, decl.blocks);
    assert_eq!(found.sidechains, decl.sidechains);
    assert_eq!(found.state_schema, decl.state_schema);
}

fn entry(decl: &ParamItem, found: &ParamEntry) {
    match (decl, found) {
        (ParamItem::One(decl), ParamEntry::One(found)) => param(decl, found),
        (ParamItem::Group(decl), ParamEntry::Group(found)) => group(decl, found),
        (decl, found) => panic!("{found:?} is not {decl:?}"),
    }
}

fn group(decl: &GroupDecl, found: &ParamGroup) {
    assert_eq!([&*found.id, &*found.doc], [decl.id, decl.doc]);
    assert_eq!(found.count, decl.count);
    pairs(decl.members, &found.members, |decl, found| match decl {
        ParamItem::One(decl) => param(decl, found),
        ParamItem::Group(decl) => panic!("{decl:?} is inside a group"),
    });
}

fn param(decl: &ParamDecl, found: &Param) {
    assert_eq!(
        [&*found.id, &*found.doc, &*found.unit],
        [decl.id, decl.doc, decl.unit]
    );
    let bits = |numbers: [f64; 4]| numbers.map(f64::to_bits);
    assert_eq!(
        bits([found.min, found.max, found.default, found.smooth_ms]),
        bits([decl.min, decl.max, decl.default, decl.smooth_ms])
    );
    assert_eq!(found.choices, decl.choices);
    assert_eq!(found.change, decl.change);
    assert_eq!(found.limit, decl.limit);
}

fn pairs<D, F>(decls: &[D], found: &[F], check: impl Fn(&D, &F)) {
    assert_eq!(decls.len(), found.len());
    for (decl, found) in decls.iter().zip(found) {
        check(decl, found);
    }
}
