//! Context: what changes are told of the moment, and whom they tell.
//!
//! In: the rings of an engine, and where its stream is. Out: the same, lent for one step.

use crate::clock::Lookout;
use crate::observe::EventSink;
use crate::pipeline::Rings;
use crate::realtime::Priority;

/// What is told, and to whom.
pub(super) struct Context<'a> {
    pub(super) rings: &'a mut Rings,
    pub(super) events: &'a dyn EventSink,
    /// Stream time of the block to come.
    pub(super) position_frames: u64,
    /// Blocks so far that took longer than they last.
    pub(super) late_blocks: u64,
    /// Who looks out for stalls; `None` at pace fast.
    pub(super) lookout: Option<&'a Lookout>,
    /// The audio thread's.
    pub(super) priority: &'a Priority,
}
