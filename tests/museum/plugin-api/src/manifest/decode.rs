//! Decode: from the bytes of a section to a `Manifest`.
//!
//! In: bytes from outside, never believed. Out: a manifest that keeps every rule the compiler
//! would have asked of it, or which field breaks which rule.
//!
//! A case that came after this version is answered with the most cautious known one where that
//! keeps the host safe (`offline` for a real-time class, `abort` for a panic strategy), and with
//! an error where it does not (how many values a reading has).

use crate::abi::ABI_VERSION;
use crate::declare::{Heap, Need, PanicStrategy};
use crate::manifest::codes;
use crate::manifest::decode::component::{Entry, read_component};
use crate::manifest::decode::values::parsed;
use crate::manifest::error::ManifestError;
use crate::manifest::header::{HEADER_VERSION, Header};
use crate::manifest::limits::{COMPONENTS_MAX, REQUIRES_MAX};
use crate::manifest::model::{Component, Manifest, Require, UnknownComponent};
use crate::manifest::records::{Fields, Wrong, known_or, rule, text, unique};
use crate::manifest::syntax::Syntax;
use crate::manifest::tags::{plugin, require};

mod component;
mod params;
mod values;

impl Manifest {
    /// Reads the manifest that starts at the first of `bytes`; zeros may follow. Thread: any.
    ///
    /// A manifest of this ABI major is read even if it needs a newer minor; ask
    /// [`Header::check_host`] before loading.
    ///
    /// # Errors
    /// The one thing that is wrong, with the field it is in.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let header = Header::read(bytes)?;
        if header.version != HEADER_VERSION {
            return Err(ManifestError::HeaderVersion {
                found: header.version,
                expected: HEADER_VERSION,
            });
        }
        if header.abi.major != ABI_VERSION.major {
            return Err(ManifestError::Abi {
                found: header.abi,
                expected: ABI_VERSION,
            });
        }
        Ok(read_plugin(header, header.body(bytes)?)?)
    }
}

fn read_plugin(header: Header, body: &[u8]) -> Result<Manifest, Wrong> {
    let fields = Fields::read(body)?;
    let (components, unknown_components) = read_components(&fields)?;
    let manifest = Manifest {
        header,
        id: fields.one(plugin::ID, text(Syntax::PluginId))?,
        name: fields.text_if_any(plugin::NAME, Syntax::Line)?,
        version: fields.one(plugin::VERSION, parsed(Syntax::Version))?,
        vendor: fields.text_if_any(plugin::VENDOR, Syntax::Line)?,
        license: fields.text_if_any(plugin::LICENSE, Syntax::Line)?,
        doc: fields.text_if_any(plugin::DOC, Syntax::Prose)?,
        rustc: fields.text_if_any(plugin::RUSTC, Syntax::Line)?,
        target: fields.text_if_any(plugin::TARGET, Syntax::Line)?,
        panic: fields.one(
            plugin::PANIC,
            known_or(codes::to_panic, PanicStrategy::Abort),
        )?,
        heap: fields.one(plugin::HEAP, known_or(codes::to_heap, Heap::Unmetered))?,
        requires: fields.many(plugin::REQUIRES, REQUIRES_MAX, read_require)?,
        replaces: fields.many(plugin::REPLACES, REQUIRES_MAX, text(Syntax::PluginId))?,
        components,
        unknown_components,
    };
    let own = std::iter::once(manifest.id.as_str());
    let required = manifest.requires.iter().map(|require| require.id.as_str());
    unique(plugin::REQUIRES, required.chain(own.clone()))?;
    unique(
        plugin::REPLACES,
        manifest.replaces.iter().map(String::as_str).chain(own),
    )?;
    Ok(manifest)
}

/// The components of known and of unknown kinds, and no two of one name.
fn read_components(fields: &Fields<'_>) -> Result<(Vec<Component>, Vec<UnknownComponent>), Wrong> {
    let entries = fields.many(plugin::COMPONENTS, COMPONENTS_MAX, read_component)?;
    rule(
        plugin::COMPONENTS,
        entries
            .is_empty()
            .then_some("a plugin has one component at least"),
    )?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (index, entry) in (0..).zip(entries) {
        match entry {
            Entry::Known(component) => known.push(Component {
                index,
                ..*component
            }),
            Entry::Unknown(component) => unknown.push(UnknownComponent { index, ..component }),
        }
    }
    let known_names = known.iter().map(|component| component.name.as_str());
    let unknown_names = unknown.iter().map(|component| component.name.as_str());
    unique(plugin::COMPONENTS, known_names.chain(unknown_names))?;
    Ok((known, unknown))
}

fn read_require(payload: &[u8]) -> Result<Require, Wrong> {
    let fields = Fields::read(payload)?;
    Ok(Require {
        id: fields.one(require::ID, text(Syntax::PluginId))?,
        version: fields.one(require::VERSION, parsed(Syntax::Requirement))?,
        need: fields.one(require::NEED, known_or(codes::to_need, Need::Required))?,
    })
}
