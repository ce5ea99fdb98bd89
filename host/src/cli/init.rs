//! Init: writes a commented configuration, and never over another file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::cli::arguments::Init;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::config::help;

/// Writes the file.
///
/// # Errors
/// When something has the name, or the system refuses.
pub(super) fn init(shell: &Shell, arguments: &Init) -> Result<Exit, Failure> {
    let path = &arguments.file;
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = format!("{} exists and stays as it is", path.display());
            Failure::new(Exit::Misused, message).help(format!(
                "name another file, as in `segue init {}`",
                other(path)
            ))
        }
        _ => refused(path, &error),
    })?;
    let written = file.write_all(help::commented().as_bytes());
    written.map_err(|error| {
        // A beginning is worse than nothing.
        let _ = std::fs::remove_file(path);
        refused(path, &error)
    })?;
    let shown = path.display();
    let next = match path.to_str() {
        Some("plugins.toml") => "segue check".to_owned(),
        _ => format!("segue check {shown}"),
    };
    shell.terminal.print(&format!(
        "wrote {shown}: every key with its meaning; add a [[stage]], then `{next}`\n"
    ));
    Ok(Exit::Done)
}

fn refused(path: &std::path::Path, error: &std::io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    Failure::new(Exit::Failed, message)
}

/// A name beside the one that is taken.
fn other(path: &std::path::Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-2.toml");
    path.with_file_name(name).display().to_string()
}
