//! Edits of a file: equal meaning has none, every key has its own.

use std::path::Path;

use proptest::prelude::*;

use crate::config::diff::{Edit, diff};
use crate::config::keys::plugins::PLUGINS;
use crate::config::keys::stream::STREAM;
use crate::config::keys::top::{HOST, PIPELINE};
use crate::config::model::Config;
use crate::config::parse;
use crate::config::render::Color;
use crate::config::tests::specimen::{Pipeline, Stage, pipeline};

fn read(text: &str) -> Config {
    let told = |mistakes: crate::config::Mistakes| mistakes.render(Color::Plain, 100);
    match parse(text, Path::new("plugins.toml"), &[]).map_err(told) {
        Ok(config) => config,
        Err(told) => panic!("{told}\n{text}"),
    }
}

/// What leads from one text to the other: edits in short, or the mistakes with their places.
fn answer(before: &str, after: &str) -> Vec<String> {
    match diff(&read(before), &read(after)) {
        Ok(edits) => edits.iter().map(short).collect(),
        Err(mistakes) => mistakes
            .iter()
            .map(|one| {
                let place = mistakes.position(one);
                let place = place.map_or_else(String::new, |place| place.to_string() + " ");
                format!("{place}{}", one.message)
            })
            .collect(),
    }
}

fn short(edit: &Edit) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match edit {
        Edit::Resolve { keys } => format!("resolve {}", keys.join(" ")),
        Edit::Watching { keys } => format!("watching {}", keys.join(" ")),
        Edit::Remove { stage } => format!("remove {stage}"),
        Edit::Add { stage } => format!("add {stage}"),
        Edit::Rewire {
            stage,
            before,
            after,
        } => {
            let wires = |wires: &crate::config::diff::StageWires| {
                let inputs = wires.inputs.iter().map(ToString::to_string);
                let sides = wires
                    .sidechains
                    .iter()
                    .map(|(name, node)| format!("{name}={node}"));
                list(inputs.chain(sides).collect())
            };
            format!("rewire {stage} {} -> {}", wires(before), wires(after))
        }
        Edit::Rebuild { stage, reasons } => {
            format!(
                "rebuild {stage} {}",
                list(reasons.iter().map(ToString::to_string).collect())
            )
        }
        Edit::Params { stage, changes } => {
            format!(
                "params {stage} {}",
                list(changes.iter().map(ToString::to_string).collect())
            )
        }
        Edit::Policy { stage, keys } => format!("policy {stage} {}", keys.join(" ")),
        Edit::Output { before, after } => format!("output {before} -> {after}"),
        Edit::Listen { tap, before, after } => format!("listen {tap} {before} -> {after}"),
    }
}

fn check(before: &str, after: &str, expected: &[&str]) {
    assert_eq!(answer(before, after), expected, "{before}\n->\n{after}");
}

/// A chain of stages with these ids and further lines.
fn chain(stages: &[(&str, &str)]) -> String {
    let stages = stages.iter();
    let text = |(id, lines): &(&str, &str)| {
        format!("[[stage]]\nid = \"{id}\"\ncomponent = \"a.b\"\n{lines}\n")
    };
    stages.map(text).collect()
}

/// One stage with other lines.
fn check_stage(before: &str, after: &str, expected: &[&str]) {
    check(&chain(&[("s", before)]), &chain(&[("s", after)]), expected);
}

