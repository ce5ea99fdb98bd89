//! Stories: real libraries in a folder, what runs of them, and what it is changed to.
//!
//! In: files as they come, change and go. Out: the versions and contents that stages get, or the
//! whole sentence that says why not.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use segue_media::audio::Buffer;
use segue_plugin::declare::Layout;
use segue_plugin::setup::{Format, Mode};
use tempfile::TempDir;

use crate::admission::tests::rig::{HELPER, entry};
use crate::admission::tests::specimen::version;
use crate::admission::{Admission, AdmissionFolders};
use crate::config::model::Config;
use crate::config::parse;
use crate::config::words::SwapState;
use crate::discovery::{FolderOrigin, SearchPlan};
use crate::observe::NoSink;
use crate::session::candidate::rehearse::NoHandoff;
use crate::session::candidate::{
    CurrentStage, Implementation, Past, PrepareRequest, Prepared, ResolveRequest, ResolveScope,
    Resolved, ResolvedStage, Sameness, Saved, StageRequest, ValueOrigin, generations, prepare,
    resolve,
};
use crate::session::instance::{OpenLibrary, Placement, Recipe};
use crate::session::open::Opener;

/// A host with a folder of plugins, and the stages that run.
struct Host {
    folder: TempDir,
    opener: Opener,
    current: Vec<CurrentStage>,
    require: Vec<(&'static str, &'static str)>,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("plugins")).unwrap();
        let mut plan = SearchPlan::default();
        plan.add(&at("plugins"), FolderOrigin::Argument);
        let places = AdmissionFolders {
            store: at("store"),
            cache: at("cache"),
            state: at("state"),
        };
        let admission = Admission::new(places, Some(entry(HELPER)), Arc::new(NoSink));
        Self {
            opener: Opener::new(plan, None, admission),
            folder,
            current: Vec::new(),
            require: Vec::new(),
        }
    }

    fn install(&self, name: &str, library: &[u8]) {
        let plugins = self.folder.path().join("plugins");
        let new = plugins.join("new");
        fs::write(&new, library).unwrap();
        fs::rename(new, plugins.join(name)).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join("plugins").join(name)).unwrap();
    }

    fn ask(&self, scope: ResolveScope) -> Result<Resolved, String> {
        let require = self.require.iter();
        let require =
            require.map(|(id, versions)| (id.parse().unwrap(), versions.parse().unwrap()));
        let request = ResolveRequest {
            scope,
            current: self.current.clone(),
            others: Vec::new(),
            require: require.collect(),
            search: None,
        };
        resolve(&self.opener, &request).map_err(|refused| refused.to_string())
    }

    /// Asks for stages: `a acme.specimen/part`, `a acme.specimen/part =1.0.0`.
    fn stages(&self, stages: &[&str]) -> Result<Resolved, String> {
        let wish = |text: &&str| {
            let words: Vec<_> = text.split_whitespace().collect();
            StageRequest {
                stage: words[0].to_owned(),
                component: words[1].parse().unwrap(),
                versions: words.get(2).map(|versions| versions.parse().unwrap()),
            }
        };
        self.ask(ResolveScope::Stages(stages.iter().map(wish).collect()))
    }

    fn plugin(&self, id: &str, versions: Option<&str>) -> Result<Resolved, String> {
        self.ask(ResolveScope::Plugin {
            id: id.parse().unwrap(),
            versions: versions.map(|versions| versions.parse().unwrap()),
        })
    }

    /// What was found runs from now on.
    fn run(&mut self, resolved: &Resolved) {
        for found in &resolved.stages {
            self.current.retain(|one| one.stage != found.stage);
            self.current.push(CurrentStage {
                stage: found.stage.clone(),
                component: found.component.clone(),
                library: Some(found.library.clone()),
            });
        }
    }
}

