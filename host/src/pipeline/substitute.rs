//! Substitute: what is heard while a stage's instance is not.
//!
//! In: blocks, those that the instance fills as well, so that everything here is warm when it is
//! needed. Out: what `on_error` says, in the layout of the stage and as late as it. It begins
//! where the signal before it ended: the step between the two decays over 5 ms.
//!
//! Everything here but `new` and `set_fallback` runs on the audio thread.

mod later;

use segue_media::audio::Buffer;
use segue_plugin::link::{AudioView, AudioViewMut};

use crate::cpu::FloatMode;
use crate::pipeline::call::Call;
use crate::pipeline::decay::Decay;
use crate::pipeline::delay::DelayLine;
use crate::pipeline::fallback::Fallback;
use crate::pipeline::fault::{FaultKind, OnError};
use crate::pipeline::held_audio::HeldAudio;
use crate::pipeline::placed_instance::Shape;
use crate::pipeline::store::view_mut;

/// The signals that can stand in for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// The input, as late as the output.
    Dry,
    /// Zeros.
    Silence,
    /// The last good audio.
    Hold,
    /// Another component.
    Fallback,
}

/// How many frames each substitute was heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubstituteFrames {
    /// The input.
    pub bypass: u64,
    /// Silence.
    pub mute: u64,
    /// The last good audio, and the silence after it.
    pub hold: u64,
    /// Another component.
    pub fallback: u64,
}

/// What is heard in an instance's place. What every block touches lies together; the rest is out
/// of the way, since a pipeline may have a thousand stages.
#[derive(Debug)]
pub(super) struct Substitute {
    on_error: OnError,
    /// The input as late as the output; `None` where nothing needs it or there is no latency.
    dry: Option<DelayLine>,
    /// How far what was heard in the last frame was from the substitute, per channel.
    apart: Box<[f32]>,
    rest: Box<Rest>,
}

/// What is used while the substitute is heard, and what only some substitutes need.
#[derive(Debug)]
struct Rest {
    /// The last frame of the substitute, but for the step, per channel.
    last: Vec<f32>,
    /// The last frame of the input, as late as the output.
    dry_last: Vec<f32>,
    /// How far what was heard in the last frame was from that; for where a fallback fails.
    dry_apart: Vec<f32>,
    held: Option<HeldAudio>,
    fallback: Option<Fallback>,
    /// What the fallback makes of blocks that nobody hears.
    unheard: Buffer,
    /// How far what was heard before was from what is heard now, per channel.
    steps: Vec<f32>,
    /// How much of that is left.
    decay: Decay,
    frames: SubstituteFrames,
    sample_rate_hz: u32,
}

impl Substitute {
    /// Allocates; not for the audio thread.
    pub(super) fn new(on_error: OnError, shape: &Shape) -> Self {
        let needs_dry = matches!(on_error, OnError::Bypass | OnError::Fallback);
        let frames = shape.latency_frames as usize;
        let line = || DelayLine::new(shape.channels_in, frames);
        let holds = on_error == OnError::Hold;
        let zeros = || vec![0.0; shape.channels_out];
        Self {
            on_error,
            dry: (needs_dry && frames > 0).then(line),
            apart: zeros().into(),
            rest: Box::new(Rest {
                last: zeros(),
                dry_last: zeros(),
                dry_apart: zeros(),
                held: holds.then(|| HeldAudio::new(shape.channels_out, shape.sample_rate_hz)),
                fallback: None,
                unheard: Buffer::new(0, 0),
                steps: zeros(),
                decay: Decay::at(shape.sample_rate_hz),
                frames: SubstituteFrames::default(),
                sample_rate_hz: shape.sample_rate_hz,
            }),
        }
    }

    /// Gives it a fallback. Allocates; not for the audio thread.
    pub(super) fn set_fallback(&mut self, fallback: Fallback, frames_max: usize) {
        self.rest.unheard = Buffer::new(self.apart.len(), frames_max);
        self.rest.fallback = Some(fallback);
    }

    pub(super) const fn on_error(&self) -> OnError {
        self.on_error
    }

    pub(super) const fn frames(&self) -> SubstituteFrames {
        self.rest.frames
    }