#[test]
fn what_means_the_same_has_no_edits() {
    for (before, after) in [
        (
            "swap.fade = \"1s\"",
            "swap = { fade = \"1000ms\" } # as long",
        ),
        (
            "budget.memory = \"1MiB\"",
            "budget = { memory = \"1024KiB\" }",
        ),
        ("budget.time = \"50%\"", "budget.time = \"50.0 %\""),
        ("", "on_error = \"bypass\"\nafter = [\"input\"]"),
        ("", "params = {}\nsettings = {}\nsidechain = {}"),
        (
            "params = { a = 1, b = true }",
            "params.b = true\nparams.a = 1.0",
        ),
        ("params.a = 16", "params.a = 0x10"),
        ("params.band = [{ q = 1 }]", "[[stage.params.band]]\nq = 1"),
        (
            "settings = { x = \"a\", n = 3 }",
            "settings.n = 3\nsettings.x = 'a'",
        ),
        (
            "restart = {}",
            "restart = { attempts = 5, delay = \"0.1s\" }",
        ),
        (
            "restart = { delay = \"60s\" }",
            "restart = { delay = \"1min\", delay_max = \"60s\" }",
        ),
    ] {
        check_stage(before, after, &[]);
        check_stage(after, before, &[]);
    }
    check("[plugins]\nrequire = {}", "[host]\nthreads = 0", &[]);
    let fork = |order: &str| chain(&[("a", ""), ("b", "after = [\"input\"]"), ("c", order)]);
    check(
        &fork("after = [\"a\", \"b\"]"),
        &fork("after = [\"b\", \"a\"]"),
        &[],
    );
}

#[test]
fn each_key_of_a_stage_has_its_edit() {
    for (before, after, expected) in [
        (
            "settings.x = 1",
            "settings.y = 1",
            "rebuild s settings x, y",
        ),
        (
            "settings.x = [\"a\"]",
            "settings.x = [\"b\"]",
            "rebuild s settings x",
        ),
        ("", "on_error = \"mute\"", "rebuild s on_error"),
        ("", "budget.time = \"10%\"", "rebuild s budget"),
        ("budget.memory = \"1MiB\"", "", "rebuild s budget"),
        ("", "optional = true", "policy s optional"),
        ("", "restart = {}", "policy s restart"),
        (
            "restart.delay = \"1s\"",
            "restart.delay = \"2s\"",
            "policy s restart",
        ),
        ("", "swap.tail = \"ring\"", "policy s swap"),
        ("", "swap.rollback = \"0s\"", "policy s swap"),
        (
            "swap.fade = \"5ms\"",
            "swap.state = \"fresh\"",
            "policy s swap",
        ),
        ("params.a = 1", "params.a = 2.5", "params s a 1 -> 2.5"),
        (
            "params = { a = 1 }",
            "params = { b = \"x\" }",
            "params s a 1 -> default, b default -> x",
        ),
        (
            "params.band = [{ q = 1 }, { q = 2 }]",
            "params.band = [{ q = 1 }, { q = 3, on = true }]",
            "params s band.2.on default -> true, band.2.q 2 -> 3",
        ),
    ] {
        check_stage(before, after, &[expected]);
    }
    check_stage(
        "on_error = \"fallback\"\nfallback = \"a.c\"",
        "on_error = \"fallback\"\nfallback = \"a.d\"\nparams.x = 1",
        &["rebuild s fallback", "params s x default -> 1"],
    );
    let other = chain(&[("s", "")]).replace("a.b", "a.b/c");
    check(&chain(&[("s", "")]), &other, &["rebuild s a.b -> a.b/c"]);
}

