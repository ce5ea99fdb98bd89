//! Later: commands that a later version has, and what else clap could not read.
//!
//! In: an error of clap. Out: words, and an exit code.

use std::io::{IsTerminal, stderr};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::exit::Exit;
use crate::cli::terminal::say;

/// Commands that have their place, with the version that will have them.
const LATER: [(&str, &str); 4] = [
    ("lock", "1.3"),
    ("new", "1.3"),
    ("quarantine", "1.3"),
    ("validate", "1.3"),
];

/// Shows help, version or what is wrong, and returns the exit code.
pub(super) fn explain(error: &clap::Error) -> Exit {
    if let Some(text) = unknown(error).and_then(later) {
        say(&text);
        return Exit::Misused;
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Standard output may be closed; then nobody wants to read it.
            let _ = error.print();
            Exit::Done
        }
        _ => {
            say(&rendered(error));
            Exit::Misused
        }
    }
}

/// What clap says, with colours where a person reads it. It holds the arguments as they came.
fn rendered(error: &clap::Error) -> String {
    let text = error.render();
    let is_colored = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match is_colored {
        true => text.ansi().to_string(),
        false => text.to_string(),
    }
}

/// The command that clap does not know.
fn unknown(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) => Some(name),
        _ => None,
    }
}

fn later(command: &str) -> Option<String> {
    let (name, version) = LATER.iter().find(|(name, _)| *name == command)?;
    let help = match *name {
        "validate" => "\n  help: a configuration is checked with `segue check plugins.toml`",
        _ => "",
    };
    Some(format!(
        "error: `segue {name}` comes with Segue {version}{help}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::Parser;

    fn check(arguments: &[&str], expected: Option<&str>) {
        let error = Arguments::try_parse_from(arguments).unwrap_err();
        assert_eq!(unknown(&error).and_then(later).as_deref(), expected);
    }

    #[test]
    fn commands_of_later_versions_are_named_with_them() {
        check(
            &["segue", "-q", "lock", "x", "--help"],
            Some("error: `segue lock` comes with Segue 1.3\n"),
        );
        check(
            &["segue", "validate", "plugins.toml"],
            Some(
                "error: `segue validate` comes with Segue 1.3\n  help: a configuration is checked \
                 with `segue check plugins.toml`\n",
            ),
        );
        check(&["segue", "lost"], None);
        check(&["segue", "run", "--pace", "slow"], None);
    }
}
