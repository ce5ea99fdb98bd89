//! Busy: which tap or decision is at work.
//!
//! In: who begins and who has ended. Out: a name, for the sentence about one that never comes back.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::session::bind::Bindings;

/// Which tap or decision is at work, for the sentence about one that never comes back.
#[derive(Debug, Default)]
pub(super) struct Busy {
    /// Its place in `names` and 1 more; 0 is nobody.
    at: AtomicUsize,
    /// Taps, then decisions, as they are told of.
    names: Vec<String>,
}

impl Busy {
    /// Nobody of these yet.
    pub(super) fn of(bindings: &Bindings) -> Self {
        let taps = bindings.taps.iter();
        let taps = taps.map(|bound| format!("tap `{}`", bound.id));
        let decides = bindings.decides.iter();
        let decides = decides.map(|bound| format!("decision `{}`", bound.id));
        Self {
            at: AtomicUsize::new(0),
            names: taps.chain(decides).collect(),
        }
    }

    /// Who is at work.
    pub(super) fn who(&self) -> String {
        let at = self.at.load(Ordering::Relaxed).checked_sub(1);
        let name = at.and_then(|at| self.names.get(at));
        name.cloned().unwrap_or_else(|| "their thread".to_owned())
    }

    /// Runs what a tap or a decision does.
    pub(super) fn with<R>(&self, at: usize, body: impl FnOnce() -> R) -> R {
        self.at.store(at + 1, Ordering::Relaxed);
        let result = body();
        self.at.store(0, Ordering::Relaxed);
        result
    }
}