#[test]
fn stages_come_go_and_move() {
    let of = |ids: &[&str]| chain(&ids.iter().map(|id| (*id, "")).collect::<Vec<_>>());
    check(
        &of(&["a", "b"]),
        &of(&["a", "x", "b"]),
        &["add x", "rewire b a -> x"],
    );
    check(
        &of(&["a", "x", "b"]),
        &of(&["a", "b"]),
        &["remove x", "rewire b x -> a"],
    );
    check(
        &of(&["a", "b"]),
        &of(&["a", "b", "c"]),
        &["add c", "output b -> c"],
    );
    check(
        &of(&["a", "b"]),
        &of(&["b", "a"]),
        &[
            "rewire b a -> input",
            "rewire a input -> b",
            "output b -> a",
        ],
    );
    check(&of(&["a"]), "", &["remove a", "output a -> input"]);
    let side = chain(&[("a", ""), ("b", "sidechain = { key = \"input\" }")]);
    check(&of(&["a", "b"]), &side, &["rewire b a -> a, key=input"]);
    // A component tells sidechains apart by their order.
    let keyed = |keys: &str| chain(&[("a", ""), ("b", &format!("sidechain = {{ {keys} }}"))]);
    check(
        &keyed("x = \"input\", y = \"a\""),
        &keyed("y = \"a\", x = \"input\""),
        &["rewire b a, x=input, y=a -> a, y=a, x=input"],
    );
    let sum = |after: &str| chain(&[("a", ""), ("b", ""), ("c", after)]);
    check(
        &sum("after = [\"b\"]"),
        &sum("after = [\"a\", \"b\"]"),
        &["rewire c b -> a, b"],
    );
    // Moved in the file, and reading what it read before.
    let before = chain(&[
        ("a", ""),
        ("b", "after = [\"input\"]"),
        ("c", "after = [\"a\", \"b\"]"),
    ]);
    let after = chain(&[
        ("b", ""),
        ("a", "after = [\"input\"]"),
        ("c", "after = [\"a\", \"b\"]"),
    ]);
    check(&before, &after, &[]);
}

#[test]
fn a_tap_without_a_place_follows_the_output_and_one_with_a_place_stays() {
    let tap = "[[tap]]\nid = \"t\"\ncomponent = \"a.t\"\n";
    let before = chain(&[("a", "")]) + tap;
    let after = chain(&[("a", ""), ("b", "")]) + tap;
    check(
        &before,
        &after,
        &["add b", "output a -> b", "listen t a -> b"],
    );
    let placed = chain(&[("a", ""), ("b", "")]) + tap + "from = \"a\"\n";
    check(&before, &placed, &["add b", "output a -> b"]);
    check(
        &after,
        &placed,
        &["plugins.toml:12:8 `from` of the `[[tap]]` `t` is fixed while the session runs"],
    );
}

#[test]
fn listeners_of_a_running_session_stay() {
    let tap = |lines: &str| format!("[[tap]]\nid = \"t\"\ncomponent = \"a.t\"\n{lines}\n");
    let decide = |lines: &str| {
        let head = "[[decide]]\nid = \"d\"\ncomponent = \"a.d\"\nreads = [\"t\"]\n";
        format!("{}{head}{lines}\n", tap(""))
    };
    let fixed = |place: &str, key: &str, table: &str, id: &str| {
        format!(
            "plugins.toml:{place} `{key}` of the `[[{table}]]` `{id}` is fixed while the session runs"
        )
    };
    check(
        &tap(""),
        &tap("params.x = 1\nreference = \"input\""),
        &[
            &fixed("4:8", "params", "tap", "t"),
            &fixed("5:13", "reference", "tap", "t"),
        ]
        .map(|text| &**text),
    );
    let two = tap("").replace("\"t\"", "\"u\"") + &decide("");
    check(
        &two,
        &two.replace("reads = [\"t\"]", "reads = [\"t\", \"u\"]"),
        &[&fixed("12:10", "reads", "decide", "d")],
    );
    check(
        &tap("settings.x = 1"),
        &tap(""),
        &[&fixed("1:1", "settings", "tap", "t")],
    );
    check(
        &tap(""),
        &tap("").replace("a.t", "a.u"),
        &[&fixed("3:13", "component", "tap", "t")],
    );
    check(
        &decide(""),
        &decide("dry_run = true"),
        &[&fixed("9:11", "dry_run", "decide", "d")],
    );
    check(
        &decide("may = [\"stop\"]"),
        &decide(""),
        &[&fixed("5:1", "may", "decide", "d")],
    );
    check(
        &decide("may = [\"stop\", \"alert\"]"),
        &decide("may = [\"alert\", \"stop\"]"),
        &[],
    );
    check(
        "",
        &tap(""),
        &["plugins.toml:2:6 the `[[tap]]` `t` is new, and a running session takes none"],
    );
    check(
        &decide(""),
        "",
        &[
            "the `[[tap]]` `t` is missing, and those of a running session stay",
            "the `[[decide]]` `d` is missing, and those of a running session stay",
        ],
    );
}

