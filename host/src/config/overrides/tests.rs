//! Who wins: every step of a random walk against a small model of it.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::config::model::Config;
use crate::config::overrides::{OverrideKey, Overrides, Reset, ValueRefused, Wish};
use crate::config::parse;
use crate::config::render::Color;
use crate::config::save::save;
use crate::config::values::Scalar;
use crate::id::StageId;
use crate::observe::{Rank, Who};

const FILE: &str = "[plugins.require]\n\"a.b\" = \"1\"\n\
    [[stage]]\nid = \"eq\"\ncomponent = \"a.b/c\"\nparams = { gain_db = 1, band = [{ q = 1 }] }\n";

fn read(text: &str) -> Config {
    match parse(text, Path::new("f.toml"), &[]) {
        Ok(config) => config,
        Err(mistakes) => panic!("{}\n{text}", mistakes.render(Color::Plain, 100)),
    }
}

fn wish(key: &str, value: &str, rank: Rank) -> Wish {
    Wish {
        key: key.parse().unwrap(),
        value: value.to_owned(),
        who: match rank {
            Rank::Human => Who::Program {
                name: "ada".to_owned(),
            },
            Rank::Engine => Who::Decision {
                id: "guard".to_owned(),
            },
        },
        when: "2026-11-20T16:44:15Z".to_owned(),
        why: String::new(),
    }
}

/// What is held after wishes of people, as `key=value`; or what the last one was answered with.
fn set(wishes: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let mut overrides = Overrides::default();
    for (key, value) in wishes {
        let wish = wish(key, value, Rank::Human);
        overrides
            .set(&read(FILE), wish)
            .map_err(|refused| refused.to_string())?;
    }
    Ok(held(&overrides))
}

fn held(overrides: &Overrides) -> Vec<String> {
    let held = overrides.iter();
    held.map(|held| format!("{}={}", held.key, held.value))
        .collect()
}

fn check(wishes: &[(&str, &str)], expected: Result<&[&str], &str>) {
    let expected = expected.map(|list| list.iter().map(|text| (*text).to_owned()).collect());
    assert_eq!(set(wishes), expected.map_err(str::to_owned));
}

#[test]
fn a_key_that_is_too_long_is_none() {
    let key = format!("eq.params.{}", "x".repeat(10_000));
    assert!(key.parse::<OverrideKey>().is_err());
}

#[test]
fn a_text_that_would_steer_a_terminal_is_written_in_plain_letters() {
    let told = crate::config::overrides::value("a\u{1b}b");
    assert_eq!(told, "\"a\\u001Bb\"");
}

#[test]
fn a_value_is_held_as_the_file_would_have_it() {
    check(
        &[("eq.params.gain_db", "-6")],
        Ok(&["eq.params.gain_db=-6"]),
    );
    check(
        &[("eq.params.gain_db", " 0x10 ")],
        Ok(&["eq.params.gain_db=0x10"]),
    );
    check(
        &[("eq.params.type", "high-pass")],
        Ok(&["eq.params.type=\"high-pass\""]),
    );
    check(
        &[("eq.params.type", "\"6\"")],
        Ok(&["eq.params.type=\"6\""]),
    );
    check(
        &[("eq.params.type", "'a\"\\'")],
        Ok(&["eq.params.type=\"a\\\"\\\\\""]),
    );
    check(&[("eq.component", "a.b")], Ok(&["eq.component=\"a.b\""]));
    check(&[("eq.version", "1.2")], Ok(&["eq.version=\"1.2\""]));
    check(&[("eq.version", "=1.2.0")], Ok(&["eq.version=\"=1.2.0\""]));
    check(&[("eq.bypass", "true"), ("eq.bypass", "false")], Ok(&[]));
}

#[test]
fn the_newest_of_a_key_is_held_and_stands_last() {
    check(
        &[
            ("eq.params.q", "1"),
            ("eq.bypass", "true"),
            ("eq.params.q", "2"),
        ],
        Ok(&["eq.bypass=true", "eq.params.q=2"]),
    );
    check(
        &[
            ("eq.component", "a.b"),
            ("eq.version", "1"),
            ("eq.component", "a.c"),
        ],
        Ok(&["eq.component=\"a.c\""]),
    );
}

