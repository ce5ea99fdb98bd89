//! Bytes that are no good manifest: cut, changed, of a later version, or noise.

use crate::{LARGE_BYTES, SMALL_BYTES};
use proptest::prelude::*;
use segue_plugin::declare::{BlockInvariance, PanicStrategy, RealTime};
use segue_plugin::manifest::{HEADER_BYTES, MANIFEST_BYTES_MAX, Manifest, ManifestError};

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
