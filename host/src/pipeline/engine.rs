//! Engine: runs a plan, block by block.
//!
//! In: a stretch of input and of output, lent for one call. Out: the output filled; records,
//! chunks for taps and counters. On the audio thread nothing here allocates, frees, locks, waits
//! or calls the system, but for the clock on the blocks that are timed.

mod clock;
mod mix;
mod passage;

use std::time::Instant;

use rtrb::{Consumer, Producer, RingBuffer};
use segue_plugin::link::{AudioView, AudioViewMut, Flags, Processor, Record};

use crate::audio::FloatMode;
use crate::loading::meter::{self, RealTimeScope};
use crate::observe::Times;
use crate::pipeline::change::Change;
use crate::pipeline::engine::clock::{Clock, Laps};
use crate::pipeline::engine::mix::{add, copy, keep_finite};
use crate::pipeline::engine::passage::Passage;
use crate::pipeline::exchange::{Arrival, Counter, Departure, Exchange, Turn, UnderWay, exchange};
use crate::pipeline::fault::OnError;
use crate::pipeline::feed::{Feed, FeedSpec, Feeds, Full, feeds};
use crate::pipeline::loaded::Loaded;
use crate::pipeline::network::{Network, TapWiring};
use crate::pipeline::plan::Step;
use crate::pipeline::stage::{OutputUse, Ran, Stage, StageBlock};
use crate::pipeline::store::Reader;
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

    /// All steps over a block, where every one takes part.
    #[inline(always)] // The one loop of a block in which nothing changes.
    fn run_steps(
        &mut self,
        block: &mut Lent<'_>,
        mode: &FloatMode,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let mut result = Ok(());
        for at in 0..self.score.steps.len() {
            let Step::Run { stage, .. } = self.score.steps[at] else {
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
    fn account(
        &mut self,
        stage: usize,
        position_frames: u64,
        ran: Ran,
        laps: &mut Laps,
    ) -> Result<(), Stopped> {
        let Some(runner) = &mut self.stages[stage] else {
            return Ok(());
        };
        let calls = meter::heap_calls();
        if calls != self.heap_calls {
            runner.charge_heap(calls - self.heap_calls);
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

    /// Takes what control code sent, as far as it can begin now.
    #[cold]
    fn take_arrivals(&mut self, position_frames: u64) {
        while let Some(arrival) = self.exchange.next(&self.stages, self.under_way()) {
            match arrival {
                Arrival::Trial { stage, trial } => {
                    if let Some(stage) = self.stages.get_mut(stage).and_then(Option::as_mut) {
                        stage.begin_trial(trial);
                    }
                }
                Arrival::Change(change) => self.apply(change, position_frames),
            }
        }
    }

    const fn under_way(&self) -> UnderWay {
        match self.passage {
            Some(_) => UnderWay::Change,
            None => UnderWay::Nothing,
        }
    }

    /// Applies a change: from this frame on, all of it.
    fn apply(&mut self, mut change: Box<Change>, position_frames: u64) {
        let began = Instant::now();
        let mut is_passing = false;
        if let Some(schedule) = &mut change.schedule {
            is_passing = true;
            if schedule.room.capacity() > 0 {
                schedule.room.append(&mut self.stages);
                schedule.room.resize_with(schedule.room.capacity(), || None);
                std::mem::swap(&mut self.stages, &mut schedule.room);
            }
            for (number, stage) in schedule.added.drain(..) {
                self.stages[number] = Some(stage);
            }
            schedule.next.inherit(&mut self.score);
            std::mem::swap(&mut self.score, &mut schedule.next);
            for (number, frames) in &self.score.stage_stalls {
                if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                    stage.lag(*frames);
                }
            }
        }
        for number in &change.reversed {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                stage.reverse();
            }
        }
        self.begin_trials(&mut change);
        for (number, event) in &change.events {
            if let Some(stage) = self.stages.get_mut(*number).and_then(Option::as_mut) {
                // Admitted only where there is room.
                let _ = stage.push_event(*event);
            }
        }
        change.applied_at_frames = Some(position_frames);
        change.exchange_ns = began.elapsed().as_nanos() as u64;
        if is_passing {
            self.passage = Some(Passage::new(change));
        } else {
            change.over_at_frames = Some(position_frames);
            self.exchange.give_back(change);
        }
    }

    /// Begins the trials of a change. One whose stage is gone, or has one already, stays in the
    /// change and goes back with it.
    fn begin_trials(&mut self, change: &mut Change) {
        for at in (0..change.trials.len()).rev() {
            let stage = self.stages.get_mut(change.trials[at].0);
            match stage.and_then(Option::as_mut) {
                Some(stage) if stage.takes_trial() => {
                    stage.begin_trial(change.trials.swap_remove(at).1);
                }
                Some(_) | None => self.exchange.forget(1),
            }
        }
    }

    /// Passes on what a stage left behind besides audio.
    #[cold]
    fn note(&mut self, stage: usize, position_frames: u64, ran: Ran) -> Result<(), Stopped> {
        let Some(runner) = &mut self.stages[stage] else {
            return Ok(());
        };
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
        self.score.tap_latency_frames.max(self.score.latency_frames)
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
        self.score.latency_frames
    }

    /// Frames at the start of the last block in which nothing came out, since its stages wait
    /// for a longer latency to fill.
    #[must_use]
    pub const fn held_frames(&self) -> usize {
        self.held_frames
    }

    /// Whether a change of the schedule is under way.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        self.passage.is_some()
    }

    /// A stage by its number.
    #[must_use]
    pub fn stage(&self, number: usize) -> Option<&Stage> {
        self.stages.get(number)?.as_ref()
    }

    /// How many numbers there are: stages that went leave theirs unused.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.stages.len()
    }

    /// How many numbers there may be.
    #[must_use]
    pub const fn numbers_max(&self) -> usize {
        self.exchange.stages_max()
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
        let waiting = waiting.flat_map(Arrival::into_processors);
        let passing = self.passage.into_iter();
        let passing = passing.flat_map(|passage| passage.change.into_processors());
        let stages = self.stages.into_iter().flatten();
        let stages = stages.flat_map(Stage::into_processors);
        stages.chain(passing).chain(waiting).collect()
    }

    /// Does one step that runs a stage.
    #[inline(always)] // Its views are kept in registers.
    fn run(&mut self, at: usize, block: &mut Lent<'_>, mode: &FloatMode, used: OutputUse) -> Ran {
        let Step::Run {
            stage,
            input,
            sidechains,
            output,
        } = &self.score.steps[at]
        else {
            return Ran::NOTHING;
        };
        let (position_frames, flags) = (block.position_frames, block.flags);
        let (Some(runner), records) = (&mut self.stages[*stage], &mut self.room) else {
            return Ran::NOTHING;
        };
        self.score.store.write(*output, block, |reader, output| {
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
    fn pass(&mut self, at: usize, block: &mut Lent<'_>) {
        match &self.score.steps[at] {
            // A blend is there only while a schedule passes.
            Step::Run { .. } | Step::Blend { .. } => {}
            Step::Mix { terms, into } => {
                self.score.store.write(*into, block, |reader, mut into| {
                    let mut terms = terms.iter().map(|term| reader.view(*term));
                    if let Some(first) = terms.next() {
                        copy(first, &mut into);
                    }
                    terms.for_each(|term| add(term, &mut into));
                    keep_finite(&mut into);
                });
            }
            Step::Delay { from, line, into } => {
                let line = &mut self.score.lines[*line];
                self.score.store.write(*into, block, |reader, mut into| {
                    line.line.process(reader.view(*from), &mut into);
                });
            }
            Step::Feed {
                tap,
                signal,
                reference,
            } => {
                let reader = Reader::new(&self.score.store, block);
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
mod changes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod turns;
