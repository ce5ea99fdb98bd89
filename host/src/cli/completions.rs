//! Completions: what lets a shell complete commands and flags.
//!
//! In: the name of a shell. Out: its script, made from the same words that `--help` shows.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::arguments::{Arguments, Completions};
use crate::cli::exit::Exit;
use crate::cli::shell::{NAME, Shell as Session};

/// Prints the script.
pub(super) fn completions(shell: &Session, arguments: &Completions) -> Exit {
    shell.terminal.print(&script(arguments.shell));
    Exit::Done
}

fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn the_script_of_every_shell_names_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Arguments::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell} {name}");
            }
            assert!(script.contains("plugin-path"), "{shell} knows no flags");
        }
    }
    #[test]
    fn flags_offer_their_words_and_files() {
        let bash = script(Shell::Bash);
        for words in [
            "8 16 24 32 f32 f64 ulaw alaw",
            "auto tpdf none",
            "text svg dot mermaid json",
        ] {
            assert!(bash.contains(&format!("compgen -W \"{words}\"")), "{words}");
        }
        let zsh = script(Shell::Zsh);
        assert!(zsh.contains(":FILE:_files"), "{zsh}");
        assert!(zsh.contains(":DIR:_files -/"), "{zsh}");
    }
}
