//! Bus: as much of D-Bus as four calls of one service need.
//!
//! In: the address of a bus, and calls with texts and whole numbers. Out: the first value of each
//! reply, or what the service says instead. A room of its own because every library of D-Bus
//! brings a runtime, threads or a C library of its own with it, for four messages that never
//! change. What comes in is bounded before it is used, and no answer is waited for longer than
//! [`PATIENCE`].

mod wire;

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::process::start;
pub(super) use crate::realtime::bus::wire::{Argument, MethodCall};
use crate::realtime::bus::wire::{HEAD_BYTES, Message, MessageHead, MessageKind};
use crate::system::people;

/// How long all calls may take together: the service may have to be started first.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the bus of the system is, unless `DBUS_SYSTEM_BUS_ADDRESS` says otherwise.
const SYSTEM: &str = "unix:path=/run/dbus/system_bus_socket";

/// The longest line before messages begin.
const LINE_BYTES_MAX: usize = 1_024;

/// Messages that are for others or nobody, before the reply that is waited for.
const OTHERS_MAX: usize = 64;

/// Where a bus is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket in the file system.
    Path(PathBuf),
    /// A socket by name.
    Abstract(String),
    /// What is not known here.
    Unknown(String),
}

/// Why a bus gives no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum BusError {
    #[error("is not there: `{0}` is no socket of this machine")]
    Address(String),
    #[error("is not there: {0}")]
    Connect(#[source] io::Error),
    #[error("does not answer: {0}")]
    Io(#[from] io::Error),
    #[error("does not let this user in: {0}")]
    Stranger(String),
    #[error("says what is no reply")]
    Nonsense,
    #[error("says `{0}`")]
    Refused(String),
    #[error("allows priority {highest} for {bound_us} µs, which is too little")]
    Limits { highest: i64, bound_us: i64 },
}

impl Address {
    /// That of the system's bus.
    pub(super) fn of_system() -> Self {
        let said = start::variable("DBUS_SYSTEM_BUS_ADDRESS");
        let said = said.as_deref().and_then(OsStr::to_str);
        Self::parse(said.unwrap_or(SYSTEM))
    }

    /// The first address of a list that is a socket of this machine.
    pub(super) fn parse(text: &str) -> Self {
        let known = text.split(';').find_map(|address| {
            let fields = address.strip_prefix("unix:")?.split(',');
            fields
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| match key {
                    "path" => Some(Self::Path(value.into())),
                    "abstract" => Some(Self::Abstract(value.to_owned())),
                    _ => None,
                })
        });
        known.unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }

    fn connect(&self) -> Result<UnixStream, BusError> {
        let connected = match self {
            Self::Path(path) => UnixStream::connect(path),
            Self::Abstract(name) => SocketAddr::from_abstract_name(name)
                .and_then(|address| UnixStream::connect_addr(&address)),
            Self::Unknown(text) => return Err(BusError::Address(text.clone())),
        };
        connected.map_err(BusError::Connect)
    }
}

/// A connection to a bus that knows this process.
#[derive(Debug)]
pub(super) struct Bus {
    stream: UnixStream,
    until: Instant,
    serial: u32,
}

impl Bus {
    /// Connects, and says who this is.
    pub(super) fn connect(address: &Address) -> Result<Self, BusError> {
        let mut bus = Self {
            stream: address.connect()?,
            until: Instant::now() + PATIENCE,
            serial: 0,
        };
        bus.introduce()?;
        bus.call(&MethodCall {
            destination: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            member: "Hello",
            arguments: &[],
        })?;
        Ok(bus)
    }

    /// Calls, and waits for the reply.
    pub(super) fn call(&mut self, call: &MethodCall<'_>) -> Result<Message, BusError> {
        self.serial += 1;
        self.send(&call.bytes(self.serial))?;
        for _ in 0..OTHERS_MAX {
            let message = self.receive()?;
            if message.reply_to != Some(self.serial) {
                continue;
            }
            return match message.kind {
                MessageKind::Reply => Ok(message),
                MessageKind::Error => Err(BusError::Refused(message.complaint())),
                MessageKind::Other => Err(BusError::Nonsense),
            };
        }
        Err(BusError::Nonsense)
    }

    /// The bus knows by the socket which user this is; the number says it once more.
    fn introduce(&mut self) -> Result<(), BusError> {
        let user = people::starter().to_string();
        let hex: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.send(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let line = self.line()?;
        if !line.starts_with("OK ") {
            return Err(BusError::Stranger(line));
        }
        self.send(b"BEGIN\r\n")
    }

    fn line(&mut self) -> Result<String, BusError> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() == LINE_BYTES_MAX {
                return Err(BusError::Nonsense);
            }
            line.extend(self.take(1)?);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(text.trim_end().escape_debug().to_string())
    }

    fn receive(&mut self) -> Result<Message, BusError> {
        let head = MessageHead::read(&self.take(HEAD_BYTES)?).ok_or(BusError::Nonsense)?;
        let fields = self.take(head.fields_bytes)?;
        let body = self.take(head.body_bytes)?;
        Message::read(&head, &fields, body).ok_or(BusError::Nonsense)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), BusError> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        Ok(self.stream.write_all(bytes)?)
    }

    /// So many bytes, or none.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, BusError> {
        let mut bytes = vec![0; count];
        let mut taken = 0;
        while taken < count {
            self.stream.set_read_timeout(Some(self.left()?))?;
            match self.stream.read(&mut bytes[taken..])? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                read => taken += read,
            }
        }
        Ok(bytes)
    }

    /// What is left of the time for all calls.
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_socket_of_this_machine() {
        let path = |path: &str| Address::Path(path.into());
        for (text, expected) in [
            (SYSTEM, path("/run/dbus/system_bus_socket")),
            ("tcp:host=x,port=1;unix:path=/a,guid=7", path("/a")),
            (
                "unix:guid=7,abstract=/b",
                Address::Abstract("/b".to_owned()),
            ),
            ("tcp:host=x", Address::Unknown("tcp:host=x".to_owned())),
            ("", Address::Unknown(String::new())),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
    }
}