#[test]
fn what_is_no_value_is_refused_and_said_why() {
    for (key, value, expected) in [
        (
            "eqq.bypass",
            "true",
            "`eqq` is unknown, expected the id of a stage, did you mean `eq`?",
        ),
        (
            "eq.bypass",
            "1",
            "`eq.bypass` cannot be `1`: expected `true` or `false`",
        ),
        (
            "eq.params.gain_db",
            "nan",
            "`eq.params.gain_db` cannot be `nan`: it is not a finite number",
        ),
        (
            "eq.params.gain_db",
            "1e999",
            "`eq.params.gain_db` cannot be `1e999`: it is not a finite number",
        ),
        ("eq.params.band", "1", ""),
        (
            "eq.params.band.0.q",
            "1",
            "`eq.params.band.0.q` cannot be `1`: `0` is no number of a group's table, expected 1 or more",
        ),
        (
            "eq.params.gain_db.1.q",
            "1",
            "`eq.params.gain_db.1.q` cannot be `1`: `gain_db` is one value, not a group",
        ),
        (
            "eq.component",
            "7",
            "`eq.component` cannot be `7`: expected the address of a component",
        ),
    ] {
        match expected {
            "" => assert!(set(&[(key, value)]).is_ok()),
            told => check(&[(key, value)], Err(told)),
        }
    }
    assert!(
        set(&[("eq.component", "A/b")])
            .unwrap_err()
            .starts_with("`eq.component` cannot be `A/b`: ")
    );
    assert!(
        set(&[("eq.version", "new")])
            .unwrap_err()
            .starts_with("`eq.version` cannot be `new`: ")
    );
    let long = "x".repeat(4_097);
    assert!(
        set(&[("eq.params.x", &long)])
            .unwrap_err()
            .ends_with("4097 bytes, expected at most 4096")
    );
    for key in [
        "eq",
        "eq.params",
        "eq.params.",
        "eq.on_error",
        "EQ.bypass",
        ".bypass",
        "",
    ] {
        assert!(key.parse::<OverrideKey>().is_err(), "{key}");
    }
}

#[test]
fn more_than_a_session_holds_are_refused() {
    let file = read(FILE);
    let mut overrides = Overrides::default();
    for at in 0..super::OVERRIDDEN_MAX {
        overrides
            .set(&file, wish(&format!("eq.params.p{at}"), "1", Rank::Human))
            .unwrap();
    }
    let more = overrides.set(&file, wish("eq.bypass", "true", Rank::Human));
    assert_eq!(more, Err(ValueRefused::TooMany));
    assert_eq!(
        overrides.set(&file, wish("eq.params.p0", "2", Rank::Human)),
        Ok(())
    );
}

#[test]
fn an_engine_does_not_put_a_persons_value_aside() {
    let file = read(FILE);
    let mut overrides = Overrides::default();
    overrides
        .set(&file, wish("eq.version", "=1.0.0", Rank::Human))
        .unwrap();
    for key in ["eq.version", "eq.component"] {
        let value = if key == "eq.version" { "1" } else { "a.c" };
        let refused = overrides
            .set(&file, wish(key, value, Rank::Engine))
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`eq.version` is held by program: ada, whom no engine overrides; `segue ctl reset eq.version` \
             gives it back"
        );
    }
    overrides
        .set(&file, wish("eq.params.q", "1", Rank::Engine))
        .unwrap();
    overrides
        .set(&file, wish("eq.params.q", "2", Rank::Human))
        .unwrap();
    assert_eq!(held(&overrides), ["eq.version=\"=1.0.0\"", "eq.params.q=2"]);
}

