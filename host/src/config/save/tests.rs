//! Saved texts: byte for byte what a careful person would have written.

use std::path::Path;

use proptest::prelude::*;

use crate::config::diff::diff;
use crate::config::model::Config;
use crate::config::overrides::{Overrides, Wish};
use crate::config::parse;
use crate::config::render::Color;
use crate::config::save::{Unsaved, save};
use crate::config::tests::specimen::{Pipeline, pipeline};
use crate::observe::Who;

const HEAD: &str = "# top\n[[stage]] # eq\nid = \"eq\"\ncomponent = 'a.b/c'  # what\n";

fn read(text: &str) -> Config {
    match parse(text, Path::new("f.toml"), &[]) {
        Ok(config) => config,
        Err(mistakes) => panic!("{}\n{text}", mistakes.render(Color::Plain, 100)),
    }
}

fn overrides(text: &str, wishes: &[(&str, &str)]) -> Overrides {
    let file = read(text);
    let mut overrides = Overrides::default();
    for (key, value) in wishes {
        let wish = Wish {
            key: key.parse().unwrap(),
            value: (*value).to_owned(),
            who: Who::Other("ada".to_owned()),
            when: String::new(),
            why: String::new(),
        };
        overrides.set(&file, wish).unwrap();
    }
    overrides
}

/// Saves values into a stage that goes on like this after its id and component.
fn check(rest: &str, wishes: &[(&str, &str)], expected: &str) {
    check_file(
        &format!("{HEAD}{rest}"),
        wishes,
        &format!("{HEAD}{expected}"),
    );
}

fn check_file(text: &str, wishes: &[(&str, &str)], expected: &str) {
    let saved = save(text, &overrides(text, wishes)).unwrap();
    assert_eq!(
        (saved.text.as_str(), saved.kept.as_slice()),
        (expected, &[][..])
    );
    assert_eq!(saved.written.len(), wishes.len());
    read(expected);
}

const GAIN: (&str, &str) = ("eq.params.gain_db", "-6.5");
const Q1: (&str, &str) = ("eq.params.band.1.q", "2");
const Q2: (&str, &str) = ("eq.params.band.2.q", "2");
const Q3: (&str, &str) = ("eq.params.band.3.q", "2");

#[test]
fn a_value_that_is_there_is_replaced_where_it_is() {
    check(
        "params = { gain_db =  1 , q = 2 } # all\n",
        &[GAIN],
        "params = { gain_db =  -6.5 , q = 2 } # all\n",
    );
    check(
        "params.gain_db\t= 1# one",
        &[GAIN],
        "params.gain_db\t= -6.5# one",
    );
    check(
        "[stage.params]\r\ngain_db = 1\r\n",
        &[GAIN],
        "[stage.params]\r\ngain_db = -6.5\r\n",
    );
    check(
        "[stage.params]\n\"gain_db\" = +1_0\n",
        &[GAIN],
        "[stage.params]\n\"gain_db\" = -6.5\n",
    );
    check(
        "params.band = [{ q = 1 }]\n",
        &[Q1],
        "params.band = [{ q = 2 }]\n",
    );
    check(
        "[[stage.params.band]]\nq = 1\n",
        &[Q1],
        "[[stage.params.band]]\nq = 2\n",
    );
    let text = HEAD.replace("'a.b/c'", "\"a.d\"");
    check_file(HEAD, &[("eq.component", "a.d")], &text);
}

