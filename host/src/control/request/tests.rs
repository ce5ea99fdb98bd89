//! What lines ask for, and what is said about lines that ask for nothing.

use proptest::prelude::*;
use semver::VersionReq;

use super::*;
use crate::control::protocol::REQUEST_BYTES_MAX;

fn wanted(line: &str) -> Order {
    read(line.as_bytes()).expect("the line is right").order
}

fn refused(line: &str) -> (ProblemKind, String) {
    let reply = read(line.as_bytes()).expect_err("the line is wrong");
    assert!(!reply.ok);
    let problem = reply.error.expect("a refusal says why");
    (problem.kind, problem.text)
}

fn check(line: &str, expected: Command) {
    assert_eq!(wanted(line), Order::Ask(expected), "{line}");
}

#[test]
fn every_command_reads_as_documented() {
    let stage = || "tube".parse().unwrap();
    check(r#"{"command":"status","colour":7}"#, Command::Status);
    check(
        r#"{"command":"swap","stage":"tube","component":"acme.warmth/tube","version":"1.1.0"}"#,
        Command::Swap(Swap {
            target: Target::Stage(stage()),
            component: Some("acme.warmth/tube".parse().unwrap()),
            versions: Some(VersionReq::parse("=1.1.0").unwrap()),
            insert: Insert::Refused,
        }),
    );
    check(
        r#"{"command":"swap","plugin":"acme.warmth","insert":true,"component":null}"#,
        Command::Swap(Swap {
            target: Target::Plugin("acme.warmth".parse().unwrap()),
            component: None,
            versions: None,
            insert: Insert::Allowed,
        }),
    );
    for (json, text) in [
        ("-6.5", "-6.5"),
        ("true", "true"),
        ("\"soft\"", "soft"),
        ("3", "3"),
    ] {
        check(
            &format!(r#"{{"command":"set","stage":"tube","param":"a.1.b","value":{json}}}"#),
            Command::Set {
                stage: stage(),
                param: "a.1.b".to_owned(),
                value: text.to_owned(),
            },
        );
    }
    let bypass = |way| Command::Bypass {
        stage: stage(),
        way,
    };
    check(
        r#"{"command":"bypass","stage":"tube"}"#,
        bypass(HeardSignal::Bypassed),
    );
    check(
        r#"{"command":"bypass","stage":"tube","off":true}"#,
        bypass(HeardSignal::Processed),
    );
    check(
        r#"{"command":"reload"}"#,
        Command::Reload(Reload::Apply(Insert::Refused)),
    );
    check(
        r#"{"command":"reload","dry_run":true}"#,
        Command::Reload(Reload::DryRun(Insert::Refused)),
    );
    check(
        r#"{"command":"reload","insert":true}"#,
        Command::Reload(Reload::Apply(Insert::Allowed)),
    );
    check(
        r#"{"command":"edit","path":"/etc/x.toml"}"#,
        Command::Edit {
            path: "/etc/x.toml".into(),
        },
    );
    check(
        r#"{"command":"rollback","stage":"tube"}"#,
        Command::Rollback { stage: stage() },
    );
    check(r#"{"command":"reset"}"#, Command::Reset { key: None });
    let key = Some("tube.params.drive_db".to_owned());
    check(
        r#"{"command":"reset","key":"tube.params.drive_db"}"#,
        Command::Reset { key },
    );
    check(r#"{"command":"save"}"#, Command::Save);
    check(r#"{"command":"pause"}"#, Command::Pause);
    check(r#"{"command":"resume"}"#, Command::Resume);
    check(r#"{"command":"stop"}"#, Command::Stop);
    assert_eq!(wanted(r#"{"command":"hello"}"#), Order::Hello);
    assert_eq!(wanted(r#"{"command":"events"}"#), Order::Events);
}

#[test]
fn the_id_comes_back_whatever_it_is() {
    let read = read(br#"{"id":{"a":[1]},"command":"save","why":"done for today"}"#).unwrap();
    assert_eq!(read.id, serde_json::json!({"a": [1]}));
    assert_eq!(read.why, "done for today");
    let reply = super::read(br#"{"id":"x","command":"swap"}"#).unwrap_err();
    assert_eq!(reply.id, Value::from("x"));
}

#[test]
fn what_cannot_be_read_is_explained() {
    let (kind, text) = refused("swap tube");
    assert_eq!(kind, ProblemKind::Malformed);
    assert!(text.starts_with("the line is no JSON object: "), "{text}");
    assert_eq!(refused("[1]").0, ProblemKind::Malformed);
    assert_eq!(
        refused(r#"{"command":"statsu"}"#),
        (
            ProblemKind::UnknownCommand,
            "`statsu` is no command; did you mean `status`?".to_owned()
        )
    );
    for (line, expected) in [
        (r#"{}"#, "`command` is missing"),
        (r#"{"command":7}"#, "`command` is no text"),
        (
            r#"{"command":"swap"}"#,
            "`swap`: `stage` or `plugin` is missing",
        ),
        (
            r#"{"command":"swap","stage":"a","plugin":"b.c"}"#,
            "`swap`: `stage` and `plugin` are both there, expected one of them",
        ),
        (
            r#"{"command":"swap","component":"b.c","plugin":"b.c"}"#,
            "`swap`: `component` cannot stand beside `plugin`, only beside `stage`",
        ),
        (
            r#"{"command":"set","stage":"a","param":"b"}"#,
            "`set`: `value` is missing",
        ),
        (
            r#"{"command":"set","stage":"a","param":"b","value":[]}"#,
            "`set`: `value` is no number, text, true or false",
        ),
        (
            r#"{"command":"bypass","stage":"a","off":1}"#,
            "`bypass`: `off` is neither true nor false",
        ),
        (
            r#"{"command":"edit","path":"x.toml"}"#,
            "`edit`: `path` is relative, expected an absolute path",
        ),
    ] {
        let expected = (ProblemKind::Misused, expected.to_owned());
        assert_eq!(refused(line), expected, "{line}");
    }
    let long = format!(r#"{{"command":"save","why":"{}"}}"#, "x".repeat(1_025));
    assert_eq!(
        refused(&long).1,
        "`save`: `why` has 1025 bytes, expected at most 1024"
    );
    let deep = "[".repeat(REQUEST_BYTES_MAX);
    assert_eq!(refused(&deep).0, ProblemKind::Malformed);
}

fn command() -> impl Strategy<Value = Command> {
    let stage = || "[a-z0-9_-]{1,12}".prop_map(|text| format!("s{text}").parse().unwrap());
    let plugin = || "[a-z0-9-]{1,8}\\.[a-z0-9-]{1,8}";
    let target = prop_oneof![
        stage().prop_map(Target::Stage),
        plugin().prop_map(|text| Target::Plugin(text.parse().unwrap())),
    ];
    let component = prop::option::of(plugin().prop_map(|text| text.parse().unwrap()));
    let versions = prop_oneof![
        Just(None),
        (0u64..9, 0u64..9).prop_map(|(a, b)| Some(requirement(&format!("{a}.{b}.0")).unwrap())),
        (0u64..9, 0u64..9).prop_map(|(a, b)| Some(requirement(&format!("{a}.{b}")).unwrap())),
    ];
    let insert = prop_oneof![Just(Insert::Allowed), Just(Insert::Refused)];
    let swap = (target, component, versions, insert.clone());
    let way = prop_oneof![Just(HeardSignal::Bypassed), Just(HeardSignal::Processed)];
    prop_oneof![
        swap.prop_map(|(target, component, versions, insert)| Command::Swap(Swap {
            component: component.filter(|_| matches!(target, Target::Stage(_))),
            target,
            versions,
            insert,
        })),
        (stage(), ".{1,20}", ".{0,20}").prop_map(|(stage, param, value)| Command::Set {
            stage,
            param,
            value
        }),
        (stage(), way).prop_map(|(stage, way)| Command::Bypass { stage, way }),
        prop_oneof![
            insert.clone().prop_map(Reload::Apply),
            insert.clone().prop_map(Reload::DryRun)
        ]
        .prop_map(Command::Reload),
        "/.{0,20}".prop_map(|path| Command::Edit { path: path.into() }),
        stage().prop_map(|stage| Command::Rollback { stage }),
        prop::option::of(".{1,20}").prop_map(|key| Command::Reset { key }),
        prop_oneof![
            Just(Command::Status),
            Just(Command::Save),
            Just(Command::Pause),
            Just(Command::Resume),
            Just(Command::Stop)
        ],
    ]
}

proptest! {
    #[test]
    fn what_a_client_writes_is_what_a_session_reads(
        command in command(), id in any::<u32>(), why in ".{0,40}"
    ) {
        let order = Order::Ask(command);
        let line = written(u64::from(id), &order, &why);
        prop_assert!(!line.contains('\n'));
        let expected = Wanted { id: id.into(), why, order };
        prop_assert_eq!(read(line.as_bytes()), Ok(expected));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_object_is_answered(
        command in prop::sample::select(COMMANDS.to_vec()),
        field in prop::sample::select(vec!["stage", "plugin", "component", "version", "value",
            "param", "why", "off", "key", "path", "insert", "dry_run"]),
        value in prop_oneof![Just("null"), Just("1e999"), Just("[]"), Just("\"\""), Just("true"),
            Just("\"\\u0000\""), Just("{}")],
    ) {
        let _ = read(format!(r#"{{"command":"{command}","{field}":{value}}}"#).as_bytes());
    }
}
