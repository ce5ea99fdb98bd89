//! Gate: parameters around `segue_dsp::dynamics::Gate`.
//!
//! In: a signal and, if one is connected, a key. Out: the signal, softer where the key is soft.

use crate::common::{Channels, INACTIVE, In, OTHER_STATE, Out, Settings};
use crate::common::{control, later, reduction, write_reduction};
use crate::times;
use crate::times::Pair;
use segue_dsp::cpu;
use segue_dsp::dynamics::{self, GateControls};
use segue_plugin::prelude::*;

/// All parameters, and those that glide.
type State = Settings<7, 4>;

/// Makes soft passages softer, down to silence; all channels have the same gain.
#[derive(Params)]
pub(crate) struct Gate {
    /// The peak level that opens it.
    #[param(unit = "dB", range = -120.0..=20.0, default = -50.0, smooth_ms = 20.0)]
    threshold_db: Smoothed,
    /// How far below the threshold the level falls before it closes.
    #[param(unit = "dB", range = 0.0..=60.0, default = 6.0, smooth_ms = 20.0)]
    hysteresis_db: Smoothed,
    /// How many dB the output falls for each that the input lies below the threshold while it is
    /// closed: 2 is an expander, 100 a gate.
    #[param(range = 1.0..=100.0, default = 10.0, smooth_ms = 20.0)]
    ratio: Smoothed,
    /// How much softer it makes the signal at most.
    #[param(unit = "dB", range = 0.0..=150.0, default = 60.0, smooth_ms = 20.0)]
    range_db: Smoothed,
    /// How long it takes to open, to 63 % of the way in dB; 0 is at once.
    #[param(unit = "ms", range = 0.0..=2000.0, default = 1.0)]
    attack_ms: f64,
    /// How long it stays open after the last peak that kept it open.
    #[param(unit = "ms", range = 0.0..=5000.0, default = 50.0)]
    hold_ms: f64,
    /// How long it takes to close, to 63 % of the way in dB; 0 is at once.
    #[param(unit = "ms", range = 0.0..=10_000.0, default = 150.0)]
    release_ms: f64,
    /// The times that the kernels have.
    times: times::Times<2>,
    /// There while active.
    kernels: Option<Pair<dynamics::Gate>>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Option<Pair<dynamics::Gate>>,
    /// Whether a state was loaded since the last block.
    loaded: bool,
}

impl AudioProcessor for Gate {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 1,
        state_schema: 2, // `Settings`, the times, then the numbers of each kernel that is heard.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] =
        &reduction("How much softer the block was made at most.");

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let rate_hz = f64::from(activation.sample_rate_hz());
        let kernel = dynamics::Gate::new(cpu::arch(), rate_hz, activation.frames_max());
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
        let wanted_ms = self.times_ms();
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            self.set_kernels();
        }
        let kernels = self.kernels.as_mut().ok_or(INACTIVE)?;
        let controls = GateControls {
            threshold_db: control(&mut self.threshold_db, context),
            hysteresis_db: control(&mut self.hysteresis_db, context),
            ratio: control(&mut self.ratio, context),
            range_db: control(&mut self.range_db, context),
        };
        let (mut rest, mut reduction_db) = (0..audio.frames(), 0.0_f32);
        while !rest.is_empty() {
            let span = self.times.span(rest);
            let key = context.sidechain(0).unwrap_or(audio.signal());
            let key = Channels::new(key, &span);
            let controls = from_frame(&controls, span.start);
            let largest_db = kernels.heard.follow(key.as_slice(), &controls);
            reduction_db = reduction_db.max(largest_db);
            if self.times.is_fading() {
                kernels.coming.follow(key.as_slice(), &controls);
            }
            kernels.fill(&self.times, audio, &span, |kernel, _, input, output| {
                kernel.apply(input, output);
            });
            if self.times.pass(span.len()) {
                kernels.arrive();
                // What was set meanwhile follows.
                if self.times.begin(wanted_ms) {
                    kernels.coming.copy_memory(&kernels.heard);
                    set(&mut kernels.coming, self.hold_ms, self.times.coming_ms);
                }
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
        State::BYTES + times::Times::<2>::BYTES + 2 * each
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

impl Gate {
    fn times_ms(&self) -> [f64; 2] {
        [self.attack_ms, self.release_ms]
    }

    /// Gives the kernels what is set now: other times by a fade, once none is under way.
    fn set_kernels(&mut self) {
        let wanted_ms = self.times_ms();
        let Some(kernels) = &mut self.kernels else {
            return;
        };
        if self.times.begin(wanted_ms) {
            kernels.coming.copy_memory(&kernels.heard);
        }
        set(&mut kernels.heard, self.hold_ms, self.times.heard_ms);
        set(&mut kernels.coming, self.hold_ms, self.times.coming_ms);
    }

    /// Ends a fade with the times as they are set now.
    fn settle(&mut self) {
        self.times.settle(self.times_ms());
        self.set_kernels();
    }

    fn glides(&self) -> [&Smoothed; 4] {
        [
            &self.threshold_db,
            &self.hysteresis_db,
            &self.ratio,
            &self.range_db,
        ]
    }

    fn glides_mut(&mut self) -> [&mut Smoothed; 4] {
        [
            &mut self.threshold_db,
            &mut self.hysteresis_db,
            &mut self.ratio,
            &mut self.range_db,
        ]
    }
}

/// Gives one kernel its times.
fn set(kernel: &mut dynamics::Gate, hold_ms: f64, [attack_ms, release_ms]: [f64; 2]) {
    let times = dynamics::Times {
        attack_ms,
        release_ms,
    };
    kernel.set(&times, hold_ms);
}

/// The same from a frame of the block on.
fn from_frame<'a>(controls: &GateControls<'a>, frame: usize) -> GateControls<'a> {
    GateControls {
        threshold_db: later(controls.threshold_db, frame),
        hysteresis_db: later(controls.hysteresis_db, frame),
        ratio: later(controls.ratio, frame),
        range_db: later(controls.range_db, frame),
    }
}
