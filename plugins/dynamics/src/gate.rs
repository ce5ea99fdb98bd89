//! Gate: parameters around `segue_dsp::dynamics::Gate`.
//!
//! In: a signal and, if one is connected, a key. Out: the signal, softer where the key is soft.

use crate::common::{Channels, INACTIVE, In, OTHER_STATE, Out, Settings};
use crate::common::{control, reduction, write_reduction};
use segue_dsp::cpu;
use segue_dsp::dynamics::{self, GateControls, Times};
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
    /// There while active.
    kernel: Option<dynamics::Gate>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Option<dynamics::Gate>,
    /// Whether a state was loaded since the last block.
    loaded: bool,
}

impl AudioProcessor for Gate {
    const CAPABILITIES: Capabilities = Capabilities {
        sidechains: 1,
        state_schema: 1, // `Settings`, then the kernel's numbers.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] =
        &reduction("How much softer the block was made at most.");

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let rate_hz = f64::from(activation.sample_rate_hz());
        let mut kernel = dynamics::Gate::new(cpu::arch(), rate_hz, activation.frames_max());
        kernel.set(&self.times(), self.hold_ms);
        self.spare = Some(kernel.clone());
        self.kernel = Some(kernel);
        Ok(Timing::NONE)
    }

    fn deactivate(&mut self) {
        (self.kernel, self.spare) = (None, None);
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let times = self.times();
        let kernel = self.kernel.as_mut().ok_or(INACTIVE)?;
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            kernel.set(&times, self.hold_ms);
        }
        let controls = GateControls {
            threshold_db: control(&mut self.threshold_db, context),
            hysteresis_db: control(&mut self.hysteresis_db, context),
            ratio: control(&mut self.ratio, context),
            range_db: control(&mut self.range_db, context),
        };
        let key = context.sidechain(0).unwrap_or(audio.signal());
        let reduction_db = kernel.follow(Channels::new(key).as_slice(), &controls);
        for channel in 0..audio.channels_out() {
            let (input, output) = audio.channel(channel);
            kernel.apply(input, output);
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
        State::BYTES + kernel.map_or(0, dynamics::Gate::state_bytes)
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

impl Gate {
    fn times(&self) -> Times {
        Times {
            attack_ms: self.attack_ms,
            release_ms: self.release_ms,
        }
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
