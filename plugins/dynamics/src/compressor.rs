//! Compressor: parameters around `segue_dsp::dynamics::Compressor`.
//!
//! In: a signal and, if one is connected, a key. Out: the signal, softer where the key is loud.

use crate::common::{Channels, INACTIVE, In, OTHER_STATE, Out, Settings};
use crate::common::{control, later, reduction, write_reduction};
use crate::times;
use crate::times::Pair;
use segue_dsp::cpu;
use segue_dsp::dynamics::{self, CompressorControls, Detection};
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
    /// The times that the kernels have.
    times: times::Times<3>,
    /// There while active.
    kernels: Option<Pair<dynamics::Compressor>>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Option<Pair<dynamics::Compressor>>,
    /// Whether a state was loaded since the last block.
    loaded: bool,
}

impl AudioProcessor for Compressor {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 1,
        state_schema: 2, // `Settings`, the times, then the numbers of each kernel that is heard.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] =
        &reduction("How much softer the block was made at most; makeup and mix do not count.");

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let channels = activation.channels();
        let key_channels = activation.sidechains().next().unwrap_or(0);
        let kernel = dynamics::Compressor::new(
            cpu::arch(),
            channels,
            f64::from(activation.sample_rate_hz()),
            activation.frames_max(),
        );
        let kernel = kernel.with_key_channels(key_channels);
        self.times = times::Times::new(self.times_ms(), activation.sample_rate_hz());
        let kernels = Pair::new(kernel, activation.frames_max());
        self.spare = Some(kernels.clone());
        self.kernels = Some(kernels);
        self.settle();
        Ok(Timing::NONE)
    }

    fn deactivate(&mut self) {
        (self.kernels, self.spare) = (None, None);
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let (detection, wanted_ms) = (self.detection(), self.times_ms());
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            self.set_kernels();
        }
        let kernels = self.kernels.as_mut().ok_or(INACTIVE)?;
        let controls = CompressorControls {
            threshold_db: control(&mut self.threshold_db, context),
            ratio: control(&mut self.ratio, context),
            knee_db: control(&mut self.knee_db, context),
            makeup_db: control(&mut self.makeup_db, context),
            mix: control(&mut self.mix, context),
            link: control(&mut self.link, context),
        };
        let (mut rest, mut reduction_db) = (0..audio.frames(), 0.0_f32);
        while !rest.is_empty() {
            let span = self.times.span(rest);
            let key = Channels::new(context.sidechain(0).unwrap_or(audio.signal()), &span);
            let controls = from_frame(&controls, span.start);
            let largest_db = kernels.heard.follow(key.as_slice(), &controls);
            reduction_db = reduction_db.max(largest_db);
            if self.times.is_fading() {
                kernels.coming.follow(key.as_slice(), &controls);
            }
            kernels.fill(
                &self.times,
                audio,
                &span,
                |kernel, channel, input, output| {
                    kernel.apply(channel, input, output);
                },
            );
            if self.times.pass(span.len()) {
                arrive(kernels, &mut self.times, detection, wanted_ms);
            }
            rest = span.end..audio.frames();
        }
        write_reduction(context, reduction_db);
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        if let Some(kernels) = &mut self.kernels {
            kernels.heard.reset();
        }
        self.settle();
    }

    fn state_bytes(&self) -> usize {
        let kernels = self.kernels.as_ref();
        let each = kernels.map_or(0, |kernels| kernels.heard.state_bytes());
        State::BYTES + times::Times::<3>::BYTES + 2 * each
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        State::of(self, self.glides()).write(state)?;
        self.times.write(state)?;
        let kernels = self.kernels.as_ref().ok_or(INACTIVE)?;
        let mut out = Out(state);
        let saved = kernels.heard.save(&mut out);
        let saved = match self.times.is_fading() {
            true => saved.and_then(|()| kernels.coming.save(&mut out)),
            false => saved,
        };
        saved.map_err(|_| OTHER_STATE)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let settings = State::read(state)?;
        let times = self.times.read(state)?;
        let spare = self.spare.as_mut().ok_or(INACTIVE)?;
        let mut source = In(state);
        let loaded = spare.heard.load(&mut source);
        let loaded = match times.is_fading() {
            true => loaded.and_then(|()| spare.coming.load(&mut source)),
            false => loaded,
        };
        loaded.map_err(|_| OTHER_STATE)?;
        state.expect_end()?;
        let before = State::of(self, self.glides());
        if !settings.apply(self, Self::glides_mut) {
            before.apply(self, Self::glides_mut);
            return Err(OTHER_STATE);
        }
        std::mem::swap(&mut self.kernels, &mut self.spare);
        self.times = times;
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

    fn times_ms(&self) -> [f64; 3] {
        [self.attack_ms, self.release_ms, self.rms_ms]
    }

    /// Gives the kernels what is set now: other times by a fade, once none is under way.
    fn set_kernels(&mut self) {
        let (detection, wanted_ms) = (self.detection(), self.times_ms());
        let Some(kernels) = &mut self.kernels else {
            return;
        };
        if self.times.begin(wanted_ms) {
            kernels.coming.copy_memory(&kernels.heard);
        }
        set(&mut kernels.heard, detection, self.times.heard_ms);
        set(&mut kernels.coming, detection, self.times.coming_ms);
    }

    /// Ends a fade with the times as they are set now.
    fn settle(&mut self) {
        self.times.settle(self.times_ms());
        self.set_kernels();
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

/// Ends a fade; what was set meanwhile follows.
fn arrive(
    kernels: &mut Pair<dynamics::Compressor>,
    times: &mut times::Times<3>,
    detection: Detection,
    wanted_ms: [f64; 3],
) {
    kernels.arrive();
    if times.begin(wanted_ms) {
        kernels.coming.copy_memory(&kernels.heard);
        set(&mut kernels.coming, detection, times.coming_ms);
    }
}

/// Gives one kernel its times.
fn set(
    kernel: &mut dynamics::Compressor,
    detection: Detection,
    [attack_ms, release_ms, rms_ms]: [f64; 3],
) {
    let times = dynamics::Times {
        attack_ms,
        release_ms,
    };
    kernel.set(detection, &times, rms_ms);
}

/// The same from a frame of the block on.
fn from_frame<'a>(controls: &CompressorControls<'a>, frame: usize) -> CompressorControls<'a> {
    CompressorControls {
        threshold_db: later(controls.threshold_db, frame),
        ratio: later(controls.ratio, frame),
        knee_db: later(controls.knee_db, frame),
        makeup_db: later(controls.makeup_db, frame),
        mix: later(controls.mix, frame),
        link: later(controls.link, frame),
    }
}
