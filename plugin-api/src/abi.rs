//! The ABI: what crosses the boundary between host and plugin, and nothing else does.

pub mod version;

pub use version::{ABI_VERSION, AbiVersion};