#[test]
fn values_are_put_where_the_file_would_have_them() {
    let file = read(FILE);
    let mut overrides = Overrides::default();
    for (key, value) in [
        ("eq.params.band.2.type", "\"6\""),
        ("eq.params.gain_db", "-6"),
        ("eq.component", "a.c"),
        ("eq.version", "=2.0.0"),
        ("eq.bypass", "true"),
    ] {
        overrides.set(&file, wish(key, value, Rank::Human)).unwrap();
    }
    let config = overrides.apply(&file).unwrap();
    let part = &config.stages[0].part;
    let flat = part.params.flat();
    let found: Vec<_> = flat
        .iter()
        .map(|one| (one.id.as_str(), &one.value.value))
        .collect();
    // A label that looks like a number stays a label.
    let expected = [
        ("gain_db", &Scalar::Number(-6.0)),
        ("band.1.q", &Scalar::Number(1.0)),
        ("band.2.type", &Scalar::Label("6".to_owned())),
    ];
    assert_eq!(found, expected);
    assert_eq!(part.component.value.to_string(), "a.c");
    let place = config.sources().position(part.component.span);
    assert_eq!(place.to_string(), "ctl eq.component:1:1");
    let resolved = config.resolved();
    let mut lines = resolved
        .lines()
        .filter(|line| line.starts_with("component"));
    assert!(
        lines.all(|line| line.contains("\"a.c\"") && line.ends_with("# ctl")),
        "{resolved}"
    );
    let eq: StageId = "eq".parse().unwrap();
    assert!(overrides.is_bypassed(&eq));
    assert_eq!(overrides.version(&eq).unwrap().to_string(), "=2.0.0");
    let again = read(&config.resolved());
    assert_eq!(again.stages[0].part.component, part.component);
    assert_eq!(again.stages[0].part.params.count(), 3);
}

#[test]
fn a_value_that_no_longer_fits_the_file_is_a_mistake_of_ctl() {
    let mut overrides = Overrides::default();
    overrides
        .set(&read(FILE), wish("eq.params.mix.1.q", "1", Rank::Human))
        .unwrap();
    let other = read(&FILE.replace("gain_db = 1", "mix = 0.5"));
    let told = overrides
        .apply(&other)
        .unwrap_err()
        .render(Color::Plain, 100);
    assert_eq!(
        told,
        "error: `mix` is one value, not a group\n --> ctl eq.params.mix.1.q:1:1\n  |\n1 | 1\n  | ^\n"
    );
}

#[test]
fn a_reload_drops_what_the_file_changed_and_no_more() {
    let check = |key: &str, value: &str, new: &str, is_kept: bool| {
        let old = read(FILE);
        let mut overrides = Overrides::default();
        overrides.set(&old, wish(key, value, Rank::Human)).unwrap();
        let dropped = overrides.on_reload(&old, &read(new));
        assert_eq!(
            (overrides.is_empty(), dropped.len()),
            (!is_kept, usize::from(!is_kept)),
            "{key} {new}"
        );
    };
    let gone = FILE.replace("\"eq\"", "\"qe\"");
    for key in ["eq.params.gain_db", "eq.bypass"] {
        let value = if key == "eq.bypass" { "true" } else { "-6" };
        check(key, value, FILE, true);
        check(
            key,
            value,
            &FILE.replace("gain_db = 1", "gain_db  =  1.0"),
            true,
        );
        check(key, value, &FILE.replace("a.b/c", "a.c"), true);
        check(key, value, &gone, false);
    }
    check(
        "eq.params.gain_db",
        "-6",
        &FILE.replace("gain_db = 1", "gain_db = 2"),
        false,
    );
    check(
        "eq.params.gain_db",
        "-6",
        &FILE.replace("gain_db = 1, ", ""),
        false,
    );
    check(
        "eq.params.mix",
        "-6",
        &FILE.replace("gain_db = 1", "mix = 1"),
        false,
    );
    check(
        "eq.params.band.1.q",
        "2",
        &FILE.replace("q = 1", "q = 2"),
        false,
    );
    check(
        "eq.params.band.1.q",
        "2",
        &FILE.replace("gain_db = 1", "gain_db = 2"),
        true,
    );
    check("eq.component", "a.c", &FILE.replace("a.b/c", "a.d"), false);
    check(
        "eq.component",
        "a.c",
        &FILE.replace("gain_db = 1", "gain_db = 2"),
        true,
    );
    check(
        "eq.version",
        "=1.0.0",
        &FILE.replace("\"1\"", "\"2\""),
        false,
    );
    check("eq.version", "=1.0.0", &FILE.replace("a.b/c", "a.d"), false);
    check("eq.version", "=1.0.0", &FILE.replace("\"1\"", "'^1'"), true);
}

