//! Manifests: what is declared is what is read, and noise is answered with a sentence.

#[path = "manifest/damage.rs"]
mod damage;
#[path = "manifest/decls.rs"]
mod decls;
#[path = "manifest/oracle.rs"]
mod oracle;
#[path = "manifest/refused.rs"]
mod refused;

use decls::{LARGE, SMALL, WIDE};
use segue_plugin::declare::PluginDecl;
use segue_plugin::manifest::{Manifest, encode, encoded_len};

static SMALL_BYTES: [u8; encoded_len(&SMALL)] = encode(&SMALL);
static LARGE_BYTES: [u8; encoded_len(&LARGE)] = encode(&LARGE);
// 1,024 parameters: compiling this at all shows that const evaluation stays within its limit.
static WIDE_BYTES: [u8; encoded_len(&WIDE)] = encode(&WIDE);

#[test]
fn what_is_declared_is_what_is_read() {
    let pairs: [(&PluginDecl, &[u8]); 3] = [
        (&SMALL, &SMALL_BYTES),
        (&LARGE, &LARGE_BYTES),
        (&WIDE, &WIDE_BYTES),
    ];
    for (decl, bytes) in pairs {
        let manifest = Manifest::read(bytes).unwrap();
        oracle::assert_same(decl, &manifest);
        assert_eq!(manifest.header.check_host(), Ok(()));
    }
}

#[test]
fn groups_are_flattened_in_wire_order_under_full_ids() {
    let manifest = Manifest::read(&LARGE_BYTES).unwrap();
    let eq = &manifest.components[0];
    let ids: Vec<_> = eq.params().map(|flat| flat.id).collect();
    assert_eq!(
        ids,
        [
            "mix",
            "band.1.mode",
            "band.1.frequency_hz",
            "band.2.mode",
            "band.2.frequency_hz",
            "band.3.mode",
            "band.3.frequency_hz",
            "mode",
        ]
    );
    for (index, flat) in eq.params().enumerate() {
        assert_eq!(flat.index as usize, index);
        assert_eq!(eq.param(&flat.id).as_ref(), Some(&flat));
        assert_eq!(eq.param_at(flat.index).as_ref(), Some(&flat));
    }
    assert_eq!(eq.param_at(8), None);
    for id in [
        "",
        "band",
        "band.0.mode",
        "band.4.mode",
        "band.01.mode",
        "band.+1.mode",
        "band.1",
        "band.1.",
        "band.1.mix",
        "mix.",
        "mix.1",
        "band.1.mode.x",
        "nothing",
    ] {
        assert_eq!(eq.param(id), None, "{id:?}");
    }
}

#[test]
fn values_find_their_labels_and_their_range() {
    let manifest = Manifest::read(&LARGE_BYTES).unwrap();
    let mode = manifest.components[0].param("mode").unwrap().param;
    assert_eq!(mode.choice("high-pass"), Some(1.0));
    assert_eq!(mode.choice("low-pass"), None);
    assert_eq!(mode.label(1.0), Some("high-pass"));
    assert_eq!(mode.label(3.0), None);
    assert_eq!(mode.clamp(1.6), Some(2.0));
    assert_eq!(mode.clamp(f64::INFINITY), Some(2.0));
    assert_eq!(mode.clamp(f64::NAN), None);
    let mix = manifest.components[0].param("mix").unwrap().param;
    assert_eq!(mix.clamp(-0.25), Some(0.0));
    assert_eq!(mix.clamp(0.25), Some(0.25));
}
