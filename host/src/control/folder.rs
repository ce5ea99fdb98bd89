//! Folder: where the sockets of one user's sessions are, and which of them somebody listens at.
//!
//! In: a folder, a name that a session would like to have. Out: a listener under a name that is
//! its alone; or every session that runs.
//!
//! The folder is open to its owner only (0700), the sockets too (0600). A process that was killed
//! leaves its socket behind; whoever comes next takes it away. A lock on the folder keeps one from
//! taking away what another has just made.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::control::client::Client;
use crate::control::error::ControlError;
use crate::control::protocol::Greeting;
use crate::private::Private;
use crate::system::files::{self, Links};
use crate::system::people;

/// What follows a session's name in the name of its socket.
const ENDING: &str = "sock";

/// The file that is locked while sockets come and go.
const LOCK: &str = "lock";

/// The longest name of a session, in bytes: with folder and ending it has to fit the 107 bytes
/// that the address of a socket has.
const NAME_BYTES_MAX: usize = 40;

/// What a session is called whose name has no character that a file may have.
const NAMELESS: &str = "session";

/// How many names are tried: `voice`, `voice-2` and so on.
const NAMES_MAX: usize = 256;

/// How many entries of the folder are looked at.
const ENTRIES_MAX: usize = 1_024;

/// How often the lock is tried, and how long between: whoever holds it is done in a moment.
const LOCK_TRIES: usize = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A session that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its socket.
    pub path: PathBuf,
    /// What it says of itself; `None` if it is there and says nothing.
    pub greeting: Option<Greeting>,
}

/// A socket with a name that is one session's alone.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) listener: UnixListener,
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// What a session is called in a folder of sockets, by its pipeline's name or file.
#[must_use]
pub fn name_of(text: &str) -> String {
    let plain = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => character,
        _ => '-',
    };
    let name: String = text.chars().map(plain).take(NAME_BYTES_MAX).collect();
    let name = name.trim_matches(['-', '.']);
    match name.is_empty() {
        true => NAMELESS.to_owned(),
        false => name.to_owned(),
    }
}

/// Every session that can be reached through these folders, by name. Sockets that nobody listens
/// at any more are removed. Thread: control; it waits for sessions that do not answer.
#[must_use]
pub fn sessions(folders: &[PathBuf]) -> Vec<Found> {
    let mut found = Vec::new();
    // In a folder that others can change anybody may listen, under any name.
    for folder in folders.iter().filter(|folder| is_own(folder)) {
        for (name, path) in sockets(folder) {
            match UnixStream::connect(&path) {
                Ok(stream) => found.push(Found {
                    greeting: Client::over(stream)
                        .ok()
                        .map(|client| client.greeting().clone()),
                    name,
                    path,
                }),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    remove_stale(folder, &path);
                }
                Err(_) => {}
            }
        }
    }
    found.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
    found
}

/// Opens a socket in the folder, which is made if it is not there.
pub(super) fn claim(folder: &Path, wanted: &str) -> Result<Claimed, ControlError> {
    let unusable = |source| ControlError::Unusable {
        path: folder.to_owned(),
        source,
    };
    make(folder)?;
    let _lock = lock(folder, LOCK_TRIES).map_err(unusable)?;
    let wanted = name_of(wanted);
    for number in 1..=NAMES_MAX {
        let name = match number {
            1 => wanted.clone(),
            _ => format!("{wanted}-{number}"),
        };
        let path = folder.join(format!("{name}.{ENDING}"));
        if let Some(listener) = bind(&path)? {
            return Ok(Claimed {
                listener,
                name,
                path,
            });
        }
    }
    Err(ControlError::Names {
        name: wanted,
        tried: NAMES_MAX,
    })
}

/// Removes a session's own socket.
pub(super) fn release(path: &Path) {
    // Somebody may have cleaned up the folder; then there is nothing to remove.
    let _ = fs::remove_file(path);
}

/// Opens the socket, unless somebody listens there. The lock is held.
fn bind(path: &Path) -> Result<Option<UnixListener>, ControlError> {
    let open = |source| ControlError::Open {
        path: path.to_owned(),
        source,
    };
    let listener = match UnixListener::bind(path) {
        Ok(listener) => listener,
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if !is_stale(path) {
                return Ok(None);
            }
            release(path);
            UnixListener::bind(path).map_err(open)?
        }
        Err(error) => return Err(open(error)),
    };
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(open)?;
    Ok(Some(listener))
}

/// Whether a socket is there and nobody listens.
fn is_stale(path: &Path) -> bool {
    let refused = |error: io::Error| error.kind() == ErrorKind::ConnectionRefused;
    UnixStream::connect(path).err().is_some_and(refused)
}

