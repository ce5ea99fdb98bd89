//! State: everything a channel remembers, as numbers.
//!
//! In: a denoiser. Out: its bytes, and from them one that goes on bit for bit; nothing that is not a
//! finite number comes in.

use crate::denoiser::Denoiser;
use crate::features::CEPSTRA;
use segue_plugin::prelude::*;

/// The state of another plugin, or a damaged one.
pub(crate) const NO_STATE: Fault = Fault::new(1, "the running state is not that of a denoiser");

/// The longest pitch period, in frames.
const PERIOD_FRAMES_MAX: u64 = 768;

/// How many bytes `save` writes.
pub(crate) fn bytes() -> usize {
    let samples: usize = stretches(&Denoiser::EMPTY).map(<[f32]>::len).sum();
    samples * size_of::<f32>() + 2 * size_of::<u64>()
}

/// Writes a channel. Thread: audio.
pub(crate) fn save(denoiser: &Denoiser, state: &mut StateWriter<'_>) -> Result<(), Fault> {
    state.u64(denoiser.pitch.period_frames as u64)?;
    state.u64(denoiser.cepstra.next as u64)?;
    stretches(denoiser).try_for_each(|stretch| state.f32s(stretch))
}

/// Reads what `save` wrote; after an error the channel is to be thrown away. Thread: audio.
pub(crate) fn load(denoiser: &mut Denoiser, state: &mut StateReader<'_>) -> Result<(), Fault> {
    let (period, next) = (state.u64()?, state.u64()?);
    if period > PERIOD_FRAMES_MAX || next >= CEPSTRA as u64 {
        return Err(NO_STATE);
    }
    denoiser.pitch.period_frames = period as usize;
    denoiser.cepstra.next = next as usize;
    stretches_mut(denoiser).try_for_each(|stretch| finite(stretch, state))
}

/// Reads numbers that are finite.
pub(crate) fn finite(into: &mut [f32], state: &mut StateReader<'_>) -> Result<(), Fault> {
    state.f32s(into)?;
    if into.iter().all(|number| number.is_finite()) {
        Ok(())
    } else {
        Err(NO_STATE)
    }
}

fn stretches(denoiser: &Denoiser) -> impl Iterator<Item = &[f32]> {
    let Denoiser {
        high_pass,
        past,
        overlap,
        gains,
        pitch,
        cepstra,
        memory,
    } = denoiser;
    [
        &high_pass[..],
        past,
        overlap,
        gains,
        std::slice::from_ref(&pitch.gain),
        cepstra.rows.as_flattened(),
        &memory.voice,
        &memory.noise,
        &memory.clean,
    ]
    .into_iter()
}

fn stretches_mut(denoiser: &mut Denoiser) -> impl Iterator<Item = &mut [f32]> {
    let Denoiser {
        high_pass,
        past,
        overlap,
        gains,
        pitch,
        cepstra,
        memory,
    } = denoiser;
    [
        &mut high_pass[..],
        past,
        overlap,
        gains,
        std::slice::from_mut(&mut pitch.gain),
        cepstra.rows.as_flattened_mut(),
        &mut memory.voice,
        &mut memory.noise,
        &mut memory.clean,
    ]
    .into_iter()
}