#[test]
fn every_other_key_is_an_edit_or_fixed() {
    let changes = [
        ("pipeline", &PIPELINE, vec![("name", "\"x\"", "")]),
        (
            "host",
            &HOST,
            vec![
                ("reload", "\"on-save\"", "watching host.reload"),
                ("memory_max", "\"1GiB\"", ""),
                ("threads", "2", ""),
                ("realtime", "\"off\"", ""),
            ],
        ),
        (
            "plugins",
            &PLUGINS,
            vec![
                ("paths", "[\"x\"]", "resolve paths"),
                ("files", "[\"x\"]", "resolve files"),
                ("discover", "false", "resolve discover"),
                ("watch", "\"swap\"", "watching plugins.watch"),
                // The one word that is here is the default.
                ("trust", "\"any\"", "nothing"),
                ("require", "{ \"a.b\" = \"1\" }", "resolve require"),
            ],
        ),
        (
            "stream",
            &STREAM,
            vec![
                ("input", "\"x\"", ""),
                ("output", "\"x\"", ""),
                ("output_bits", "\"16\"", ""),
                ("dither", "\"none\"", ""),
                ("overwrite", "true", ""),
                ("sample_rate_hz", "96000", ""),
                ("layout", "\"mono\"", ""),
                ("convert", "\"refuse\"", ""),
                ("block_frames", "64", ""),
                ("from", "\"a\"", "output b -> a"),
                ("tail", "\"keep\"", ""),
                ("latency_reserve_frames", "480", ""),
                ("decide_every_frames", "480", ""),
            ],
        ),
    ];
    // Both stages are read whether or not the second is the output.
    let stages =
        chain(&[("a", ""), ("b", "")]) + "[[tap]]\nid=\"t\"\ncomponent=\"a.t\"\nfrom=\"b\"";
    for (name, table, keys) in changes {
        let told: Vec<_> = keys.iter().map(|(key, ..)| *key).collect();
        let known: Vec<_> = table.keys.iter().map(|key| key.name).collect();
        assert_eq!(told, known, "every key of `{name}` is here");
        for (key, value, expected) in keys {
            let text = format!("[{name}]\n{key} = {value}\n{stages}");
            let column = key.len() + 4;
            let fixed = |place| {
                format!("plugins.toml:{place} `{name}.{key}` is fixed while the session runs")
            };
            match expected {
                "" => {
                    check(&stages, &text, &[&fixed(format!("2:{column}"))]);
                    check(&text, &stages, &[&fixed("1:1".to_owned())]);
                }
                "nothing" => check(&stages, &text, &[]),
                edit => check(&stages, &text, &[edit]),
            }
        }
    }
}

#[test]
fn a_fixed_key_is_told_with_the_way_back() {
    let told = diff(
        &read("[stream]\nblock_frames = 512"),
        &read("[stream]\nblock_frames = 256"),
    );
    assert_eq!(
        told.unwrap_err().render(Color::Plain, 100),
        "error: `stream.block_frames` is fixed while the session runs\n --> plugins.toml:2:16\n  |\n\
         2 | block_frames = 256\n  |                ^^^\n  |\n  \
         = help: set it back to 512, or restart the session\n"
    );
}

#[test]
fn an_edit_is_about_one_stage_or_about_none() {
    let before = chain(&[("a", ""), ("b", ""), ("c", ""), ("d", "")]);
    let edited = [
        ("b", "params.x = 1"),
        ("c", "on_error = \"mute\""),
        ("d", "settings.x = 1"),
        ("e", ""),
    ];
    let after = "[plugins]\nwatch = \"off\"\n".to_owned() + &chain(&edited);
    let edits = diff(&read(&before), &read(&after)).unwrap();
    let stages: Vec<_> = edits
        .iter()
        .map(|edit| edit.stage().map(ToString::to_string))
        .collect();
    for stage in ["a", "b", "c", "d", "e"] {
        assert!(
            stages.contains(&Some(stage.to_owned())),
            "{stage}: {edits:?}"
        );
    }
    assert!(stages.contains(&None), "{edits:?}");
}