#[test]
fn what_is_set_while_the_file_is_written_stays_an_override() {
    let (mut overrides, file) = (Overrides::default(), read(FILE));
    let set = |overrides: &mut Overrides, key, value| {
        let wish = wish(key, value, Rank::Human);
        overrides.set(&file, wish).unwrap();
    };
    set(&mut overrides, "eq.params.gain_db", "-6");
    set(&mut overrides, "eq.bypass", "true");
    let then = overrides.clone();
    let written: Vec<_> = then.iter().map(|held| held.key.clone()).collect();
    set(&mut overrides, "eq.params.gain_db", "-9");
    overrides.saved(&written, &then);
    assert_eq!(held(&overrides), ["eq.params.gain_db=-9"]);
}

#[test]
fn a_version_goes_with_the_component_it_was_of() {
    let old = read(FILE);
    let mut overrides = Overrides::default();
    overrides
        .set(&old, wish("eq.component", "a.c", Rank::Human))
        .unwrap();
    overrides
        .set(&old, wish("eq.version", "=1.0.0", Rank::Human))
        .unwrap();
    // Required of the file's plugin, and not of the one that fills the stage.
    assert_eq!(
        overrides
            .on_reload(&old, &read(&FILE.replace("\"1\"", "\"2\"")))
            .len(),
        0
    );
    assert_eq!(
        overrides
            .on_reload(&old, &read(&FILE.replace("a.b/c", "a.d")))
            .len(),
        2
    );
}

#[test]
fn status_shows_who_when_why_and_what_the_file_says() {
    let mut overrides = Overrides::default();
    overrides
        .set(&read(FILE), wish("eq.params.gain_db", "-6", Rank::Human))
        .unwrap();
    overrides
        .set(&read(FILE), wish("eq.bypass", "true", Rank::Engine))
        .unwrap();
    let status = overrides.status();
    let first = (
        &*status[0].key,
        &*status[0].value,
        status[0].file.as_deref(),
        &*status[0].who.to_string(),
    );
    assert_eq!(
        first,
        ("eq.params.gain_db", "-6", Some("1"), "program: ada")
    );
    assert_eq!(
        (status[1].file.as_deref(), &*status[1].who.to_string()),
        (None, "decision: guard")
    );
}

/// What can happen to a session, over two stages with two parameters each.
#[derive(Debug, Clone)]
enum Event {
    Set(usize, i8, Rank),
    Edit(usize, i8),
    Drop(usize),
    Reset(usize),
    ResetStage(usize),
    ResetAll,
    Save,
}

const KEYS: [&str; 4] = ["a.params.x", "a.params.y", "b.params.x", "b.params.y"];

fn event() -> impl Strategy<Value = Event> {
    let key = || 0..KEYS.len();
    let value = || -2..3_i8;
    let rank = prop::sample::select(vec![Rank::Human, Rank::Engine]);
    prop_oneof![
        4 => (key(), value(), rank).prop_map(|(key, value, rank)| Event::Set(key, value, rank)),
        4 => (key(), value()).prop_map(|(key, value)| Event::Edit(key, value)),
        1 => key().prop_map(Event::Drop),
        1 => key().prop_map(Event::Reset),
        1 => (0..2_usize).prop_map(Event::ResetStage),
        1 => Just(Event::ResetAll),
        1 => Just(Event::Save),
    ]
}

/// The model: what the file says for each key, and what is held on top of it.
#[derive(Debug, Default)]
struct Model {
    file: BTreeMap<usize, i8>,
    held: BTreeMap<usize, (i8, Rank)>,
}

