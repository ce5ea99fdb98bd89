//! Resident: what the libraries of this process are used for.
//!
//! In: what runs. Out: who uses which library; the plugins that a stage runs. Nothing is searched or
//! opened.

use std::iter;
use std::sync::Arc;

use semver::Version;

use crate::discovery::ContentHash;
use crate::id::PluginId;
use crate::loading::{Generation, resident};
use crate::observe::GenerationStatus;
use crate::session::candidate::{CurrentStage, ResolveRequest};
use crate::session::instance::OpenLibrary;

/// What the libraries of this process are used for.
pub(in crate::session) fn generations(current: &[CurrentStage]) -> Vec<GenerationStatus> {
    let uses = |generation: &Generation| {
        let users = current.iter().filter(|one| {
            let library = one.library.as_ref();
            library
                .is_some_and(|library| contents_of(library).any(|hash| hash == generation.hash()))
        });
        users.map(|one| one.stage.clone()).collect()
    };
    let status = |generation: Arc<Generation>| {
        let usage = generation.usage();
        GenerationStatus {
            stages: uses(&generation),
            plugin: usage.plugin,
            version: usage.version,
            sha256: usage.hash.to_string(),
            bytes: usage.size_bytes,
        }
    };
    resident().into_iter().map(status).collect()
}

/// Every library that the session uses, providers too.
pub(super) fn running(request: &ResolveRequest) -> Vec<Arc<Generation>> {
    let current = request
        .current
        .iter()
        .filter_map(|one| one.library.as_ref());
    let hashes: Vec<_> = current
        .chain(&request.others)
        .flat_map(|library| {
            let mut contents = library.providers.contents();
            contents.push(library.generation.hash());
            contents
        })
        .collect();
    let mut all = resident();
    all.retain(|generation| hashes.contains(&generation.hash()));
    all
}

/// The plugins of this process by their contents.
pub(super) struct ResidentPlugins(Vec<(ContentHash, PluginId, Version)>);

impl ResidentPlugins {
    /// All of them.
    pub(super) fn of_resident() -> Self {
        let known = resident().into_iter().filter_map(|generation| {
            let manifest = generation.manifest();
            let id = manifest.id.parse().ok()?;
            Some((generation.hash(), id, manifest.version.clone()))
        });
        Self(known.collect())
    }

    /// What a stage runs: its own plugin, and all that it uses.
    pub(super) fn plugins<'a>(
        &'a self,
        library: &'a OpenLibrary,
    ) -> impl Iterator<Item = (PluginId, Version)> + 'a {
        contents_of(library).filter_map(|hash| {
            let known = self.0.iter().find(|(known, ..)| *known == hash);
            known.map(|(_, id, version)| (id.clone(), version.clone()))
        })
    }
}

/// The contents that a stage runs: its own, and all that it may ask.
fn contents_of(library: &OpenLibrary) -> impl Iterator<Item = ContentHash> {
    iter::once(library.generation.hash()).chain(library.providers.contents())
}