    pub(super) fn fallback_mut(&mut self) -> Option<&mut Fallback> {
        self.rest.fallback.as_mut()
    }

    pub(super) fn into_fallback(self) -> Option<Fallback> {
        self.rest.fallback
    }

    /// What is heard now.
    fn signal(&self) -> Signal {
        match (self.on_error, &self.rest.fallback) {
            (OnError::Mute | OnError::Stop, _) => Signal::Silence,
            (OnError::Hold, _) => Signal::Hold,
            (OnError::Fallback, Some(fallback)) if fallback.fault().is_none() => Signal::Fallback,
            (OnError::Bypass | OnError::Fallback, _) => Signal::Dry,
        }
    }

    /// Keeps up with a block that somebody else fills with `heard`. Returns why the fallback
    /// failed, if it did.
    #[inline(always)] // What it is given stays in registers, as in `Stage::run`.
    pub(super) fn follow(
        &mut self,
        call: &Call<'_>,
        heard: AudioView<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        if self.on_error == OnError::Bypass && self.dry.is_none() {
            follow_input(&mut self.apart, call.input, heard);
            return None;
        }
        self.follow_late(&{ *call }, heard, mode)
    }

    /// As `follow`, out of line.
    #[inline(never)]
    fn follow_late(
        &mut self,
        call: &Call<'_>,
        heard: AudioView<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let input = call.input;
        match (self.on_error, &mut self.dry) {
            (OnError::Bypass, None) => follow_input(&mut self.apart, input, heard),
            (OnError::Bypass, Some(line)) => {
                for (channel, apart) in self.apart.iter_mut().enumerate() {
                    let from = source_of(channel, input.channels());
                    let dry = from.map_or(0.0, |from| line.last_of(input, from));
                    *apart = heard.last_sample(channel) - dry;
                }
                line.feed(input);
            }
            (OnError::Mute | OnError::Stop, _) => keep_last(&mut self.apart, heard),
            // What is held goes on from what was heard.
            (OnError::Hold, _) => self.keep(heard),
            (OnError::Fallback, _) => return self.follow_fallback(call, heard, mode),
        }
        None
    }

    /// Processes a block with the fallback that nobody hears.
    fn follow_fallback(
        &mut self,
        call: &Call<'_>,
        heard: AudioView<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        self.follow_dry(call.input);
        let rest = &mut *self.rest;
        let mut fault = None;
        let fallback = rest.fallback.as_mut();
        if let Some(fallback) = fallback.filter(|fallback| fallback.fault().is_none()) {
            let mut unheard = view_mut(&mut rest.unheard, call.input.frames());
            fault = fallback.fill(call, &mut unheard, mode);
            keep_last(&mut rest.last, unheard.shared());
        }
        self.settle(heard);
        fault
    }

    /// Begins after the last block.
    pub(super) fn begin(&mut self) {
        self.rest.decay = Decay::at(self.rest.sample_rate_hz);
        self.rest.steps.copy_from_slice(&self.apart);
        if let Some(held) = &mut self.rest.held {
            held.begin();
        }
    }

    /// Keeps what is heard while an instance comes back, if it is to be held later; `First` is
    /// the first block of that.
    pub(super) fn keep_return(&mut self, heard: AudioView<'_>, block: Return) {
        if let (Some(held), Return::First) = (&mut self.rest.held, block) {
            held.forget();
        }
        self.keep(heard);
    }

    /// Fills a block, but for the step. Returns why the fallback failed, if it did: then it
    /// begins again, with the input.
    pub(super) fn fill(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let fault = self.fill_fallback(call, output, mode);
        let frames = output.frames() as u64;
        match self.signal() {
            Signal::Fallback => self.rest.frames.fallback += frames,
            Signal::Dry => {
                self.give_dry(call.input, output);
                keep_last(&mut self.rest.dry_last, output.shared());
                self.rest.frames.bypass += frames;
            }
            Signal::Silence => {
                (0..output.channels()).for_each(|channel| output.channel(channel).fill(0.0));
                self.rest.frames.mute += frames;
            }
            Signal::Hold => {
                if let Some(held) = &mut self.rest.held {
                    held.fill(output);
                }
                self.rest.frames.hold += frames;
            }
        }
        keep_last(&mut self.rest.last, output.shared());
        fault
    }

