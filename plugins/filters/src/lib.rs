//! The filters plugin: a parametric equalizer of up to 16 bands.
//!
//! In: any channels. Out: the same channels, each through the bands that are not off, in their
//! order. No latency.
//!
//! Source: R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients
//! (W3C Note, 2021), by `segue_dsp::biquad`; their cascade and its fades by `segue_dsp::eq`.
//!
//! **Changes.** Every change of a band, of type, frequency, gain or quality, on and off included,
//! is a linear cross-fade over 20 ms between the section as it was and as it is to be, both of
//! which hear the same. So nothing is heard that neither of them would make. The new section first
//! runs unheard until what it does not know of the past has fallen by 60 dB, at most half a second:
//! 20 ms for a high-pass of 80 Hz, 3 ms for a peak of 1 kHz, more the lower and narrower a band is.
//! So much later a change is heard. (A change needs more than filters that are stable all the way:
//! stable is not inaudible, and coefficients that move in straight lines click.)
//! While one change is heard, the newest that follows waits for its end: a knob that turns becomes
//! a row of such fades, each to where the knob is when it begins.
//!
//! Between two filters that shift phases differently a linear fade dips, since each has one half in
//! the middle: a high-pass of 80 Hz (Q 0.707) that is switched off takes a tone of 80 Hz 1.8 dB
//! below what the filter alone leaves of it, and one of 60 Hz 2.8 dB, for a moment within the 20 ms.
//!
//! **Frequencies.** A band at or above half the sample rate is refused at activation. A live
//! change to one counts as 99.9 % of half the rate, the parameter keeps the number, and a note says
//! so. Whatever lies below is applied as it is.

#![deny(unsafe_code)]

mod band;
mod chain;
mod tail;

use band::{BAND_NUMBERS, BANDS, Band, Kind};
use chain::{Chain, NO_CHAIN};
use segue_dsp::biquad::Coefficients;
use segue_dsp::eq::Fade;
use segue_plugin::prelude::*;
use tail::tail_frames;

/// How long both sections of a change are heard, in seconds.
const FADE_SECONDS: f64 = 0.02;
/// How far what a new section does not know of the past falls until it is heard, in dB: with 40,
/// a bass note may excite a narrow treble band by more than the fade itself does.
const WARM_DB: f64 = 60.0;
/// The longest time that a new section runs unheard, in seconds. Bands that take longer ring for
/// seconds: what they do not know is part of so slow a sound, and an operator wants to hear it.
const WARM_SECONDS_MAX: f64 = 0.5;

/// Shapes the spectrum by up to 16 bands: passes, shelves, peaks and notches.
#[derive(Params)]
struct Eq {
    /// The bands, applied in this order; those that are off cost nothing.
    #[param(group)]
    band: [Band; BANDS],
    /// The bands that the chain has or fades to.
    applied: Option<[Band; BANDS]>,
    chain: Chain,
    /// Made at activation for a state to be loaded into, so that it is all or nothing.
    spare: Chain,
    /// Whether a state was loaded that may hold bands set and not applied yet.
    loaded: bool,
    sample_rate_hz: f64,
}

impl AudioProcessor for Eq {
    const CAPABILITIES: Capabilities = Capabilities {
        tail: Span::Varies,
        state_schema: 2, // Bands set, bands applied, then `Chain::save`.
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        let rate = activation.sample_rate_hz();
        self.sample_rate_hz = f64::from(rate);
        for (index, band) in self.band.iter().enumerate() {
            if let Err(error) = band.design(self.sample_rate_hz) {
                return Err(Refusal::new(format!("band {}: {error}", index + 1)));
            }
        }
        self.chain = Chain::new(activation.channels());
        self.spare = self.chain.clone();
        self.apply_at_once();
        Ok(Timing {
            latency_frames: 0,
            tail_frames: tail_frames(&self.band, rate),
        })
    }

    fn deactivate(&mut self) {
        self.chain = Chain::default();
        self.spare = Chain::default();
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        if context.params_changed() || std::mem::take(&mut self.loaded) {
            self.apply(context);
        }
        if self.chain.is_empty() {
            audio.copy();
        } else {
            self.chain.process(audio);
        }
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.apply_at_once();
    }

    fn state_bytes(&self) -> usize {
        2 * size_of::<[[f64; BAND_NUMBERS]; BANDS]>() + self.chain.state_bytes()
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        let applied = self.applied.as_ref().unwrap_or(&self.band);
        for band in self.band.iter().chain(applied) {
            state.f64s(&band.numbers())?;
        }
        self.chain.save(state)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let band = read_bands(state)?;
        let applied = read_bands(state)?;
        self.spare.load(state)?;
        state.expect_end()?;
        std::mem::swap(&mut self.chain, &mut self.spare);
        self.band = band;
        self.applied = Some(applied);
        self.loaded = true;
        Ok(())
    }
}

impl Eq {
    /// Lets the bands that changed fade to what they are set to now.
    fn apply(&mut self, context: &mut Context<'_>) {
        let applied = self.applied.unwrap_or(self.band);
        for (index, (band, before)) in self.band.iter().zip(&applied).enumerate() {
            if band != before {
                let clamped = band.clamped(self.sample_rate_hz);
                if clamped != *band && band.kind != Kind::Off {
                    context.note(
                        "a band was set to half the sample rate or above and counts as 99.9 % of \
                         that half, Hz",
                        band.frequency_hz,
                    );
                }
                // Everything is in range by now; what would not be stays as it is.
                if let Ok(target) = clamped.design(self.sample_rate_hz) {
                    self.chain.set(index, target, self.fade_to(target.as_ref()));
                }
            }
        }
        self.applied = Some(self.band);
    }

    /// How a section takes its place; letting everything through is known at once.
    fn fade_to(&self, target: Option<&Coefficients>) -> Fade {
        let frames = |seconds: f64| (seconds * self.sample_rate_hz).round();
        let warm = target.map_or(0.0, |target| target.decay_frames(WARM_DB));
        Fade {
            warm_frames: warm.min(frames(WARM_SECONDS_MAX)) as u32,
            fade_frames: frames(FADE_SECONDS).max(1.0) as u32,
        }
    }

    /// Starts at rest with the bands as they are set now.
    fn apply_at_once(&mut self) {
        self.chain.clear();
        for (index, band) in self.band.iter().enumerate() {
            if let Ok(target) = band
                .clamped(self.sample_rate_hz)
                .design(self.sample_rate_hz)
            {
                self.chain.set(index, target, Fade::AT_ONCE);
            }
        }
        self.applied = Some(self.band);
    }
}

fn read_bands(state: &mut StateReader<'_>) -> Result<[Band; BANDS], Fault> {
    let mut bands = [Band::with_defaults(); BANDS];
    for band in &mut bands {
        let mut numbers = [0.0; BAND_NUMBERS];
        state.f64s(&mut numbers)?;
        *band = Band::from_numbers(&numbers).ok_or(NO_CHAIN)?;
    }
    Ok(bands)
}

export! { id: "segue.filters", name: "Filters", components: [Eq as "eq"] }

#[cfg(test)]
mod tests;
