//! Peer: who is at the other end of a socket, as the kernel says.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use crate::observe::Who;
use crate::system::people;

/// Where the system keeps the names of users.
const USERS: &str = "/etc/passwd";

/// How much of it is read, in bytes: a machine with more users has their names elsewhere.
const USERS_BYTES_MAX: u64 = 1024 * 1024;

/// Whoever opened the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    /// The user's number.
    pub(super) uid: u32,
    /// The process; `None` where the kernel does not tell.
    pub(super) pid: Option<u32>,
}

impl Peer {
    /// Whoever is at the other end.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let people::SocketPeer { user, process } = people::peer(stream)?;
        Ok(Self {
            uid: user,
            pid: process,
        })
    }

    /// Whether they may ask a session of this user: the owner may, and root, whom no permission
    /// keeps out.
    pub(super) fn may_ask(&self, owner: u32) -> bool {
        self.uid == owner || self.uid == 0
    }

    /// Who they are, for receipts: `ctl: ada (pid 7)`.
    pub(super) fn who(&self) -> Who {
        Who::Person {
            user: name(self.uid).unwrap_or_else(|| format!("user {}", self.uid)),
            pid: self.pid,
        }
    }
}

/// A user's name, if the machine itself knows it.
fn name(uid: u32) -> Option<String> {
    let mut text = Vec::new();
    let file = File::open(USERS).ok()?;
    file.take(USERS_BYTES_MAX).read_to_end(&mut text).ok()?;
    name_in(&String::from_utf8_lossy(&text), uid)
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    let mut users = users.lines().map(|line| line.split(':'));
    users.find_map(|mut fields| {
        let name = fields.next().filter(|name| !name.is_empty())?;
        let found = fields.nth(1)?.parse::<u32>().ok()?;
        (found == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_end_of_a_pair_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.uid, people::user());
        #[cfg(target_os = "linux")]
        assert_eq!(peer.pid, Some(std::process::id()));
    }

    #[test]
    fn only_the_owner_and_root_may_ask() {
        let peer = |uid| Peer { uid, pid: None };
        assert!(peer(1000).may_ask(1000) && peer(0).may_ask(1000));
        assert!(!peer(1001).may_ask(1000) && !peer(1000).may_ask(0));
    }

    #[test]
    fn names_are_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nodd\n:x:8:8::/:\nada:x:1000:1000::/home/ada:\n";
        assert_eq!(name_in(users, 1000).as_deref(), Some("ada"));
        assert_eq!(name_in(users, 0).as_deref(), Some("root"));
        assert_eq!(name_in(users, 8), None);
        assert_eq!(name_in(users, 7), None);
    }
}
