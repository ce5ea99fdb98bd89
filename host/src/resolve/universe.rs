//! Universe: every version of every plugin that could be loaded.
//!
//! In: candidates one by one, and what became known against some of them. Out: for each id its
//! versions in order, however they came in.

use std::collections::BTreeMap;

use segue_plugin::declare::Need;
use segue_plugin::manifest::Manifest;
use segue_plugin::manifest::model::Require;
use semver::{Version, VersionReq};

use crate::id::{IdError, PluginId};
use crate::resolve::versions::VERSIONS_MAX;

/// The most candidates in all; a folder of ten thousand plugins fits.
pub const CANDIDATES_MAX: usize = 16_384;

/// The most requirements of one plugin; it is written by hand in one macro.
pub const REQUIRES_MAX: usize = 64;

/// One version of one plugin, as its manifest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which plugin.
    pub id: PluginId,
    /// Which version of it.
    pub version: Version,
    /// The names of its components.
    pub components: Vec<String>,
    /// What it needs of others.
    pub requires: Vec<Requirement>,
}

/// What one plugin needs of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The other plugin.
    pub id: PluginId,
    /// Which versions of it will do.
    pub versions: VersionReq,
    /// Whether it can do without.
    pub need: Need,
}

/// A candidate that the universe did not keep, given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// The same id and version is there already; the first stays.
    #[error("{} {} is there already", .0.id, .0.version)]
    Twice(Box<Candidate>),
    /// There are too many versions of one plugin; the lowest goes.
    #[error("{} {}: expected at most {VERSIONS_MAX} versions of one plugin", .0.id, .0.version)]
    Versions(Box<Candidate>),
    /// There are too many candidates.
    #[error("{} {}: expected at most {CANDIDATES_MAX} versions of plugins in all", .0.id, .0.version)]
    Candidates(Box<Candidate>),
    /// It needs too many others.
    #[error(
        "{} {} requires {} plugins: expected at most {REQUIRES_MAX}",
        .0.id, .0.version, .0.requires.len()
    )]
    Requires(Box<Candidate>),
}

/// Every version of every plugin that could be loaded.
#[derive(Debug, Clone, Default)]
pub struct Universe {
    plugins: BTreeMap<PluginId, Vec<UniverseEntry>>,
    candidates: usize,
}

/// One version of a plugin with what is known against it.
#[derive(Debug, Clone)]
pub(crate) struct UniverseEntry {
    /// The version with all it needs.
    pub(crate) candidate: Candidate,
    /// Why it cannot be used, in words that follow 'it cannot be used:'.
    pub(crate) excluded: Option<String>,
}

impl TryFrom<&Manifest> for Candidate {
    type Error = IdError;

    /// Takes what resolution needs to know out of a manifest.
    ///
    /// # Errors
    /// When one of its ids is none; a manifest that was read has none such.
    fn try_from(manifest: &Manifest) -> Result<Self, IdError> {
        let requirement = |require: &Require| {
            Ok(Requirement {
                id: require.id.parse()?,
                versions: require.version.clone(),
                need: require.need,
            })
        };
        let known = manifest.components.iter().map(|one| one.name.clone());
        Ok(Self {
            id: manifest.id.parse()?,
            version: manifest.version.clone(),
            components: known.collect(),
            requires: manifest
                .requires
                .iter()
                .map(requirement)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Universe {
    /// A universe without plugins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one version of one plugin.
    ///
    /// # Errors
    /// Gives back what is not kept: a second candidate of the same id and version, one with too
    /// many requirements, and what exceeds a bound (of the versions of one plugin the lowest).
    pub fn add(&mut self, candidate: Candidate) -> Result<(), NotKept> {
        if candidate.requires.len() > REQUIRES_MAX {
            return Err(NotKept::Requires(Box::new(candidate)));
        }
        if self.candidates == CANDIDATES_MAX {
            return Err(NotKept::Candidates(Box::new(candidate)));
        }
        let entries = self.plugins.entry(candidate.id.clone()).or_default();
        let Err(at) = position(entries, &candidate.version) else {
            return Err(NotKept::Twice(Box::new(candidate)));
        };
        let excluded = None;
        entries.insert(
            at,
            UniverseEntry {
                candidate,
                excluded,
            },
        );
        if entries.len() > VERSIONS_MAX {
            return Err(NotKept::Versions(Box::new(entries.remove(0).candidate)));
        }
        self.candidates += 1;
        Ok(())
    }

    /// Sets a version aside, so that it is not chosen but still spoken of: a failed probe, say.
    ///
    /// `reason` follows the words 'cannot be used:'. A version that is not there is added first,
    /// which lets conflicts tell of plugins that were found but are incompatible.
    pub fn exclude(&mut self, id: &PluginId, version: &Version, reason: String) {
        let unknown = Candidate {
            id: id.clone(),
            version: version.clone(),
            components: Vec::new(),
            requires: Vec::new(),
        };
        // A refusal is either 'it is there already', which is what we want, or a bound, past which
        // there is nothing to set aside.
        let _ = self.add(unknown);
        let entries = self.plugins.entry(id.clone()).or_default();
        if let Ok(at) = position(entries, version) {
            entries[at].excluded = Some(reason);
        }
    }

    /// Every id with at least one version, in order.
    pub fn ids(&self) -> impl Iterator<Item = &PluginId> {
        let filled = self
            .plugins
            .iter()
            .filter(|(_, entries)| !entries.is_empty());
        filled.map(|(id, _)| id)
    }

    /// The versions of a plugin, lowest first; none for an unknown id.
    pub(crate) fn entries(&self, id: &PluginId) -> &[UniverseEntry] {
        self.plugins.get(id).map_or(&[], Vec::as_slice)
    }
}

/// Where a version is in the ordered list, or where it belongs.
fn position(entries: &[UniverseEntry], version: &Version) -> Result<usize, usize> {
    entries.binary_search_by(|entry| entry.candidate.version.cmp(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use segue_plugin::abi::ABI_VERSION;
    use segue_plugin::declare::{
        Capabilities, ComponentDecl, Heap, Kind, PanicStrategy, PluginDecl, Reference, RequireDecl,
        Span,
    };
    use segue_plugin::manifest::{encode, encoded_len};

    const PLUGIN: PluginDecl = PluginDecl {
        id: "acme.warmth",
        name: "Warmth",
        version: "1.4.0",
        vendor: "",
        license: "MIT",
        doc: "",
        min_host: ABI_VERSION,
        rustc: "",
        target: "",
        panic: PanicStrategy::Unwind,
        heap: Heap::Metered,
        requires: &[RequireDecl {
            id: "acme.dsp",
            version: "^1.2",
            need: Need::Optional,
        }],
        replaces: &[],
        components: &[ComponentDecl {
            kind: Kind::Processor,
            name: "tube",
            doc: "",
            params: &[],
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

    #[test]
    fn a_manifest_tells_all_that_resolution_asks() {
        let bytes: [u8; encoded_len(&PLUGIN)] = encode(&PLUGIN);
        let manifest = Manifest::read(&bytes).unwrap();
        let expected = Candidate {
            id: "acme.warmth".parse().unwrap(),
            version: Version::new(1, 4, 0),
            components: vec!["tube".to_owned()],
            requires: vec![Requirement {
                id: "acme.dsp".parse().unwrap(),
                versions: "^1.2".parse().unwrap(),
                need: Need::Optional,
            }],
        };
        assert_eq!(Candidate::try_from(&manifest), Ok(expected));
    }
}
