//! What is refused, at which token and with which sentence.

use super::*;
use std::str::FromStr;

/// `source` is refused at the text `at` with `sentence`.
#[track_caller]
fn check(source: &str, at: &str, sentence: &str) {
    let tokens = TokenStream::from_str(source).unwrap();
    let error = syn::parse2(tokens)
        .and_then(|input| expand(&input))
        .unwrap_err();
    assert_eq!(error.to_string(), sentence);
    assert_eq!(error.span().source_text().as_deref(), Some(at));
}

/// One field of a type with its keys.
#[track_caller]
fn check_field(keys: &str, ty: &str, at: &str, sentence: &str) {
    check(
        &format!("struct A {{ #[param({keys})] gain: {ty} }}"),
        at,
        sentence,
    );
}

#[test]
fn keys_that_are_not_known_or_there_twice_are_named() {
    check_field(
        "rnge = 1.0",
        "f64",
        "rnge",
        "this key is not known, expected `unit`, `range`, `default`, `smooth_ms`, \
         `reactivates`, `below_half_rate`, `id` or `group`",
    );
    check_field(
        "unit = \"a\", unit = \"b\"",
        "f64",
        "unit",
        "this key is there twice, expected it once",
    );
    check(
        "struct A { #[param(unit = \"a\")] #[param(id = \"b\")] gain: f64 }",
        "#[param(id = \"b\")]",
        "a field has one `#[param(…)]`: put the keys together",
    );
}

#[test]
fn ranges_and_defaults_go_together() {
    check_field(
        "default = 1.0",
        "f64",
        "f64",
        "a number needs a range, as in `range = 0.0..=1.0`",
    );
    check_field(
        "range = 0.0..1.0, default = 0.5",
        "f64",
        "0.0..1.0",
        "both ends belong to a range, expected `..=` as in `0.0..=24.0`",
    );
    check_field(
        "range = 0.0..=1.0",
        "f32",
        "0.0",
        "a number needs a default within its range, as in `default = 0.5`",
    );
    check_field(
        "range = -6.0..=1.0, default = -7.5",
        "f64",
        "-7.5",
        "the default lies outside of the range",
    );
    check_field(
        "range = 2..=1, default = 1",
        "u8",
        "2",
        "the range is empty: the least value comes first",
    );
    check_field(
        "default = Shape::Peak, below_half_rate",
        "Shape",
        "below_half_rate",
        "only a number can lie below half the sample rate: a choice has no range",
    );
    check_field(
        "range = 0.0..=1.0, default = 1.0",
        "bool",
        "0.0",
        "a `bool` is `off` or `on`: it has no range",
    );
}

#[test]
fn gliding_is_said_where_it_happens_and_nowhere_else() {
    check_field(
        "range = 0.0..=1.0, default = 1.0",
        "Smoothed",
        "Smoothed",
        "say how long it glides, as in `smooth_ms = 10.0`; 0.0 for at once",
    );
    check_field(
        "range = 0.0..=1.0, default = 1.0, smooth_ms = 5.0",
        "f64",
        "5.0",
        "only a field of type `Smoothed` glides: change the type or drop the key",
    );
}

#[test]
fn ids_are_words_and_single() {
    check_field(
        "id = \"Gain\"",
        "f64",
        "\"Gain\"",
        "an id is like `gain_db`: [a-z0-9_]+, 64 bytes at most",
    );
    check(
        "struct A { #[param(default = true)] gainDB: bool }",
        "gainDB",
        "this name cannot be an id, [a-z0-9_]+ and 64 bytes at most: say `id = \"…\"`",
    );
    check(
        "struct A { #[param()] a: bool, #[param(id = \"a\")] b: bool }",
        "\"a\"",
        "there are two parameters with the id `a`",
    );
}

#[test]
fn groups_are_arrays_and_carry_no_keys_of_members() {
    check_field(
        "group",
        "Vec<Band>",
        "Vec<Band>",
        "a group is an array of a struct that derives `Params`: `[Band; 8]`",
    );
    check_field(
        "group, unit = \"dB\"",
        "[Band; 8]",
        "\"dB\"",
        "a group has no key but `id`: the others belong to its members",
    );
}

#[test]
fn only_structs_with_names_have_parameters() {
    let sentence = "`Params` is derived for structs with named fields; for an enum see `Choices`";
    check("struct A(f64);", "A", sentence);
    check("enum A { B }", "A", sentence);
    check("union A { b: u8 }", "A", sentence);
}