/// `a acme.specimen/part 1.0.0`, and `as before` where it is what runs.
fn told(answer: &Result<Resolved, String>) -> String {
    let stage = |found: &ResolvedStage| {
        let version = &found.library.generation.manifest().version;
        let same = match found.sameness {
            Sameness::Same => " as before",
            Sameness::Other => "",
        };
        format!("{} {} {version}{same}", found.stage, found.component)
    };
    match answer {
        Ok(resolved) => resolved
            .stages
            .iter()
            .map(stage)
            .collect::<Vec<_>>()
            .join(", "),
        // A panic is told with its place in the source, which is another one wherever it is built.
        Err(text) => text.split(" (/").next().unwrap().to_owned(),
    }
}

/// A host whose one stage runs version 1.0.0.
fn running(behaviour: &str) -> Host {
    let mut host = Host::new();
    host.install("a.so", &version("1.0.0", "", behaviour));
    let first = host.stages(&["a acme.specimen/part"]);
    assert_eq!(told(&first), "a acme.specimen/part 1.0.0");
    host.run(&first.unwrap());
    host
}

#[test]
fn a_library_that_appears_is_taken_within_the_major_that_runs() {
    let host = running("healthy major");
    host.install("b.so", &version("1.1.0", "", "healthy major"));
    host.install("c.so", &version("2.0.0", "", "healthy major"));
    let told = |stage| told(&host.stages(&[stage]));
    assert_eq!(told("a acme.specimen/part"), "a acme.specimen/part 1.1.0");
    assert_eq!(
        told("a acme.specimen/part =1.0.0"),
        "a acme.specimen/part 1.0.0 as before"
    );
    assert_eq!(told("a acme.specimen/part 2"), "a acme.specimen/part 2.0.0");
}

#[test]
fn what_the_operator_requires_holds_whatever_is_asked() {
    let mut host = running("healthy require");
    host.install("c.so", &version("2.0.0", "", "healthy require"));
    host.require.push(("acme.specimen", "^1"));
    assert_eq!(
        told(&host.stages(&["a acme.specimen/part 2"])),
        "stage `a` uses acme.specimen/part ^2, but [plugins.require] allows only acme.specimen ^1, \
         which rules out 2.0.0: that leaves no version of acme.specimen (found: 1.0.0 and 2.0.0)"
    );
    host.require = vec![("acme.specimen", ">=1")];
    assert_eq!(
        told(&host.stages(&["a acme.specimen/part"])),
        "a acme.specimen/part 2.0.0"
    );
}

#[test]
fn a_file_that_changed_at_its_path_is_newer_and_one_that_is_gone_can_be_had_again() {
    let host = running("healthy path");
    let ask = || host.stages(&["a acme.specimen/part"]);
    assert_eq!(told(&ask()), "a acme.specimen/part 1.0.0 as before");
    host.remove("a.so");
    assert_eq!(told(&ask()), "a acme.specimen/part 1.0.0 as before");
    host.install("a.so", &version("1.0.0", "", "healthy path-2"));
    assert_eq!(told(&ask()), "a acme.specimen/part 1.0.0");
}

#[test]
fn a_new_version_that_fails_its_probe_is_the_refusal_and_nothing_older_comes_instead() {
    let mut host = running("healthy probe");
    host.install("b.so", &version("1.1.0", "", "process-panic probe"));
    let text = "acme.specimen 1.1.0 cannot be used: it panicked while processing \
                acme.specimen/part: no sound";
    assert_eq!(told(&host.stages(&["a acme.specimen/part"])), text);
    // 1.2.0 runs, its file is one that fails, and 1.0.0 still lies there.
    host.install("c.so", &version("1.2.0", "", "healthy probe"));
    let newest = host.stages(&["a acme.specimen/part"]).unwrap();
    host.run(&newest);
    host.install("c.so", &version("1.2.0", "", "process-fault probe"));
    host.install("c.so", &version("1.2.0", "", "activate-panic probe"));
    let found = told(&host.stages(&["a acme.specimen/part"]));
    assert!(
        found.starts_with("acme.specimen 1.2.0 cannot be used: it panicked while activating"),
        "{found}"
    );
    // Whoever names it gets it.
    let named = host.stages(&["a acme.specimen/part =1.0.0"]);
    assert_eq!(told(&named), "a acme.specimen/part 1.0.0");
}