#[test]
fn a_new_value_stands_in_the_style_that_is_there() {
    check(
        "params = { q = 2 } # all\n",
        &[GAIN],
        "params = { q = 2, gain_db = -6.5 } # all\n",
    );
    check("params = {}", &[GAIN], "params = { gain_db = -6.5 }");
    check("params = { }", &[GAIN], "params = { gain_db = -6.5 }");
    check(
        "params = {\n  q = 2, # two\n}\n",
        &[GAIN],
        "params = {\n  q = 2, gain_db = -6.5, # two\n}\n",
    );
    check(
        "  params.q = 2 # two\non_error = \"mute\"\n\n# next\n",
        &[GAIN],
        "  params.q = 2 # two\n  params.gain_db = -6.5\non_error = \"mute\"\n\n# next\n",
    );
    check(
        "\n  [stage.params] # all\n  # none yet\n",
        &[GAIN],
        "\n  [stage.params] # all\n  gain_db = -6.5\n  # none yet\n",
    );
    check(
        "[stage.params]\nq = 2",
        &[GAIN],
        "[stage.params]\nq = 2\ngain_db = -6.5",
    );
    check(
        "[[stage.params.band]]\nq = 1\n",
        &[GAIN],
        "[stage.params]\ngain_db = -6.5\n[[stage.params.band]]\nq = 1\n",
    );
    check(
        "on_error = \"mute\"\n\n  # the low one\n  [[ stage.params.band ]]\n  q = 1\n",
        &[GAIN],
        "on_error = \"mute\"\n\n  [stage.params]\n  gain_db = -6.5\n  # the low one\n  \
         [[ stage.params.band ]]\n  q = 1\n",
    );
}

#[test]
fn a_stage_without_parameters_gets_them() {
    check("", &[GAIN], "params = { gain_db = -6.5 }\n");
    check(
        "\n[[tap]]\nid = \"t\"\ncomponent = \"a.t\"\n",
        &[GAIN, Q2],
        "params = { gain_db = -6.5, band = [{}, { q = 2 }] }\n\n[[tap]]\nid = \"t\"\ncomponent = \"a.t\"\n",
    );
    check(
        "[stage.settings]\nx = 1\n",
        &[GAIN],
        "params = { gain_db = -6.5 }\n[stage.settings]\nx = 1\n",
    );
    check_file(
        "stage = [{ id = \"eq\", component = \"a.b\" }]",
        &[GAIN],
        "stage = [{ id = \"eq\", component = \"a.b\", params = { gain_db = -6.5 } }]",
    );
    let crlf = HEAD.replace('\n', "\r\n");
    check_file(
        &crlf,
        &[GAIN],
        &format!("{crlf}params = {{ gain_db = -6.5 }}\r\n"),
    );
}

#[test]
fn rows_of_a_group_are_added_as_needed() {
    check("params.band = []", &[Q1], "params.band = [{ q = 2 }]");
    check(
        "params.band = [{ x = 1 }]",
        &[Q1],
        "params.band = [{ x = 1, q = 2 }]",
    );
    check(
        "params.band = [{ x = 1 }]",
        &[Q3],
        "params.band = [{ x = 1 }, {}, { q = 2 }]",
    );
    check(
        "params.band = [{}, ]",
        &[Q2],
        "params.band = [{}, { q = 2 }, ]",
    );
    check(
        "params.band = [\n  { x = 1 }, # one, two\n  { x = 2 }, # last, of all\n]\n",
        &[Q3],
        "params.band = [\n  { x = 1 }, # one, two\n  { x = 2 }, # last, of all\n  { q = 2 },\n]\n",
    );
    check(
        "params.band = [\n  { x = 1 } # last, of all\n]\n",
        &[Q3],
        "params.band = [\n  { x = 1 }, # last, of all\n  {},\n  { q = 2 }\n]\n",
    );
    check(
        "[[stage.params.band]]\n  x = 1 # one\n\n[host]\nthreads = 1\n",
        &[Q3],
        "[[stage.params.band]]\n  x = 1 # one\n[[stage.params.band]]\n[[stage.params.band]]\nq = 2\n\n\
         [host]\nthreads = 1\n",
    );
    check(
        "params.q = 1\n",
        &[Q2],
        "params.q = 1\nparams.band = [{}, { q = 2 }]\n",
    );
}

#[test]
fn only_the_stage_that_is_meant_changes() {
    let stage = |id: &str, gain: &str| {
        format!("[[stage]]\nid = \"{id}\"\ncomponent = \"a.b\"\nparams.gain_db = {gain}\n")
    };
    check_file(
        &(stage("a", "1") + &stage("eq", "1") + &stage("c", "1")),
        &[GAIN],
        &(stage("a", "1") + &stage("eq", "-6.5") + &stage("c", "1")),
    );
}

