//! Engine: runs a plan, block by block.
//!
//! In: a stretch of input and of output, lent for one call. Out: the output filled; records,
//! chunks for taps and counters. On the audio thread nothing here allocates, frees, locks, waits
//! or calls the system, but for the clock on the blocks that are timed.

mod clock;
mod mix;

use rtrb::{Consumer, Producer, RingBuffer};
use segue_plugin::link::{AudioView, AudioViewMut, Flags, Processor, Record};

use crate::audio::FloatMode;
use crate::loading::meter::{self, RealTimeScope};
use crate::observe::Times;
use crate::pipeline::delay::DelayLine;
use crate::pipeline::engine::clock::Clock;
use crate::pipeline::engine::mix::{add, copy, keep_finite};
use crate::pipeline::exchange::{Arrival, Counter, Departure, Exchange, Turn, exchange};
use crate::pipeline::fault::OnError;
use crate::pipeline::feed::{Feed, FeedSpec, Feeds, Full, feeds};
use crate::pipeline::network::{Network, TapWiring};
use crate::pipeline::plan::{DelaySpec, Plan, Step};
use crate::pipeline::stage::{OutputUse, Ran, Stage, StageBlock};
use crate::pipeline::store::{Reader, Store};

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

/// The control thread's ends of an engine's rings.
#[derive(Debug)]
pub struct Rings {
    /// Notes and events.
    pub records: Consumer<StageRecord>,
    /// Chunks for taps; the tap thread takes it.
    pub feeds: Option<Feeds>,
    /// New instances for stages that are out.
    pub arrivals: Producer<Arrival>,
    /// Instances that are no longer used, to be dropped off the audio thread.
    pub departures: Consumer<Departure>,
    /// What happened to stages.
    pub turns: Consumer<Turn>,
}

/// Runs a plan.
#[derive(Debug)]
pub struct Engine {
    steps: Box<[Step]>,
    store: Store,
    delays: Vec<DelayLine>,
    stages: Vec<Stage>,
    taps: Vec<Feed>,
    full: Full,
    exchange: Exchange,
    records: Producer<StageRecord>,
    records_lost: u64,
    room: Box<[Record]>,
    clock: Clock,
    latency_frames: u64,
}

impl Engine {
    /// An engine for blocks of at most `frames_max` frames. Allocates; not for the audio thread.
    ///
    /// `stages` in the order of the network.
    #[must_use]
    pub fn new(
        network: &Network,
        plan: Plan,
        stages: Vec<Stage>,
        frames_max: usize,
    ) -> (Self, Rings) {
        let spec = |(wiring, latency_frames): (&TapWiring, &u64)| FeedSpec {
            channels: network.channels(wiring.from),
            reference_channels: wiring.reference.map_or(0, |from| network.channels(from)),
            latency_frames: *latency_frames,
        };
        let specs: Vec<_> = network
            .taps
            .iter()
            .zip(&plan.tap_latency_frames)
            .map(spec)
            .collect();
        let (taps, full, far) = feeds(&specs, frames_max);
        let (records, left) = RingBuffer::new(RECORD_RING);
        let (exchange, counter) = exchange(stages.len());
        let line = |spec: &DelaySpec| DelayLine::new(spec.channels, spec.frames as usize);
        let engine = Self {
            steps: plan.steps.into_boxed_slice(),
            store: Store::new(&plan.slots, frames_max),
            delays: plan.delays.iter().map(line).collect(),
            stages,
            taps,
            full,
            exchange,
            records,
            records_lost: 0,
            room: vec![Record::EMPTY; RECORDS_PER_CALL].into_boxed_slice(),
            clock: Clock::new(Timed::Sampled),
            latency_frames: plan.latency_frames,
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
        self.exchange.take_arrivals(&mut self.stages);
        let mut heap_calls = meter::heap_calls();
        let mut result = Ok(());
        for at in 0..self.steps.len() {
            let Step::Run { stage, .. } = self.steps[at] else {
                self.pass(at, block);
                laps.host();
                continue;
            };
            let ran = self.run(at, block, &mode);
            let runner = &mut self.stages[stage];
            let calls = meter::heap_calls();
            if calls != heap_calls {
                runner.charge_heap(calls - heap_calls);
                heap_calls = calls;
            }
            if let Some(took_ns) = laps.stage() {
                runner.record_time(block.position_frames, took_ns);
            }
            if ran.is_notable() {
                result = self.note(stage, block.position_frames, ran).and(result);
            }
        }
        self.clock.end(laps, block.position_frames);
        result
    }

    /// Passes on what a stage left behind besides audio.
    #[cold]
    fn note(&mut self, stage: usize, position_frames: u64, ran: Ran) -> Result<(), Stopped> {
        let runner = &mut self.stages[stage];
        let stops = ran.failed && runner.on_error() == OnError::Stop;
        if ran.turned {
            self.exchange.send(stage, position_frames, runner);
        }
        self.keep_records(stage, position_frames, ran.records as usize);
        if stops {
            Err(Stopped { stage })
        } else {
            Ok(())
        }
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
        let latest = self
            .taps
            .iter()
            .map(Feed::latency_frames)
            .max()
            .unwrap_or(0);
        latest.max(self.latency_frames)
    }

    /// Whether every tap has room for another chunk. Thread: any.
    #[must_use]
    pub fn taps_have_room(&self) -> bool {
        self.taps.iter().all(Feed::has_room)
    }

    /// How many chunks were sent to taps.
    #[must_use]
    pub const fn chunks_sent(&self) -> u64 {
        self.full.sent
    }

    /// Blocks processed.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        self.clock.blocks()
    }