#[test]
fn of_two_new_versions_the_one_that_works_is_taken_and_the_other_told() {
    let host = running("healthy two");
    host.install("b.so", &version("1.1.0", "", "healthy two"));
    host.install("c.so", &version("1.2.0", "", "activate-panic two"));
    let found = host.stages(&["a acme.specimen/part"]);
    assert_eq!(told(&found), "a acme.specimen/part 1.1.0");
    let rejected = found.unwrap().rejected.join("|");
    assert!(
        rejected.starts_with("acme.specimen 1.2.0 cannot be used: it panicked while activating"),
        "{rejected}"
    );
}

#[test]
fn dependents_come_along_after_what_they_use_and_keep_their_versions() {
    let mut host = running("healthy chain");
    host.install("d.so", &version("1.0.0", "dependent", "healthy chain"));
    let both = host.stages(&["d acme.dependent/part", "a acme.specimen/part"]);
    assert_eq!(
        told(&both),
        "a acme.specimen/part 1.0.0 as before, d acme.dependent/part 1.0.0"
    );
    host.run(&both.unwrap());
    host.install("b.so", &version("1.1.0", "", "healthy chain"));
    host.install("e.so", &version("1.1.0", "dependent", "healthy chain"));
    let all = host.plugin("acme.specimen", None);
    assert_eq!(
        told(&all),
        "a acme.specimen/part 1.1.0, d acme.dependent/part 1.0.0"
    );
    let all = all.unwrap();
    let [provider, dependent] = &all.stages[..] else {
        panic!("two stages are reached");
    };
    let contents = dependent.library.providers.contents();
    assert_eq!(contents, [provider.library.generation.hash()]);
    let steps: Vec<_> = all.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, ["resolve", "probe", "open"]);
    // Only one of them is asked for: the other keeps what it has.
    assert_eq!(
        told(&host.stages(&["a acme.specimen/part"])),
        "a acme.specimen/part 1.1.0"
    );
    // A plugin that no stage is of, but that one uses.
    host.current.retain(|one| one.stage == "d");
    assert_eq!(
        told(&host.plugin("acme.specimen", Some("=1.1.0"))),
        "d acme.dependent/part 1.0.0"
    );
    assert_eq!(
        told(&host.plugin("acme.specimen", Some("=3.0.0"))),
        "the change that was asked for uses acme.specimen =3.0.0: acme.specimen was found only as \
         1.0.0 and 1.1.0"
    );
    assert_eq!(
        told(&host.plugin("acme.nobody", None)),
        "no stage of this session uses acme.nobody"
    );
}

#[test]
fn past_their_number_no_further_library_is_opened() {
    let host = running("healthy limit");
    host.opener.search(|_, admission| admission.limit(0));
    assert_eq!(
        told(&host.stages(&["a acme.specimen/part"])),
        "a acme.specimen/part 1.0.0 as before"
    );
    host.install("b.so", &version("1.1.0", "", "healthy limit"));
    let text = told(&host.stages(&["a acme.specimen/part"]));
    assert!(
        text.ends_with(
            "1 different libraries are wanted at once, expected at most 0: a process maps no more; \
             use fewer of them"
        ),
        "{text}"
    );
}

#[test]
fn status_tells_which_stages_a_library_fills() {
    let mut host = running("healthy status");
    host.install("d.so", &version("1.0.0", "dependent", "healthy status"));
    let dependent = host.stages(&["d acme.dependent/part"]).unwrap();
    host.run(&dependent);
    let hash = |stage: usize| {
        host.current[stage]
            .library
            .as_ref()
            .unwrap()
            .generation
            .hash()
    };
    let stages = |hash: String| {
        let all = generations(&host.current).into_iter();
        let mut found = all.filter(|status| status.sha256 == hash);
        let found = found.next().unwrap();
        assert!(found.bytes > 0);
        found.stages
    };
    assert_eq!(stages(hash(0).to_string()), ["a", "d"]);
    assert_eq!(stages(hash(1).to_string()), ["d"]);
}

