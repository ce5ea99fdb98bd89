//! Block: what a stage is lent for one call, and what the call leaves behind.

use segue_plugin::link::{AudioView, AudioViewMut, Flags, Record};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::call::Call;
use crate::pipeline::candidate::{RecentInput, StagePosition};
use crate::pipeline::fault::{Fault, FaultKind};
use crate::pipeline::stage::Stage;

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

/// One block of a busy stage.
pub(super) struct BusyBlock<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) call: Call<'a>,
    pub(super) output: AudioViewMut<'a>,
    pub(super) records: &'a mut [Record],
    pub(super) mode: &'a FloatMode,
    pub(super) recent: RecentInput<'a>,
}

impl BusyBlock<'_> {
    pub(super) const fn frames(&self) -> usize {
        self.call.frames()
    }

    /// Whether its output is read.
    pub(super) fn is_taken(&self) -> bool {
        self.call.use_of_output == OutputUse::Taken
    }

    /// Where it begins.
    pub(super) fn position(&self) -> StagePosition {
        StagePosition {
            stream_frames: self.call.stream_frames(),
            output_frames: self.stage.own.gauges.frames_out(),
        }
    }

    /// A failure in it.
    pub(super) const fn fault(&self, kind: FaultKind) -> Fault {
        Fault {
            position_frames: self.call.stream_frames(),
            kind,
        }
    }
}
