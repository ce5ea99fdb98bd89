//! Block: what is lent for one call of the engine.
//!
//! In: nothing. Out: the words that the engine, its buffers and its stages share.

use segue_plugin::link::{AudioView, AudioViewMut, Flags};

/// The most further inputs of one stage.
pub const SIDECHAINS_MAX: usize = 8;

/// A block that the session lends.
#[derive(Debug)]
pub struct Lent<'a> {
    /// Stream time of the first frame.
    pub position_frames: u64,
    /// Facts about it.
    pub flags: Flags,
    /// What is read.
    pub input: AudioView<'a>,
    /// What is filled, as many frames.
    pub output: AudioViewMut<'a>,
}

impl Lent<'_> {
    /// A stretch of it.
    pub(super) fn part(&mut self, start: usize, frames: usize) -> Lent<'_> {
        Lent {
            position_frames: self.position_frames + start as u64,
            flags: self.flags,
            input: self.input.part(start, frames),
            output: self.output.part(start, frames),
        }
    }
}

/// What becomes of a block's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputUse {
    /// It is read.
    Taken,
    /// Nobody reads it: the stage becomes later, and keeps what it would have given.
    Withheld,
}
