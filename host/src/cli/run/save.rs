//! Save: a report under its name, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf, absolute};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::meaning::PIPE;
use crate::cli::shell::Shell;
use crate::process::standard;
use crate::process::start;
use crate::regular;

/// A report says what it is within so many bytes of its beginning.
const HEAD_BYTES: u64 = 4096;

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

/// Refuses a report that is a folder, a named pipe, or a file that holds something else, before
/// anything is run for it.
///
/// # Errors
/// When it is one.
pub(super) fn check_name(report: Option<&Path>) -> Result<(), Failure> {
    let Some(report) = report.filter(|path| path.as_os_str() != PIPE) else {
        return Ok(());
    };
    if report.is_dir() || report.file_name().is_none() || ends_as_folder(report) {
        let message = format!(
            "the report {} is a folder, expected a file",
            report.display()
        );
        return Err(Failure::new(Exit::Misused, message));
    }
    let Ok(found) = fs::metadata(report) else {
        return Ok(());
    };
    let what = if found.file_type().is_fifo() || found.file_type().is_socket() {
        "is a pipe, expected a file, or - for standard output"
    } else if found.is_file() && !is_replaceable(report) {
        "exists and is no report, expected another file for the report"
    } else {
        return Ok(());
    };
    let message = format!("{} {what}", report.display());
    Err(Failure::new(Exit::Misused, message))
}

/// Whether a file is empty or an earlier report: nobody's work is lost with it.
fn is_replaceable(path: &Path) -> bool {
    let mut head = Vec::new();
    let read =
        regular::open(path).and_then(|(file, _)| file.take(HEAD_BYTES).read_to_end(&mut head));
    let text = String::from_utf8_lossy(&head);
    let is_report = text.trim_start().starts_with('{') && text.contains("\"schema_version\"");
    read.is_ok() && (text.trim().is_empty() || is_report)
}

/// Whether a path is spelled as only a folder's is.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
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
    fs::create_dir_all(start::absolute(folder)).map_err(|error| {
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
    replace(&start::absolute(path), text.as_bytes()).map_err(|error| {
        let message = format!("the report {} cannot be written: {error}", path.display());
        Failure::new(Exit::Failed, message)
    })
}

/// Writes a file under another name, and gives it its own when it is on the disk. A device or a
/// named pipe is written as it is: `/dev/null` must not become a file.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let path = &match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        found => found?,
    };
    let found = fs::metadata(path).ok();
    if let Some(meant) = found.as_ref().and_then(standard::meant_by) {
        return meant?.write_all(bytes);
    }
    if found.is_some_and(|found| !found.is_file() && !found.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let fresh = path.with_file_name(format!(".segue-{}.report", std::process::id()));
    // What a killed process of the same number left; a link in its place is not followed.
    let _ = fs::remove_file(&fresh);
    let mut file = File::create_new(&fresh)?;
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
    fn only_reports_and_empty_files_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, is_taken) in [
            ("report.json", "{\n  \"schema_version\": 1", true),
            ("empty", "", true),
            ("plugins.toml", "[stream]\nschema_version = 1", false),
            ("take.wav", "RIFF", false),
            ("other.json", "{\"version\": 1}", false),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(check_name(Some(&path)).is_ok(), is_taken, "{name}");
        }
        assert!(check_name(Some(&folder.path().join("new.json"))).is_ok());
    }

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
    fn a_report_to_a_pipe_or_through_a_link_leaves_both_as_they_are() {
        use rustix::fs::{CWD, Mode, OFlags, mkfifoat, open};
        use std::io::Read;
        use std::os::unix::fs::FileTypeExt;

        let folder = tempfile::tempdir().unwrap();
        let [pipe, real, link] = ["pipe", "real", "link"].map(|name| folder.path().join(name));
        mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o600)).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let mut reader = File::from(open(&pipe, flags, Mode::empty()).unwrap());
        replace(&pipe, b"{}").unwrap();
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "{}");

        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_report_that_is_a_folder_is_refused_first() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_name(Some(folder.path())).is_err());
        assert!(check_name(Some(Path::new("new/"))).is_err());
        assert!(check_name(Some(Path::new("/dev/null"))).is_ok());
        assert!(check_name(Some(Path::new(PIPE))).is_ok());
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