impl Model {
    fn text(&self) -> String {
        let stage = |at: usize| {
            let line = |key: usize| {
                let value = self.file.get(&key)?;
                Some(format!(
                    "params.{} = {value} # {key}\n",
                    ["x", "y"][key % 2]
                ))
            };
            let params: String = (at * 2..at * 2 + 2).filter_map(line).collect();
            format!(
                "[[stage]]\nid = \"{}\"\ncomponent = \"a.b\"\n{params}",
                ["a", "b"][at]
            )
        };
        stage(0) + &stage(1)
    }

    /// What each key has in the end.
    fn values(&self) -> BTreeMap<usize, i8> {
        let mut values = self.file.clone();
        values.extend(self.held.iter().map(|(key, (value, _))| (*key, *value)));
        values
    }
}

/// What each key has in a configuration.
fn values(config: &Config) -> BTreeMap<usize, i8> {
    let all = config.stages.iter().flat_map(|stage| {
        let flat = stage.part.params.flat().into_iter();
        flat.map(move |one| {
            (
                format!("{}.params.{}", stage.id.value, one.id),
                one.value.value,
            )
        })
    });
    all.map(|(key, value)| {
        let Scalar::Number(number) = value else {
            panic!("only numbers here");
        };
        let key = KEYS.iter().position(|known| *known == key).unwrap();
        (key, number as i8)
    })
    .collect()
}

/// The session beside the model: its text, and its overrides.
struct Walk {
    model: Model,
    text: String,
    overrides: Overrides,
}

impl Walk {
    fn step(&mut self, event: &Event) {
        match event {
            Event::Set(key, value, rank) => {
                let wish = wish(KEYS[*key], &value.to_string(), *rank);
                let taken = self.overrides.set(&read(&self.text), wish).is_ok();
                let before = self.model.held.get(key).map(|(_, rank)| *rank);
                assert_eq!(taken, before.is_none_or(|before| before <= *rank));
                if taken {
                    self.model.held.insert(*key, (*value, *rank));
                }
            }
            Event::Edit(key, value) => {
                let before = self.model.file.insert(*key, *value);
                self.reload(*key, before != Some(*value));
            }
            Event::Drop(key) => {
                let before = self.model.file.remove(key);
                self.reload(*key, before.is_some());
            }
            Event::Reset(key) => {
                let count = self.overrides.reset(&KEYS[*key].parse().unwrap()).len();
                assert_eq!(count, usize::from(self.model.held.remove(key).is_some()));
            }
            Event::ResetStage(stage) => {
                self.overrides.reset(&["a", "b"][*stage].parse().unwrap());
                self.model.held.retain(|key, _| key / 2 != *stage);
            }
            Event::ResetAll => {
                self.overrides.reset(&Reset::All);
                self.model.held.clear();
            }
            Event::Save => {
                let saved = save(&self.text, &self.overrides).unwrap();
                assert_eq!(saved.kept, []);
                self.text = saved.text;
                let then = self.overrides.clone();
                self.overrides.saved(&saved.written, &then);
                self.model.file = self.model.values();
                self.model.held.clear();
            }
        }
    }

    fn reload(&mut self, key: usize, is_changed: bool) {
        let old = read(&self.text);
        self.text = self.model.text();
        self.overrides.on_reload(&old, &read(&self.text));
        if is_changed {
            self.model.held.remove(&key);
        }
    }
}

proptest! {
    #[test]
    fn whoever_asks_in_whatever_order_the_model_says_who_wins(
        events in prop::collection::vec(event(), 0..40),
    ) {
        let model = Model::default();
        let mut walk = Walk { text: model.text(), model, overrides: Overrides::default() };
        for event in &events {
            walk.step(event);
            let file = read(&walk.text);
            prop_assert_eq!(values(&file), walk.model.file.clone());
            let applied = walk.overrides.apply(&file).unwrap();
            prop_assert_eq!(values(&applied), walk.model.values(), "after {:?}", event);
        }
    }
}
