//! Names that are taken and names that are refused, with what is said about each.

use proptest::prelude::*;

use std::fmt;
use std::str::FromStr;

use super::*;

fn check<T: FromStr<Err = IdError> + fmt::Display>(text: &str, expected: Result<(), &str>) {
    match text.parse::<T>() {
        Ok(id) => {
            assert_eq!(Ok(()), expected, "{text} was accepted");
            assert_eq!(id.to_string(), text);
        }
        Err(error) => assert_eq!(Err(error.to_string().as_str()), expected),
    }
}

#[test]
fn good_names_are_kept_as_they_are() {
    check::<PluginId>("acme.warmth", Ok(()));
    check::<PluginId>("a.b-c.9", Ok(()));
    check::<ComponentAddress>("acme.warmth", Ok(()));
    check::<ComponentAddress>("acme.warmth/tube-2", Ok(()));
    check::<StageId>("voice_eq-2", Ok(()));
    check::<TapId>("loudness", Ok(()));
    check::<DecideId>("guard", Ok(()));
    check::<Node>("input", Ok(()));
    check::<Node>("eq", Ok(()));
    check::<StageId>(&"x".repeat(NAME_BYTES_MAX), Ok(()));
}

#[test]
fn a_plugin_id_says_what_it_should_look_like() {
    check::<PluginId>(
        "Acme.warmth",
        Err(
            "the plugin id `Acme.warmth` contains `A`, expected two or more parts of `a-z`, \
             `0-9` and `-` joined by dots, as in `acme.warmth`",
        ),
    );
    check::<PluginId>(
        "warmth",
        Err(
            "the plugin id `warmth` is incomplete, expected two or more parts of `a-z`, \
             `0-9` and `-` joined by dots, as in `acme.warmth`",
        ),
    );
    check::<PluginId>(
        "acme..warmth",
        Err(
            "the plugin id `acme..warmth` is incomplete, expected two or more parts of `a-z`, \
             `0-9` and `-` joined by dots, as in `acme.warmth`",
        ),
    );
}

#[test]
fn an_address_names_the_part_that_is_wrong() {
    check::<ComponentAddress>(
        "acme.warmth/",
        Err("the component's name is empty, expected `a-z`, `0-9` and `-`, as in `tube`"),
    );
    check::<ComponentAddress>(
        "acme.warmth/tube/x",
        Err(
            "the component's name `tube/x` contains `/`, expected `a-z`, `0-9` and `-`, \
             as in `tube`",
        ),
    );
}

#[test]
fn the_two_ends_of_the_pipeline_are_no_names_of_stages() {
    check::<StageId>(
        "input",
        Err(
            "the stage id `input` is reserved for the pipeline's own input, \
             expected another name",
        ),
    );
    check::<Node>(
        "output",
        Err(
            "the stage id `output` is reserved for the pipeline's own output, \
             expected another name",
        ),
    );
}

#[test]
fn a_hostile_name_is_repeated_only_in_part_and_on_one_line() {
    let long = "x".repeat(5_000);
    let error = long.parse::<StageId>().unwrap_err().to_string();
    assert!(error.len() < 300, "{error}");
    assert!(
        error.contains("has 5000 bytes, expected at most 64"),
        "{error}"
    );
    let error = "a\n\u{1b}[31mb".parse::<TapId>().unwrap_err().to_string();
    assert!(!error.contains(['\n', '\u{1b}']), "{error}");
}

#[test]
fn serde_checks_as_parsing_does() {
    let address: ComponentAddress = serde_json::from_str("\"acme.warmth/tube\"").unwrap();
    assert_eq!(
        serde_json::to_string(&address).unwrap(),
        "\"acme.warmth/tube\""
    );
    assert!(serde_json::from_str::<PluginId>("\"warmth\"").is_err());
}

proptest! {
    #[test]
    fn what_is_accepted_obeys_the_written_rule(text in "[a-zA-Z0-9_./ -]{0,70}") {
        let rule = |part: &str, more: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()
                    || c == '-' || more.contains(c))
        };
        let short = text.len() <= NAME_BYTES_MAX;
        let parts: Vec<_> = text.split('.').collect();
        let plugin = short && parts.len() > 1 && parts.iter().all(|part| rule(part, ""));
        prop_assert_eq!(text.parse::<PluginId>().is_ok(), plugin);
        let name = short && rule(&text, "_") && !RESERVED_NAMES.contains(&text.as_str());
        prop_assert_eq!(text.parse::<StageId>().is_ok(), name);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        if let Ok(address) = text.parse::<ComponentAddress>() {
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
