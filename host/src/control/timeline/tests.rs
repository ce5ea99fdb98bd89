//! What files of changes mean, and what is said about those that mean nothing.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::render::Color;
use crate::swap::ask::{Command, HeardSignal, Insert, Reload, Swap, Target};

fn read(text: &str) -> Vec<Timed> {
    parse(text, Path::new("shows/changes.toml"))
        .map_err(|mistakes| mistakes.render(Color::Plain, 100))
        .unwrap_or_else(|text| panic!("{text}"))
}

/// What is said about a file, each finding as `line:column message`.
fn check(text: &str, expected: &[&str]) {
    let mistakes = parse(text, Path::new("changes.toml")).expect_err(text);
    let found = mistakes.iter().map(|mistake| {
        let position = mistakes.position(mistake).expect("it has a place");
        let help = mistake
            .help
            .as_deref()
            .map_or(String::new(), |help| format!(" ({help})"));
        format!(
            "{}:{} {}{help}",
            position.line, position.column, mistake.message
        )
    });
    assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
}

/// One change with this line.
fn line(line: &str) -> String {
    format!("[[change]]\nat_frames = 1\n{line}\n")
}

#[test]
fn every_action_reads_as_documented() {
    let text = r#"
[[change]]
at_frames = 0x10
swap = { stage = "tube", component = "acme.warmth/tube", version = "1.1.0", insert = true }
[[change]]
at_frames = 48_000
why = "the chorus"
swap = { plugin = "acme.warmth" }
[[change]]
at_frames = 48_001
swap = { stage = "tube", component = "acme.warmth@>=1.2" }
[[change]]
at_frames = 48_001
set = { stage = "tube", param = "band.1.gain_db", value = -6.0 }
[[change]]
at_frames = 48_001
set = { stage = "tube", param = "mode", value = "soft" }
[[change]]
at_frames = 50_000
bypass = { stage = "tube" }
[[change]]
at_frames = 50_001
restore = { stage = "tube" }
[[change]]
at_frames = 50_002
rollback = { stage = "tube" }
[[change]]
at_frames = 50_003
reset = { key = "tube.bypass" }
[[change]]
at_frames = 50_004
reset = {}
[[change]]
at_frames = 50_005
edit = { config = "edited.toml" }
[[change]]
at_frames = 50_006
reload = {}
"#;
    let stage = || "tube".parse().unwrap();
    let swap = |component: Option<&str>, versions: Option<&str>, insert| {
        Command::Swap(Swap {
            target: Target::Stage(stage()),
            component: component.map(|it| it.parse().unwrap()),
            versions: versions.map(|it| it.parse().unwrap()),
            insert,
        })
    };
    let set = |param: &str, value: &str| Command::Set {
        stage: stage(),
        param: param.to_owned(),
        value: value.to_owned(),
    };
    let bypass = |way| Command::Bypass {
        stage: stage(),
        way,
    };
    let expected = [
        (
            16,
            swap(Some("acme.warmth/tube"), Some("=1.1.0"), Insert::Allowed),
        ),
        (
            48_000,
            Command::Swap(Swap {
                target: Target::Plugin("acme.warmth".parse().unwrap()),
                component: None,
                versions: None,
                insert: Insert::Refused,
            }),
        ),
        (
            48_001,
            swap(Some("acme.warmth"), Some(">=1.2"), Insert::Refused),
        ),
        (48_001, set("band.1.gain_db", "-6.0")),
        (48_001, set("mode", "\"soft\"")),
        (50_000, bypass(HeardSignal::Bypassed)),
        (50_001, bypass(HeardSignal::Processed)),
        (50_002, Command::Rollback { stage: stage() }),
        (
            50_003,
            Command::Reset {
                key: Some("tube.bypass".to_owned()),
            },
        ),
        (50_004, Command::Reset { key: None }),
        (
            50_005,
            Command::Edit {
                path: "shows/edited.toml".into(),
            },
        ),
        (50_006, Command::Reload(Reload::Apply(Insert::Refused))),
    ];
    let changes = read(text);
    let cause = changes[1].cause.clone();
    assert_eq!(
        (&*cause.who.to_string(), &*cause.why),
        ("timeline: changes.toml line 5", "the chorus")
    );
    let found = changes
        .into_iter()
        .map(|change| (change.at, change.command));
    let expected = expected.map(|(frames, command)| (At::Frames(frames), command));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn changes_come_by_place_and_those_at_one_place_as_they_are_written() {
    let change =
        |at: &str, stage: &str| format!("[[change]]\n{at}\nrollback = {{ stage = \"{stage}\" }}\n");
    let order = |text: &str| -> Vec<String> {
        let stage = |change: Timed| match change.command {
            Command::Rollback { stage } => stage.to_string(),
            other => panic!("{other:?}"),
        };
        read(text).into_iter().map(stage).collect()
    };
    let frames = [("7", "a"), ("3", "b"), ("7", "c"), ("0", "d")];
    let text = frames
        .map(|(at, stage)| change(&format!("at_frames = {at}"), stage))
        .concat();
    assert_eq!(order(&text), ["d", "b", "a", "c"]);
    let times = [("1.5s", "a"), ("20ms", "b"), ("1500ms", "c")];
    let text = times
        .map(|(at, stage)| change(&format!("at = \"{at}\""), stage))
        .concat();
    assert_eq!(order(&text), ["b", "a", "c"]);
    let mixed = change("at = \"1s\"", "a") + &change("at_frames = 1", "b");
    assert_eq!(order(&mixed), ["a", "b"]);
}

#[test]
fn a_time_becomes_the_nearest_frame() {
    let at = At::Time(Duration::from_micros(1_500_011));
    assert_eq!((at.frames(48_000), at.frames(44_100)), (72_001, 66_150));
    assert_eq!(At::Frames(7).frames(1), 7);
    assert_eq!(At::Time(Duration::MAX).frames(768_000), u64::MAX);
}

#[test]
fn mistakes_are_told_all_at_once_with_their_places() {
    check(
        "[[change]]\nat = 3\nswap = { stag = \"tube\" }\n[[chnage]]\n",
        &[
            "2:6 `at` has no unit (use at = \"1.5s\", or at_frames = 48000 for frames)",
            "3:1 swap has neither `stage` nor `plugin`",
            "3:10 `stag` is no key of swap (did you mean `stage`?)",
            "4:3 `chnage` is no key of the file (did you mean `change`?)",
        ],
    );
    check(
        "[[change]]\nat = \"1s\"\nat_frames = 1\nswp = {}\n",
        &[
            "1:1 a change does nothing (expected one of `swap`, `set`, `bypass`, `restore`, \
             `rollback`, `reset`, `edit` or `reload`)",
            "2:1 a change has two places in the stream",
            "4:1 `swp` is no key of a change (did you mean `swap`?)",
        ],
    );
    check(
        "[[change]]\nreload = {}\nbypass = { stage = \"a\" }\n",
        &[
            "1:1 a change has no place in the stream (add at_frames = 48000, or at = \"1s\")",
            "2:1 `reload` is a second action of one change (write another [[change]] at that place)",
        ],
    );
}

#[test]
fn values_that_cannot_be_are_told() {
    for (text, expected) in [
        ("bypass = { stage = \"In Put\" }", "3:20 the stage id"),
        (
            "bypass = { stage = 7 }",
            "3:20 `stage` is a whole number, expected a text",
        ),
        ("bypass = {}", "3:1 bypass has no `stage`"),
        (
            "bypass = \"tube\"",
            "3:10 `bypass` is a text, expected a table (write bypass",
        ),
        (
            "set = { stage = \"a\", param = \"b\" }",
            "3:1 set has no `value`",
        ),
        (
            "set = { stage = \"a\", value = 1 }",
            "3:1 set has no `param`",
        ),
        (
            "set = { stage = \"a\", param = \"b\", value = [1] }",
            "3:43 `value` is a list, expected a number, a text, true or false",
        ),
        (
            "swap = { stage = \"a\", plugin = \"b.c\" }",
            "3:23 swap has both `stage` and `plugin`",
        ),
        (
            "swap = { stage = \"a\", version = \"new\" }",
            "3:33 `new` is no version",
        ),
        (
            "swap = { stage = \"a\", component = \"b.c@1\", version = \"1\" }",
            "3:44 the version is said twice",
        ),
        (
            "swap = { plugin = \"b.c\", component = \"b.c\" }",
            "3:26 a swap of a whole plugin names no component",
        ),
        (
            "swap = { stage = \"a\", insert = 1 }",
            "3:32 `insert` is a whole number",
        ),
        ("edit = {}", "3:1 edit has no `config`"),
    ] {
        let mistakes = parse(&line(text), Path::new("c.toml")).expect_err(text);
        let first = mistakes.iter().next().unwrap();
        let at = mistakes.position(first).unwrap();
        let help = first.help.as_deref().unwrap_or_default();
        let told = format!("{}:{} {} ({help}", at.line, at.column, first.message);
        assert!(told.starts_with(expected), "{text}\n{told}\n{expected}");
        assert_eq!(mistakes.len(), 1, "{text}");
    }
}

#[test]
fn places_that_cannot_be_are_told() {
    for (at, expected) in [
        (
            "at_frames = -1",
            "`at_frames` is -1, expected 0 to 9223372036854775807",
        ),
        (
            "at_frames = 1.5",
            "`at_frames` is a fraction, expected a number of frames",
        ),
        (
            "at_frames = \"1s\"",
            "`at_frames` is a text, expected a number of frames",
        ),
        ("at = \"1.5\"", "`1.5` "),
        ("at = \"soon\"", "`soon` is not a duration with its unit"),
        ("at = true", "`at` is a boolean, expected a duration"),
        (
            "at_frames = 18446744073709551616",
            "`at_frames` is 18446744073709551616, expected",
        ),
    ] {
        let text = format!("[[change]]\n{at}\nreload = {{}}\n");
        let mistakes = parse(&text, Path::new("c.toml")).expect_err(at);
        let message = &mistakes.iter().next().unwrap().message;
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_file_that_is_none_is_told() {
    check("", &[&format!("1:1 the file has no change ({EXAMPLE})")]);
    check(
        "[change]\nat_frames = 1\nreload = {}\n",
        &[
            "1:1 `change` is one table, expected a list (write [[change]] in double brackets before \
           each)",
        ],
    );
    check(
        "change = [1]\n",
        &[&format!("1:11 a change is no table ({EXAMPLE})")],
    );
    let long = format!("#{}", "x".repeat(FILE_BYTES_MAX));
    check(
        &long,
        &["1:1 the file has 1048577 bytes, expected at most 1048576"],
    );
    let many = "[[change]]\n".repeat(CHANGES_MAX + 1);
    check(
        &many,
        &["1:1 the file has 10001 changes, expected at most 10000"],
    );
    let deep = format!("change = {}", "[".repeat(1_000));
    assert!(parse(&deep, Path::new("c.toml")).is_err());
}

#[test]
fn the_largest_file_is_read() {
    let text = "[[change]]\nat_frames = 1\nreload = {}\n".repeat(CHANGES_MAX);
    let changes = read(&text);
    assert_eq!(changes.len(), CHANGES_MAX);
    assert_eq!(
        changes[CHANGES_MAX - 1].cause.who.to_string(),
        "timeline: changes.toml line 29998"
    );
}

#[test]
fn a_file_is_read_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changes.toml");
    let missing = super::read(&path).unwrap_err();
    assert!(
        missing
            .iter()
            .next()
            .unwrap()
            .message
            .contains("cannot be read")
    );
    std::fs::write(&path, line("edit = { config = \"b.toml\" }")).unwrap();
    let changes = super::read(&path).unwrap();
    let expected = Command::Edit {
        path: folder.path().join("b.toml"),
    };
    assert_eq!(changes[0].command, expected);
}

/// What is said of one change with these numbers, which begins on line 2.
#[track_caller]
fn check_replay(at: &str, replay: &str, expected: &[&str]) {
    let text = format!("[[change]]\n{at}\nswap = {{ stage = \"a\" }}\n[change.replay]\n{replay}");
    let mistakes = parse(&text, Path::new("c.toml")).expect_err(&text);
    let found = mistakes.iter().map(|mistake| {
        let line = mistakes.position(mistake).expect("it has a place").line;
        format!("{line}: {}", mistake.message)
    });
    assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn a_replay_that_no_run_can_have_had_is_told_at_its_lines() {
    check_replay(
        "at_frames = 100",
        "applied_at_frames = 90\nstates_at_frames = 95",
        &[
            "5: `applied_at_frames` is 90, expected 100 or more, where the change begins",
            "6: `states_at_frames` is 95, expected at most 90, where the change is applied",
            "6: `states_at_frames` is 95, expected 100 or more, where the change begins",
        ],
    );
    check_replay(
        "at_frames = 100",
        "applied_at_frames = 200\n[[change.replay.fades]]\nstage = \"a\"\nprimed_from_frames = \
         120\nprimed_to_frames = 110\n[[change.replay.fades]]\nstage = \"a\"\n\
         primed_from_frames = 1\n",
        &[
            "9: `primed_to_frames` is 110, expected 120 or more, as `primed_from_frames` is",
            "9: `primed_to_frames` is 110, expected at most 100, where the change begins",
            "10: `a` has a second fade",
            "12: `primed_from_frames` stands alone, expected both or neither",
        ],
    );
    // Which frame a time is, nobody knows here.
    check_replay(
        "at = \"1s\"",
        "applied_at_frames = 50_000\nstates_at_frames = 50_001\n\
         fades = [{ stage = \"a\", primed_from_frames = 0, primed_to_frames = 50_002 }]\n",
        &[
            "6: `states_at_frames` is 50001, expected at most 50000, where the change is applied",
            "7: `primed_to_frames` is 50002, expected at most 50000, where the change is applied",
        ],
    );
}

fn token() -> impl Strategy<Value = String> {
    let words = [
        "[[change]]\n",
        "at_frames = ",
        "at = ",
        "\"1s\"\n",
        "7\n",
        "swap = ",
        "set = ",
        "{ ",
        "stage = ",
        "\"tube\"",
        " }\n",
        ", ",
        "value = ",
        "-1.5",
        "plugin = ",
        "\"a.b\"",
        "version = ",
        "insert = ",
        "true",
        "[",
        "]",
        "\n",
        "why = ",
        "edit = ",
        "config = ",
        "\"",
        "=",
        ".",
        "change",
        "reload = {}\n",
        "\u{0}",
        "ä",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,120}") {
        let _ = parse(&text, Path::new("c.toml"));
    }

    #[test]
    fn any_row_of_tokens_is_answered(tokens in prop::collection::vec(token(), 0..40)) {
        let text = tokens.concat();
        match parse(&text, Path::new("c.toml")) {
            Ok(changes) => prop_assert_eq!(changes.len(), text.matches("[[change]]").count()),
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                prop_assert!(!mistakes.render(Color::Plain, 80).is_empty());
            }
        }
    }
}
