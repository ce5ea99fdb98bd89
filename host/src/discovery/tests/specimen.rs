//! Specimen: libraries made by hand, so that no compiler is needed to show how they are read.
//!
//! In: a manifest and what else a file should say. Out: the bytes of a library, just large enough.

use segue_plugin::abi::ABI_VERSION;
use segue_plugin::declare::{
    Capabilities, ComponentDecl, Heap, Kind, PanicStrategy, ParamChange, ParamDecl, ParamItem,
    ParamLimit, PluginDecl, Reference, Span,
};
use segue_plugin::manifest::{RUSTC_VERSION, TARGET, encode, encoded_len};

/// The id that all specimens start with; `named` gives them others of the same length.
const ID: &str = "acme.p00000";
/// The version that all specimens start with.
const VERSION: &str = "1.0.0";

const DRIVE: ParamDecl = ParamDecl {
    id: "drive_db",
    doc: "Gain before the curve.\n\nThe more of it, the more of the curve is heard.",
    unit: "dB",
    min: 0.0,
    max: 24.0,
    default: 6.0,
    choices: &[],
    smooth_ms: 10.0,
    change: ParamChange::Live,
    limit: ParamLimit::Range,
};

const PLUGIN: PluginDecl = PluginDecl {
    id: ID,
    name: "Warmth",
    version: VERSION,
    vendor: "Acme",
    license: "MIT",
    doc: "The sound of tubes.",
    min_host: ABI_VERSION,
    rustc: RUSTC_VERSION,
    target: TARGET,
    panic: PanicStrategy::Unwind,
    heap: Heap::Metered,
    requires: &[],
    replaces: &[],
    components: &[ComponentDecl {
        kind: Kind::Processor,
        name: "tube",
        doc: "A tube with its curve, between two gains.",
        params: &[
            ParamItem::One(DRIVE),
            ParamItem::One(ParamDecl {
                id: "bias_db",
                ..DRIVE
            }),
            ParamItem::One(ParamDecl {
                id: "output_db",
                ..DRIVE
            }),
        ],
        settings: &[],
        outputs: &[],
        events: &[],
        subscribes: &[],
        capabilities: Capabilities::DEFAULT,
        readings: &[],
        hop: Span::Varies,
        reference: Reference::Unused,
    }],
};

const ABORTING: PluginDecl = PluginDecl {
    panic: PanicStrategy::Abort,
    ..PLUGIN
};

const WINDOWS: PluginDecl = PluginDecl {
    target: "x86_64-pc-windows-msvc",
    ..PLUGIN
};

static MANIFEST: [u8; encoded_len(&PLUGIN)] = encode(&PLUGIN);
static ABORTING_MANIFEST: [u8; encoded_len(&ABORTING)] = encode(&ABORTING);
static WINDOWS_MANIFEST: [u8; encoded_len(&WINDOWS)] = encode(&WINDOWS);

/// The manifest of an ordinary plugin for this host.
pub(crate) fn manifest() -> Vec<u8> {
    MANIFEST.to_vec()
}

/// The same of a plugin that cannot catch its panics.
pub(crate) fn aborting_manifest() -> Vec<u8> {
    ABORTING_MANIFEST.to_vec()
}

/// The same of a plugin for Windows.
pub(crate) fn windows_manifest() -> Vec<u8> {
    WINDOWS_MANIFEST.to_vec()
}

/// The manifest under another id or version; both are as long as the ones they replace.
pub(crate) fn named(id: &str, version: &str) -> Vec<u8> {
    let mut bytes = manifest();
    for (old, new) in [(ID, id), (VERSION, version)] {
        assert_eq!(old.len(), new.len(), "{new} is as long as {old}");
        let mut windows = bytes.windows(old.len());
        let at = windows.position(|part| part == old.as_bytes());
        let at = at.expect("a manifest holds its id and version");
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    }
    bytes
}

/// The manifest for other versions of the ABI: the one it speaks, and the least it needs.
pub(crate) fn of_abi(abi: (u16, u16), min_host: (u16, u16)) -> Vec<u8> {
    let mut bytes = manifest();
    let numbers = [abi.0, abi.1, min_host.0, min_host.1];
    for (at, number) in numbers.into_iter().enumerate() {
        bytes[10 + 2 * at..12 + 2 * at].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// What an ELF file says besides its manifest.
pub(crate) struct Elf<'a> {
    /// `.segue`, if it has one.
    pub(crate) manifest: Option<&'a [u8]>,
    /// `e_type`: 3 is a shared library.
    pub(crate) kind: u16,
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    pub(crate) machine: u16,
    /// `DT_RUNPATH`.
    pub(crate) run_path: Option<&'a str>,
    /// `DT_NEEDED`, each.
    pub(crate) needed: &'a [&'a str],
    /// How much lies between its head and its tables, as code does.
    pub(crate) code_bytes: usize,
}

/// `e_machine` of this host.
#[cfg(target_arch = "x86_64")]
pub(crate) const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
pub(crate) const MACHINE: u16 = 183;

impl Default for Elf<'_> {
    fn default() -> Self {
        Self {
            manifest: None,
            kind: 3,
            machine: MACHINE,
            run_path: None,
            needed: &["libgcc_s.so.1", "libc.so.6"],
            code_bytes: 0,
        }
    }
}

