//! A configuration edited at random under a running session, again and again: never a crash;
//! either an explanation and the old graph, or the new graph.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::collections::BTreeMap;
use std::path::Path;

use segue::config::overrides::Wish;
use segue::config::{Config, Overrides, diff, save};
use segue::observe::Who;
use segue_tests::build::test_plugin;
use segue_tests::desk::Desk;
use segue_tests::mutate::mutate;
use segue_tests::script::{Changes, Run, Script};
use segue_tests::wav;

/// What is edited: branches, latencies, gains, what is heard on failure. None of it remembers for
/// long, and a constant that goes in comes out as a constant.
const GOOD: &str = r#"# What is edited at random.
[pipeline]
name = "edited"

[host]
reload = "manual"

[plugins.require]
"test.provider" = "1"

[[stage]]
id = "a"
component = "test.provider/scale"
params = { more = 1.5 }
on_error = "bypass"

[[stage]]
id = "b"
component = "test.provider"
params = { more = 0.5 }
swap = { fade = "5ms", state = "handoff" }

[[stage]]
id = "c"
component = "test.late/short"
after = ["a"]

[[stage]]
id = "d"
component = "test.through"
after = ["b", "c"]
"#;

/// The level that goes in, on one channel.
const LEVEL: f32 = 0.125;

/// How many frames lie between two edits: odd, and enough for everything to have faded.
const DISTANCE_FRAMES: usize = 14_401;

/// How many edits are made in one run.
const EDITS: u64 = 500;

/// Of how many accepted edits in a run the level is compared with a run of that file alone.
const COMPARED: usize = 10;

/// The frames before the next edit that have to be at rest.
const REST_FRAMES: usize = 200;

/// The most latency that edits may add up to: by so much earlier a change is heard in a file, out
/// of which the latency is taken.
const LATENCY_FRAMES_MAX: usize = 4_000;

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// Nothing changed, since nothing that counts was edited or it was refused.
    Old,
    /// It was taken.
    New,
}

fn script(frames: usize, tables: &str) -> Script {
    let desk = Desk::new();
    let plugins = ["provider-1", "late", "through"];
    desk.install(plugins.map(test_plugin));
    Script::new(desk, vec![vec![LEVEL; frames]], tables)
}

/// What became of each edit, by the line of the script that its receipts name.
fn fates(run: &Run, changes: &str) -> Vec<Fate> {
    let lines = changes.lines().enumerate();
    let tables = lines.filter(|(_, line)| *line == "[[change]]");
    let lines: BTreeMap<usize, usize> = tables
        .enumerate()
        .map(|(edit, (line, _))| (line + 1, edit))
        .collect();
    let mut fates = vec![Fate::Old; lines.len()];
    for receipt in run.receipts() {
        let who = receipt["cause"]["who"].as_str().unwrap();
        let line: usize = who.rsplit(' ').next().unwrap().parse().unwrap();
        let edit = *lines.get(&line).unwrap_or_else(|| panic!("{receipt:#}"));
        if receipt["verdict"] == "done" {
            fates[edit] = Fate::New;
        } else {
            let reasons = receipt["reasons"].as_array().unwrap();
            assert!(!reasons.is_empty(), "no explanation: {receipt:#}");
        }
    }
    fates
}

/// The level that a file comes to on its own, if it can be run.
fn level_alone(tables: &str) -> Option<f32> {
    let script = script(4 * DISTANCE_FRAMES, tables);
    let arguments = ["run", "in.wav", "out.wav", "--overwrite"];
    let answer = script.desk.segue(arguments);
    let output = script.desk.path("out.wav");
    (answer.code == Some(0)).then(|| *wav::read(&output)[0].last().unwrap())
}

