//! Turns: what happened to a stage in one block, until it is sent on.

use crate::pipeline::exchange::TurnKind;

/// The most turns of one block: the instance fails, the fallback too, a trial begins to be heard
/// and ends, and a tail with it.
pub(in crate::pipeline) const TURNS_PER_BLOCK: usize = 5;

/// The turns of one block, in order.
#[derive(Debug, Default)]
pub(super) struct Turns {
    kinds: [Option<TurnKind>; TURNS_PER_BLOCK],
    count: usize,
}

impl Turns {
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds one. Real-time safe.
    pub(super) fn push(&mut self, kind: TurnKind) {
        debug_assert!(self.count < TURNS_PER_BLOCK, "a block has no more turns");
        if let Some(place) = self.kinds.get_mut(self.count) {
            *place = Some(kind);
            self.count += 1;
        }
    }

    /// Takes all. Real-time safe.
    pub(super) fn take(&mut self) -> [Option<TurnKind>; TURNS_PER_BLOCK] {
        self.count = 0;
        std::mem::take(&mut self.kinds)
    }
}