/// A shared library for this host with that manifest.
pub(crate) fn library(manifest: &[u8]) -> Vec<u8> {
    elf(&Elf {
        manifest: Some(manifest),
        ..Elf::default()
    })
}

/// A 64-bit ELF file of five sections.
pub(crate) fn elf(elf: &Elf<'_>) -> Vec<u8> {
    let (strings, dynamic) = dynamic(elf);
    let names = b"\0.segue\0.dynstr\0.dynamic\0.shstrtab\0";
    let manifest_name = if elf.manifest.is_some() { 1 } else { 0 };
    let mut bytes = vec![0; 64];
    let mut headers = vec![0; 64]; // The first section header is empty.
    // Name, type, content, linked section: what section headers say, as far as it matters here.
    for (name, kind, content, link) in [
        (manifest_name, 1, elf.manifest.unwrap_or(b"other data"), 0),
        (8, 3, &strings[..], 0),
        (16, 6, &dynamic[..], 2),
        (25, 3, &names[..], 0),
    ] {
        let mut header = Vec::new();
        header.extend(u32_bytes(&[name, kind]));
        header.extend(u64_bytes(&[2, 0, bytes.len() as u64, content.len() as u64]));
        header.extend(u32_bytes(&[link, 0]));
        header.extend(u64_bytes(&[1, if kind == 6 { 16 } else { 0 }]));
        headers.extend(header);
        bytes.extend(content);
        if kind == 1 {
            bytes.resize(bytes.len() + elf.code_bytes, 0);
        }
    }
    let sections_at = bytes.len() as u64;
    let mut head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    head.extend([elf.kind, elf.machine].map(u16::to_le_bytes).concat());
    head.extend(u32_bytes(&[1]));
    head.extend(u64_bytes(&[0, 0, sections_at]));
    head.extend(u32_bytes(&[0]));
    head.extend([64, 0, 0, 64, 5, 4].map(u16::to_le_bytes).concat());
    bytes[..64].copy_from_slice(&head);
    bytes.extend(headers);
    bytes
}

/// The dynamic section and its strings.
fn dynamic(elf: &Elf<'_>) -> (Vec<u8>, Vec<u8>) {
    let mut strings = vec![0];
    let mut dynamic = Vec::new();
    let needed = elf.needed.iter().map(|name| (1, *name));
    for (tag, text) in needed.chain(elf.run_path.map(|path| (29, path))) {
        dynamic.extend(u64_bytes(&[tag, strings.len() as u64]));
        strings.extend(text.bytes().chain([0]));
    }
    dynamic.extend(u64_bytes(&[0, 0]));
    (strings, dynamic)
}

/// A 64-bit DLL for Windows of one section.
pub(crate) fn dll(manifest: &[u8]) -> Vec<u8> {
    let mut bytes = b"MZ".to_vec();
    bytes.resize(60, 0);
    bytes.extend(u32_bytes(&[64]));
    bytes.extend(b"PE\0\0");
    bytes.extend([0x8664, 1].map(u16::to_le_bytes).concat());
    bytes.extend(u32_bytes(&[0, 0, 0]));
    bytes.extend([240, 0x2022].map(u16::to_le_bytes).concat());
    let mut optional = vec![0; 240];
    optional[..2].copy_from_slice(&0x20b_u16.to_le_bytes());
    optional[108..112].copy_from_slice(&16_u32.to_le_bytes());
    bytes.extend(optional);
    bytes.extend(b".segue\0\0");
    let (length, at) = (manifest.len() as u32, bytes.len() as u32 + 32);
    bytes.extend(u32_bytes(&[
        length,
        0x1000,
        length,
        at,
        0,
        0,
        0,
        0x4000_0040,
    ]));
    bytes.extend(manifest);
    bytes
}

/// A 64-bit dynamic library for Apple's systems of one section.
pub(crate) fn dylib(manifest: &[u8], cpu: u32) -> Vec<u8> {
    let name = |name: &[u8]| {
        let mut padded = name.to_vec();
        padded.resize(16, 0);
        padded
    };
    let length = manifest.len() as u64;
    let at = 32 + 72 + 80;
    let mut bytes = u32_bytes(&[0xfeed_facf, cpu, 0, 6, 1, 152, 0, 0]);
    bytes.extend(u32_bytes(&[0x19, 152]));
    bytes.extend(name(b"__DATA"));
    bytes.extend(u64_bytes(&[0, length, u64::from(at), length]));
    bytes.extend(u32_bytes(&[3, 3, 1, 0]));
    bytes.extend([name(b"__segue"), name(b"__DATA")].concat());
    bytes.extend(u64_bytes(&[0, length]));
    bytes.extend(u32_bytes(&[at, 0, 0, 0, 0, 0, 0, 0]));
    bytes.extend(manifest);
    bytes
}

/// Two libraries in one file.
pub(crate) fn universal(parts: [(u32, &[u8]); 2]) -> Vec<u8> {
    let mut bytes = [0xcafe_babe_u32, 2].map(u32::to_be_bytes).concat();
    let mut at = 8 + 2 * 20;
    for (cpu, part) in parts {
        let length = part.len() as u32;
        bytes.extend([cpu, 0, at, length, 0].map(u32::to_be_bytes).concat());
        at += length;
    }
    bytes.extend(parts.map(|(_, part)| part).concat());
    bytes
}

fn u32_bytes(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn u64_bytes(numbers: &[u64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}
