//! Player: what a session plays with.
//!
//! In: frames, any number at a call, from one thread at a time. Out: as many frames; everything that
//! control code has to know goes into rings and atomics. It never plans, parses, answers or waits:
//! no lock, no heap, no file, no system call, for ever.
//!
//! Blocks are cut here: at multiples of the block size in stream time, where decisions fall, and
//! where control code wants to be asked. At what calls of the caller end matters to nobody.

use std::sync::Arc;

use segue_media::audio::{Buffer, sanitize};
use segue_plugin::declare::Layout;
use segue_plugin::link::{AudioView, AudioViewMut, Flags};

use crate::pipeline::{Engine, Lent, Stopped, view, view_mut};
use crate::session::decision_points::DecisionSender;
use crate::session::marks::Marks;

/// What becomes of a stream after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// The stream goes on.
    Goes,
    /// Somebody wants it to end: a command, a decision, or a stage whose `on_error` is `stop`. What
    /// goes through all the same is processed as ever, but for the last case: then it is silence.
    Ends,
}

/// One block that went through.
pub(super) struct Block {
    /// How many frames.
    pub(super) frames: usize,
    /// Frames at its start in which nothing came out.
    pub(super) withheld_frames: usize,
}

/// What plays. `Send`; one thread at a time.
#[derive(Debug)]
pub(super) struct Player {
    engine: Engine,
    marks: Arc<Marks>,
    /// Where decisions fall, and who is told.
    asking: Option<DecisionSender>,
    position_frames: u64,
    block_frames: u64,
    layouts: (Layout, Layout),
    /// One block of input without infinities, and one of output.
    input: Buffer,
    output: Buffer,
    /// The stage that stopped the session.
    stopped: Option<Stopped>,
    non_finite: u64,
}

/// What a player is made of.
pub(super) struct PlayerSetup {
    pub(super) engine: Engine,
    pub(super) marks: Arc<Marks>,
    pub(super) asking: Option<DecisionSender>,
    pub(super) block_frames: usize,
    pub(super) layout_in: Layout,
    pub(super) layout_out: Layout,
}

impl Player {
    /// Allocates; not for the audio thread.
    pub(super) fn new(setup: PlayerSetup) -> Self {
        let frames = setup.block_frames;
        Self {
            engine: setup.engine,
            marks: setup.marks,
            asking: setup.asking,
            position_frames: 0,
            block_frames: frames as u64,
            layouts: (setup.layout_in, setup.layout_out),
            input: Buffer::new(setup.layout_in.channels(), frames),
            output: Buffer::new(setup.layout_out.channels(), frames),
            stopped: None,
            non_finite: 0,
        }
    }

    /// The layout of what goes in.
    pub(super) const fn layout_in(&self) -> Layout {
        self.layouts.0
    }

    /// The layout of what comes out.
    pub(super) const fn layout_out(&self) -> Layout {
        self.layouts.1
    }

    /// Stream time: frames that went through.
    pub(super) const fn position_frames(&self) -> u64 {
        self.position_frames
    }

    /// How far the output lags behind the input, in frames.
    pub(super) const fn latency_frames(&self) -> u64 {
        self.engine.latency_frames()
    }

    /// Samples of the input so far that were no numbers, and went through as 0.
    pub(super) const fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Plays as many frames as the shortest of all channels has: fills `output` from `input`, a slice
    /// for each channel. Channels that the session has not are silent, those that are missing are
    /// silence to it. Real-time safe.
    pub(super) fn process(&mut self, input: &[&[f32]], output: &mut [&mut [f32]]) -> Flow {
        let frames = shortest(input, output);
        let mut done = 0;
        while done < frames {
            let count = self.until_cut(frames - done);
            if self.stopped.is_some() {
                self.fall_silent(output, done..frames);
                break;
            }
            self.take(input, done, count);
            self.play(count);
            self.give(output, done, count);
            done += count;
        }
        match self.stopped.is_some() || self.marks.wants_end() {
            true => Flow::Ends,
            false => Flow::Goes,
        }
    }

