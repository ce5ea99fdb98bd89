//! Flags over environment over file over defaults, and mistakes that name the variable or flag.

use std::path::Path;

use super::{Override, from_environment};
use crate::config::model::Config;
use crate::config::parse;
use crate::config::render::Color;
use crate::config::units::Bytes;
use crate::config::values::Scalar;

const FILE: &str = "[host]\nmemory_max = \"1MiB\"\n[[stage]]\nid = \"eq\"\ncomponent = \"a.b\"\n\
    params = { gain_db = 1, band = [{ q = 1 }] }\n";

fn read(text: &str, variables: &[(&str, &str)], flags: &[Override]) -> Result<Config, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    // Flags come first here and win all the same.
    let mut overrides = flags.to_vec();
    overrides.extend(from_environment(variables));
    parse(text, Path::new("f.toml"), &overrides)
        .map_err(|mistakes| mistakes.render(Color::Plain, 100))
}

fn check_mistake(variables: &[(&str, &str)], flags: &[Override], expected: &str) {
    assert_eq!(read(FILE, variables, flags).unwrap_err(), expected);
}

#[test]
fn the_nearest_to_the_operator_wins() {
    let variable = [("SEGUE_HOST__MEMORY_MAX", "2MiB")];
    let flag = [Override::flag("host.memory_max", "3MiB", "--memory-max")];
    let memory = |config: Config| config.host.memory_max.map(|found| found.value);
    assert_eq!(memory(read("", &[], &[]).unwrap()), None);
    assert_eq!(memory(read(FILE, &[], &[]).unwrap()), Some(Bytes(1 << 20)));
    assert_eq!(
        memory(read(FILE, &variable, &[]).unwrap()),
        Some(Bytes(2 << 20))
    );
    assert_eq!(
        memory(read(FILE, &variable, &flag).unwrap()),
        Some(Bytes(3 << 20))
    );
}

#[test]
fn every_type_of_single_value_can_be_set() {
    let variables = [
        ("SEGUE_STREAM__OVERWRITE", "true"),
        ("SEGUE_STREAM__BLOCK_FRAMES", "64"),
        ("SEGUE_STREAM__TAIL", "keep"),
        ("SEGUE_PIPELINE__NAME", "12"),
        ("SEGUE_LOG", "debug"),
        ("HOME", "/root"),
    ];
    let config = read(FILE, &variables, &[]).unwrap();
    assert!(config.stream.overwrite.value);
    assert_eq!(config.stream.block_frames.value, 64);
    assert_eq!(config.stream.tail.value.name(), "keep");
    assert_eq!(config.pipeline.name.unwrap().value, "12");
}

#[test]
fn a_mistake_in_a_variable_is_shown_like_one_in_the_file() {
    check_mistake(
        &[("SEGUE_HOST__MEMORY_MAX", "512")],
        &[],
        "error: `512` has no unit, expected one of B, KiB, MiB, GiB, TiB\n \
         --> SEGUE_HOST__MEMORY_MAX:1:1\n  |\n1 | 512\n  | ^^^\n  |\n  \
         = help: write memory_max = \"512MiB\", or whichever unit is meant\n",
    );
    check_mistake(
        &[("SEGUE_HOST__MEMORY", "1MiB")],
        &[],
        "error: SEGUE_HOST__MEMORY sets `host.memory`, and `memory` is not a key of `[host]`\n \
         --> SEGUE_HOST__MEMORY:1:1\n  |\n1 | 1MiB\n  | ^^^^\n  |\n  \
         = help: use `memory_max`\n",
    );
    check_mistake(
        &[("SEGUE_PLUGINS__PATHS", "")],
        &[],
        "error: SEGUE_PLUGINS__PATHS sets `plugins.paths`, and `paths` is a list of texts, \
         as in [\"a\", \"b\"]\n --> SEGUE_PLUGINS__PATHS:1:1\n  |\n1 |\n  | ^\n  |\n  \
         = help: only single values can be set from outside; write it in the file\n",
    );
    check_mistake(
        &[],
        &[Override::flag("host.threads", "many", "--threads")],
        "error: `threads` is a text, expected a whole number\n --> --threads:1:1\n  |\n\
         1 | many\n  | ^^^^\n  |\n  = help: write threads = 0\n",
    );
}

#[test]
fn a_parameter_is_put_where_the_file_would_have_it() {
    let set = |text| Override::param(text, "--set").unwrap();
    let flags = [
        "eq.gain_db=-6",
        "eq.band.1.q=2",
        "eq.band.3.type=peak",
        "eq.on=true",
    ]
    .map(set);
    let config = read(FILE, &[], &flags).unwrap();
    let flat = config.stages[0].part.params.flat();
    let found: Vec<_> = flat
        .iter()
        .map(|p| (p.id.as_str(), p.value.value.clone()))
        .collect();
    let expected = [
        ("band.1.q", Scalar::Number(2.0)),
        ("band.3.type", Scalar::Label("peak".to_owned())),
        ("gain_db", Scalar::Number(-6.0)),
        ("on", Scalar::Boolean(true)),
    ];
    for value in expected {
        assert!(found.contains(&value), "{value:?} is not in {found:?}");
    }
    assert_eq!(found.len(), 4);
    assert_eq!(
        config.sources().position(flat[0].value.span).to_string(),
        "--set eq.gain_db:1:1"
    );
    let again = parse(&config.resolved(), Path::new("f.toml"), &[]).unwrap();
    assert_eq!(again.stages[0].part.params, config.stages[0].part.params);
}

#[test]
fn a_parameter_that_cannot_be_set_says_why() {
    let check = |text, expected: &str| {
        let flag = Override::param(text, "--set").unwrap();
        let found = read(FILE, &[], &[flag]).unwrap_err();
        assert_eq!(found.lines().next().unwrap(), expected);
    };
    check(
        "qe.gain_db=1",
        "error: `qe` is unknown, expected the id of a stage, tap or decision",
    );
    check(
        "eq.band.0.q=1",
        "error: `0` is no number of a group's table, expected 1 or more",
    );
    check(
        "eq.band.99999.q=1",
        "error: `99999` is no number of a group's table, expected 1 or more",
    );
    check(
        "eq.gain_db.1.q=1",
        "error: `gain_db` is one value, not a group",
    );
    check("eq.a.b=1", "error: `a.b` is no parameter");
    check("eq.gain_db=nan", "error: the value is not a finite number");
    check("eq.Gain=1", "error: `Gain` is no name of a parameter");
    assert_eq!(
        Override::param("gain_db=1", "--set")
            .unwrap_err()
            .to_string(),
        "--set was given `gain_db=1`, expected STAGE.PARAM=VALUE, as in tube.drive_db=6"
    );
}
