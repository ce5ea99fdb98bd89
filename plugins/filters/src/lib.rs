//! The filters plugin: a parametric equalizer of up to 16 bands.
//!
//! In: any channels. Out: the same channels, each through the bands that are not off, in their
//! order. No latency.
//!
//! Source: R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients
//! (W3C Note, 2021), by `segue_dsp::biquad`; their cascade and its glides by `segue_dsp::eq`.
//!
//! **Changes.** Every change, of type, frequency, gain or quality, on and off included, glides
//! over 20 ms: coefficients move on straight lines, on which every filter is stable.
//!
//! **Frequencies.** A band at or above half the sample rate is refused at activation. A live
//! change to one is clamped to 99.9 % of it, and noted.

#![deny(unsafe_code)]

mod band;
mod chain;
mod tail;

use band::{BAND_NUMBERS, BANDS, Band, Kind};
use chain::{Chain, NO_CHAIN};
use segue_plugin::prelude::*;
use tail::tail_frames;

/// How long a change takes, in seconds.
const GLIDE_SECONDS: f64 = 0.02;

/// Shapes the spectrum by up to 16 bands: passes, shelves, peaks and notches.
#[derive(Params)]
struct Eq {
    /// The bands, applied in this order; those that are off cost nothing.
    #[param(group)]
    band: [Band; BANDS],
    /// The bands that the chain has or glides to.
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
        state_schema: 1, // Bands set, bands applied, then `Chain::save`.
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
    /// Lets the bands that changed glide to where they are set now.
    fn apply(&mut self, context: &mut Context<'_>) {
        let glide_frames = (GLIDE_SECONDS * self.sample_rate_hz).round() as u32;
        let applied = self.applied.unwrap_or(self.band);
        for (index, (band, before)) in self.band.iter().zip(&applied).enumerate() {
            if band != before {
                let clamped = band.clamped(self.sample_rate_hz);
                if clamped != *band && band.kind != Kind::Off {
                    context.note(
                        "a band was set above half the sample rate, Hz",
                        band.frequency_hz,
                    );
                }
                // Everything is in range by now; what would not be stays as it is.
                if let Ok(target) = clamped.design(self.sample_rate_hz) {
                    self.chain.set(index, target, glide_frames);
                }
            }
        }
        self.applied = Some(self.band);
    }

    /// Starts at rest with the bands as they are set now.
    fn apply_at_once(&mut self) {
        self.chain.clear();
        for (index, band) in self.band.iter().enumerate() {
            if let Ok(target) = band
                .clamped(self.sample_rate_hz)
                .design(self.sample_rate_hz)
            {
                self.chain.set(index, target, 0);
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
