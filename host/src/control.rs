//! Control: how people and programs outside reach a running session.
//!
//! In: lines on a socket that only the owner may open, a file of timed changes, signals. Out:
//! requests to the session in a bounded queue, its answers and events back.
//!
//! One protocol, `docs/control.md`: line-delimited JSON. [`Server`] speaks it for a session,
//! [`Client`] to one. None of the threads here touches audio, and none can make the session wait:
//! a full queue answers "busy", a slow follower loses events and is told how many.

mod client;
mod connection;
mod error;
mod folder;
mod line;
mod mail;
mod peer;
pub mod protocol;
mod request;
mod server;
mod service;
#[cfg(test)]
mod tests;
pub mod timeline;
mod version;

pub use client::{Client, Followed};
pub use error::ControlError;
pub use folder::{Found, name_of, sessions};
pub use server::{Server, Setup};
pub use service::{Beat, Service};
pub use version::{component, requirement};
