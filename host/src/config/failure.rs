//! Failure: whether what a stage says about its failures goes together.
//!
//! In: checked entries with defaults filled in. Out: a mistake for each key that would have no
//! effect, or not the one it says.
//!
//! Pure.

use crate::config::entries::Entries;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::source::{SourceId, Spanned};
use crate::config::words::OnError;

/// Checks every stage of a configuration.
pub(crate) fn check(root: &Entries, mistakes: &mut Mistakes) {
    for stage in root.tables("stage") {
        if !stage.is_spoiled(&["on_error", "fallback"]) {
            check_fallback(stage, mistakes);
        }
        if stage.get("restart").is_some() {
            check_restart(&stage.table("restart"), mistakes);
        }
    }
}

fn check_fallback(stage: &Entries, mistakes: &mut Mistakes) {
    let on_error: Option<Spanned<OnError>> = stage.parsed("on_error");
    let Some(on_error) = on_error else {
        return;
    };
    match (on_error.value, stage.text("fallback")) {
        (OnError::Fallback, None) => mistakes.push(
            Mistake::new(on_error.span, "the stage names no fallback")
                .label("which component is heard?")
                .help("add fallback = \"segue.gain\", or the address of another processor"),
        ),
        (OnError::Bypass | OnError::Mute | OnError::Hold | OnError::Stop, Some(fallback)) => {
            let word = on_error.value.name();
            mistakes.push(
                Mistake::new(fallback.span, "the fallback would never be heard")
                    .label(format!("on_error is \"{word}\""))
                    .help("set on_error = \"fallback\", or remove this key"),
            );
        }
        (OnError::Fallback, Some(_))
        | (OnError::Bypass | OnError::Mute | OnError::Hold | OnError::Stop, None) => {}
    }
}

/// A longest wait that is shorter than the first one; the default of it gives way.
fn check_restart(restart: &Entries, mistakes: &mut Mistakes) {
    let (Some(delay), Some(longest)) = (restart.time("delay"), restart.time("delay_max")) else {
        return;
    };
    if longest.value < delay.value && longest.span.source != SourceId::DEFAULTS {
        mistakes.push(
            Mistake::new(longest.span, "the longest wait is shorter than the first")
                .label("expected at least `delay`")
                .also(delay.span, "the first wait"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse;

    /// What is wrong with a stage that has these lines; empty if nothing is.
    fn check(lines: &str, expected: &[&str]) {
        let text = format!("[[stage]]\nid = \"a\"\ncomponent = \"acme.a\"\n{lines}\n");
        let found = match parse(&text, Path::new("plugins.toml"), &[]) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(|one| one.message.clone()).collect(),
        };
        assert_eq!(found, expected, "{lines}");
    }

    #[test]
    fn a_fallback_is_named_where_it_is_heard_and_nowhere_else() {
        check("on_error = \"fallback\"\nfallback = \"acme.b\"", &[]);
        check("on_error = \"fallback\"", &["the stage names no fallback"]);
        for on_error in ["", "on_error = \"hold\"", "on_error = \"stop\""] {
            let lines = format!("{on_error}\nfallback = \"acme.b\"");
            check(&lines, &["the fallback would never be heard"]);
        }
    }

    #[test]
    fn the_longest_wait_is_at_least_the_first() {
        check("restart = {}", &[]);
        check("restart = { delay = \"60s\" }", &[]);
        check("restart = { delay = \"2s\", delay_max = \"2s\" }", &[]);
        check(
            "restart = { delay = \"2s\", delay_max = \"1999ms\" }",
            &["the longest wait is shorter than the first"],
        );
    }
}
