//! The ABI: what crosses the boundary between host and plugin, and nothing else does.
//!
//! `#[repr(C)]` structs and trait objects of `abi_stable`, whose layouts are compared when a
//! library is opened. Within one major of [`ABI_VERSION`] everything is only ever added: methods
//! at the end with a default, fields through `extension` pointers, cases as further numbers. An
//! extension, where a later minor has one, begins with its own size in bytes as a `u32`: whoever
//! reads it looks at no more than that. Elements of slices never grow; new ones get a slice of
//! their own behind an extension.
//! A golden file of all layouts makes any other change fail a test.
//!
//! Authors of plugins do not need this module: they write the traits of this crate and
//! [`export!`](crate::export!).

#![expect(
    unsafe_code,
    reason = "pointers into borrowed audio, and what abi_stable's macros generate"
)]
#![expect(
    non_local_definitions,
    unused_qualifications,
    reason = "abi_stable's macros write code that these lints do not like"
)]

pub mod audio;
pub mod call;
pub mod host;
pub mod object;
pub mod root;
pub mod setup;
pub mod status;
pub mod version;

pub use version::{ABI_VERSION, AbiVersion};
