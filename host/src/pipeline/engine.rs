//! Engine: runs a schedule, block by block.
//!
//! In: a stretch of input and of output, lent for one call. Out: the output filled; records,
//! chunks for taps and counters. On the audio thread nothing here allocates, frees, locks, waits
//! or calls the system, but for the clock on the blocks that are timed.

mod apply;
mod clock;
mod facts;
mod mix;
mod steps;
mod switch;

use std::sync::Arc;

use rtrb::{Producer, RingBuffer};
use segue_plugin::link::Record;

use crate::cpu::FloatMode;
use crate::loading::meter::{self, RealTimeScope};
use crate::pipeline::block::Lent;
use crate::pipeline::engine::clock::Clock;
use crate::pipeline::engine::switch::ScheduleSwitch;
use crate::pipeline::exchange::{Exchange, exchange};
use crate::pipeline::feed::{Feed, FeedSpec, Full, feeds};
use crate::pipeline::gauges::EngineGauges;
use crate::pipeline::loaded_schedule::LoadedSchedule;
use crate::pipeline::network::{Network, TapWiring};
use crate::pipeline::rings::{RingEnds, Rings, StageRecord};
use crate::pipeline::schedule::Schedule;
use crate::pipeline::stage::Stage;

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

    /// Sends taps what is there, so that they know all frames so far. Thread: audio.
    pub fn flush_taps(&mut self) {
        for tap in &mut self.taps {
            tap.send(&mut self.full);
        }
        self.gauges.set_chunks_sent(self.full.sent);
    }

    /// Tells where the stream ends, so that taps take no padding for signal; returns how many
    /// frames of padding it takes until the output and every tap know all of it.
    pub fn end_at(&mut self, length_frames: u64) -> u64 {
        self.taps
            .iter_mut()
            .for_each(|tap| tap.end_at(length_frames));
        self.schedule
            .tap_latency_frames
            .max(self.schedule.latency_frames)
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
