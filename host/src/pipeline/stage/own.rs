//! Own: the instance of a stage, and what is counted of its calls.
//!
//! In: calls. Out: what the instance made of them; numbers, for control code and for reports. On the
//! audio thread but for `new`.

use std::sync::Arc;

use segue_plugin::link::{AudioViewMut, Record};

use crate::cpu::FloatMode;
use crate::observe::Spread;
use crate::pipeline::budget::BudgetMeter;
use crate::pipeline::call::{Call, CallLimits, CallResult};
use crate::pipeline::gauges::StageGauges;
use crate::pipeline::placed_instance::PlacedInstance;
use crate::pipeline::stage::counters::StageCounters;

/// The instance that is heard while all is well.
#[derive(Debug)]
pub(super) struct OwnInstance {
    pub(super) instance: PlacedInstance,
    pub(super) budget_meter: Option<Box<BudgetMeter>>,
    pub(super) counters: StageCounters,
    /// What control code reads while it runs.
    pub(super) gauges: Arc<StageGauges>,
    pub(super) output_spreads: Box<[Spread]>,
}

impl OwnInstance {
    /// Allocates; not for the audio thread.
    pub(super) fn new(instance: PlacedInstance) -> Self {
        let gauges = StageGauges::new();
        gauges.renew_outputs(instance.outputs());
        Self {
            output_spreads: vec![Spread::default(); instance.outputs().len()].into(),
            instance,
            budget_meter: None,
            counters: StageCounters::default(),
            gauges,
        }
    }

    /// One call, counted.
    #[inline(always)] // What it is given stays in registers, as in `Stage::run`.
    pub(super) fn call(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        records: &mut [Record],
        mode: &FloatMode,
    ) -> CallResult {
        let limits = CallLimits {
            mode,
            budget_meter: self.budget_meter.as_deref_mut(),
        };
        let called = self.instance.call(call, output, records, limits);
        self.counters.count(called, call.stream_frames());
        called
    }

    /// What a call of another instance in its place is held to.
    pub(super) fn limits<'a>(&'a mut self, mode: &'a FloatMode) -> CallLimits<'a> {
        CallLimits {
            mode,
            budget_meter: self.budget_meter.as_deref_mut(),
        }
    }

    /// Keeps the outputs that the instance has now.
    #[inline(always)] // As `call`.
    pub(super) fn keep_outputs(&mut self) {
        for (spread, value) in self.output_spreads.iter_mut().zip(self.instance.outputs()) {
            spread.record(*value);
        }
        self.gauges.set_outputs(self.instance.outputs());
    }

    /// What a call took that was timed from outside: one with a budget is timed at every call.
    pub(super) fn record_time(&mut self, position_frames: u64, took_ns: u64) {
        if self.budget_meter.is_none() {
            self.counters.times.record(position_frames, took_ns);
        }
    }
}
