//! Ended: how a session came to its end.
//!
//! In: nothing. Out: the word that drives, reports and the command line share.

/// Why a run ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The stream came to its end.
    Complete,
    /// Somebody asked for it, with this signal.
    Interrupted(usize),
    /// A decision engine asked for it, and why.
    ByDecision(String),
    /// Somebody asked for it, and for what came until then.
    OnRequest,
}
