//! Hostile: whatever a file holds, it is read or explained; nothing panics, hangs or grows.

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;

use crate::config::limits::{
    DECIDES_MAX, FILE_BYTES_MAX, NAMES_MAX, PARAMS_MAX, SETTINGS_MAX, STAGES_MAX, TAPS_MAX,
};
use crate::config::model::Config;
use crate::config::parse;
use crate::config::render::Color;
use crate::config::tests::hostile::changes::{apply, change};

mod changes;

const EXAMPLE: &str = include_str!("../golden/example.toml");

/// Reads a text. If it is refused, every mistake has a place and can be drawn; if it is taken, what
/// it resolves to is taken too.
fn check(text: &str) -> Result<Config, String> {
    let path = Path::new("plugins.toml");
    match parse(text, path, &[]) {
        Ok(config) => {
            let resolved = config.resolved();
            // A text at the limit may resolve to one past it, since defaults are added.
            let again = parse(&resolved, path, &[]);
            let is_longer = resolved.len() > FILE_BYTES_MAX;
            assert!(is_longer || again.is_ok(), "{resolved}");
            Ok(config)
        }
        Err(mistakes) => {
            assert!(mistakes.has_errors());
            let located = mistakes.iter().all(|one| mistakes.position(one).is_some());
            assert!(located, "a mistake has no place");
            let drawn = mistakes.render(Color::Plain, 80);
            assert!(drawn.contains("--> plugins.toml:"), "{drawn}");
            assert!(!drawn.contains(['\u{1b}', '\0', '\r']), "{drawn:?}");
            let colored = mistakes.render(Color::Ansi, 80);
            assert!(colored.contains("\u{1b}["), "{colored}");
            Err(drawn)
        }
    }
}

fn check_refused(text: &str, expected: &str) {
    let found = check(text).expect_err("it is wrong");
    assert!(found.contains(expected), "{expected} is not in\n{found}");
}

fn stages(count: usize) -> String {
    let stage = |at| format!("[[stage]]\nid = \"s{at}\"\ncomponent = \"a.b\"\n");
    (0..count).map(stage).collect()
}

#[test]
fn more_tables_than_a_limit_are_refused_with_both_numbers() {
    assert_eq!(check(&stages(STAGES_MAX)).unwrap().stages.len(), STAGES_MAX);
    check_refused(
        &stages(STAGES_MAX + 1),
        "`stage` has 1001 entries, expected at most 1000",
    );
    let tables = |name, more, count| {
        (0..count).fold(stages(1), |mut text, at| {
            write!(
                text,
                "[[{name}]]\nid = \"t{at}\"\ncomponent = \"a.b\"\n{more}"
            )
            .unwrap();
            text
        })
    };
    let taps = tables("tap", "", TAPS_MAX + 1);
    check_refused(&taps, "`tap` has 257 entries, expected at most 256");
    let decides = tables("decide", "reads = [\"s0\"]\n", DECIDES_MAX + 1);
    check_refused(&decides, "`decide` has 65 entries, expected at most 64");
}

#[test]
fn more_values_than_a_limit_are_refused_with_both_numbers() {
    let with = |text: &str| format!("{}{text}\n", stages(1));
    let values = |count| {
        (0..count)
            .map(|at| format!("p{at} = 1,"))
            .collect::<String>()
    };
    let params = |count| with(&format!("params = {{ {} }}", values(count)));
    assert!(check(&params(PARAMS_MAX)).is_ok());
    check_refused(
        &params(PARAMS_MAX + 1),
        "`params` has 1025 entries, expected at most 1024",
    );
    let settings = params(SETTINGS_MAX + 1).replace("params", "settings");
    check_refused(&settings, "`settings` has 65 entries, expected at most 64");
    let rows = "{ q = 1 },".repeat(PARAMS_MAX + 1);
    let rows = with(&format!("params.band = [{rows}]"));
    check_refused(&rows, "`band` has 1025 entries, expected at most 1024");
    let names: String = (0..=NAMES_MAX).map(|at| format!("\"x{at}\",")).collect();
    let after = with(&format!("after = [{names}]"));
    check_refused(&after, "`after` has 257 entries, expected at most 256");
    let path = format!("[stream]\ninput = \"{}\"\n", "x".repeat(4_097));
    check_refused(&path, "the text has 4097 bytes, expected at most 4096");
}

#[test]
fn a_file_past_the_limit_is_not_parsed() {
    let comment = format!("#{}", "x".repeat(10 * 1024 * 1024));
    check_refused(
        &comment,
        "the file has 10485761 bytes, expected at most 1048576",
    );
}

#[test]
fn what_nests_without_end_is_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        for depth in [100, 100_000] {
            let text = format!("x = {}1{}\n", open.repeat(depth), close.repeat(depth));
            assert!(check(&text).is_err());
            let unclosed = format!("x = {}", open.repeat(depth));
            assert!(check(&unclosed).is_err());
        }
    }
    let dots = "a.".repeat(100_000);
    assert!(check(&format!("{dots}a = 1\n")).is_err());
    assert!(check(&format!("[{dots}a]\n")).is_err());
    // As deep as each of them may go, one in the other, in one line and in many.
    let dots = "a.".repeat(70);
    for between in ["", "\n", " # x\n"] {
        let table = format!("{{{dots}a={between}");
        let (open, close) = (table.repeat(70), "}".repeat(70));
        let text = format!("[{dots}a]\n{dots}a = {open}1{close}\n");
        assert!(check(&text).is_err());
    }
}

#[test]
fn floods_and_noise_end_with_an_explanation() {
    let line = |line: &str| line.repeat(FILE_BYTES_MAX / line.len());
    for text in [
        line("a\n"),
        line("\"\n"),
        line("[[stage]]\n"),
        line("[a\n"),
        line("="),
        line("\u{0}"),
        line("é"),
        line("\t"),
        line("{"),
        format!("x = \"{}", line("y")),
        format!("x = [{}]", line("1,").trim_end_matches(['1', ','])),
        (0..60_000).fold(String::new(), |text, at| text + &format!("k{at}=1\n")),
    ] {
        // A file of blanks is a file without keys; everything else here is wrong.
        let is_blank = text.trim().is_empty();
        assert_eq!(
            check(&text).is_ok(),
            is_blank,
            "{}",
            &text[..20.min(text.len() - 1)]
        );
    }
}

#[test]
fn a_thousand_stages_in_a_knot_are_told_once() {
    let stages = (0..STAGES_MAX).fold(String::new(), |text, at| {
        let next = (at + 1) % STAGES_MAX;
        let far = (at + 7) % STAGES_MAX;
        text + &format!(
            "[[stage]]\nid = \"s{at}\"\ncomponent = \"a.b\"\nafter = [\"s{next}\", \"s{far}\"]\n"
        )
    });
    let told = check(&stages).unwrap_err();
    assert_eq!(told.matches("wait for each other").count(), 1, "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_changed_file_is_read_or_explained(
        changes in prop::collection::vec(change(), 1..6),
        today in any::<bool>(),
    ) {
        let text = if today {
            EXAMPLE.replace(", \"bypass:tube\"", "")
        } else {
            EXAMPLE.to_owned()
        };
        let changed = changes.iter().fold(text, |text, change| apply(&text, change));
        let _ = check(&changed);
    }

    #[test]
    fn noise_is_read_or_explained(text in "(?s).{0,300}") {
        let _ = check(&text);
    }
}