/// A run in which the file is edited again and again.
fn check(first_seed: u64) {
    let edits = EDITS as usize;
    let script = script((edits + 1) * DISTANCE_FRAMES, GOOD);
    let texts: Vec<_> = (0..EDITS).map(|at| mutate(GOOD, first_seed + at)).collect();
    let mut changes = Changes::new();
    for (at, text) in texts.iter().enumerate() {
        let name = format!("edit-{at}.toml");
        let action = format!("edit = {{ config = \"{name}\" }}");
        changes = changes.at((at + 1) * DISTANCE_FRAMES, &action);
        script.desk.write(&name, text);
    }
    let run = script.changed(&changes);
    assert!(
        matches!(run.answer.code, Some(0 | 4)),
        "seed {first_seed}: {}",
        run.answer.err
    );
    assert_eq!(run.report["complete"], true);
    let output = &run.output[0];
    assert_eq!(output.len(), (edits + 1) * DISTANCE_FRAMES);
    assert!(output.iter().all(|sample| sample.is_finite()));
    let latency = run.report["stream"]["latency_frames"].as_u64().unwrap();
    assert!(latency <= LATENCY_FRAMES_MAX as u64, "{latency}");
    let fates = fates(&run, changes.text());
    let rest = |segment: usize| {
        let end = (segment + 1) * DISTANCE_FRAMES - LATENCY_FRAMES_MAX;
        let part = &output[end - REST_FRAMES..end];
        let is_at_rest = part.iter().all(|sample| *sample == part[0]);
        let text = segment.checked_sub(1).map_or(GOOD, |edit| &texts[edit]);
        let (first, last) = (part[0], part[REST_FRAMES - 1]);
        assert!(
            is_at_rest,
            "seed {first_seed}, segment {segment}: {first} to {last} after\n{text}"
        );
        part[0]
    };
    let mut compared = 0;
    for (at, (fate, text)) in fates.iter().zip(&texts).enumerate() {
        let seed = first_seed + at as u64;
        let (before, after) = (rest(at), rest(at + 1));
        if segue::config::parse(text, Path::new("plugins.toml"), &[]).is_err() {
            assert_eq!(*fate, Fate::Old, "seed {seed} is wrong:\n{text}");
        }
        match fate {
            Fate::Old => assert_eq!(before, after, "seed {seed} was refused:\n{text}"),
            Fate::New if compared < COMPARED => {
                compared += 1;
                let alone = level_alone(text);
                assert_eq!(Some(after), alone, "seed {seed} was taken:\n{text}");
            }
            Fate::New => {}
        }
    }
    let taken = fates.iter().filter(|fate| **fate == Fate::New).count();
    assert!(
        taken > edits / 50 && taken < edits * 49 / 50,
        "{taken} of {edits} were taken: the edits are no mixture"
    );
    // Every refusal of a wrong file was explained with its place.
    let explained = run.answer.err.matches("--> ").count();
    assert!(explained > edits / 20, "{}", run.answer.err);
}

/// Ten thousand edits, in as many tests as run beside each other.
macro_rules! edits {
    ($($name:ident: $from:literal,)*) => {
        $(
            #[test]
            fn $name() {
                for run in 0..5 {
                    check($from + run * EDITS);
                }
            }
        )*
    };
}

edits! {
    edits_0_to_2499_are_explained_or_taken: 0,
    edits_2500_to_4999_are_explained_or_taken: 2_500,
    edits_5000_to_7499_are_explained_or_taken: 5_000,
    edits_7500_to_9999_are_explained_or_taken: 7_500,
}

#[test]
fn most_kinds_of_mistakes_are_among_the_edits() {
    let parse = |seed| segue::config::parse(&mutate(GOOD, seed), Path::new("plugins.toml"), &[]);
    let good = (0..10_000).filter(|seed| parse(*seed).is_ok()).count();
    assert!((1_000..9_000).contains(&good), "{good}");
}

/// Overrides of the stages that are edited.
fn overridden(file: &Config) -> Overrides {
    let mut overrides = Overrides::default();
    for (key, value) in [
        ("a.params.more", "1.25"),
        ("b.params.more", "0.75"),
        ("c.component", "test.late/none"),
        ("a.version", "=1.0.0"),
    ] {
        let wish = Wish {
            key: key.parse().unwrap(),
            value: value.to_owned(),
            who: Who::Program {
                name: "ada".to_owned(),
            },
            when: String::new(),
            why: String::new(),
        };
        overrides.set(file, wish).unwrap();
    }
    overrides
}

#[test]
fn an_edit_that_reads_is_planned_or_explained_and_can_be_saved_into() {
    let parse = |text: &str| segue::config::parse(text, Path::new("plugins.toml"), &[]);
    let running = parse(GOOD).unwrap();
    let overrides = overridden(&running);
    let (mut edited, mut fixed) = (0, 0);
    for seed in 0..1_000 {
        let text = mutate(GOOD, seed);
        let saved = save(&text, &overrides);
        let Ok(config) = parse(&text) else {
            continue;
        };
        assert_eq!(diff(&config, &config).unwrap(), []);
        match diff(&running, &config) {
            Ok(_) => edited += 1,
            Err(mistakes) => fixed += usize::from(!mistakes.is_empty()),
        }
        overrides.clone().on_reload(&running, &config);
        let written = saved.unwrap().text;
        // A value that the file has no place for any more is told before it is saved.
        let is_read = parse(&written).is_ok() || overrides.apply(&config).is_err();
        assert!(is_read, "{seed}\n{written}");
    }
    assert!(edited > 20 && fixed > 0, "{edited} edited, {fixed} fixed");
}
