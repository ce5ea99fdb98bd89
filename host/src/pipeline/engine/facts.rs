//! Facts: what is known of an engine, and what it lets others know between two blocks.
//!
//! In: an engine, between two blocks. Out: its stages, counters and latency, for control code and
//! reports; states that were asked for; all that its taps have to know; in the end its instances.

use crate::cpu::FloatMode;
use crate::loading::meter::RealTimeScope;
use crate::observe::Times;
use crate::pipeline::engine::{Engine, Timed};
use crate::pipeline::exchange::Arrival;
use crate::pipeline::feed::Feed;
use crate::pipeline::gauges::OutputValues;
use crate::pipeline::stage::Stage;
use segue_plugin::link::Processor;

impl Engine {
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
        self.schedule.latency_frames
    }

    /// Frames at the start of the last block in which nothing came out, since its stages wait
    /// for a longer latency to fill.
    #[must_use]
    pub const fn withheld_frames(&self) -> usize {
        self.withheld_frames
    }

    /// Whether a change of the schedule is under way.
    #[must_use]
    pub const fn is_switching(&self) -> bool {
        self.switch.is_some()
    }

    /// How many frames there are until the next change that waits is to be taken, where it says so.
    #[must_use]
    pub fn until_arrival(&self, position_frames: u64) -> Option<u64> {
        self.exchange.until_arrival(position_frames)
    }

    /// Copies the last outputs of every stage. Real-time safe.
    pub fn copy_outputs(&self, into: &mut OutputValues) {
        into.clear();
        for stage in &self.stages {
            into.push(stage.as_ref().map_or(&[], Stage::output_values));
        }
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

    /// Lets control code have the states that it asks for, as they are now, at this place of the
    /// stream. Thread: audio.
    pub fn answer(&mut self, position_frames: u64) {
        let _scope = RealTimeScope::enter();
        let mode = FloatMode::enter();
        self.answer_requests(position_frames, &mode);
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

    /// Takes every instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        let waiting = self.exchange.into_waiting().into_iter();
        let waiting = waiting.flat_map(Arrival::into_processors);
        let switching = self.switch.into_iter();
        let switching = switching.flat_map(|switch| switch.change.into_processors());
        let stages = self.stages.into_iter().flatten();
        let stages = stages.flat_map(Stage::into_processors);
        stages.chain(switching).chain(waiting).collect()
    }
}
