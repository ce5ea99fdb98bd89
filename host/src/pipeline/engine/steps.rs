//! Steps: a block through a schedule, one step after the other.
//!
//! In: a block, and a schedule in which every step takes part. Out: the block filled; what each
//! stage took and left behind. On the audio thread.

use crate::cpu::FloatMode;
use crate::loading::meter::{self};
use crate::pipeline::block::{Lent, OutputUse, SIDECHAINS_MAX};
use crate::pipeline::engine::clock::Laps;
use crate::pipeline::engine::mix::{add, copy, keep_finite};
use crate::pipeline::engine::{Engine, RECORDS_PER_CALL, Stopped};
use crate::pipeline::fault::OnError;
use crate::pipeline::rings::StageRecord;
use crate::pipeline::schedule::Step;
use crate::pipeline::stage::{StageBlock, StageResult};
use crate::pipeline::store::Reader;
use segue_plugin::link::AudioView;

impl Engine {
    /// All steps over a block, where every one takes part.
    #[inline(always)] // The one loop of a block in which nothing changes.
    pub(super) fn run_steps(
        &mut self,
        block: &mut Lent<'_>,
        mode: &FloatMode,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let mut result = Ok(());
        for at in 0..self.schedule.steps.len() {
            let Step::Run { stage, .. } = self.schedule.steps[at] else {
                self.pass(at, block);
                laps.host();
                continue;
            };
            let ran = self.run(at, block, mode, OutputUse::Taken);
            result = self
                .account(stage, block.position_frames, ran, laps)
                .and(result);
        }
        result
    }

    /// Charges a stage with what its call took, and passes on what it left behind.
    #[inline(always)] // As `run_steps`.
    pub(super) fn account(
        &mut self,
        stage: usize,
        position_frames: u64,
        ran: StageResult,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let Some(runner) = &mut self.stages[stage] else {
            return Ok(());
        };
        let calls = meter::heap_calls();
        if calls != self.heap_calls {
            runner.gauges().count_heap_calls(calls - self.heap_calls);
            self.heap_calls = calls;
        }
        if let Some(took_ns) = laps.stage() {
            runner.record_time(position_frames, took_ns);
        }
        if ran.is_notable() {
            return self.note(stage, position_frames, ran);
        }
        Ok(())
    }

    /// Passes on what a stage left behind besides audio.
    #[cold]
    pub(super) fn note(
        &mut self,
        stage: usize,
        position_frames: u64,
        ran: StageResult,
    ) -> Result<(), Stopped> {
        let Some(runner) = &mut self.stages[stage] else {
            return Ok(());
        };
        let stops = ran.failed && runner.on_error() == OnError::Stop;
        if ran.has_events {
            self.exchange.send(stage, position_frames, runner);
        }
        self.keep_records(stage, position_frames, ran.records as usize);
        if stops {
            Err(Stopped { stage })
        } else {
            Ok(())
        }
    }

    /// Does one step that runs a stage.
    #[inline(always)] // Its views are kept in registers.
    pub(super) fn run(
        &mut self,
        at: usize,
        block: &mut Lent<'_>,
        mode: &FloatMode,
        used: OutputUse,
    ) -> StageResult {
        let Step::Run {
            stage,
            input,
            sidechains,
            output,
        } = &self.schedule.steps[at]
        else {
            return StageResult::NOTHING;
        };
        let (position_frames, flags) = (block.position_frames, block.flags);
        let (Some(runner), records) = (&mut self.stages[*stage], &mut self.call_records) else {
            return StageResult::NOTHING;
        };
        self.schedule.store.write(*output, block, |reader, output| {
            let mut keys;
            let sidechains = if sidechains.is_empty() {
                &[][..]
            } else {
                keys = [AudioView::empty(); SIDECHAINS_MAX];
                reader.views(sidechains, &mut keys)
            };
            let block = StageBlock {
                position_frames,
                flags,
                input: reader.view(*input),
                output,
                sidechains,
                records,
                use_of_output: used,
            };
            runner.run(block, mode)
        })
    }

    /// Does one step that runs no stage.
    pub(super) fn pass(&mut self, at: usize, block: &mut Lent<'_>) {
        match &self.schedule.steps[at] {
            // A blend is there only while a schedule passes.
            Step::Run { .. } | Step::Blend { .. } => {}
            Step::Mix { terms, into } => {
                self.schedule.store.write(*into, block, |reader, mut into| {
                    let mut terms = terms.iter().map(|term| reader.view(*term));
                    if let Some(first) = terms.next() {
                        copy(first, &mut into);
                    }
                    terms.for_each(|term| add(term, &mut into));
                    keep_finite(&mut into);
                });
            }
            Step::Delay { from, line, into } => {
                let line = &mut self.schedule.lines[*line];
                self.schedule.store.write(*into, block, |reader, mut into| {
                    line.line.process(reader.view(*from), &mut into);
                });
            }
            Step::Feed {
                tap,
                signal,
                reference,
            } => {
                let reader = Reader::new(&self.schedule.store, block);
                let reference = reference.map(|place| reader.view(place));
                self.taps[*tap].take(reader.view(*signal), reference, &mut self.full);
            }
        }
    }

    /// Moves what a call left behind into the ring.
    pub(super) fn keep_records(&mut self, stage: usize, position_frames: u64, count: usize) {
        for record in &self.call_records[..count.min(RECORDS_PER_CALL)] {
            let record = StageRecord {
                stage,
                position_frames,
                record: *record,
            };
            if self.records.push(record).is_err() {
                self.records_lost += 1;
            }
        }
    }
}