    /// Copies a block of the caller's input.
    fn take(&mut self, input: &[&[f32]], start: usize, count: usize) {
        for channel in 0..self.input.channels() {
            let into = &mut self.input.channel_mut(channel)[..count];
            match input.get(channel) {
                Some(from) => into.copy_from_slice(&from[start..start + count]),
                None => into.fill(0.0),
            }
        }
        if let Some(replaced) = sanitize(&mut self.input, 0..count) {
            self.non_finite += replaced.count;
        }
    }

    /// Plays a block of the own buffers.
    fn play(&mut self, count: usize) {
        let (input, output) = (&self.input, &mut self.output);
        let mut lent = Lent {
            position_frames: self.position_frames,
            flags: Flags::NONE,
            input: view(input, count),
            output: view_mut(output, count),
        };
        let result = self.engine.process(&mut lent);
        self.go_on(count);
        self.stopped = self.stopped.or(result.err());
    }

    /// Copies a block to the caller's output.
    fn give(&self, output: &mut [&mut [f32]], start: usize, count: usize) {
        for (channel, into) in output.iter_mut().enumerate() {
            let into = &mut into[start..start + count];
            match channel < self.output.channels() {
                true => into.copy_from_slice(&self.output.channel(channel)[..count]),
                false => into.fill(0.0),
            }
        }
    }

    fn fall_silent(&mut self, output: &mut [&mut [f32]], frames: std::ops::Range<usize>) {
        self.position_frames += frames.len() as u64;
        for into in output {
            into[frames.clone()].fill(0.0);
        }
    }

    /// Plays one block of at most as many frames as are lent, as far as the next place where one has
    /// to end. Real-time safe.
    ///
    /// # Errors
    /// When a stage failed whose `on_error` is `stop`.
    pub(super) fn block(
        &mut self,
        input: AudioView<'_>,
        mut output: AudioViewMut<'_>,
        flags: Flags,
    ) -> Result<Block, Stopped> {
        let frames = self.until_cut(input.frames());
        let mut lent = Lent {
            position_frames: self.position_frames,
            flags,
            input: input.part(0, frames),
            output: output.part(0, frames),
        };
        let result = self.engine.process(&mut lent);
        self.go_on(frames);
        self.stopped = self.stopped.or(result.err());
        result.map(|()| Block {
            frames,
            withheld_frames: self.engine.withheld_frames(),
        })
    }

    /// How many of so many frames the next block may have.
    pub(super) fn until_cut(&self, frames: usize) -> usize {
        let at = self.position_frames;
        let mut left = (frames as u64).min(self.block_frames - at % self.block_frames);
        if let Some(asking) = &self.asking {
            left = left.min(asking.frames_left(at));
        }
        let due = self.marks.due_frames().checked_sub(at);
        let due = due.filter(|due| *due > 0).unwrap_or(u64::MAX);
        let waits = self.engine.until_arrival(at);
        let waits = waits.filter(|waits| *waits > 0).unwrap_or(u64::MAX);
        left.min(due).min(waits) as usize
    }

    /// So many frames went through.
    fn go_on(&mut self, frames: usize) {
        self.position_frames += frames as u64;
        let at = self.position_frames;
        if let Some(asking) = &mut self.asking
            && at.is_multiple_of(asking.every_frames())
        {
            self.engine.flush_taps();
            match asking.begin() {
                Some(mut moment) => {
                    moment.frame = at;
                    moment.chunks = self.engine.chunks_sent();
                    self.engine.copy_outputs(&mut moment.outputs);
                    asking.send(moment);
                }
                None => self.marks.lose_moment(),
            }
        }
        self.marks.go_to(at);
    }

    /// The engine, once nobody plays it any more; or between two blocks.
    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// As `engine`.
    pub(super) const fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Takes the engine out, to end its instances. Not for the audio thread.
    pub(super) fn into_engine(self) -> Engine {
        self.engine
    }
}

fn shortest(input: &[&[f32]], output: &[&mut [f32]]) -> usize {
    let input = input.iter().map(|channel| channel.len());
    let output = output.iter().map(|channel| channel.len());
    input.chain(output).min().unwrap_or(0)
}