#[test]
fn a_version_goes_to_what_is_required_if_all_stages_of_the_plugin_agree() {
    const VERSION: (&str, &str) = ("eq.version", "=1.2.0");
    let with = |head: &str| format!("{head}{HEAD}");
    check(
        "",
        &[VERSION],
        "\n[plugins.require]\n\"a.b\" = \"=1.2.0\"\n",
    );
    check_file(
        &with("[plugins]\nwatch = \"off\"\n"),
        &[VERSION],
        &with("[plugins]\nwatch = \"off\"\nrequire = { \"a.b\" = \"=1.2.0\" }\n"),
    );
    check_file(
        &with("[plugins.require]\n\"a.c\" = \"1\"\n\"a.b\" = \"1\" # why\n"),
        &[VERSION],
        &with("[plugins.require]\n\"a.c\" = \"1\"\n\"a.b\" = \"=1.2.0\" # why\n"),
    );
    check_file(
        &with("plugins.require.\"a.c\" = \"1\"\n"),
        &[VERSION],
        &with("plugins.require.\"a.c\" = \"1\"\nplugins.require.\"a.b\" = \"=1.2.0\"\n"),
    );
    // Of the component that will be there.
    let other = HEAD.replace("'a.b/c'", "\"a.d\"");
    check_file(
        HEAD,
        &[("eq.component", "a.d"), VERSION],
        &format!("{other}\n[plugins.require]\n\"a.d\" = \"=1.2.0\"\n"),
    );
}

#[test]
fn what_cannot_be_written_stays_an_override_and_says_why() {
    let two = format!("{HEAD}[[stage]]\nid = \"b\"\ncomponent = \"a.b/d\"\n");
    let check = |text: &str, wishes: &[(&str, &str)], expected: &[&str]| {
        let saved = save(text, &overrides(text, wishes)).unwrap();
        let kept: Vec<_> = saved
            .kept
            .iter()
            .map(|(key, why)| format!("{key}: {why}"))
            .collect();
        assert_eq!(kept, expected);
        assert_eq!(saved.written.len() + kept.len(), wishes.len());
        saved.text
    };
    let bypass =
        "eq.bypass: the file has no such key; it holds until it is reset, or the session ends";
    assert_eq!(check(&two, &[("eq.bypass", "true")], &[bypass]), two);
    let disagreed = "the file names one version for all stages of a plugin";
    check(
        &two,
        &[("eq.version", "=1.2.0")],
        &[&format!(
            "eq.version: the stage `b` is of a.b too and has the version that the file gives it, and {disagreed}"
        )],
    );
    check(
        &two,
        &[("eq.version", "=1.2.0"), ("b.version", "=1.3.0")],
        &[
            &format!(
                "eq.version: the stage `b` is of a.b too and is to have =1.3.0, and {disagreed}"
            ),
            &format!(
                "b.version: the stage `eq` is of a.b too and is to have =1.2.0, and {disagreed}"
            ),
        ],
    );
    check(
        &two,
        &[("eq.version", "=1.2.0"), ("b.version", "= 1.2.0")],
        &[],
    );
    let mixed = format!("{HEAD}params.band = [{{}}]\n");
    assert_eq!(
        check(
            &mixed,
            &[("eq.params.band", "1"), GAIN],
            &["eq.params.band: the file has a table or a list there"],
        ),
        format!("{mixed}params.gain_db = -6.5\n")
    );
}

#[test]
fn a_text_of_another_file_is_left_alone() {
    let held = overrides(HEAD, &[GAIN]);
    let saved = save("[host]\nthreads = 1\n", &held).unwrap();
    assert_eq!((saved.written.len(), saved.kept.len()), (0, 1));
    assert!(matches!(
        save("a = \"", &held),
        Err(Unsaved::NotToml { .. })
    ));
    assert!(matches!(
        save(&"[".repeat(100_000), &held),
        Err(Unsaved::NotToml { .. })
    ));
    let long = format!(
        "{HEAD}#{}",
        "x".repeat(crate::config::limits::FILE_BYTES_MAX - HEAD.len() - 3)
    );
    assert!(matches!(save(&long, &held), Err(Unsaved::TooLong { .. })));
}

