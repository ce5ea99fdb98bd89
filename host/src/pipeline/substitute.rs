//! Substitute: what is heard while a stage's instance is not.
//!
//! In: blocks, those that the instance fills as well, so that everything here is warm when it is
//! needed. Out: what `on_error` says, in the layout of the stage and as late as it. It begins
//! where the signal before it ended: the step between the two decays over 5 ms.
//!
//! Everything here but `new` and `Spare::new` runs on the audio thread.

use segue_plugin::link::{AudioView, AudioViewMut};

use crate::audio::Buffer;
use crate::audio::FloatMode;
use crate::pipeline::crossfade::Decay;
use crate::pipeline::delay::DelayLine;
use crate::pipeline::fault::{Fault, FaultKind, OnError};
use crate::pipeline::hold::Held;
use crate::pipeline::seat::{Call, Occupant, Seat, Shape};
use crate::pipeline::store::view_mut;

/// The signals that can stand in for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// The input, as late as the output.
    Dry,
    /// Zeros.
    Silence,
    /// The last good audio.
    Held,
    /// Another component.
    Spare,
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

/// What is heard in an instance's place.
#[derive(Debug)]
pub(super) struct Substitute {
    on_error: OnError,
    /// The input as late as the output; `None` where nothing needs it or there is no latency.
    dry: Option<DelayLine>,
    /// The last frame of it, per channel.
    dry_last: Vec<f32>,
    held: Option<Held>,
    spare: Option<Box<Spare>>,
    /// What the fallback makes of blocks that nobody hears.
    room: Buffer,
    /// How far what was heard before was from what is heard now, per channel.
    steps: Vec<f32>,
    /// How much of that is left.
    decay: Decay,
    frames: SubstituteFrames,
    sample_rate_hz: u32,
}

/// Another component, processed with every block.
#[derive(Debug)]
pub(super) struct Spare {
    seat: Seat,
    sidechains: usize,
    last: Vec<f32>,
    fault: Option<Fault>,
}

impl Substitute {
    /// Allocates; not for the audio thread.
    pub(super) fn new(on_error: OnError, shape: &Shape) -> Self {
        let needs_dry = matches!(on_error, OnError::Bypass | OnError::Fallback);
        let frames = shape.latency_frames as usize;
        let line = || DelayLine::new(shape.channels_in, frames);
        let holds = on_error == OnError::Hold;
        Self {
            on_error,
            dry: (needs_dry && frames > 0).then(line),
            dry_last: vec![0.0; shape.channels_out],
            held: holds.then(|| Held::new(shape.channels_out, shape.sample_rate_hz)),
            spare: None,
            room: Buffer::new(0, 0),
            steps: vec![0.0; shape.channels_out],
            decay: Decay::at(shape.sample_rate_hz),
            frames: SubstituteFrames::default(),
            sample_rate_hz: shape.sample_rate_hz,
        }
    }

    /// Gives it a fallback. Allocates; not for the audio thread.
    pub(super) fn set_spare(&mut self, spare: Spare, frames_max: usize) {
        self.room = Buffer::new(self.dry_last.len(), frames_max);
        self.spare = Some(Box::new(spare));
    }

    pub(super) const fn on_error(&self) -> OnError {
        self.on_error
    }

    pub(super) const fn frames(&self) -> SubstituteFrames {
        self.frames
    }

    pub(super) fn spare(&self) -> Option<&Spare> {
        self.spare.as_deref()
    }

    pub(super) fn into_spare(self) -> Option<Box<Spare>> {
        self.spare
    }

    /// What is heard now.
    const fn signal(&self) -> Signal {
        match (self.on_error, &self.spare) {
            (OnError::Mute | OnError::Stop, _) => Signal::Silence,
            (OnError::Hold, _) => Signal::Held,
            (OnError::Fallback, Some(spare)) if spare.fault.is_none() => Signal::Spare,
            (OnError::Bypass | OnError::Fallback, _) => Signal::Dry,
        }
    }

    /// Keeps up with a block that somebody else fills with `heard`. Answers why the fallback
    /// failed, if it did.
    #[inline]
    pub(super) fn follow(
        &mut self,
        call: &Call<'_>,
        heard: AudioView<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        match self.on_error {
            OnError::Mute | OnError::Stop => {}
            OnError::Bypass => self.follow_dry(call.input),
            OnError::Hold => self.keep(heard),
            OnError::Fallback => {
                self.follow_dry(call.input);
                let spare = self.spare.as_mut().filter(|spare| spare.fault.is_none())?;
                let mut room = view_mut(&mut self.room, call.input.frames());
                return spare.fill(call, &mut room, mode);
            }
        }
        None
    }

