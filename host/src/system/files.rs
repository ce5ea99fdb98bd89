//! Files: what is reached from a folder that is open, so that nobody can put another in its place.
//!
//! In: an open folder and a name in it. Out: what is there, open or described. No opening waits for
//! the other end of a pipe or for a device, takes a terminal, or goes on to a program that is started.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, UTIME_NOW,
    UTIME_OMIT, fstat, mkdirat, openat, readlinkat, renameat, statat, unlinkat, utimensat,
};
use rustix::io::Errno;
use rustix::path::Arg;

/// How every file is opened that somebody else may have put there.
const PATIENT: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// How a folder is opened that is only passed on a way: it need not be readable.
#[cfg(target_os = "linux")]
const PASSING: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const PASSING: OFlags = OFlags::RDONLY;

/// A moment as file systems keep it: seconds since 1970, and nanoseconds.
pub type FileTime = (i64, u32);

/// What the system says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// What it is.
    pub kind: FileKind,
    /// The device that holds it, and its number there.
    pub identity: (u64, u64),
    /// How many names it has.
    pub links: u64,
    /// How long it is.
    pub size_bytes: u64,
    /// When its content was last changed.
    pub modified: FileTime,
    /// When anything about it was last changed.
    pub changed: FileTime,
    /// Whose it is.
    pub owner: u32,
    /// Whose group it belongs to.
    pub group: u32,
    /// What its owner, its group and others may do with it, as in `chmod`.
    pub mode: u32,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link to something else.
    Link,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device, or what this system has besides.
    Device,
}

/// What a name means that is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// What it leads to.
    Followed,
    /// The link, which cannot be opened.
    Themselves,
}

/// Where relative paths begin: the folder of the process. Absolute ones do not care.
#[must_use]
pub const fn here() -> BorrowedFd<'static> {
    CWD
}

/// What is open.
///
/// # Errors
/// What the system says.
pub fn about(file: impl AsFd) -> io::Result<FileFacts> {
    Ok(FileFacts::of(&fstat(file)?))
}

/// What stands under a name.
///
/// # Errors
/// What the system says.
pub fn about_at(folder: impl AsFd, name: impl Arg, links: Links) -> io::Result<FileFacts> {
    let flags = match links {
        Links::Followed => AtFlags::empty(),
        Links::Themselves => AtFlags::SYMLINK_NOFOLLOW,
    };
    Ok(FileFacts::of(&statat(folder, name, flags)?))
}

/// Opens for reading whatever stands under a name.
///
/// # Errors
/// What the system says.
pub fn open_at(folder: impl AsFd, name: impl Arg, links: Links) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | patient(links);
    Ok(openat(folder, name, flags, Mode::empty())?.into())
}

/// Options of the standard library that open in the same way.
#[must_use]
pub fn options(links: Links) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(patient(links).bits().cast_signed());
    options
}

/// Makes a file that is not there yet and opens it for writing. `mode` is who may do what with it.
///
/// # Errors
/// What the system says, or that something has the name.
pub fn create_at(folder: impl AsFd, name: impl Arg, mode: u32) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::from_raw_mode(mode as RawMode))?.into())
}

/// Empties or makes a file, for its owner only, whose every write goes to its end.
///
/// # Errors
/// What the system says.
pub fn append_at(folder: impl AsFd, name: impl Arg) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::TRUNC;
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Opens a folder, to read and to write in it.
///
/// # Errors
/// What the system says.
pub fn folder_at(folder: impl AsFd, name: impl Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?)
}

/// Opens a folder that is only passed on the way to another; no link.
///
/// # Errors
/// What the system says.
pub fn pass_at(folder: impl AsFd, name: impl Arg) -> io::Result<OwnedFd> {
    let flags = PASSING | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?)
}

/// The folder that is above all, to be passed.
///
/// # Errors
/// What the system says.
pub fn root() -> io::Result<OwnedFd> {
    pass_at(CWD, "/")
}

/// Makes a folder, for its owner only.
///
/// # Errors
/// What the system says, or that something has the name.
pub fn make_folder_at(folder: impl AsFd, name: impl Arg) -> io::Result<()> {
    Ok(mkdirat(folder, name, Mode::RWXU)?)
}

/// Where a link leads.
///
/// # Errors
/// What the system says, or that it is no link.
pub fn target_at(folder: impl AsFd, name: impl Arg) -> io::Result<PathBuf> {
    let target = readlinkat(folder, name, Vec::new())?;
    Ok(OsString::from_vec(target.into_bytes()).into())
}