/// Any overrides of a pipeline, by number.
fn wishes(pipeline: &Pipeline, picks: &[(usize, usize, i8)]) -> Vec<(String, String)> {
    const KEYS: [&str; 9] = [
        "params.gain_db",
        "params.q",
        "params.fresh",
        "params.label",
        "params.band.1.q",
        "params.band.2.gain_db",
        "params.band.4.fresh",
        "component",
        "version",
    ];
    let wish = |(stage, key, value): &(usize, usize, i8)| {
        let stage = &pipeline.stages[stage % pipeline.stages.len()];
        let key = KEYS[key % KEYS.len()];
        let value = match key {
            "params.label" => format!("high # \" {value}"),
            "component" => format!("acme.c/x{}", value.rem_euclid(2)),
            "version" => format!("={}.0.0", value.rem_euclid(2)),
            _ => format!("{:?}", f64::from(*value) / 4.0),
        };
        (format!("{}.{key}", stage.id), value)
    };
    picks.iter().map(wish).collect()
}

/// The comments of a text, in order. No text of these files has a `#` in it.
fn comments(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| Some(line.split_once('#')?.1.trim_end()))
        .collect()
}

/// The lines of one text that another has not, when both are laid side by side.
fn lines_lost<'t>(before: &'t str, after: &str) -> Vec<&'t str> {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let mut longest = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for (i, one) in before.iter().enumerate().rev() {
        for (j, other) in after.iter().enumerate().rev() {
            longest[i][j] = match one == other {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lost) = (0, 0, Vec::new());
    while i < before.len() {
        if j < after.len() && before[i] == after[j] {
            (i, j) = (i + 1, j + 1);
        } else if j < after.len() && longest[i][j + 1] >= longest[i + 1][j] {
            j += 1;
        } else {
            lost.push(before[i]);
            i += 1;
        }
    }
    lost
}

proptest! {
    #[test]
    fn what_is_saved_reads_as_what_was_overridden_and_nothing_else_changes(
        pipeline in pipeline(),
        style: u64,
        picks in prop::collection::vec((0..4_usize, 0..9_usize, any::<i8>()), 0..6),
    ) {
        let text = pipeline.written(style);
        let wishes = wishes(&pipeline, &picks);
        let wishes: Vec<_> = wishes.iter().map(|(key, value)| (&**key, &**value)).collect();
        let held = overrides(&text, &wishes);
        let saved = save(&text, &held).unwrap();
        let found = read(&saved.text);
        let expected = held.apply(&read(&text)).unwrap();
        let edits = diff(&expected, &found).unwrap();
        let is_resolve = |edit: &crate::config::Edit| edit.stage().is_none();
        prop_assert!(edits.iter().all(is_resolve), "{:?}\n{}\n{}", edits, text, saved.text);
        for held in held.iter() {
            let is_written = saved.written.contains(&held.key);
            let is_kept = saved.kept.iter().any(|(key, _)| *key == held.key);
            prop_assert!(is_written != is_kept);
            if held.key.to_string().ends_with(".version") && is_written {
                let stage = found.stage(held.key.stage()).unwrap();
                let plugin = stage.part.component.value.plugin();
                let mut require = found.plugins.require.iter();
                let required = require.find(|(id, _)| id.value == *plugin);
                let required = required.map(|(_, version)| format!("\"{}\"", version.value));
                prop_assert_eq!(required.as_ref(), Some(&held.value));
            }
        }
        // A label has a `#` of its own, which would look like a comment.
        let plain = saved.text.replace("high # ", "high ");
        prop_assert_eq!(comments(&plain), comments(&text), "{}", saved.text);
        let lost = lines_lost(&text, &saved.text);
        let may_change = |line: &&str| {
            let words = ["component", "params", "band", "gain_db", "q = ", "{", "}", "acme."];
            words.iter().any(|word| line.contains(word))
        };
        prop_assert!(lost.len() <= saved.written.len(), "{:?} of\n{}", lost, text);
        prop_assert!(lost.iter().all(may_change), "{:?} of\n{}", lost, text);
        prop_assert_eq!(text.contains("\r\n"), saved.text.contains("\r\n"));
    }
}
