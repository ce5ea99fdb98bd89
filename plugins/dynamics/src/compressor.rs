//! Compressor: parameters around `segue_dsp::dynamics::Compressor`.
//!
//! In: a signal and, if one is connected, a key. Out: the signal, softer where the key is loud.

use crate::common::{Channels, INACTIVE, In, OTHER_STATE, Out, Settings};
use crate::common::{control, reduction, write_reduction};
use segue_dsp::cpu;
use segue_dsp::dynamics::{self, CompressorControls, Detection, Times};
use segue_plugin::prelude::*;

/// All parameters, and those that glide.
type State = Settings<10, 6>;

/// What counts as the level.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
pub(crate) enum Detector {
    Peak,
    Rms,
}

/// Makes loud passages softer, by a ratio above a threshold.
#[derive(Params)]
pub(crate) struct Compressor {
    /// The level above which it works. A full-scale sine is at 0 dB by its peaks and at -3 dB by
    /// its root mean square.
    #[param(unit = "dB", range = -100.0..=20.0, default = -18.0, smooth_ms = 20.0)]
    threshold_db: Smoothed,
    /// How many dB above the threshold become one dB above it.
    #[param(range = 1.0..=100.0, default = 3.0, smooth_ms = 20.0)]
    ratio: Smoothed,
    /// Over how many dB around the threshold the curve bends; 0 is a corner.
    #[param(unit = "dB", range = 0.0..=40.0, default = 6.0, smooth_ms = 20.0)]
    knee_db: Smoothed,
    /// How long it takes to become softer, to 63 % of the way in dB; 0 is at once.
    #[param(unit = "ms", range = 0.0..=2000.0, default = 10.0)]
    attack_ms: f64,
    /// How long it takes to let go, to 63 % of the way in dB; 0 is at once.
    #[param(unit = "ms", range = 0.0..=10_000.0, default = 120.0)]
    release_ms: f64,
    /// How much louder everything is made afterwards.
    #[param(unit = "dB", range = -60.0..=60.0, default = 0.0, smooth_ms = 20.0)]
    makeup_db: Smoothed,
    /// How much of the compressed signal is heard, the rest being the signal as it came: 1 is all.
    #[param(range = 0.0..=1.0, default = 1.0, smooth_ms = 20.0)]
    mix: Smoothed,
    /// What counts as the level: each peak, or the root of the mean square.
    #[param(default = Detector::Peak)]
    detector: Detector,
    /// The time over which squares are averaged, to 63 %.
    #[param(unit = "ms", range = 0.1..=1000.0, default = 10.0)]
    rms_ms: f64,
    /// How much the channels share the largest of their reductions: at 1 all have the same gain
    /// and the stereo image stands still, at 0 each goes its own way.
    #[param(range = 0.0..=1.0, default = 1.0, smooth_ms = 20.0)]
    link: Smoothed,
    /// There while active.
    kernel: Option<dynamics::Compressor>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Option<dynamics::Compressor>,
    /// Whether a state was loaded since the last block.
    loaded: bool,
}

impl AudioProcessor for Compressor {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 1,
        state_schema: 1, // `Settings`, then the kernel's numbers.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] =
        &reduction("How much softer the block was made at most; makeup and mix do not count.");

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let channels = activation.channels();
        let key_channels = activation.sidechains().next().unwrap_or(0);
        let mut kernel = dynamics::Compressor::new(
            cpu::arch(),
            channels,
            channels.max(key_channels),
            f64::from(activation.sample_rate_hz()),
            activation.frames_max(),
        );
        kernel.set(self.detection(), &self.times(), self.rms_ms);
        self.spare = Some(kernel.clone());
        self.kernel = Some(kernel);
        Ok(Timing::NONE)
    }

    fn deactivate(&mut self) {
        (self.kernel, self.spare) = (None, None);
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let (detection, times) = (self.detection(), self.times());
        let kernel = self.kernel.as_mut().ok_or(INACTIVE)?;
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            kernel.set(detection, &times, self.rms_ms);
        }
        let controls = CompressorControls {
            threshold_db: control(&mut self.threshold_db, context),
            ratio: control(&mut self.ratio, context),
            knee_db: control(&mut self.knee_db, context),
            makeup_db: control(&mut self.makeup_db, context),
            mix: control(&mut self.mix, context),
            link: control(&mut self.link, context),
        };
        let key = context.sidechain(0).unwrap_or(audio.signal());
        let reduction_db = kernel.follow(Channels::new(key).as_slice(), &controls);
        for channel in 0..audio.channels_out() {
            let (input, output) = audio.channel(channel);
            kernel.apply(channel, input, output);
        }
        write_reduction(context, reduction_db);
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        if let Some(kernel) = &mut self.kernel {
            kernel.reset();
        }
    }

    fn state_bytes(&self) -> usize {
        let kernel = self.kernel.as_ref();
        State::BYTES + kernel.map_or(0, dynamics::Compressor::state_bytes)
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        State::of(self, self.glides()).write(state)?;
        let kernel = self.kernel.as_ref().ok_or(INACTIVE)?;
        kernel.save(&mut Out(state)).map_err(|_| OTHER_STATE)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let settings = State::read(state)?;
        let spare = self.spare.as_mut().ok_or(INACTIVE)?;
        spare.load(&mut In(state)).map_err(|_| OTHER_STATE)?;
        state.expect_end()?;
        let before = State::of(self, self.glides());
        if !settings.apply(self, Self::glides_mut) {
            before.apply(self, Self::glides_mut);
            return Err(OTHER_STATE);
        }
        std::mem::swap(&mut self.kernel, &mut self.spare);
        self.loaded = true;
        Ok(())
    }
}

impl Compressor {
    fn detection(&self) -> Detection {
        match self.detector {
            Detector::Peak => Detection::Peak,
            Detector::Rms => Detection::Rms,
        }
    }

    fn times(&self) -> Times {
        Times {
            attack_ms: self.attack_ms,
            release_ms: self.release_ms,
        }
    }

    fn glides(&self) -> [&Smoothed; 6] {
        [
            &self.threshold_db,
            &self.ratio,
            &self.knee_db,
            &self.makeup_db,
            &self.mix,
            &self.link,
        ]
    }

    fn glides_mut(&mut self) -> [&mut Smoothed; 6] {
        [
            &mut self.threshold_db,
            &mut self.ratio,
            &mut self.knee_db,
            &mut self.makeup_db,
            &mut self.mix,
            &mut self.link,
        ]
    }
}
