//! Chain: the sections that are in use, in the same state for every channel.
//!
//! In: coefficients per band, and audio. Out: filtered audio; the running state as numbers.
//!
//! Sections stand in the order of their bands. One that comes glides from letting everything
//! through to what its band asks for; one that goes glides back and leaves once its memory is
//! empty. When it leaves is a matter of frames counted, never of blocks.

use crate::band::BANDS;
use segue_dsp::biquad::Coefficients;
use segue_dsp::eq::{Cascade, NUMBERS_PER_SECTION};
use segue_plugin::prelude::*;

/// What a section that lets everything through still holds is gone after so many frames.
const MEMORY_FRAMES: u32 = 2;
/// The first numbers of a section are its memory; the rest is the same in every channel.
const MEMORY_NUMBERS: usize = 2;
/// The most numbers of one channel.
const NUMBERS_MAX: usize = BANDS * NUMBERS_PER_SECTION;

pub(crate) const NO_CHAIN: Fault = Fault::new(1, "the running state is not that of these filters");

/// One section in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slot {
    band: usize,
    /// Frames until it may leave; 0 for one that stays.
    leaving_frames: u32,
}

/// The sections of all channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chain {
    /// One for each channel; their sections differ in nothing but their memories.
    cascades: Vec<Cascade>,
    slots: [Slot; BANDS],
    count: usize,
}

impl Chain {
    /// A chain at rest, without a section. It allocates: not for the audio thread.
    pub(crate) fn new(channels: usize) -> Self {
        let empty = Cascade::new(&[]).expect("no section is not too many");
        Self {
            cascades: vec![empty; channels],
            ..Self::default()
        }
    }

    /// The most bytes that `save` writes.
    pub(crate) fn state_bytes(&self) -> usize {
        let channels = self.cascades.len();
        let shared = 1 + BANDS * 2 + BANDS * (NUMBERS_PER_SECTION - MEMORY_NUMBERS);
        (shared + channels * BANDS * MEMORY_NUMBERS) * size_of::<f64>()
    }

    /// Whether it lets everything through untouched.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Moves a band to other coefficients; `None` is off. Thread: audio.
    pub(crate) fn set(&mut self, band: usize, target: Option<Coefficients>, glide_frames: u32) {
        let index = match (self.find(band), target) {
            (Ok(index), _) => index,
            (Err(_), None) => return,
            (Err(index), Some(_)) => {
                self.insert(index, band);
                index
            }
        };
        self.slots[index].leaving_frames = match target {
            Some(_) => 0,
            None => glide_frames + MEMORY_FRAMES,
        };
        let target = target.unwrap_or(Coefficients::IDENTITY);
        for cascade in &mut self.cascades {
            let glide = cascade.glide(index, target, glide_frames);
            debug_assert!(
                glide.is_ok(),
                "the section was found, and a glide takes 20 ms"
            );
        }
    }

    /// Filters a block. Thread: audio.
    pub(crate) fn process(&mut self, audio: &mut Io<'_>) {
        let mut start = 0;
        while start < audio.frames() {
            let end = audio
                .frames()
                .min(start.saturating_add(self.frames_to_next_leave()));
            for (channel, cascade) in self.cascades.iter_mut().enumerate() {
                let (input, output) = audio.channel(channel);
                cascade.process(&input[start..end], &mut output[start..end]);
            }
            self.pass((end - start) as u32);
            start = end;
        }
    }

