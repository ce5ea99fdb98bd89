//! Link: the host's end of the boundary, in plain Rust.
//!
//! In: the checked table of a library's functions. Out: handles of components with slices,
//! strings and `Result`s, so that no host needs to know how the wire is made.
//!
//! Authors of plugins do not need this module.

pub mod built_in;
mod decision;
mod hooks;
mod library;
mod observer;
mod processor;
mod services;

pub use crate::abi::call::{EVENTS_MAX, RawFlags as Flags, RawParamEvent as ParamEvent};
pub use crate::abi::call::{RawRecord as Record, RawRecordKind as RecordKind};
pub use crate::abi::setup::{RawActionKind as ActionKind, RawHeap as Heap, RawReading as Reading};
pub use crate::abi::status::{RawCode as Code, RawStatus as CallStatus};
pub use decision::{Action, Decision, Heard};
pub use hooks::Hooks;
pub(crate) use library::open as received;
pub use library::{Creation, Library, Setting, SettingValue, Start};
pub use observer::Observer;
pub use processor::{AudioView, AudioViewMut, Block, Outcome, Processor};
pub use services::{NoServices, Request, Services};
