//! Manifests: what is declared is what is read, and noise is answered with a sentence.

#[path = "manifest/decls.rs"]
mod decls;
#[path = "manifest/oracle.rs"]
mod oracle;

use decls::{LARGE, NUMBER, PLAIN, SMALL, WIDE};
use proptest::prelude::*;
use segue_plugin::declare::{
    BlockInvariance, ComponentDecl, PanicStrategy, ParamDecl, ParamItem, PluginDecl, RealTime,
};
use segue_plugin::manifest::{
    HEADER_BYTES, MANIFEST_BYTES_MAX, Manifest, ManifestError, encode, encoded_len,
};

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

/// The sentence about `bytes`, which are not a manifest.
fn sentence(bytes: &[u8]) -> String {
    let error = Manifest::read(bytes).expect_err("the bytes are damaged");
    error.to_string()
}

/// `bytes` with `from` replaced by `to`, which has to be as long and there once.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<_> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert_eq!(
        (places.len(), from.len()),
        (1, to.len()),
        "{from:?} is there once"
    );
    let mut bytes = bytes.to_vec();
    bytes[places[0]..places[0] + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn damage_is_told_with_its_field() {
    let large = |from: &[u8], to: &[u8]| sentence(&replaced(&LARGE_BYTES, from, to));
    assert_eq!(
        sentence(b"\x7fELF and more than 24 bytes"),
        "the manifest does not start with the bytes of a Segue plugin"
    );
    assert_eq!(
        sentence(b"SEGUE"),
        "the manifest is cut off: it has 5 bytes, expected 24"
    );
    assert_eq!(
        large(b"acme.large-2", b"acme/large-2"),
        "the manifest's `id` is \"acme/large-2\", expected an id as in `acme.warmth`: \
         [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most"
    );
    assert_eq!(
        large(b"1.2.3-rc.1", b"1.2.3-rc.."),
        "the manifest's `version` is \"1.2.3-rc..+build.5\", expected a semantic version as in \
         `1.2.3`, 128 bytes at most"
    );
    assert_eq!(
        large(b"Line one.", b"\x1b[2J one."),
        "the manifest's `doc` is \"\\u{1b}[2J one.\\n\\tLine two.\", expected text without control \
         characters, 4096 bytes at most"
    );
    assert_eq!(
        large(b"Line one.", b"\xffine one."),
        "the manifest's `doc` is not UTF-8"
    );
    assert_eq!(
        large(b"acme.other", b"acme.small"),
        "the manifest's `requires` has \"acme.small\" twice, expected it once"
    );
    assert_eq!(
        large(b"acme.old\x0d", b"acme/old\x0d"),
        "the manifest's `replaces[0]` is \"acme/old\", expected an id as in `acme.warmth`: \
         [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most"
    );
    assert_eq!(
        large(b"title", b"model"),
        "the manifest's `components[0].params` has \"model\" twice, expected it once"
    );
    let bounds = |min: i64, max: i64| [min.to_le_bytes(), max.to_le_bytes()].concat();
    assert_eq!(
        large(&bounds(-3, i64::MAX), &bounds(-3, -4)),
        "the manifest's `components[0].settings[2].value` is wrong: expected min <= max"
    );
}

#[test]
fn numbers_that_make_no_sense_together_are_told_with_their_field() {
    let check = |from: &[u8], to: &[u8], expected: &str| {
        assert_eq!(
            sentence(&replaced(&LARGE_BYTES, from, to)),
            format!("the manifest's {expected}")
        );
    };
    let float = f64::to_le_bytes;
    check(
        &float(1_000.1),
        &float(9e9),
        "`components[0].params[1].members[1].range` is wrong: expected min <= default <= max",
    );
    check(
        &[3, 0, 2, 0, 0, 0, 3, 0],
        &[3, 0, 2, 0, 0, 0, 0, 0],
        "`components[0].params[1].count` is wrong: a group has one instance and one member at least",
    );
    check(
        &float(f64::NEG_INFINITY),
        &float(f64::NAN),
        "`components[0].outputs[0].range` is wrong: expected min <= max",
    );
    check(
        &480_u32.to_le_bytes(),
        &u32::MAX.to_le_bytes(),
        "`components[0].latency` is wrong: expected an hour at most",
    );
    check(
        &[0, 0, 2, 0, 1, 0],
        &[0, 0, 2, 0, 2, 0],
        "`components[0].layouts` is wrong: a layout has 1 to 64 channels, as many as positions \
         where it has those",
    );
    check(
        &float(0.4),
        &float(0.0),
        "`components[2].hop` is wrong: a hop of no seconds never ends",
    );
    check(
        &[1, 0, 1, 0, 0, 0, 2],
        &[1, 0, 1, 0, 0, 0, 1],
        "`components[1].kind` is wrong: only metrics have a reference",
    );
}

#[test]
fn a_manifest_may_be_padded_with_zeros_and_with_nothing_else() {
    let mut padded = SMALL_BYTES.to_vec();
    padded.resize(4096, 0);
    assert_eq!(Manifest::read(&padded), Manifest::read(&SMALL_BYTES));
    padded[4000] = 1;
    assert_eq!(
        Manifest::read(&padded),
        Err(ManifestError::Trailing {
            after: SMALL_BYTES.len()
        })
    );
}

#[test]
fn lengths_are_bounded_before_they_are_used() {
    let mut huge = SMALL_BYTES.to_vec();
    huge[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(
        Manifest::read(&huge),
        Err(ManifestError::TooLarge {
            max: MANIFEST_BYTES_MAX,
            ..
        })
    ));
    let mut cut = SMALL_BYTES.to_vec();
    cut[HEADER_BYTES + 2..HEADER_BYTES + 6].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        sentence(&cut),
        "the manifest's `body` is cut off: a record in it ends after its end"
    );
}