    /// Forgets the audio and all sections. Thread: audio.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        let empty = Cascade::new(&[]).expect("no section is not too many");
        self.cascades.fill(empty);
    }

    /// Writes what another chain needs to go on bit for bit. Thread: audio.
    pub(crate) fn save(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.u64(self.count as u64)?;
        for slot in &self.slots[..self.count] {
            state.u64(slot.band as u64)?;
            state.u64(u64::from(slot.leaving_frames))?;
        }
        for (channel, cascade) in self.cascades.iter().enumerate() {
            let numbers = numbers(cascade);
            for section in &numbers.as_chunks::<NUMBERS_PER_SECTION>().0[..self.count] {
                let (memory, shared) = section.split_at(MEMORY_NUMBERS);
                state.f64s(memory)?;
                if channel == 0 {
                    state.f64s(shared)?;
                }
            }
        }
        Ok(())
    }

    /// Takes over what `save` wrote; after an error this chain is to be thrown away. Thread: audio.
    pub(crate) fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        self.load_slots(state)?;
        let mut numbers = [0.0; NUMBERS_MAX];
        for channel in 0..self.cascades.len() {
            for section in numbers.as_chunks_mut::<NUMBERS_PER_SECTION>().0[..self.count].iter_mut()
            {
                let (memory, shared) = section.split_at_mut(MEMORY_NUMBERS);
                state.f64s(memory)?;
                if channel == 0 {
                    state.f64s(shared)?;
                }
            }
            self.cascades[channel] = cascade(&numbers, self.count).ok_or(NO_CHAIN)?;
        }
        Ok(())
    }

    fn load_slots(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let count = usize::try_from(state.u64()?).ok();
        self.count = count.filter(|count| *count <= BANDS).ok_or(NO_CHAIN)?;
        let mut band_min = 0;
        for slot in &mut self.slots[..self.count] {
            let band = usize::try_from(state.u64()?).ok();
            let band = band
                .filter(|band| (band_min..BANDS).contains(band))
                .ok_or(NO_CHAIN)?;
            let leaving_frames = u32::try_from(state.u64()?).map_err(|_| NO_CHAIN)?;
            *slot = Slot {
                band,
                leaving_frames,
            };
            band_min = band + 1;
        }
        Ok(())
    }

    /// Where a band's section is, or where it would be.
    fn find(&self, band: usize) -> Result<usize, usize> {
        self.slots[..self.count].binary_search_by_key(&band, |slot| slot.band)
    }

    fn frames_to_next_leave(&self) -> usize {
        let leaving = self.slots[..self.count]
            .iter()
            .map(|slot| slot.leaving_frames);
        leaving
            .filter(|frames| *frames > 0)
            .min()
            .map_or(usize::MAX, |frames| frames as usize)
    }

    /// Counts frames, at most up to the next leave.
    fn pass(&mut self, frames: u32) {
        for index in (0..self.count).rev() {
            let slot = &mut self.slots[index];
            if slot.leaving_frames == 0 {
                continue;
            }
            slot.leaving_frames -= frames;
            if slot.leaving_frames == 0 {
                self.remove(index);
            }
        }
    }

    fn insert(&mut self, index: usize, band: usize) {
        self.slots.copy_within(index..self.count, index + 1);
        self.slots[index] = Slot {
            band,
            leaving_frames: 0,
        };
        self.count += 1;
        let idle = numbers(&Cascade::new(&[Coefficients::IDENTITY]).expect("one is not too many"));
        let at = index * NUMBERS_PER_SECTION;
        self.rearrange(|numbers| {
            numbers.copy_within(
                at..NUMBERS_MAX - NUMBERS_PER_SECTION,
                at + NUMBERS_PER_SECTION,
            );
            numbers[at..at + NUMBERS_PER_SECTION].copy_from_slice(&idle[..NUMBERS_PER_SECTION]);
        });
    }

    fn remove(&mut self, index: usize) {
        self.slots.copy_within(index + 1..self.count, index);
        self.count -= 1;
        let at = index * NUMBERS_PER_SECTION;
        self.rearrange(|numbers| numbers.copy_within(at + NUMBERS_PER_SECTION.., at));
    }

    /// Makes the cascades anew from their numbers in another order.
    fn rearrange(&mut self, order: impl Fn(&mut [f64; NUMBERS_MAX])) {
        for old in &mut self.cascades {
            let mut numbers = numbers(old);
            order(&mut numbers);
            // A memory that is not finite cannot be carried over: what was heard of it has failed
            // the stage already, and from here on it starts at rest.
            *old = cascade(&numbers, self.count).unwrap_or_else(|| at_rest(&numbers, self.count));
        }
    }
}

/// The numbers of a cascade, zeros behind them.
fn numbers(cascade: &Cascade) -> [f64; NUMBERS_MAX] {
    let mut numbers = [0.0; NUMBERS_MAX];
    let saved = cascade.save(&mut numbers[..cascade.state_len()]);
    debug_assert!(saved.is_ok(), "the length is the cascade's own");
    numbers
}

/// The cascade of as many sections, if the numbers are those of one.
fn cascade(numbers: &[f64; NUMBERS_MAX], count: usize) -> Option<Cascade> {
    let idle = [Coefficients::IDENTITY; BANDS];
    let mut cascade = Cascade::new(&idle[..count]).ok()?;
    cascade.load(&numbers[..count * NUMBERS_PER_SECTION]).ok()?;
    Some(cascade)
}

/// The same with empty memories.
fn at_rest(numbers: &[f64; NUMBERS_MAX], count: usize) -> Cascade {
    let mut numbers = *numbers;
    for section in numbers.as_chunks_mut::<NUMBERS_PER_SECTION>().0 {
        section[..MEMORY_NUMBERS].fill(0.0);
    }
    cascade(&numbers, count).expect("coefficients and glides of a running cascade are in range")
}
