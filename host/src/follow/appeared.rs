//! Appeared: what follows from a library that appeared while a session runs.
//!
//! In: the library, what the session runs, and what its configuration requires. Out: the stages
//! that may go over to it by themselves; or a sentence why none may.
//!
//! Pure.

use semver::{Comparator, Op, Prerelease, Version, VersionReq};

use crate::config::model::Config;
use crate::id::PluginId;
use crate::observe::{GenerationStatus, StageStatus, Status};
use crate::swap::ask::Target;
use crate::watch::Appeared;

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Follows {
    /// Nothing: it runs already.
    Nothing,
    /// These may be swapped.
    Swaps(Vec<Target>),
    /// None may, and people should know.
    Told(String),
}

/// Of each plugin the newest that appeared.
pub(super) fn newest(libraries: Vec<Appeared>) -> Vec<Appeared> {
    let mut newest: Vec<Appeared> = Vec::new();
    for library in libraries {
        match newest.iter_mut().find(|one| one.plugin == library.plugin) {
            Some(known) if known.version < library.version => *known = library,
            Some(_) => {}
            None => newest.push(library),
        }
    }
    newest
}

/// The versions that a stage goes over to by itself, where the requirement says less: its major.
pub(super) fn same_major(version: &Version) -> VersionReq {
    let major = Comparator {
        op: Op::Exact,
        major: version.major,
        minor: None,
        patch: None,
        pre: Prerelease::EMPTY,
    };
    VersionReq {
        comparators: vec![major],
    }
}

/// What is required of a plugin.
pub(super) fn required<'c>(plugin: &PluginId, config: &'c Config) -> Option<&'c VersionReq> {
    let mut required = config.plugins.require.iter();
    let found = required.find(|(id, _)| id.value == *plugin);
    found.map(|(_, versions)| &versions.value)
}

/// What follows from a library.
pub(super) fn follows(library: &Appeared, status: &Status, config: &Config) -> Follows {
    let Appeared {
        plugin, version, ..
    } = library;
    let what = format!("{plugin} {version} appeared at {}", library.path.display());
    let used: Vec<_> = status
        .generations
        .iter()
        .filter(|one| one.plugin == plugin.as_str() && !one.stages.is_empty())
        .collect();
    if used.is_empty() {
        return Follows::Told(format!("{what}; no stage uses it"));
    }
    let content = library.content.to_string();
    if used.iter().all(|one| one.sha256 == content) {
        return Follows::Nothing;
    }
    let running: Vec<Version> = used.iter().filter_map(|one| parsed(one)).collect();
    if let Some(why) = kept_from(library, &running, required(plugin, config)) {
        return Follows::Told(format!("{what}{why}"));
    }
    targets(library, status).map_or_else(
        || {
            let text = format!("{what}; every stage of it keeps a version that somebody asked for");
            Follows::Told(text)
        },
        Follows::Swaps,
    )
}

/// Why no stage goes over to a library by itself, behind its name; `None` where some may.
fn kept_from(
    library: &Appeared,
    running: &[Version],
    required: Option<&VersionReq>,
) -> Option<String> {
    let Appeared {
        plugin, version, ..
    } = library;
    let takes = format!("`segue ctl swap --plugin {plugin}@{version}` takes it");
    if let Some(versions) = required.filter(|versions| !versions.matches(version)) {
        return Some(format!("; [plugins.require] asks for {versions}"));
    }
    if !version.pre.is_empty() && required.is_none() {
        return Some(format!("; a pre-release is never taken by itself: {takes}"));
    }
    if running.iter().all(|one| one.major != version.major) {
        let major = running.first().map_or(0, |one| one.major);
        return Some(format!(
            "; another major than {major} is never taken by itself: {takes}"
        ));
    }
    if running.iter().all(|one| one > version) {
        let newest = running.iter().max().unwrap_or(version);
        return Some(format!(", older than {newest} that runs: {takes}"));
    }
    None
}

fn parsed(generation: &GenerationStatus) -> Option<Version> {
    generation.version.parse().ok()
}

/// The stages that may go over: all as one change where nothing keeps one of them.
fn targets(library: &Appeared, status: &Status) -> Option<Vec<Target>> {
    let is_own = |stage: &&StageStatus| {
        let plugin = stage.component.split('/').next();
        plugin == Some(library.plugin.as_str())
    };
    let own: Vec<_> = status.stages.iter().filter(is_own).collect();
    let free: Vec<_> = own
        .iter()
        .filter(|stage| may(stage, library, status))
        .collect();
    if free.len() == own.len() {
        return Some(vec![Target::Plugin(library.plugin.clone())]);
    }
    let stages = free.iter().filter_map(|stage| stage.id.parse().ok());
    let targets: Vec<_> = stages.map(Target::Stage).collect();
    (!targets.is_empty()).then_some(targets)
}