#[test]
fn what_was_left_out_is_tried_again_when_its_table_changes() {
    let text = chain(&[("a", ""), ("b", "optional = true")]);
    let mut running = read(&text);
    let stage = running.stages.remove(1);
    running.left_out.push(crate::config::model::LeftOut {
        id: stage.id.value,
        component: stage.part.component.value,
        inputs: stage.inputs,
        reason: "it is missing".to_owned(),
    });
    let edits = |text: &str| {
        let edits = diff(&running, &read(text)).unwrap();
        edits.iter().map(short).collect::<Vec<_>>()
    };
    assert_eq!(edits(&(text.clone() + "# the same\n")), [""; 0]);
    assert_eq!(
        edits(&text.replacen("true", "true\nparams.x = 1", 1)),
        ["add b"]
    );
}

/// What leads from one chain to another, without looking at any file.
fn expected(before: &Pipeline, after: &Pipeline) -> Vec<String> {
    let mut edits = Vec::new();
    if before.require != after.require {
        edits.push("resolve require".to_owned());
    }
    let find = |of: &Pipeline, id: &str| of.stages.iter().position(|stage| stage.id == id);
    let above = |of: &Pipeline, at: usize| match at {
        0 => "input".to_owned(),
        _ => of.stages[at - 1].id.clone(),
    };
    for stage in &before.stages {
        if find(after, &stage.id).is_none() {
            edits.push(format!("remove {}", stage.id));
        }
    }
    for (at, stage) in after.stages.iter().enumerate() {
        let Some(was) = find(before, &stage.id) else {
            edits.push(format!("add {}", stage.id));
            continue;
        };
        let (from, to) = (above(before, was), above(after, at));
        if from != to {
            edits.push(format!("rewire {} {from} -> {to}", stage.id));
        }
        expected_of(&before.stages[was], stage, &mut edits);
    }
    let last = |of: &Pipeline| of.stages.last().map(|stage| stage.id.clone());
    if last(before) != last(after) {
        edits.push(format!(
            "output {} -> {}",
            last(before).unwrap(),
            last(after).unwrap()
        ));
    }
    edits
}

fn expected_of(before: &Stage, after: &Stage, edits: &mut Vec<String>) {
    let mut reasons = Vec::new();
    if before.component != after.component {
        reasons.push(format!("{} -> {}", before.component, after.component));
    }
    if before.on_error != after.on_error {
        reasons.push("on_error".to_owned());
    }
    if !reasons.is_empty() {
        edits.push(format!("rebuild {} {}", after.id, reasons.join(", ")));
    }
    let (old, new) = (before.flat(), after.flat());
    let ids: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let said = |value: Option<&f64>| value.map_or("default".to_owned(), ToString::to_string);
    let changes = ids.into_iter().filter(|id| old.get(*id) != new.get(*id));
    let changes = changes.map(|id| format!("{id} {} -> {}", said(old.get(id)), said(new.get(id))));
    let changes: Vec<_> = changes.collect();
    if !changes.is_empty() {
        edits.push(format!("params {} {}", after.id, changes.join(", ")));
    }
    if before.fade_ms != after.fade_ms {
        edits.push(format!("policy {} swap", after.id));
    }
}

proptest! {
    #[test]
    fn the_style_of_a_file_means_nothing(pipeline in pipeline(), one: u64, other: u64) {
        check(&pipeline.written(one), &pipeline.written(other), &[]);
    }

    #[test]
    fn edits_are_those_of_what_the_files_mean(
        before in pipeline(), after in pipeline(), one: u64, other: u64,
    ) {
        let found = answer(&before.written(one), &after.written(other));
        prop_assert_eq!(found, expected(&before, &after));
    }
}
