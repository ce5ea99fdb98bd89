//! Block: what a stage is lent for one call, and what the call leaves behind.

use segue_plugin::link::{AudioView, AudioViewMut, Flags, Record};

use crate::pipeline::block::OutputUse;
use crate::pipeline::call::Call;

/// What one call of a stage left behind.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct StageResult {
    /// How many records were written.
    pub(in crate::pipeline) records: u32,
    /// Whether it failed in this block.
    pub(in crate::pipeline) failed: bool,
    /// Whether there are events to send on.
    pub(in crate::pipeline) has_events: bool,
}

impl StageResult {
    /// Nothing ran.
    pub(in crate::pipeline) const NOTHING: Self = Self {
        records: 0,
        failed: false,
        has_events: false,
    };

    /// Whether it left anything behind besides audio.
    #[inline]
    pub(in crate::pipeline) const fn is_notable(&self) -> bool {
        self.records > 0 || self.failed || self.has_events
    }
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

impl<'a> StageBlock<'a> {
    /// The call of an instance that is so far behind, and what it fills.
    #[inline(always)] // What is lent stays in registers, as in `Stage::run`.
    pub(super) fn into_call(
        self,
        lag_frames: u64,
    ) -> (Call<'a>, AudioViewMut<'a>, &'a mut [Record]) {
        let call = Call {
            position_frames: self.position_frames - lag_frames,
            lag_frames,
            flags: self.flags,
            input: self.input,
            sidechains: self.sidechains,
            events: &[],
            use_of_output: self.use_of_output,
        };
        (call, self.output, self.records)
    }
}
