//! Block: what a stage is lent for one call, and what the call leaves behind.

use segue_plugin::link::{AudioView, AudioViewMut, Flags, Record};

use crate::audio::FloatMode;
use crate::pipeline::seat::Call;
use crate::pipeline::trial::Recent;

/// What one call of a stage left behind.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct Ran {
    /// How many records were written.
    pub(in crate::pipeline) records: u32,
    /// Whether it failed in this block.
    pub(in crate::pipeline) failed: bool,
    /// Whether there are turns to send on.
    pub(in crate::pipeline) turned: bool,
}

impl Ran {
    /// Nothing ran.
    pub(in crate::pipeline) const NOTHING: Self = Self {
        records: 0,
        failed: false,
        turned: false,
    };

    /// Whether it left anything behind besides audio.
    #[inline]
    pub(in crate::pipeline) const fn is_notable(&self) -> bool {
        self.records > 0 || self.failed || self.turned
    }
}

/// What becomes of a block's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputUse {
    /// It is read.
    Taken,
    /// Nobody reads it: the stage becomes later, and keeps what it would have given.
    Held,
}

/// What a stage reads and fills.
pub(in crate::pipeline) struct StageBlock<'a> {
    pub(in crate::pipeline) position_frames: u64,
    pub(in crate::pipeline) flags: Flags,
    pub(in crate::pipeline) input: AudioView<'a>,
    pub(in crate::pipeline) output: AudioViewMut<'a>,
    pub(in crate::pipeline) sidechains: &'a [AudioView<'a>],
    pub(in crate::pipeline) records: &'a mut [Record],
    pub(in crate::pipeline) use_of_output: OutputUse,
}

/// What a busy stage reads and fills.
pub(super) struct BusyBlock<'a> {
    pub(super) call: Call<'a>,
    pub(super) output: AudioViewMut<'a>,
    pub(super) records: &'a mut [Record],
    pub(super) mode: &'a FloatMode,
    pub(super) recent: Recent<'a>,
}

impl BusyBlock<'_> {
    pub(super) const fn frames(&self) -> usize {
        self.call.frames()
    }

    /// Whether its output is read.
    pub(super) fn is_taken(&self) -> bool {
        self.call.use_of_output == OutputUse::Taken
    }
}