#[test]
fn other_formats_and_majors_get_their_own_sentence() {
    let mut bytes = SMALL_BYTES.to_vec();
    bytes[10] = 2;
    assert_eq!(
        sentence(&bytes),
        "the plugin was built for plugin ABI 2.0, this version speaks 1.0: update Segue, or ask \
         for a build of the plugin for ABI 1.0"
    );
    bytes[8] = 2;
    assert_eq!(
        sentence(&bytes),
        "the manifest is written in format 2, this version reads 1: update Segue"
    );
}

/// `SMALL_BYTES` with another number for a case: the one-byte record `tag`, which is there once.
fn with_code(tag: u8, from: u8, to: u8) -> Vec<u8> {
    let record = |code| [tag, 0, 1, 0, 0, 0, code];
    replaced(&SMALL_BYTES, &record(from), &record(to))
}

#[test]
fn cases_of_a_later_version_are_met_with_caution() {
    let real_time = Manifest::read(&with_code(13, 0, 9)).unwrap();
    let capabilities = &real_time.components[0].capabilities;
    assert_eq!(capabilities.real_time, RealTime::Offline);
    let blocks = Manifest::read(&with_code(14, 0, 9)).unwrap();
    assert_eq!(
        blocks.components[0].capabilities.blocks,
        BlockInvariance::Varies
    );
    let panic = Manifest::read(&with_code(9, 1, 9)).unwrap();
    assert_eq!(panic.panic, PanicStrategy::Abort);
    let kind = Manifest::read(&with_code(1, 0, 9)).unwrap();
    assert_eq!(kind.components, []);
    assert_eq!(kind.unknown_components[0].name, "plain");
    assert_eq!(kind.unknown_components[0].kind, 9);
    assert_eq!(
        sentence(&with_code(10, 0, 9)),
        "the manifest's `components[0].layouts` is of kind 9, which this version does not know: \
         update Segue"
    );
}

/// `SMALL_BYTES` with one more record at the end of its body.
fn with_record(tag: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = SMALL_BYTES.to_vec();
    bytes.extend(tag.to_le_bytes());
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(payload);
    let body_bytes = (bytes.len() - HEADER_BYTES) as u32;
    bytes[20..24].copy_from_slice(&body_bytes.to_le_bytes());
    bytes
}

#[test]
fn tags_of_a_later_version_are_skipped_and_known_ones_come_once() {
    let later = Manifest::read(&with_record(999, b"of a later version")).unwrap();
    let mut small = Manifest::read(&SMALL_BYTES).unwrap();
    small.header = later.header;
    assert_eq!(later, small);
    assert_eq!(
        sentence(&with_record(1, b"acme.again")),
        "the manifest's `id` is there more than once, expected once"
    );
    assert_eq!(
        sentence(&with_record(13, &[])),
        "the manifest's `components[1].name` is missing"
    );
    let empty = &SMALL_BYTES[..HEADER_BYTES];
    let mut empty = empty.to_vec();
    empty[20..24].fill(0);
    assert_eq!(
        sentence(&empty),
        "the manifest's `components` is wrong: a plugin has one component at least"
    );
}

