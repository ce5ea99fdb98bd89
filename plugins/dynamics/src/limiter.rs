//! Limiter: parameters around `segue_dsp::dynamics::Limiter`.
//!
//! In: a signal. Out: the signal, late and nowhere above the ceiling.
//!
//! Peaks are those of ITU-R BS.1770-4, annex 2: its filter of 48 taps falls off towards half the
//! sample rate, and what it does not see is not limited. Noise that is white up to there may come
//! out some dB above the ceiling on a meter with a longer filter; speech and music do not.

use crate::common::{Channels, INACTIVE, In, OTHER_STATE, Out, Settings};
use crate::common::{control, reduction, write_reduction};
use segue_dsp::cpu;
use segue_dsp::dynamics;
use segue_plugin::prelude::*;

/// All parameters, and the one that glides.
type State = Settings<3, 1>;

/// Keeps true peaks at a ceiling, looking ahead; all channels have the same gain.
#[derive(Params)]
pub(crate) struct Limiter {
    /// The highest true peak that comes out, as a meter after ITU-R BS.1770-4 reads it. Where much
    /// of the signal lies within a tenth of half the sample rate, a finer meter may read more.
    #[param(unit = "dBTP", range = -60.0..=0.0, default = -1.0, smooth_ms = 20.0)]
    ceiling_dbtp: Smoothed,
    /// How far it looks ahead: the way of the gain to where a peak needs it. The latency is this
    /// and the few frames that a true peak takes to be known.
    #[param(unit = "ms", range = 0.1..=20.0, default = 5.0, reactivates)]
    lookahead_ms: f64,
    /// How long it takes the gain to go back, to 63 % of the way in dB; 0 is at once.
    #[param(unit = "ms", range = 0.0..=10_000.0, default = 100.0)]
    release_ms: f64,
    /// There while active.
    kernel: Option<dynamics::Limiter>,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Option<dynamics::Limiter>,
    /// Whether a state was loaded since the last block.
    loaded: bool,
}

impl AudioProcessor for Limiter {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: Span::Varies,
        state_schema: 1, // `Settings`, then the kernel's numbers.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] =
        &reduction("How much softer the block was made at most, to stay below the ceiling.");

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let rate_hz = activation.sample_rate_hz();
        let lookahead_frames = self.lookahead_ms * f64::from(rate_hz) / 1000.0;
        let mut kernel = dynamics::Limiter::new(
            cpu::arch(),
            activation.channels(),
            rate_hz,
            lookahead_frames.round() as usize,
            activation.frames_max(),
        );
        kernel.set(self.release_ms);
        let latency_frames = kernel.latency_frames() as u64;
        self.spare = Some(kernel.clone());
        self.kernel = Some(kernel);
        Ok(Timing {
            latency_frames,
            tail_frames: 0,
        })
    }

    fn deactivate(&mut self) {
        (self.kernel, self.spare) = (None, None);
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let kernel = self.kernel.as_mut().ok_or(INACTIVE)?;
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            kernel.set(self.release_ms);
        }
        let inputs = Channels::new(audio.signal());
        let ceiling_dbtp = control(&mut self.ceiling_dbtp, context);
        let reduction_db = kernel.follow(inputs.as_slice(), ceiling_dbtp);
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
        State::BYTES + kernel.map_or(0, dynamics::Limiter::state_bytes)
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        State::of(self, [&self.ceiling_dbtp]).write(state)?;
        let kernel = self.kernel.as_ref().ok_or(INACTIVE)?;
        kernel.save(&mut Out(state)).map_err(|_| OTHER_STATE)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let settings = State::read(state)?;
        let spare = self.spare.as_mut().ok_or(INACTIVE)?;
        spare.load(&mut In(state)).map_err(|_| OTHER_STATE)?;
        state.expect_end()?;
        let before = State::of(self, [&self.ceiling_dbtp]);
        if !settings.apply(self, |limiter| [&mut limiter.ceiling_dbtp]) {
            before.apply(self, |limiter| [&mut limiter.ceiling_dbtp]);
            return Err(OTHER_STATE);
        }
        std::mem::swap(&mut self.kernel, &mut self.spare);
        self.loaded = true;
        Ok(())
    }
}
