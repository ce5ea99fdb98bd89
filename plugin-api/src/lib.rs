//! Write audio plugins for the Segue host.

pub mod abi;
pub mod declare;
pub mod layout;
pub mod manifest;
pub mod params;
