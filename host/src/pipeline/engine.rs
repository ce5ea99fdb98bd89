//! Engine: runs a schedule, block by block.
//!
//! In: a stretch of input and of output, lent for one call; what control code sent, which takes
//! effect from the block to come on. Out: the output filled; records, chunks for taps and counters,
//! states that were asked for. On the audio thread nothing here allocates, frees, locks, waits or
//! calls the system, but for the clock on the blocks that are timed and where a change is applied.

mod clock;
mod facts;
mod mix;
mod steps;
mod switch;

use std::sync::Arc;
use std::time::Instant;

use rtrb::{Producer, RingBuffer};
use segue_plugin::link::{AudioView, Record};

use crate::cpu::FloatMode;
use crate::loading::meter::{self, RealTimeScope};
use crate::pipeline::block::{Lent, OutputUse, SIDECHAINS_MAX};
use crate::pipeline::change::{Change, Reschedule};
use crate::pipeline::engine::clock::{Clock, Laps};
use crate::pipeline::engine::switch::ScheduleSwitch;
use crate::pipeline::exchange::{Arrival, Exchange, SavedState, ScheduleState, exchange};
use crate::pipeline::feed::{Feed, FeedSpec, Full, feeds};
use crate::pipeline::gauges::EngineGauges;
use crate::pipeline::loaded_schedule::LoadedSchedule;
use crate::pipeline::network::{Network, TapWiring};
use crate::pipeline::rings::{RingEnds, Rings, StageRecord};
use crate::pipeline::schedule::{Schedule, Step};
use crate::pipeline::stage::{Stage, StageBlock, StageResult};

pub use clock::Timed;

/// Room for records of one call; what finds none is counted.
const RECORDS_PER_CALL: usize = 16;

/// Records on their way to the control thread.
const RECORD_RING: usize = 1024;

/// A stage failed whose `on_error` is `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// The stage, by its place in the file.
    pub stage: usize,
}

/// Runs a schedule.
#[derive(Debug)]
pub struct Engine {
    /// What runs.
    schedule: LoadedSchedule,
    /// The way from what ran before to that, while it lasts.
    switch: Option<ScheduleSwitch>,
    /// Stages by number.
    stages: Vec<Option<Stage>>,
    taps: Vec<Feed>,
    full: Full,
    exchange: Exchange,
    records: Producer<StageRecord>,
    records_lost: u64,
    call_records: Box<[Record]>,
    clock: Clock,
    /// Heap calls of this thread that are accounted for.
    heap_calls: u64,
    /// Frames at the start of the last block in which nothing came out.
    withheld_frames: usize,
    /// What control code reads while it runs.
    gauges: Arc<EngineGauges>,
}

impl Engine {
    /// An engine for blocks of at most `frames_max` frames. Allocates; not for the audio thread.
    ///
    /// `stages` in the order of the network; that is their number from now on.
    #[must_use]
    pub fn new(
        network: &Network,
        schedule: Schedule,
        stages: Vec<Stage>,
        frames_max: usize,
    ) -> (Self, Rings) {
        let (taps, full, far) = feeds(&feed_specs(network, &schedule), frames_max);
        let (records, left) = RingBuffer::new(RECORD_RING);
        let (exchange, control) = exchange(stages.len());
        let known = stages.iter().map(|stage| Some(Arc::clone(stage.gauges())));
        let known = known.collect();
        let gauges = Arc::new(EngineGauges::default());
        gauges.set_schedule(schedule.latency_frames, false);
        let engine = Self {
            schedule: LoadedSchedule::new(schedule, frames_max),
            switch: None,
            stages: stages.into_iter().map(Some).collect(),
            taps,
            full,
            exchange,
            records,
            records_lost: 0,
            call_records: vec![Record::EMPTY; RECORDS_PER_CALL].into_boxed_slice(),
            clock: Clock::new(Timed::Sampled),
            heap_calls: 0,
            withheld_frames: 0,
            gauges: Arc::clone(&gauges),
        };
        let rings = Rings::new(RingEnds {
            records: left,
            feeds: far,
            arrivals: control.arrivals,
            requests: control.requests,
            departures: control.departures,
            engine: gauges,
            stages: known,
            numbers_max: engine.exchange.stages_max(),
        });
        (engine, rings)
    }

