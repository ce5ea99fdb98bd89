//! Tests of scans, whatever lies in the folders.

mod again;
mod hostile;
mod scans;
pub(crate) mod specimen;