    /// Begins after a frame in which `heard` was heard.
    pub(super) fn begin(&mut self, heard: &[f32]) {
        self.decay = Decay::at(self.sample_rate_hz);
        let signal = self.signal();
        for (channel, step) in self.steps.iter_mut().enumerate() {
            let last = match (signal, &self.spare) {
                (Signal::Dry, _) => self.dry_last[channel],
                (Signal::Spare, Some(spare)) => spare.last[channel],
                (Signal::Silence | Signal::Spare, _) => 0.0,
                // It goes on from what was heard.
                (Signal::Held, _) => heard[channel],
            };
            *step = heard[channel] - last;
        }
        if let Some(held) = &mut self.held {
            held.begin();
        }
    }

    /// Keeps what is heard while an instance comes back, if it is to be held later; `First` is
    /// the first block of that.
    pub(super) fn keep_return(&mut self, heard: AudioView<'_>, block: Return) {
        if let (Some(held), Return::First) = (&mut self.held, block) {
            held.forget();
        }
        self.keep(heard);
    }

    /// Fills a block, but for the step. `heard` is the last frame before it. Answers why the
    /// fallback failed, if it did: then it begins again, with the input.
    pub(super) fn fill(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        heard: &[f32],
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let mut fault = None;
        if let (Signal::Spare, Some(spare)) = (self.signal(), &mut self.spare) {
            fault = spare.fill(call, output, mode);
            if fault.is_none() {
                self.follow_dry(call.input);
            } else {
                self.begin(heard);
            }
        }
        let frames = output.frames() as u64;
        match self.signal() {
            Signal::Spare => self.frames.fallback += frames,
            Signal::Dry => {
                self.give_dry(call.input, output);
                self.frames.bypass += frames;
            }
            Signal::Silence => {
                (0..output.channels()).for_each(|channel| output.channel(channel).fill(0.0));
                self.frames.mute += frames;
            }
            Signal::Held => {
                if let Some(held) = &mut self.held {
                    held.give(output);
                }
                self.frames.hold += frames;
            }
        }
        fault
    }

    /// Adds what is left of the step.
    pub(super) fn add_step(&mut self, output: &mut AudioViewMut<'_>) {
        if self.decay.is_over() {
            return;
        }
        for (channel, step) in self.steps.iter().enumerate() {
            self.decay.add(*step, output.channel(channel));
        }
        self.decay.advance(output.frames());
    }

    fn keep(&mut self, heard: AudioView<'_>) {
        if let Some(held) = &mut self.held {
            held.keep(heard);
        }
    }

    /// Keeps the delay line fed, and the last frame that it would give.
    #[inline]
    fn follow_dry(&mut self, input: AudioView<'_>) {
        for (channel, last) in self.dry_last.iter_mut().enumerate() {
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
        for (channel, last) in self.dry_last.iter_mut().enumerate() {
            *last = output.shared().last_sample(channel);
        }
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

impl Spare {
    /// A fallback that takes so many sidechains. Allocates; not for the audio thread.
    pub(super) fn new(occupant: Occupant, sidechains: usize, shape: &Shape) -> Self {
        Self {
            seat: Seat::new(occupant, shape),
            sidechains,
            last: vec![0.0; shape.channels_out],
            fault: None,
        }
    }

    /// Why it failed, if it did.
    pub(super) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(super) const fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(super) fn into_seat(self) -> Seat {
        self.seat
    }

    /// Processes a block, heard or not.
    fn fill(
        &mut self,
        call: &Call<'_>,
        output: &mut AudioViewMut<'_>,
        mode: &FloatMode,
    ) -> Option<FaultKind> {
        let call = Call {
            sidechains: &call.sidechains[..call.sidechains.len().min(self.sidechains)],
            ..*call
        };
        let kind = self.seat.call(&call, output, &mut [], mode, None).fault;
        self.fault = kind.map(|kind| Fault {
            position_frames: call.position_frames,
            kind,
        });
        for (channel, last) in self.last.iter_mut().enumerate() {
            *last = output.shared().last_sample(channel);
        }
        kind
    }
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
