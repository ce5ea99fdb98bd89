//! Hostile: libraries that lie about everything.
//!
//! In: specimens with bytes changed, cut and exchanged. Out: one answer each, and no panic.

use std::fs::File;
use std::io::Write;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::discovery::class::Class;
use crate::discovery::file::Pieces;
use crate::discovery::judge::judge;
use crate::discovery::library::{self, Told};
use crate::discovery::reasons::NotAPlugin;
use crate::discovery::stamp::Stamp;
use crate::discovery::tests::specimen::{Elf, dll, dylib, elf, library, manifest, universal};

/// Apple's number for 64-bit ARM.
const ARM64: u32 = 0x0100_000c;

fn told(bytes: &[u8]) -> Told<'static> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let pieces = Pieces::new(file, bytes.len() as u64);
    library::read(pieces.whole())
}

fn class(bytes: &[u8]) -> Class {
    let stamp = Stamp {
        device: 0,
        inode: 0,
        size_bytes: bytes.len() as u64,
        modified: (0, 0),
        changed: (0, 0),
    };
    judge(&told(bytes), stamp, None)
}

fn specimens() -> Vec<Vec<u8>> {
    let apple = dylib(&manifest(), ARM64);
    let beside = Elf {
        manifest: Some(&manifest()),
        run_path: Some("$ORIGIN"),
        needed: &["libtube.so"],
        ..Elf::default()
    };
    vec![
        library(&manifest()),
        elf(&beside),
        dll(&manifest()),
        universal([(7, &apple), (ARM64, &apple)]),
        apple,
    ]
}

/// One change: where, how many bytes, and to what.
fn change() -> impl Strategy<Value = (Index, usize, u64)> {
    let extremes = select(vec![
        0,
        1,
        0xff,
        0x7fff_ffff,
        0xffff_ffff,
        u64::MAX - 7,
        u64::MAX,
    ]);
    let number = prop_oneof![extremes, any::<u64>(), 0..4096_u64];
    (any::<Index>(), select(vec![1, 2, 4, 8]), number)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_library_may_say_anything_and_still_gets_one_class(
        mut bytes in select(specimens()),
        changes in prop::collection::vec(change(), 1..6),
        in_head in any::<bool>(),
        cut in prop::option::weighted(0.2, any::<Index>()),
    ) {
        for (at, width, number) in changes {
            // What decides lies in the first bytes of each format.
            let end = if in_head { bytes.len().min(256) } else { bytes.len() };
            let at = at.index(end);
            let width = width.min(bytes.len() - at);
            bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assert!(!class(&bytes).name().is_empty());
    }

    #[test]
    fn noise_behind_a_magic_gets_one_class(
        magic in select(vec![
            b"\x7fELF\x02\x01\x01".to_vec(), b"\x7fELF\x01\x02\x01".to_vec(),
            b"MZ".to_vec(), vec![0xcf, 0xfa, 0xed, 0xfe], vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0],
            vec![0xca, 0xfe, 0xba, 0xbf, 0, 0, 0], vec![0xfe, 0xed, 0xfa, 0xce],
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        prop_assert!(!class(&[magic, noise].concat()).name().is_empty());
    }
}

#[test]
fn a_library_cut_anywhere_is_never_ready() {
    let whole = library(&manifest());
    assert_eq!(class(&whole).name(), "ready");
    for length in 1..whole.len() {
        let class = class(&whole[..length]);
        assert!(!matches!(class, Class::Ready(_)), "cut at {length}");
    }
}

#[test]
fn every_format_tells_its_manifest() {
    for bytes in specimens() {
        let Told::Plugin { manifest: read, .. } = told(&bytes) else {
            panic!("{:?}", told(&bytes));
        };
        assert_eq!(*read, manifest());
    }
}

#[test]
fn of_a_universal_library_the_part_for_this_host_is_read_or_else_the_first() {
    let (first, second) = (dylib(b"first", 7), dylib(b"second", ARM64));
    let Told::Plugin {
        manifest, machine, ..
    } = told(&universal([(7, &first), (ARM64, &second)]))
    else {
        panic!("a universal library is a library");
    };
    let mac_on_arm = cfg!(all(target_os = "macos", target_arch = "aarch64"));
    assert_eq!(
        *manifest,
        *if mac_on_arm { &b"second"[..] } else { b"first" }
    );
    assert_eq!(machine.address_bits, 64);
}

#[test]
fn a_broken_part_of_a_universal_library_hides_no_other() {
    let good = dylib(&manifest(), ARM64);
    assert!(matches!(
        told(&universal([(7, b"nothing"), (ARM64, &good)])),
        Told::Plugin { .. }
    ));
    assert_eq!(
        told(&universal([(7, b"nothing"), (ARM64, b"at all")])),
        Told::Damaged("a part of it is no Mach-O file".into())
    );
}

#[test]
fn programs_are_no_libraries_in_any_format() {
    let mut windows = dll(&manifest());
    windows[64 + 22..64 + 24].copy_from_slice(&0x0022_u16.to_le_bytes());
    let mut apple = dylib(&manifest(), ARM64);
    apple[12] = 2;
    let linux = elf(&Elf {
        manifest: Some(&manifest()),
        kind: 2,
        ..Elf::default()
    });
    for program in [windows, apple, linux] {
        assert_eq!(told(&program), Told::Not(NotAPlugin::NotShared));
    }
}
