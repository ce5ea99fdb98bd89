//! Marks: the few numbers that the two ends of a session share.
//!
//! In: what each end says of itself. Out: the same, for the other end. Every number stands alone and
//! may be a moment old; what belongs together goes through the engine's rings.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::pipeline::Published;

/// Numbers of both ends. Real-time safe.
#[derive(Debug)]
pub(super) struct Marks {
    /// Stream time of the block to come.
    position_frames: Published,
    /// Frames for whose decision there was no room.
    moments_lost: AtomicU64,
    /// Where a block has to end, and control code to be asked, off line.
    due_frames: AtomicU64,
    is_paused: AtomicBool,
    wants_end: AtomicBool,
    is_closed: AtomicBool,
}

impl Marks {
    pub(super) fn new() -> Self {
        Self {
            position_frames: Published::new(),
            moments_lost: AtomicU64::new(0),
            due_frames: AtomicU64::new(u64::MAX),
            is_paused: AtomicBool::new(false),
            wants_end: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Stream time of the block to come.
    pub(super) fn position_frames(&self) -> u64 {
        self.position_frames.get()
    }

    /// A block is over. From the audio end.
    pub(super) fn go_to(&self, position_frames: u64) {
        self.position_frames.set(position_frames);
    }

    pub(super) fn moments_lost(&self) -> u64 {
        self.moments_lost.load(Ordering::Relaxed)
    }

    /// A decision falls out. From the audio end.
    pub(super) fn lose_moment(&self) {
        self.moments_lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Where a block has to end.
    pub(super) fn due_frames(&self) -> u64 {
        self.due_frames.load(Ordering::Relaxed)
    }

    /// From the control end, as what follows.
    pub(super) fn set_due_frames(&self, due_frames: u64) {
        self.due_frames.store(due_frames, Ordering::Relaxed);
    }

    /// Whether no input is to be taken.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Relaxed)
    }

    pub(super) fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Relaxed);
    }

    /// Whether somebody wants the stream to end here, in order.
    pub(super) fn wants_end(&self) -> bool {
        self.wants_end.load(Ordering::Relaxed)
    }

    pub(super) fn want_end(&self) {
        self.wants_end.store(true, Ordering::Relaxed);
    }

    /// Whether the input is over.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// The input is over: nothing begins any more. From the drive.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }
}