    /// Processes one block. Thread: audio.
    ///
    /// # Errors
    /// When a stage failed whose `on_error` is `stop`; the output of the block is then silence
    /// from that stage on.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn process(&mut self, block: &mut Lent<'_>) -> Result<(), Stopped> {
        let _scope = RealTimeScope::enter();
        let mode = FloatMode::enter();
        let mut laps = self.clock.begin();
        self.withheld_frames = 0;
        self.heap_calls = meter::heap_calls();
        if self.exchange.has_requests() {
            self.answer_requests(block.position_frames, &mode);
        }
        if self.exchange.has_arrivals() {
            self.take_arrivals(block.position_frames);
        }
        let result = match self.switch {
            None => self.run_steps(block, &mode, &mut laps),
            Some(_) => self.run_switching(block, &mode, &mut laps),
        };
        self.clock.end(laps, block.position_frames);
        self.gauges.set_chunks_sent(self.full.sent);
        result
    }

    /// All steps over a block, where every one takes part.
    #[inline(always)] // The one loop of a block in which nothing changes.
    fn run_steps(
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

    /// Does one step that runs a stage.
    #[inline(always)] // Its views are kept in registers.
    fn run(
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

    #[cold]
    fn answer_requests(&mut self, position_frames: u64, mode: &FloatMode) {
        while let Some(mut request) = self.exchange.next_request() {
            let stage = self.stages.get(request.stage).and_then(Option::as_ref);
            request.saved = stage.map(|stage| SavedState {
                at_frames: stage.gauges().frames_in(),
                position_frames,
                written: stage.save_state(&mut request.bytes, mode),
            });
            self.exchange.answer(request);
        }
    }

    /// Takes what control code sent, as far as it can begin now.
    #[cold]
    fn take_arrivals(&mut self, position_frames: u64) {
        while let Some(arrival) = self.next_arrival(position_frames) {
            match arrival {
                Arrival::Candidate { stage, candidate } => {
                    if let Some(stage) = self.stages.get_mut(stage).and_then(Option::as_mut) {
                        stage.begin_candidate(candidate);
                    }
                }
                Arrival::Change(change) => self.apply(change, position_frames),
            }
        }
    }

    fn next_arrival(&mut self, position_frames: u64) -> Option<Arrival> {
        let schedule_state = self.schedule_state();
        self.exchange
            .next(&self.stages, schedule_state, position_frames)
    }

    const fn schedule_state(&self) -> ScheduleState {
        match self.switch {
            Some(_) => ScheduleState::Switching,
            None => ScheduleState::Settled,
        }
    }

    /// Applies a change: from this frame on, all of it.
    fn apply(&mut self, mut change: Box<Change>, position_frames: u64) {
        let began = Instant::now();
        let is_switching = change.schedule.is_some();
        if let Some(schedule) = &mut change.schedule {
            self.begin_schedule(schedule);
        }
        for number in &change.reversed {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.reverse();
            }
        }
        self.begin_candidates(&mut change);
        for (number, event) in &change.param_events {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                // Admitted only where there is room.
                let _ = stage.push_param_event(*event);
            }
        }
        change.applied_at_frames = Some(position_frames);
        change.exchange_ns = began.elapsed().as_nanos() as u64;
        if is_switching {
            self.switch = Some(ScheduleSwitch::new(change));
        } else {
            change.over_at_frames = Some(position_frames);
            self.exchange.give_back(change);
        }
    }

    /// Runs another schedule, with the stages that come with it.
    fn begin_schedule(&mut self, schedule: &mut Reschedule) {
        if schedule.larger_slots.capacity() > 0 {
            let slots = &mut schedule.larger_slots;
            slots.append(&mut self.stages);
            slots.resize_with(slots.capacity(), || None);
            std::mem::swap(&mut self.stages, slots);
        }
        for (number, stage) in schedule.added.drain(..) {
            self.stages[number] = Some(stage);
        }
        schedule.next.inherit(&mut self.schedule);
        std::mem::swap(&mut self.schedule, &mut schedule.next);
        self.gauges.set_schedule(self.schedule.latency_frames, true);
        for (number, frames) in &self.schedule.stage_stalls {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.lag(*frames);
            }
        }
    }

    /// Begins the candidates of a change. One whose stage is gone, or has one already, stays in the
    /// change and goes back with it.
    fn begin_candidates(&mut self, change: &mut Change) {
        for at in (0..change.candidates.len()).rev() {
            let stage = self.stages.get_mut(change.candidates[at].0);
            match stage.and_then(Option::as_mut) {
                Some(stage) if stage.takes_candidate() => {
                    stage.begin_candidate(change.candidates.swap_remove(at).1);
                }
                Some(_) | None => self.exchange.forget(1),
            }
        }
    }
}

/// What each tap needs, in the order of the file.
fn feed_specs(network: &Network, schedule: &Schedule) -> Vec<FeedSpec> {
    let spec = |(wiring, latency_frames): (&TapWiring, &u64)| FeedSpec {
        channels: network.channels(wiring.from),
        reference_channels: wiring.reference.map_or(0, |from| network.channels(from)),
        latency_frames: *latency_frames,
    };
    let latencies = &schedule.tap_latency_frames;
    network.taps.iter().zip(latencies).map(spec).collect()
}

#[cfg(test)]
mod tests;
