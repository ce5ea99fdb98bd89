//! The denoise plugin: takes noise out from behind a voice.
//!
//! In: any channels at 48 kHz. Out: the same channels without what is not speech, 20 ms later;
//! above 20 kHz nothing is left. `denoiser` says how, and where it comes from.
//!
//! **Frames.** The network works on 10 ms at a time, counted from activation, whatever the host's
//! blocks are: 480 frames are gathered, and 480 more are what the windows overlap. All of a frame's
//! work falls into the call that completes it.
//!
//! **Channels** are cleaned each for itself. The network was trained on one voice at a time, and
//! the channels of a conversation often hold a speaker each; and so a channel's result does not
//! depend on what else is in the file. Equal channels stay equal.
//!
//! **What it takes for noise** is what its training held: rooms, machines, streets, music in parts.
//! Loud noise of the same strength up to 24 kHz, which no room gives, it may take for a hiss of
//! speech and leave.
//!
//! **It is RNNoise 0.1**: tests hold it against the C of that release. Every frame has the pitch that
//! RNNoise chooses, and what comes out is 100 dB and more above the difference to RNNoise for voices,
//! noise and music that was in 16 bits. Music from a synthesizer in floating point can have bands
//! without any sound, in which RNNoise looks at the rounding of its own transform; there the
//! difference is 60 dB below. The same holds between vector levels (`SEGUE_CPU`): they differ by
//! 5e-5 of full scale at most, by 5e-3 for such music.
//!
//! **Other sample rates** are refused: the network knows the spectrum by the frequencies of 48 kHz,
//! and the host converts better than every stage for itself.

#![deny(unsafe_code)]

mod bands;
mod denoiser;
mod features;
mod kernels;
mod model;
mod network;
mod pitch;
mod state;
mod transform;

use denoiser::{Denoiser, FRAME, Shared};
use segue_dsp::cpu;
use segue_dsp::delay::Line;
use segue_plugin::prelude::*;
use state::NO_STATE;

/// What the network was trained at.
const SAMPLE_RATE_HZ: u32 = 48_000;
/// A frame is gathered, and a frame overlaps.
const LATENCY_FRAMES: usize = 2 * FRAME;
/// Until the high-pass in front has fallen by 100 dB, in whole frames: its poles have a radius of
/// 0.998.
const TAIL_FRAMES: u32 = 12 * FRAME as u32;

/// Takes noise out from behind a voice, by a recurrent neural network. It works at 48 kHz only: with
/// `sample_rate_hz = 48000` under `[stream]` an input of any other rate is converted before.
#[derive(Params)]
struct Denoise {
    /// How much of the output is cleaned: 1 is all, 0 the input as it was. In between noise falls
    /// by -20 lg(1 - mix) dB at most, by 20 dB at 0.9, which sounds more natural.
    #[param(range = 0.0..=1.0, default = 1.0, smooth_ms = 20.0)]
    mix: Smoothed,
    /// While active.
    shared: Option<Box<Shared>>,
    channels: Vec<Channel>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Vec<Channel>,
    /// Frames since the last one was complete.
    filled: usize,
    /// The probability of a voice in the last frame, of the channel where it was highest.
    voice: f32,
}

/// One channel.
#[derive(Clone, Debug)]
struct Channel {
    denoiser: Denoiser,
    /// The input since `LATENCY_FRAMES` ago.
    dry: Line,
    /// The clean frame that goes out now.
    wet: [f32; FRAME],
}

impl Channel {
    fn new() -> Self {
        Self {
            denoiser: Denoiser::EMPTY,
            dry: Line::new(LATENCY_FRAMES),
            wet: [0.0; FRAME],
        }
    }

    /// Takes and gives what lies within a frame, from `filled` on.
    fn pass(&mut self, filled: usize, mix: &[f32], input: &[f32], output: &mut [f32]) {
        self.dry.read(LATENCY_FRAMES - output.len(), output);
        self.dry.push(input);
        let wet = &self.wet[filled..];
        for ((out, wet), mix) in output.iter_mut().zip(wet).zip(mix) {
            *out = *out * (1.0 - mix) + wet * mix;
        }
    }

    /// Cleans the frame that came last; returns the probability of a voice.
    fn clean(&mut self, shared: &mut Shared) -> f32 {
        self.dry.read(0, &mut self.wet);
        self.denoiser.process(shared, &mut self.wet)
    }