/// Whether a stage may go over: it runs the same major, and nobody asked for another version.
fn may(stage: &StageStatus, library: &Appeared, status: &Status) -> bool {
    let version = &library.version;
    let major = stage.version.parse::<Version>();
    let key = format!("{}.version", stage.id);
    let mut asked = status.overrides.iter().filter(|one| one.key == key);
    let is_kept = asked.any(|one| {
        let versions: Result<VersionReq, _> = one.value.trim_matches('"').parse();
        versions.is_ok_and(|versions| !versions.matches(version))
    });
    !is_kept && major.is_ok_and(|running| running.major == version.major)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::discovery::ContentHash;
    use crate::observe::{Pace, PriorityReport, SessionState, StageCondition, Stalls};

    /// Another content for another version.
    fn content(version: &str) -> ContentHash {
        let mut bytes = [0; 32];
        for (byte, of) in bytes.iter_mut().zip(version.bytes()) {
            *byte = of;
        }
        ContentHash(bytes)
    }

    fn library(version: &str) -> Appeared {
        Appeared {
            path: PathBuf::from("a.so"),
            plugin: "acme.warmth".parse().unwrap(),
            version: version.parse().unwrap(),
            content: content(version),
        }
    }

    /// A session in which one stage runs such a version.
    fn status(version: &str) -> Status {
        let generation = GenerationStatus {
            plugin: "acme.warmth".to_owned(),
            version: version.to_owned(),
            sha256: library(version).content.to_string(),
            bytes: 1,
            stages: vec!["tube".to_owned()],
        };
        let stage = StageStatus {
            id: "tube".to_owned(),
            component: "acme.warmth/tube".to_owned(),
            version: version.to_owned(),
            state: StageCondition::Heard,
            latency_frames: 0,
            params: Vec::new(),
            outputs: Vec::new(),
            rollback: None,
            pending: None,
        };
        Status {
            session: String::new(),
            config: String::new(),
            state: SessionState::Running,
            pace: Pace::RealTime,
            position_frames: 0,
            frames: None,
            sample_rate_hz: 48_000,
            latency_frames: 0,
            reserve_frames: 0,
            late_blocks: 0,
            lateness: None,
            stalls: Stalls::default(),
            waiting: None,
            priority: PriorityReport::default(),
            stages: vec![stage],
            overrides: Vec::new(),
            receipts: Vec::new(),
            generations: vec![generation],
        }
    }

    /// What follows where one version runs and another appears; a word of it where none is taken.
    fn check(running: &str, appears: &str, require: &str, expected: &str) {
        let text =
            format!("{require}\n[[stage]]\nid = \"tube\"\ncomponent = \"acme.warmth/tube\"\n");
        let config = crate::config::parse(&text, Path::new("a.toml"), &[]).unwrap();
        let found = match follows(&library(appears), &status(running), &config) {
            Follows::Nothing => "nothing".to_owned(),
            Follows::Swaps(targets) => format!("{targets:?}"),
            Follows::Told(text) => text,
        };
        assert!(found.contains(expected), "{running} {appears}: {found}");
    }

    #[test]
    fn a_newer_version_of_the_same_major_is_taken_and_another_is_told_of() {
        check("1.0.0", "1.1.0", "", "Plugin(");
        check("1.0.0", "1.0.0", "", "nothing");
        check("1.0.0", "2.0.0", "", "another major than 1");
        check("1.1.0", "1.0.0", "", "older than 1.1.0 that runs");
        check("1.0.0", "1.1.0-rc.1", "", "a pre-release");
        let required =
            |versions: &str| format!("[plugins.require]\n\"acme.warmth\" = \"{versions}\"");
        check("1.0.0", "1.1.0", &required("~1.0"), "asks for ~1.0");
        check("1.0.0", "1.1.0", &required("1"), "Plugin(");
        check("1.0.0", "1.1.0-rc.1", &required("1.1.0-rc.1"), "Plugin(");
        check("1.0.0", "2.0.0", &required(">=1"), "another major than 1");
    }

    #[test]
    fn of_several_versions_the_newest_counts() {
        let found = newest(["1.0.0", "1.2.0", "1.1.0"].map(library).to_vec());
        assert_eq!(found, [library("1.2.0")]);
    }
}