    /// Chooses which blocks are timed. Not for the audio thread.
    pub fn set_timed(&mut self, timed: Timed) {
        self.clock.set_timed(timed);
    }

    /// Which blocks are timed.
    #[must_use]
    pub const fn timed(&self) -> Timed {
        self.clock.timed()
    }

    /// The host's own time per block: all of it but the calls of stages.
    #[must_use]
    pub const fn host_times(&self) -> &Times {
        self.clock.host()
    }

    /// How far the output lags behind the input.
    #[must_use]
    pub const fn latency_frames(&self) -> u64 {
        self.latency_frames
    }

    /// The stages, in the order of the file.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Frames that each tap missed, in the order of the file.
    pub fn dropped_frames(&self) -> impl Iterator<Item = u64> + '_ {
        self.taps.iter().map(Feed::dropped_frames)
    }

    /// Notes and events that found the ring full.
    #[must_use]
    pub const fn records_lost(&self) -> u64 {
        self.records_lost
    }

    /// Takes every instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        let waiting = self.exchange.into_waiting().into_iter();
        let waiting = waiting.map(|arrival| arrival.trial.into_processor());
        let stages = self.stages.into_iter().flat_map(Stage::into_processors);
        stages.chain(waiting).collect()
    }

    /// Does one step that runs a stage.
    #[inline(always)] // Its views are kept in registers.
    fn run(&mut self, at: usize, block: &mut Lent<'_>, mode: &FloatMode) -> Ran {
        let Step::Run {
            stage,
            input,
            sidechains,
            output,
        } = &self.steps[at]
        else {
            return Ran::NOTHING;
        };
        let (position_frames, flags) = (block.position_frames, block.flags);
        let (runner, records) = (&mut self.stages[*stage], &mut self.room);
        self.store.write(*output, block, |reader, output| {
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
                use_of_output: OutputUse::Taken,
            };
            runner.run(block, mode)
        })
    }

    /// Does one step that runs no stage.
    fn pass(&mut self, at: usize, block: &mut Lent<'_>) {
        match &self.steps[at] {
            // A stage is run elsewhere; only a schedule that changes a graph blends.
            Step::Run { .. } | Step::Blend { .. } => {}
            Step::Mix { terms, into } => {
                self.store.write(*into, block, |reader, mut into| {
                    let mut terms = terms.iter().map(|term| reader.view(*term));
                    if let Some(first) = terms.next() {
                        copy(first, &mut into);
                    }
                    terms.for_each(|term| add(term, &mut into));
                    keep_finite(&mut into);
                });
            }
            Step::Delay { from, line, into } => {
                let line = &mut self.delays[*line];
                self.store.write(*into, block, |reader, mut into| {
                    line.process(reader.view(*from), &mut into);
                });
            }
            Step::Feed {
                tap,
                signal,
                reference,
            } => {
                let reader = Reader::new(&self.store, block);
                let reference = reference.map(|place| reader.view(place));
                self.taps[*tap].take(reader.view(*signal), reference, &mut self.full);
            }
        }
    }

    /// Moves what a call left behind into the ring.
    fn keep_records(&mut self, stage: usize, position_frames: u64, count: usize) {
        for record in &self.room[..count.min(RECORDS_PER_CALL)] {
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

#[cfg(test)]
mod tests;
#[cfg(test)]
mod turns;
