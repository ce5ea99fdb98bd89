//! Tests of admission with real libraries.

pub(crate) mod rig;
pub(crate) mod specimen;
mod stories;
