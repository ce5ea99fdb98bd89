//! People: who runs this process, and who is at the other end of a socket.
//!
//! In: nothing, or the socket. Out: numbers of users.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::process::{geteuid, getuid};

/// Who is at the other end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketPeer {
    /// The user.
    pub user: u32,
    /// The process; `None` where the system does not tell.
    pub process: Option<u32>,
}

/// The user whose rights this process has.
#[must_use]
pub fn user() -> u32 {
    geteuid().as_raw()
}

/// The user who started this process.
#[must_use]
pub fn starter() -> u32 {
    getuid().as_raw()
}

/// Whoever is at the other end.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn peer(stream: &UnixStream) -> io::Result<SocketPeer> {
    let found = rustix::net::sockopt::socket_peercred(stream)?;
    Ok(SocketPeer {
        user: found.uid.as_raw(),
        process: u32::try_from(found.pid.as_raw_nonzero().get()).ok(),
    })
}

/// Where the system does not tell, the folder of the socket let nobody in but its owner.
#[cfg(not(target_os = "linux"))]
pub fn peer(_: &UnixStream) -> io::Result<SocketPeer> {
    Ok(SocketPeer {
        user: user(),
        process: None,
    })
}
