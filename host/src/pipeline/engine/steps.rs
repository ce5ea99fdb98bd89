//! Steps: what goes with the calls of stages in a block: the steps between them, and what they leave.
//!
//! In: a block, a step that runs no stage, or what the call of one came to. Out: sums, copies and
//! chunks for taps; what each stage took and left behind. On the audio thread.

use crate::loading::meter;
use crate::pipeline::block::Lent;
use crate::pipeline::engine::clock::Laps;
use crate::pipeline::engine::mix::{add, copy, keep_finite};
use crate::pipeline::engine::{Engine, RECORDS_PER_CALL, Stopped};
use crate::pipeline::fault::OnError;
use crate::pipeline::rings::StageRecord;
use crate::pipeline::schedule::Step;
use crate::pipeline::stage::StageResult;
use crate::pipeline::store::Reader;

impl Engine {
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
