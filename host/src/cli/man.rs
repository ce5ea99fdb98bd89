//! Man: the man pages.
//!
//! In: a folder. Out: a page for `segue` and one for each of its commands, made from the same words
//! that `--help` shows.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};

use crate::cli::arguments::{Arguments, Man};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;

/// What the pages are of.
const VERSION: &str = concat!("segue ", env!("CARGO_PKG_VERSION"));

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

fn write(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut whole = Arguments::command();
    whole.build();
    let mut all = vec![whole];
    let mut pages = 0;
    while let Some(command) = all.pop() {
        all.extend(command.get_subcommands().cloned());
        let text = page(&command)?;
        let page = clap_mangen::Man::new(command);
        fs::write(folder.join(page.get_filename()), text)?;
        pages += 1;
    }
    Ok(pages)
}

/// The page of one command: examples come as they are typed, in a section of their own.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    // The program stands in the footer of every page.
    let man = clap_mangen::Man::new(command.clone()).source(VERSION);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(help) = command.get_after_help() {
        page.extend(examples(&help.to_string()).into_bytes());
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// What follows the flags in `--help`: lists line by line, in sections of their own, and paragraphs
/// that are filled.
fn examples(help: &str) -> String {
    let mut text = String::new();
    let mut has_notes = false;
    for paragraph in help.split("\n\n") {
        match paragraph.split_once(":\n") {
            Some((heading, lines)) => {
                let lines: String = lines.lines().map(escaped).collect();
                let heading = heading.to_uppercase();
                // Lines bring their indent, and fit a narrow terminal with no other.
                text.push_str(&format!(".SH {heading}\n.nf\n.in 0\n{lines}.in\n.fi\n"));
            }
            None => {
                let codes = paragraph.strip_prefix("Exit codes: ");
                text.push_str(match (codes, has_notes) {
                    (Some(_), _) => ".SH EXIT STATUS\n",
                    (None, true) => ".PP\n",
                    (None, false) => ".SH NOTES\n",
                });
                has_notes = codes.is_none();
                text.push_str(&escaped(codes.unwrap_or(paragraph)));
            }
        }
    }
    text
}

/// A line that comes out as it is, down to the characters that a shell knows: a page shows a bare
/// `-` as a hyphen and a bare `'` as a quotation mark.
fn escaped(line: &str) -> String {
    let mut text = String::from("\\&");
    for character in line.chars() {
        match character {
            '\\' => text.push_str("\\e"),
            '-' => text.push_str("\\-"),
            '\'' => text.push_str("\\(aq"),
            '`' => text.push_str("\\(ga"),
            '~' => text.push_str("\\(ti"),
            '^' => text.push_str("\\(ha"),
            other => text.push(other),
        }
    }
    text.push('\n');
    text
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
            assert!(
                page.contains(".TH") && page.contains("\n.SH EXAMPLES\n.nf\n"),
                "{page}"
            );
            assert!(page.contains(&format!("\"{VERSION}\"")), "{page}");
            for below in command.get_subcommands() {
                let below = below.get_name();
                assert!(
                    page.contains(&format!("segue\\-{name}\\-{below}(1)")),
                    "{page}"
                );
                let own = folder.path().join(format!("segue-{name}-{below}.1"));
                assert!(own.exists(), "{name} {below}");
            }
            for flag in command
                .get_arguments()
                .filter_map(|argument| argument.get_long())
            {
                let flag = flag.replace('-', "\\-");
                assert!(page.contains(&flag), "{name} {flag}\n{page}");
            }
        }
    }
    #[test]
    fn examples_are_lines_of_their_own_that_can_be_copied() {
        let text = examples(
            "Examples:\n  a - 'b' ~ x\\y\n  .c\n\nOne.\n\nThree.\n\nExit codes: 0 done.\n\n\
             Environment:\n  A    b",
        );
        assert_eq!(
            text,
            ".SH EXAMPLES\n.nf\n.in 0\n\\&  a \\- \\(aqb\\(aq \\(ti x\\ey\n\\&  .c\n.in\n.fi\n\
             .SH NOTES\n\\&One.\n.PP\n\\&Three.\n.SH EXIT STATUS\n\\&0 done.\n\
             .SH ENVIRONMENT\n.nf\n.in 0\n\\&  A    b\n.in\n.fi\n"
        );
        let plain = examples("Examples:\n  a");
        assert_eq!(plain, ".SH EXAMPLES\n.nf\n.in 0\n\\&  a\n.in\n.fi\n");
    }
}
