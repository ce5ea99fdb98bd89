//! Call: what an instance is given for one block, and what the call left behind.
//!
//! In: nothing. Out: the words that placed instances and everything around them share.

use segue_plugin::link::{AudioView, Flags, ParamEvent};

use crate::cpu::FloatMode;
use crate::pipeline::block::OutputUse;
use crate::pipeline::budget::BudgetMeter;
use crate::pipeline::fault::FaultKind;

/// What a call reads.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// Where the instance is in its own stream.
    pub(super) position_frames: u64,
    /// How far that is behind the session's.
    pub(super) lag_frames: u64,
    pub(super) flags: Flags,
    pub(super) input: AudioView<'a>,
    pub(super) sidechains: &'a [AudioView<'a>],
    /// Parameter changes, sorted by frame.
    pub(super) events: &'a [ParamEvent],
    pub(super) use_of_output: OutputUse,
}

impl Call<'_> {
    /// Stream time of its first frame.
    #[inline]
    pub(super) const fn stream_frames(&self) -> u64 {
        self.position_frames + self.lag_frames
    }

    pub(super) const fn frames(&self) -> usize {
        self.input.frames()
    }
}

/// What a call left behind.
#[derive(Clone, Copy)]
pub(super) struct CallResult {
    pub(super) fault: Option<FaultKind>,
    pub(super) records: u32,
    pub(super) records_lost: u32,
    /// What it took, where a budget is measured.
    pub(super) took_ns: Option<u64>,
}

impl CallResult {
    /// Nothing was called.
    pub(super) const NOTHING: Self = Self {
        fault: None,
        records: 0,
        records_lost: 0,
        took_ns: None,
    };
}

/// What a call is held to.
pub(super) struct CallLimits<'a> {
    /// The floating-point mode, which the call has to leave as it was.
    pub(super) mode: &'a FloatMode,
    /// Measures the call, where there is a budget.
    pub(super) budget_meter: Option<&'a mut BudgetMeter>,
}

impl CallLimits<'_> {
    /// The same, for one call of several.
    pub(super) fn reborrow(&mut self) -> CallLimits<'_> {
        CallLimits {
            mode: self.mode,
            budget_meter: self.budget_meter.as_deref_mut(),
        }
    }
}
