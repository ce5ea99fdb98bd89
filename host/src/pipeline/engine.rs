//! Engine: runs a plan, block by block.
//!
//! In: a stretch of input and of output, lent for one call. Out: the output filled; records,
//! chunks for taps and counters. On the audio thread nothing here allocates, frees, locks, waits
//! or calls the system, but for the clock on the blocks that are timed.

mod apply;
mod clock;
mod facts;
mod mix;
mod passage;
mod steps;

use rtrb::{Consumer, Producer, RingBuffer};
use segue_plugin::link::{AudioView, AudioViewMut, Flags, Record};

use crate::audio::FloatMode;
use crate::loading::meter::{self, RealTimeScope};
use crate::pipeline::engine::clock::Clock;
use crate::pipeline::engine::passage::Passage;
use crate::pipeline::exchange::{Arrival, Counter, Departure, Exchange, Turn, exchange};
use crate::pipeline::feed::{Feed, FeedSpec, Feeds, Full, feeds};
use crate::pipeline::loaded::Loaded;
use crate::pipeline::network::{Network, TapWiring};
use crate::pipeline::stage::Stage;
use crate::pipeline::transition::Schedule;

pub use clock::Timed;

/// Room for records of one call; what finds none is counted.
const RECORDS_PER_CALL: usize = 16;

/// Records on their way to the control thread.
const RECORD_RING: usize = 1024;

/// The most further inputs of one stage.
pub const SIDECHAINS_MAX: usize = 8;

/// A record with who left it.
#[derive(Debug, Clone, Copy)]
pub struct StageRecord {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// Stream time of the block.
    pub position_frames: u64,
    /// What was left.
    pub record: Record,
}

/// A stage failed whose `on_error` is `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// The stage, by its place in the file.
    pub stage: usize,
}

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
    fn part(&mut self, start: usize, frames: usize) -> Lent<'_> {
        Lent {
            position_frames: self.position_frames + start as u64,
            flags: self.flags,
            input: self.input.part(start, frames),
            output: self.output.part(start, frames),
        }
    }
}

/// The control thread's ends of an engine's rings.
#[derive(Debug)]
pub struct Rings {
    /// Notes and events.
    pub records: Consumer<StageRecord>,
    /// Chunks for taps; the tap thread takes it.
    pub feeds: Option<Feeds>,
    /// Changes, and new instances for stages that are out.
    pub arrivals: Producer<Arrival>,
    /// What is no longer used, to be dropped off the audio thread.
    pub departures: Consumer<Departure>,
    /// What happened to stages.
    pub turns: Consumer<Turn>,
}

/// Runs a plan.
#[derive(Debug)]
pub struct Engine {
    /// What runs.
    score: Loaded,
    /// The way from what ran before to that, while it lasts.
    passage: Option<Passage>,
    /// Stages by number.
    stages: Vec<Option<Stage>>,
    taps: Vec<Feed>,
    full: Full,
    exchange: Exchange,
    records: Producer<StageRecord>,
    records_lost: u64,
    room: Box<[Record]>,
    clock: Clock,
    /// Heap calls of this thread that are accounted for.
    heap_calls: u64,
    /// Frames at the start of the last block in which nothing came out.
    held_frames: usize,
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
        let spec = |(wiring, latency_frames): (&TapWiring, &u64)| FeedSpec {
            channels: network.channels(wiring.from),
            reference_channels: wiring.reference.map_or(0, |from| network.channels(from)),
            latency_frames: *latency_frames,
        };
        let latencies = &schedule.tap_latency_frames;
        let specs: Vec<_> = network.taps.iter().zip(latencies).map(spec).collect();
        let (taps, full, far) = feeds(&specs, frames_max);
        let (records, left) = RingBuffer::new(RECORD_RING);
        let (exchange, counter) = exchange(stages.len());
        let engine = Self {
            score: Loaded::new(schedule, frames_max),
            passage: None,
            stages: stages.into_iter().map(Some).collect(),
            taps,
            full,
            exchange,
            records,
            records_lost: 0,
            room: vec![Record::EMPTY; RECORDS_PER_CALL].into_boxed_slice(),
            clock: Clock::new(Timed::Sampled),
            heap_calls: 0,
            held_frames: 0,
        };
        let Counter {
            arrivals,
            departures,
            turns,
        } = counter;
        let rings = Rings {
            records: left,
            feeds: Some(far),
            arrivals,
            departures,
            turns,
        };
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
        self.held_frames = 0;
        self.heap_calls = meter::heap_calls();
        if self.exchange.has_arrivals() {
            self.take_arrivals(block.position_frames);
        }
        let result = match self.passage {
            None => self.run_steps(block, &mode, &mut laps),
            Some(_) => self.pass_over(block, &mode, &mut laps),
        };
        self.clock.end(laps, block.position_frames);
        result
    }

    /// Sends taps what is there, so that they know all frames so far. Thread: audio.
    pub fn flush_taps(&mut self) {
        for tap in &mut self.taps {
            tap.send(&mut self.full);
        }
    }

    /// Tells where the stream ends, so that taps take no padding for signal; answers how many
    /// frames of padding it takes until the output and every tap know all of it.
    pub fn end_at(&mut self, length_frames: u64) -> u64 {
        self.taps
            .iter_mut()
            .for_each(|tap| tap.end_at(length_frames));
        self.score.tap_latency_frames.max(self.score.latency_frames)
    }
}

#[cfg(test)]
mod changes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod turns;
