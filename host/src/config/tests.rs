//! Tests of configurations as people and others write them.

mod golden;
mod hostile;
pub(in crate::config) mod specimen;