/// Nothing but silence went in: so much of it.
struct Silence(u64);

impl Past for Silence {
    fn begin_frames(&self) -> u64 {
        0
    }

    fn first_frames(&self) -> u64 {
        0
    }

    fn end_frames(&self) -> u64 {
        self.0
    }

    fn read(&mut self, _: u64, _: usize, _: &mut Buffer, _: &mut [Buffer]) -> bool {
        true
    }
}

fn config(text: &str) -> Arc<Config> {
    parse(text, Path::new("test.toml"), &[]).unwrap().into()
}

/// How an instance of a real library is made, for tests of who changes it.
pub(in crate::session) fn recipe(behaviour: &str) -> Recipe {
    let host = running(behaviour);
    let found = host.stages(&["a acme.specimen/part"]);
    let found = found.unwrap().stages.remove(0);
    let prepared = prepared(&host, &config(STAGE), &found, ValueOrigin::Own).unwrap();
    let recipe = prepared.recipe.clone().unwrap();
    prepared.end();
    recipe
}

/// Prepares a stage of this configuration, at the pace of the stream.
fn prepared(
    host: &Host,
    config: &Arc<Config>,
    found: &ResolvedStage,
    values: ValueOrigin,
) -> Result<Prepared, String> {
    let format = Format {
        sample_rate_hz: 48_000,
        layout: Layout::STEREO,
    };
    let placement = Placement {
        layout_out: Some(Layout::STEREO),
        ..Placement::new(format, 128, Mode::RealTime)
    };
    let prepare_request = |old| PrepareRequest {
        stage: "a".to_owned(),
        implementation: Implementation::Component {
            found: found.clone(),
            part: config.stages[0].part.clone(),
            values,
        },
        config: Arc::clone(config),
        placement: placement.clone(),
        old,
        state: SwapState::Handoff,
        past: Some(Box::new(Silence(10_000))),
        replayed: None,
    };
    let OpenLibrary { generation, .. } = host.current[0].library.clone().unwrap();
    let before = ResolvedStage {
        library: host.current[0].library.clone().unwrap(),
        ..found.clone()
    };
    // What runs was made with defaults.
    let mut old = prepare_request(None);
    if let Implementation::Component { found, values, .. } = &mut old.implementation {
        (*found, *values) = (before, ValueOrigin::OfAnother);
    }
    let old = prepare(old).map_err(|refused| refused.to_string())?;
    let recipe = old.recipe.clone().unwrap();
    assert_eq!(recipe.bound.version, generation.manifest().version);
    old.end();
    prepare(prepare_request(Some(recipe))).map_err(|refused| refused.to_string())
}

const STAGE: &str = "[[stage]]\nid = \"a\"\ncomponent = \"acme.specimen/part\"\n";

#[test]
fn the_same_component_hands_its_state_over() {
    let host = running("healthy state");
    host.install("b.so", &version("1.1.0", "", "healthy state"));
    let found = host
        .stages(&["a acme.specimen/part"])
        .unwrap()
        .stages
        .remove(0);
    let prepared = prepared(&host, &config(STAGE), &found, ValueOrigin::Own).unwrap();
    assert_eq!(prepared.handoff_bytes, Ok(8));
    assert_eq!(
        prepared
            .primed
            .as_ref()
            .map(|primed| (primed.to_frames, primed.frames)),
        Some((10_000, 4_800))
    );
    assert_eq!(prepared.identity.version, "1.1.0");
    assert_eq!(prepared.notes, [""; 0]);
    // It has heard what it was primed with, and neither silence nor a rehearsal.
    let mut state = [0; 8];
    assert!(
        prepared
            .made
            .occupant
            .processor
            .save_state(&mut state)
            .is_ok()
    );
    assert_eq!(u64::from_le_bytes(state), 4_800);
    prepared.end();
}