    fn clear(&mut self) {
        self.denoiser.clone_from(&Denoiser::EMPTY);
        self.dry.clear();
        self.wet.fill(0.0);
    }
}

impl AudioProcessor for Denoise {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Frames(LATENCY_FRAMES as u32),
        tail: Span::Frames(TAIL_FRAMES),
        state_schema: 1, // Glide of the mix, frames gathered, voice; per channel all it remembers.
        ..Capabilities::DEFAULT
    };

    const OUTPUTS: &'static [OutputDecl] = &[OutputDecl {
        id: "voice_probability",
        doc: "How likely it is that somebody speaks, in the last 10 ms that were looked at, of the \
              channel where it is highest.",
        unit: "",
        min: 0.0,
        max: 1.0,
    }];

    fn validate_input(&self, format: &Format) -> Result<Layout, Refusal> {
        let found = format.sample_rate_hz;
        if found == SAMPLE_RATE_HZ {
            return Ok(format.layout);
        }
        Err(Refusal::invalid_input(format!(
            "works at {SAMPLE_RATE_HZ} Hz, not at {found} Hz: stream.sample_rate_hz = \
             {SAMPLE_RATE_HZ} lets the host convert"
        )))
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.validate_input(&activation.format())?;
        self.shared = Some(Box::new(Shared::new(cpu::arch())));
        self.channels = vec![Channel::new(); activation.channels()];
        self.spare = self.channels.clone();
        self.filled = 0;
        self.voice = 0.0;
        Ok(Timing::declared(&Self::CAPABILITIES, SAMPLE_RATE_HZ))
    }

    fn deactivate(&mut self) {
        self.shared = None;
        self.channels = Vec::new();
        self.spare = Vec::new();
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let shared = self.shared.as_mut().ok_or(NO_STATE)?;
        let mix = self.mix.values(context);
        let mut start = 0;
        while start < audio.frames() {
            let end = audio.frames().min(start + FRAME - self.filled);
            for (index, channel) in self.channels.iter_mut().enumerate() {
                let (input, output) = audio.channel(index);
                let part = start..end;
                let (input, output) = (&input[part.clone()], &mut output[part.clone()]);
                channel.pass(self.filled, &mix[part], input, output);
            }
            self.filled += end - start;
            if self.filled == FRAME {
                self.filled = 0;
                let voices = self
                    .channels
                    .iter_mut()
                    .map(|channel| channel.clean(shared));
                self.voice = voices.fold(0.0, f32::max);
            }
            start = end;
        }
        context.output(0, f64::from(self.voice));
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::clear);
        self.filled = 0;
        self.voice = 0.0;
    }

    fn state_bytes(&self) -> usize {
        let shared = size_of::<[f64; Smoothed::STATE_NUMBERS + 2]>();
        let channel = state::bytes() + (LATENCY_FRAMES + FRAME) * size_of::<f32>();
        shared + self.channels.len() * channel
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.mix.save())?;
        state.u64(self.filled as u64)?;
        state.f64(f64::from(self.voice))?;
        for channel in &self.channels {
            state::save(&channel.denoiser, state)?;
            for stretch in channel.dry.past() {
                state.f32s(stretch)?;
            }
            state.f32s(&channel.wet)?;
        }
        Ok(())
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let mut glide = [0.0; Smoothed::STATE_NUMBERS];
        state.f64s(&mut glide)?;
        let filled = usize::try_from(state.u64()?).map_err(|_| NO_STATE)?;
        let voice = state.f64()? as f32;
        if filled >= FRAME || !(0.0..=1.0).contains(&voice) {
            return Err(NO_STATE);
        }
        for channel in &mut self.spare {
            state::load(&mut channel.denoiser, state)?;
            state::finite(channel.dry.past_mut(), state)?;
            state::finite(&mut channel.wet, state)?;
        }
        state.expect_end()?;
        if !self.mix.restore(&glide) {
            return Err(NO_STATE);
        }
        std::mem::swap(&mut self.channels, &mut self.spare);
        self.filled = filled;
        self.voice = voice;
        Ok(())
    }
}

export! { id: "segue.denoise", name: "Denoise", components: [Denoise as "rnnoise"] }

#[cfg(test)]
mod tests;
