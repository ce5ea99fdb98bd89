//! Man: the man pages.
//!
//! In: a folder. Out: a page for `segue` and one for each of its commands, made from the same words
//! that `--help` shows.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use crate::cli::Shell;
use crate::cli::arguments::{Arguments, Man};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Writes the pages; those that are there are replaced.
///
/// # Errors
/// What the system says.
pub(super) fn man(shell: &Shell, arguments: &Man) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    let written = write(folder).map_err(|error| {
        let message = format!(
            "man pages cannot be written to {}: {error}",
            folder.display()
        );
        Failure::new(Exit::Failed, message)
    })?;
    let text = format!("{written} pages written to {}\n", folder.display());
    shell.terminal.print(&crate::cli::text::clean(&text));
    Ok(Exit::Done)
}

fn write(folder: &Path) -> std::io::Result<usize> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder)?;
    Ok(1 + Arguments::command().get_subcommands().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_names_its_flags_and_shows_examples() {
        let folder = tempfile::tempdir().unwrap();
        let pages = write(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), pages);
        let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let first = page("segue.1");
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            assert!(
                first.contains(&format!("segue\\-{name}(1)")),
                "{name}\n{first}"
            );
            let page = page(&format!("segue-{name}.1"));
            assert!(page.contains(".TH") && page.contains("Examples:"), "{page}");
            for flag in command
                .get_arguments()
                .filter_map(|argument| argument.get_long())
            {
                let flag = flag.replace('-', "\\-");
                assert!(page.contains(&flag), "{name} {flag}\n{page}");
            }
        }
    }
}
