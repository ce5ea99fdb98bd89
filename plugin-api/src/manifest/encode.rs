//! Encode: from the constants of a declaration to the bytes of its manifest, at compile time.
//!
//! In: a `PluginDecl`. Out: an array for the library's section; or a compile error that says what
//! is wrong with the declaration.
//!
//! ```
//! use segue_plugin::manifest::{encode, encoded_len};
//! # use segue_plugin::declare::*;
//! # const DECL: PluginDecl = PluginDecl {
//! #     id: "acme.warmth", name: "Warmth", version: "1.0.0", vendor: "", license: "MIT", doc: "",
//! #     min_host: segue_plugin::abi::ABI_VERSION, rustc: "", target: "",
//! #     panic: PanicStrategy::Unwind, heap: Heap::Metered, requires: &[], replaces: &[],
//! #     components: &[ComponentDecl {
//! #         kind: Kind::Processor, name: "tube", doc: "", params: &[], settings: &[],
//! #         outputs: &[], events: &[], subscribes: &[], capabilities: Capabilities::DEFAULT,
//! #         readings: &[], hop: Span::Varies, reference: Reference::Unused,
//! #     }],
//! # };
//! static MANIFEST: [u8; encoded_len(&DECL)] = encode(&DECL);
//! assert!(MANIFEST.starts_with(b"SEGUEPLG"));
//! ```

mod component;
mod params;

use crate::abi::ABI_VERSION;
use crate::declare::{PluginDecl, RequireDecl};
use crate::manifest::check;
use crate::manifest::codes;
use crate::manifest::encode::component::write_component;
use crate::manifest::header::{HEADER_BYTES, HEADER_VERSION, MAGIC};
use crate::manifest::limits::MANIFEST_BYTES_MAX;
use crate::manifest::tags::{plugin, require};
use crate::manifest::writer::Writer;

/// How many bytes the manifest of `decl` takes, its header included.
#[must_use]
pub const fn encoded_len(decl: &PluginDecl) -> usize {
    let mut counter = Writer::new(&mut []);
    write_body(&mut counter, decl);
    HEADER_BYTES + counter.len()
}

/// The manifest of `decl`; `LEN` is what [`encoded_len`] returns.
///
/// # Panics
/// In a constant this is a compile error: when the declaration breaks a rule, when the manifest
/// is larger than [`MANIFEST_BYTES_MAX`], and when `LEN` is not its length.
#[must_use]
pub const fn encode<const LEN: usize>(decl: &PluginDecl) -> [u8; LEN] {
    check::plugin(decl);
    assert!(
        LEN <= MANIFEST_BYTES_MAX,
        "the manifest has more than 65,536 bytes: shorten its documentation, or declare less"
    );
    let mut bytes = [0; LEN];
    let mut writer = Writer::new(&mut bytes);
    write_header(&mut writer, decl, (LEN - HEADER_BYTES) as u32);
    write_body(&mut writer, decl);
    assert!(
        writer.len() == LEN,
        "`LEN` has to be what `encoded_len` answers"
    );
    bytes
}

const fn write_header(writer: &mut Writer<'_>, decl: &PluginDecl, body_bytes: u32) {
    writer.raw(&MAGIC);
    let numbers = [
        HEADER_VERSION,
        ABI_VERSION.major,
        ABI_VERSION.minor,
        decl.min_host.major,
        decl.min_host.minor,
        0,
    ];
    let mut at = 0;
    while at < numbers.len() {
        writer.raw(&numbers[at].to_le_bytes());
        at += 1;
    }
    writer.raw(&body_bytes.to_le_bytes());
}

const fn write_body(writer: &mut Writer<'_>, decl: &PluginDecl) {
    writer.text(plugin::ID, decl.id);
    writer.text_if_any(plugin::NAME, decl.name);
    writer.text(plugin::VERSION, decl.version);
    writer.text_if_any(plugin::VENDOR, decl.vendor);
    writer.text_if_any(plugin::LICENSE, decl.license);
    writer.text_if_any(plugin::DOC, decl.doc);
    writer.text_if_any(plugin::RUSTC, decl.rustc);
    writer.text_if_any(plugin::TARGET, decl.target);
    writer.code(plugin::PANIC, codes::from_panic(decl.panic));
    writer.code(plugin::HEAP, codes::from_heap(decl.heap));
    let mut at = 0;
    while at < decl.requires.len() {
        write_require(writer, &decl.requires[at]);
        at += 1;
    }
    writer.texts(plugin::REPLACES, decl.replaces);
    let mut at = 0;
    while at < decl.components.len() {
        write_component(writer, &decl.components[at]);
        at += 1;
    }
}

const fn write_require(writer: &mut Writer<'_>, decl: &RequireDecl) {
    let start = writer.begin(plugin::REQUIRES);
    writer.text(require::ID, decl.id);
    writer.text(require::VERSION, decl.version);
    writer.code(require::NEED, codes::from_need(decl.need));
    writer.end(start);
}