proptest! {
    #[test]
    fn noise_is_never_a_panic(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = SMALL_BYTES[..HEADER_BYTES].to_vec();
        bytes[20..24].copy_from_slice(&(noise.len() as u32).to_le_bytes());
        bytes.extend(&noise);
        prop_assert!(Manifest::read(&bytes).is_err());
        prop_assert!(Manifest::read(&noise).is_err());
    }

    #[test]
    fn a_cut_manifest_is_refused(end in 0..LARGE_BYTES.len()) {
        prop_assert!(Manifest::read(&LARGE_BYTES[..end]).is_err());
    }

    #[test]
    fn flipped_bits_never_panic_and_never_break_a_bound(
        flips in prop::collection::vec((0..LARGE_BYTES.len() * 8, any::<bool>()), 1..6),
    ) {
        let mut bytes = LARGE_BYTES.to_vec();
        for (bit, _) in flips {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if let Ok(manifest) = Manifest::read(&bytes) {
            for component in &manifest.components {
                prop_assert_eq!(component.params().count(), component.param_count() as usize);
                for flat in component.params() {
                    prop_assert!(flat.param.min <= flat.param.default);
                    prop_assert!(flat.param.default <= flat.param.max);
                }
            }
        }
    }
}

/// The text of the panic when `decl` is encoded, which is a compile error in a constant.
fn refusal(decl: PluginDecl) -> String {
    let panic = std::panic::catch_unwind(|| {
        let _: [u8; 4096] = encode(&decl);
    });
    let payload = panic.expect_err("the declaration breaks a rule");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a panic has a text")).to_owned(),
    }
}

fn with_params(params: &'static [ParamItem]) -> PluginDecl {
    let component = ComponentDecl { params, ..PLAIN };
    PluginDecl {
        components: Box::leak(Box::new([component])),
        ..SMALL
    }
}

fn with_param(param: ParamDecl) -> PluginDecl {
    with_params(Box::leak(Box::new([ParamItem::One(param)])))
}

#[test]
fn a_declaration_that_breaks_a_rule_does_not_compile() {
    let check = |decl: PluginDecl, expected: &str| assert_eq!(refusal(decl), expected);
    check(
        PluginDecl {
            id: "Warmth",
            ..SMALL
        },
        "the plugin's id is `Warmth`, expected an id as in `acme.warmth`: \
         [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most",
    );
    check(
        PluginDecl {
            version: "1.0",
            ..SMALL
        },
        "the plugin's version is `1.0`, expected a semantic version as in `1.2.3`, 128 bytes at most",
    );
    check(
        PluginDecl {
            components: &[],
            ..SMALL
        },
        "the plugin `acme.small`: it has no component",
    );
    check(
        PluginDecl {
            components: &[PLAIN, PLAIN],
            ..SMALL
        },
        "there are two of the name `plain` (component)",
    );
    check(
        PluginDecl {
            replaces: &["acme.small"],
            ..SMALL
        },
        "there are two of the name `acme.small` (replaced plugin)",
    );
    check(
        with_param(ParamDecl {
            default: 2.0,
            ..NUMBER
        }),
        "parameter `mix`: expected min <= default <= max",
    );
    check(
        with_param(ParamDecl {
            id: "gain_dB",
            ..NUMBER
        }),
        "a parameter's id is `gain_dB`, expected an id as in `gain_db`: [a-z0-9_]+, 64 bytes at most",
    );
    check(
        with_param(ParamDecl {
            choices: &["a", "b", "c"],
            smooth_ms: 0.0,
            default: 0.0,
            ..NUMBER
        }),
        "parameter `mix`: the range of choices goes from 0 to the last one's index",
    );
    check(
        with_params(&[ParamItem::One(NUMBER), ParamItem::One(NUMBER)]),
        "there are two of the name `mix` (parameter or setting)",
    );
}

#[test]
fn a_name_too_long_for_a_sentence_is_left_out_of_it() {
    let long: &'static str = Box::leak("x".repeat(600).into_boxed_str());
    assert_eq!(
        refusal(PluginDecl { id: long, ..SMALL }),
        "an id as in `acme.warmth`: [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most"
    );
}