    /// Fills a block with the fallback, as long as it has not failed.
    fn fill_fallback(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let fallback = self.rest.fallback.as_mut();
        let fallback = fallback.filter(|fallback| fallback.fault().is_none())?;
        let fault = fallback.fill(call, output, mode);
        if fault.is_none() {
            self.follow_dry(call.input);
        } else {
            self.apart.copy_from_slice(&self.rest.dry_apart);
            self.begin();
        }
        fault
    }

    /// Adds what is left of the step.
    pub(super) fn add_step(&mut self, output: &mut AudioViewMut<'_>) {
        let rest = &mut *self.rest;
        if rest.decay.is_over() {
            return;
        }
        for (channel, step) in rest.steps.iter().enumerate() {
            rest.decay.add(*step, output.channel(channel));
        }
        rest.decay.advance(output.frames());
    }

    /// Keeps how far what was heard in a block is from the substitute.
    pub(super) fn settle(&mut self, heard: AudioView<'_>) {
        let (dry, rest) = (self.signal() == Signal::Dry, &mut *self.rest);
        for (channel, apart) in self.apart.iter_mut().enumerate() {
            let heard = heard.last_sample(channel);
            rest.dry_apart[channel] = heard - rest.dry_last[channel];
            *apart = match (self.on_error, dry) {
                // It goes on from what was heard.
                (OnError::Hold, _) => 0.0,
                (_, true) => rest.dry_apart[channel],
                (_, false) => heard - rest.last[channel],
            };
        }
    }

    fn keep(&mut self, heard: AudioView<'_>) {
        if let Some(held) = &mut self.rest.held {
            held.keep(heard);
        }
    }

    /// Keeps the delay line fed, and the last frame that it would give.
    fn follow_dry(&mut self, input: AudioView<'_>) {
        for (channel, last) in self.rest.dry_last.iter_mut().enumerate() {
            let from = source_of(channel, input.channels());
            *last = match (from, &self.dry) {
                (None, _) => 0.0,
                (Some(from), None) => input.last_sample(from),
                (Some(from), Some(line)) => line.last_of(input, from),
            };
        }
        if let Some(line) = &mut self.dry {
            line.feed(input);
        }
    }

    /// The input in the output's layout: one channel is heard on all, of several each on its own.
    fn give_dry(&mut self, input: AudioView<'_>, output: &mut AudioViewMut<'_>) {
        if let Some(line) = &mut self.dry {
            line.process(input, output);
        }
        for channel in 0..output.channels() {
            match (source_of(channel, input.channels()), &self.dry) {
                (Some(from), None) => output.channel(channel).copy_from_slice(input.channel(from)),
                (Some(0), Some(_)) if channel > 0 => {
                    let (from, into) = output.pair(0, channel);
                    into.copy_from_slice(from);
                }
                (Some(_), Some(_)) => {}
                (None, _) => output.channel(channel).fill(0.0),
            }
        }
    }
}

/// Keeps how far the last frame that is heard is from that of the input.
#[inline(always)]
fn follow_input(apart: &mut [f32], input: AudioView<'_>, heard: AudioView<'_>) {
    if let ([left, right], 2) = (&mut *apart, input.channels()) {
        *left = heard.last_sample(0) - input.last_sample(0);
        *right = heard.last_sample(1) - input.last_sample(1);
        return;
    }
    for (channel, apart) in apart.iter_mut().enumerate() {
        let from = source_of(channel, input.channels());
        let dry = from.map_or(0.0, |from| input.last_sample(from));
        *apart = heard.last_sample(channel) - dry;
    }
}

/// Keeps the last frame of a block.
fn keep_last(last: &mut [f32], block: AudioView<'_>) {
    for (channel, last) in last.iter_mut().enumerate() {
        *last = block.last_sample(channel);
    }
}

/// Which block of a return this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Return {
    /// The first one.
    First,
    /// A later one.
    Later,
}

/// Which channel of the input stands in for a channel of the output.
#[inline]
const fn source_of(channel: usize, channels_in: usize) -> Option<usize> {
    if channels_in == 1 {
        Some(0)
    } else if channel < channels_in {
        Some(channel)
    } else {
        None
    }
}