/// Gives a file of a folder another name there; what had it is gone.
///
/// # Errors
/// What the system says.
pub fn rename_at(folder: impl AsFd, from: impl Arg, to: impl Arg) -> io::Result<()> {
    let folder = folder.as_fd();
    Ok(renameat(folder, from, folder, to)?)
}

/// Removes a name, which no folder has. Fit for a signal handler where the name is a `CStr`.
///
/// # Errors
/// What the system says.
pub fn remove_at(folder: impl AsFd, name: impl Arg) -> io::Result<()> {
    Ok(unlinkat(folder, name, AtFlags::empty())?)
}

/// Sets the time at which the content of a file was changed to now.
///
/// # Errors
/// What the system says.
pub fn touch_at(folder: impl AsFd, name: impl Arg) -> io::Result<()> {
    let time = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    let times = Timestamps {
        last_access: time(UTIME_OMIT),
        last_modification: time(UTIME_NOW),
    };
    Ok(utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// The names in a folder, in no order, without itself and the one above it.
///
/// # Errors
/// What the system says.
pub fn names(folder: impl AsFd) -> io::Result<impl Iterator<Item = io::Result<OsString>>> {
    let names = Dir::read_from(folder)?.filter_map(|entry| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error.into())),
        };
        let name = entry.file_name();
        let is_of_the_way = [c".", c".."].contains(&name);
        (!is_of_the_way).then(|| Ok(OsStr::from_bytes(name.to_bytes()).to_owned()))
    });
    Ok(names)
}

/// Whether links led in a circle, or past more than the system follows.
#[must_use]
pub fn is_loop(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::LOOP)
}

/// The error for links that lead in a circle.
#[must_use]
pub fn looping() -> io::Error {
    Errno::LOOP.into()
}

/// The error for a path that is longer than the system takes.
#[must_use]
pub fn too_long() -> io::Error {
    Errno::NAMETOOLONG.into()
}

impl FileFacts {
    fn of(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Folder,
            FileType::Symlink => FileKind::Link,
            FileType::Fifo => FileKind::Pipe,
            FileType::Socket => FileKind::Socket,
            _ => FileKind::Device,
        };
        Self {
            kind,
            identity: (number(stat.st_dev), number(stat.st_ino)),
            links: number(stat.st_nlink),
            size_bytes: number(stat.st_size),
            modified: (seconds(stat.st_mtime), number(stat.st_mtime_nsec) as u32),
            changed: (seconds(stat.st_ctime), number(stat.st_ctime_nsec) as u32),
            owner: stat.st_uid,
            group: stat.st_gid,
            mode: number(stat.st_mode) as u32 & 0o7777,
        }
    }
}

const fn patient(links: Links) -> OFlags {
    match links {
        Links::Followed => PATIENT,
        Links::Themselves => PATIENT.union(OFlags::NOFOLLOW),
    }
}

/// Seconds since 1970, of whatever width.
fn seconds<T: Into<i64>>(seconds: T) -> i64 {
    seconds.into()
}

/// A number of the system's, whose fields are of other types on other systems. None of them is
/// ever negative.
fn number<T: TryInto<u64>>(number: T) -> u64 {
    number.try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_what_it_leads_to_or_itself() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "four").unwrap();
        symlink("file", folder.path().join("link")).unwrap();
        let open = folder_at(here(), folder.path()).unwrap();
        let followed = about_at(&open, "link", Links::Followed).unwrap();
        assert_eq!((followed.kind, followed.size_bytes), (FileKind::File, 4));
        let itself = about_at(&open, "link", Links::Themselves).unwrap();
        assert_eq!(itself.kind, FileKind::Link);
        assert!(open_at(&open, "link", Links::Followed).is_ok());
        assert!(is_loop(
            &open_at(&open, "link", Links::Themselves).unwrap_err()
        ));
        assert_eq!(target_at(&open, "link").unwrap(), PathBuf::from("file"));
    }

    #[test]
    fn names_are_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder_at(here(), folder.path()).unwrap();
        drop(create_at(&open, "b", 0o600).unwrap());
        make_folder_at(&open, "a").unwrap();
        assert_eq!(about_at(&open, "b", Links::Followed).unwrap().mode, 0o600);
        let taken = create_at(&open, "b", 0o600).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        let found: io::Result<Vec<_>> = names(&open).unwrap().collect();
        let mut found = found.unwrap();
        found.sort();
        assert_eq!(found, ["a", "b"]);
        remove_at(&open, "b").unwrap();
        assert_eq!(names(&open).unwrap().count(), 1);
    }
}
