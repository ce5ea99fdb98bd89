//! Save: a report under its name, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use crate::cli::Shell;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::PIPE;

/// Refuses a report that would take the place of the input or the output.
///
/// # Errors
/// When it would.
pub(super) fn check(
    report: Option<&Path>,
    input: &Path,
    output: Option<&Path>,
) -> Result<(), Failure> {
    let Some(report) = report.filter(|path| path.as_os_str() != PIPE) else {
        return Ok(());
    };
    for (path, what) in [(Some(input), "input"), (output, "output")] {
        if path.is_some_and(|path| is_same(path, report)) {
            let message = format!(
                "{} is the {what}, expected another file for the report",
                report.display()
            );
            return Err(Failure::new(Exit::Misused, message));
        }
    }
    Ok(())
}

/// Makes the folder that a file is to be in.
///
/// # Errors
/// What the system says.
pub(super) fn make_folder(file: Option<&Path>) -> Result<(), Failure> {
    let folder = file.and_then(Path::parent);
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|error| {
        let message = format!("the folder {} cannot be made: {error}", folder.display());
        Failure::new(Exit::Failed, message)
    })
}

/// Writes a report: to standard output, or to a file that is there when it is complete.
///
/// # Errors
/// What the system says; then nothing of it is left.
pub(super) fn save(shell: &Shell, path: &Path, text: &str) -> Result<(), Failure> {
    if path.as_os_str() == PIPE {
        shell.terminal.print(text);
        return Ok(());
    }
    make_folder(Some(path))?;
    replace(path, text.as_bytes()).map_err(|error| {
        let message = format!("the report {} cannot be written: {error}", path.display());
        Failure::new(Exit::Failed, message)
    })
}

/// Writes a file under another name, and gives it its own when it is on the disk.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let fresh = format!(".{}.{}", name.to_string_lossy(), std::process::id());
    let fresh = path.with_file_name(fresh);
    let mut file = File::create(&fresh)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // Whatever went wrong, it is reported; what is left of it must not stay.
        let _ = fs::remove_file(&fresh);
    }
    written
}

/// Whether two paths name one file, as far as the file system or their spelling tells.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| -> PathBuf {
        let known = fs::canonicalize(path).or_else(|_| absolute(path));
        known.unwrap_or_else(|_| path.to_owned())
    };
    real(one) == real(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"{}").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        let taken = folder.path().join("taken.json");
        fs::create_dir(&taken).unwrap();
        assert!(replace(&taken, b"{}").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_report_takes_the_place_of_no_audio() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("a.wav"), folder.path().join("b.json"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let out = folder.path().join("out.wav");
        assert!(check(Some(&link), &real, None).is_err());
        assert!(check(Some(&out), &real, Some(&out)).is_err());
        assert!(check(Some(Path::new(PIPE)), Path::new(PIPE), None).is_ok());
        assert!(check(Some(&folder.path().join("c.json")), &real, Some(&out)).is_ok());
    }
}
