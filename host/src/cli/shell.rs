//! Shell: what every command needs.
//!
//! In: what the process was started with. Out: the same in one place, and what the program is called.

use std::time::Instant;

use crate::cli::environment::Environment;
use crate::cli::terminal::Terminal;

/// What the program is called.
pub(super) const NAME: &str = "segue";

pub(super) use crate::admission::HELPER;

/// What every command needs.
pub(super) struct Shell {
    pub(super) terminal: Terminal,
    pub(super) environment: Environment,
    /// When the process started.
    pub(super) born: Instant,
}