/// Removes a socket if it is still stale once nobody else can be making one.
fn remove_stale(folder: &Path, path: &Path) {
    if lock(folder, 1).is_ok_and(|_lock| is_stale(path)) {
        release(path);
    }
}

/// Makes the folder, or makes sure that it is the user's own, and that nobody else can put
/// another in its place.
fn make(folder: &Path) -> Result<(), ControlError> {
    let unusable = |source| ControlError::Unusable {
        path: folder.to_owned(),
        source,
    };
    Private::open(folder).map_err(|error| unusable(error.into()))?;
    let found = fs::symlink_metadata(folder).map_err(unusable)?;
    let refuse = |found: String| {
        Err(ControlError::Folder {
            path: folder.to_owned(),
            found,
        })
    };
    if !found.is_dir() {
        return refuse("is a link or no folder".to_owned());
    }
    let own = people::user();
    if found.uid() != own {
        return refuse(format!("belongs to user {}", found.uid()));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(unusable)?;
    }
    Ok(())
}

/// Whether a folder is there, and nobody but its owner could have put a socket into it.
fn is_own(folder: &Path) -> bool {
    Private::find(folder).is_ok_and(|found| found.is_some())
}

/// The lock on the folder, held until it is dropped.
fn lock(folder: &Path, tries: usize) -> io::Result<File> {
    let mut options = files::options(Links::Themselves);
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(folder.join(LOCK))?;
    // What else may stand there would be waited for, or locked by whoever likes.
    if !file.metadata()?.is_file() {
        let path = folder.join(LOCK);
        let text = format!("{} is no regular file: remove it", path.display());
        return Err(io::Error::other(text));
    }
    for attempt in 1..=tries {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if attempt < tries => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("another process holds its lock"))
}

/// The sockets in a folder, by name.
fn sockets(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries
        .flatten()
        .take(ENTRIES_MAX)
        .map(|entry| entry.path());
    let sockets = paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
    sockets
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ones_that_a_file_may_have() {
        for (text, expected) in [
            ("voice", "voice"),
            ("Späte Nacht", "Sp-te-Nacht"),
            ("../../etc/x", "etc-x"),
            ("", "session"),
            ("...", "session"),
        ] {
            assert_eq!(name_of(text), expected);
        }
        assert_eq!(name_of(&"x".repeat(500)).len(), NAME_BYTES_MAX);
    }

    #[test]
    fn two_sessions_of_one_name_have_two_sockets_that_only_the_owner_may_open() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("deep/er");
        let one = claim(&folder, "voice").unwrap();
        let other = claim(&folder, "voice").unwrap();
        assert_eq!((&*one.name, &*other.name), ("voice", "voice-2"));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&one.path), 0o600);
    }

    #[test]
    fn a_socket_left_behind_is_taken_over_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        drop(claim(folder.path(), "voice").unwrap().listener);
        let again = claim(folder.path(), "voice").unwrap();
        assert_eq!(again.name, "voice");
        drop(claim(folder.path(), "left").unwrap().listener);
        assert!(folder.path().join("left.sock").exists());
        let _ = sessions(&[folder.path().to_owned()]);
        assert!(!folder.path().join("left.sock").exists());
        assert!(again.path.exists());
    }

    #[test]
    fn a_folder_that_others_may_open_is_closed_and_a_link_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let open = base.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        claim(&open, "voice").unwrap();
        assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o700);
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(matches!(
            claim(&link, "voice"),
            Err(ControlError::Folder { .. })
        ));
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_neither_used_nor_searched() {
        let base = tempfile::tempdir().unwrap();
        let open = base.path().join("open");
        let claimed = claim(&open, "voice").unwrap();
        assert_eq!(sessions(std::slice::from_ref(&open)).len(), 1);
        for path in [&open, &base.path().to_owned()] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
            assert_eq!(sessions(std::slice::from_ref(&open)), []);
            let error = claim(&open, "voice").unwrap_err().to_string();
            assert!(error.contains("can be written by others"), "{error}");
            fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
        }
        drop(claimed);
    }

    #[test]
    fn a_lock_that_is_no_file_is_not_waited_for() {
        use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK);
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        // With a reader at its other end it could even be opened.
        let reader = File::from(
            rustix::fs::open(&path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap(),
        );
        let error = claim(folder.path(), "voice").unwrap_err().to_string();
        assert!(error.contains("is no regular file"), "{error}");
        drop(reader);
        assert!(claim(folder.path(), "voice").is_err());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(claim(folder.path(), "voice").is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn a_folder_without_sockets_has_no_sessions() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("odd.sock"), "").unwrap();
        let missing = folder.path().join("missing");
        assert_eq!(sessions(&[folder.path().to_owned(), missing]), []);
    }
}