#[test]
fn a_state_of_an_older_schema_is_migrated_or_leaves_no_mark() {
    let host = running("healthy migrate");
    let saved = |bytes: &[u8]| Saved {
        schema: 1,
        bytes: bytes.to_vec(),
        at_frames: 9_000,
    };
    let heard = |prepared: &Prepared| {
        let mut state = [0; 16];
        assert!(
            prepared
                .made
                .occupant
                .processor
                .save_state(&mut state)
                .is_ok()
        );
        u64::from_le_bytes(*state.first_chunk().unwrap())
    };
    let newer = |behaviour| {
        host.install("b.so", &version("1.1.0", "schema2", behaviour));
        let found = host
            .stages(&["a acme.specimen/part"])
            .unwrap()
            .stages
            .remove(0);
        let prepared = prepared(&host, &config(STAGE), &found, ValueOrigin::Own).unwrap();
        let why = NoHandoff::OlderSchema { old: 1, new: 2 };
        assert_eq!(prepared.handoff_bytes, Err(why));
        assert_eq!(prepared.migrates_from, Some(1));
        prepared
    };
    let seven = 7u64.to_le_bytes();
    let migrated = newer("healthy migrate").migrate(saved(&seven), Box::new(Silence(10_000)));
    let migrated = migrated.unwrap();
    assert_eq!(heard(&migrated), 7 + 1_000);
    assert_eq!(
        migrated
            .primed
            .as_ref()
            .map(|primed| (primed.to_frames, primed.frames)),
        Some((10_000, 1_000))
    );
    migrated.end();
    for (behaviour, bytes, text) in [
        (
            "healthy migrate",
            &seven[1..],
            "the state of schema 1 was not taken: 7 bytes of schema 1",
        ),
        (
            "migrate-junk migrate",
            &seven[..],
            "the state of schema 1 was turned into one that it does not read: no state of mine",
        ),
        (
            "migrate-panic migrate",
            &seven[..],
            "the state of schema 1 was not taken: panicked: no way",
        ),
    ] {
        let (kept, why) = newer(behaviour)
            .migrate(saved(bytes), Box::new(Silence(10_000)))
            .unwrap_err();
        let expected = format!("acme.specimen/part 1.1.0: {text}");
        assert!(why.starts_with(&expected), "{why}");
        assert_eq!(heard(&kept), 4_800, "{behaviour}");
        kept.end();
    }
}

#[test]
fn values_are_held_to_the_new_manifest() {
    let host = running("healthy values");
    host.install("b.so", &version("1.1.0", "", "healthy values"));
    let found = host
        .stages(&["a acme.specimen/part"])
        .unwrap()
        .stages
        .remove(0);
    let config = config(&format!(
        "{STAGE}params = {{ gain_db = 3.0, drive = 1.0 }}\n"
    ));
    assert_eq!(
        prepared(&host, &config, &found, ValueOrigin::Own).unwrap_err(),
        "gain_db is 3 dB, expected -60 to 0 dB; expected -60 to 0 dB\n\
         part has no parameter `drive`; expected `gain_db`"
    );
    let prepared = prepared(&host, &config, &found, ValueOrigin::OfAnother).unwrap();
    assert_eq!(
        prepared.notes,
        [
            "acme.specimen/part has no parameter drive; the file's value was ignored",
            "acme.specimen/part does not take the file's value of gain_db; its default is used",
        ]
    );
    prepared.end();
}

#[test]
fn what_takes_memory_on_each_new_thread_is_found_out() {
    let host = running("healthy warm");
    host.install("b.so", &version("1.1.0", "", "process-warm warm"));
    let found = host
        .stages(&["a acme.specimen/part"])
        .unwrap()
        .stages
        .remove(0);
    assert_eq!(
        prepared(&host, &config(STAGE), &found, ValueOrigin::Own).unwrap_err(),
        "acme.specimen/part 1.1.0: it made 1 heap calls in its first calls on a new thread; what \
         the audio thread runs makes none: it may enter a session off line, or be there at its start"
    );
}
