//! Chain: the sections that are in use, in the same state for every channel.
//!
//! In: coefficients per band, and audio. Out: filtered audio; the running state as numbers.
//!
//! Sections stand in the order of their bands. One that comes takes the place of letting
//! everything through; one that goes gives it back, and leaves once it is no longer heard. When it
//! leaves is a matter of frames counted, never of blocks.

use crate::band::BANDS;
use segue_dsp::biquad::Coefficients;
use segue_dsp::cpu;
use segue_dsp::eq::{Bank, Fade, NUMBERS_PER_SECTION, Planes};
use segue_plugin::prelude::*;
use std::ops::Range;

/// The first numbers of a section are its memory; the rest is the same in every channel.
const MEMORY_NUMBERS: usize = 4;

pub(crate) const NO_CHAIN: Fault = Fault::new(1, "the running state is not that of these filters");

/// One section in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slot {
    band: usize,
    stay: Stay,
}

/// Whether a section is to leave once it is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stay {
    #[default]
    Stays,
    Leaves,
}

/// The sections of all channels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    bank: Bank,
    slots: [Slot; BANDS],
    count: usize,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Chain {
    /// A chain at rest, without a section. It allocates: not for the audio thread.
    pub(crate) fn new(channels: usize) -> Self {
        Self {
            bank: Bank::new(cpu::arch(), channels),
            slots: [Slot::default(); BANDS],
            count: 0,
        }
    }

    /// The most bytes that `save` writes.
    pub(crate) fn state_bytes(&self) -> usize {
        let channels = self.bank.channels();
        let shared = 1 + BANDS * 2 + BANDS * (NUMBERS_PER_SECTION - MEMORY_NUMBERS);
        (shared + channels * BANDS * MEMORY_NUMBERS) * size_of::<f64>()
    }

    /// Whether it lets everything through untouched.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Lets another section take the place of a band's; `None` is off. Thread: audio.
    pub(crate) fn set(&mut self, band: usize, target: Option<Coefficients>, fade: Fade) {
        let index = match (self.find(band), target) {
            (Ok(index), _) => index,
            (Err(_), None) => return,
            (Err(index), Some(_)) => {
                self.insert(index, band);
                index
            }
        };
        self.slots[index].stay = match target {
            Some(_) => Stay::Stays,
            None => Stay::Leaves,
        };
        let target = target.unwrap_or(Coefficients::IDENTITY);
        let faded = self.bank.fade(index, target, fade);
        debug_assert!(
            faded.is_ok(),
            "the section was found, and the fade is short"
        );
        self.remove_settled();
    }

    /// Filters a block. Thread: audio.
    pub(crate) fn process(&mut self, audio: &mut Io<'_>) {
        let mut start = 0;
        while start < audio.frames() {
            let end = audio
                .frames()
                .min(start.saturating_add(self.frames_to_next_leave()));
            let frames = start..end;
            self.bank.process(&mut Stretch { audio, frames });
            self.remove_settled();
            start = end;
        }
    }

    /// Forgets the audio and all sections. Thread: audio.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.bank.clear();
    }

    /// Writes what another chain needs to go on bit for bit. Thread: audio.
    pub(crate) fn save(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.u64(self.count as u64)?;
        for slot in &self.slots[..self.count] {
            state.u64(slot.band as u64)?;
            state.u64(u64::from(slot.stay == Stay::Leaves))?;
        }
        for channel in 0..self.bank.channels() {
            for section in 0..self.count {
                let numbers = self.bank.numbers(channel, section);
                let (memory, shared) = numbers.split_at(MEMORY_NUMBERS);
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
        self.bank.clear();
        for section in 0..self.count {
            self.bank.insert(section).map_err(|_| NO_CHAIN)?;
        }
        let mut sections = [[0.0; NUMBERS_PER_SECTION]; BANDS];
        for channel in 0..self.bank.channels() {
            for (index, numbers) in sections[..self.count].iter_mut().enumerate() {
                let (memory, shared) = numbers.split_at_mut(MEMORY_NUMBERS);
                state.f64s(memory)?;
                if channel == 0 {
                    state.f64s(shared)?;
                }
                self.bank
                    .restore(channel, index, numbers)
                    .map_err(|_| NO_CHAIN)?;
            }
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
            let stay = match state.u64()? {
                0 => Stay::Stays,
                1 => Stay::Leaves,
                _ => return Err(NO_CHAIN),
            };
            *slot = Slot { band, stay };
            band_min = band + 1;
        }
        Ok(())
    }

    /// Where a band's section is, or where it would be.
    fn find(&self, band: usize) -> Result<usize, usize> {
        self.slots[..self.count].binary_search_by_key(&band, |slot| slot.band)
    }

    fn frames_to_next_leave(&self) -> usize {
        let slots = self.slots[..self.count].iter().enumerate();
        let leaving = slots.filter(|(_, slot)| slot.stay == Stay::Leaves);
        let left = leaving.map(|(index, _)| self.fade_frames_left(index));
        left.min().map_or(usize::MAX, |frames| frames as usize)
    }

    fn fade_frames_left(&self, index: usize) -> u64 {
        let left = self.bank.fade_frames_left(index);
        debug_assert!(left.is_ok(), "every slot has a section");
        left.unwrap_or(0)
    }

    /// Takes away what leaves and is no longer heard.
    fn remove_settled(&mut self) {
        for index in (0..self.count).rev() {
            let is_leaving = self.slots[index].stay == Stay::Leaves;
            if is_leaving && self.fade_frames_left(index) == 0 {
                self.remove(index);
            }
        }
    }

    fn insert(&mut self, index: usize, band: usize) {
        self.slots.copy_within(index..self.count, index + 1);
        self.slots[index] = Slot {
            band,
            stay: Stay::Stays,
        };
        self.count += 1;
        let inserted = self.bank.insert(index);
        debug_assert!(inserted.is_ok(), "there is a section for every band");
    }

    fn remove(&mut self, index: usize) {
        self.slots.copy_within(index + 1..self.count, index);
        self.count -= 1;
        let removed = self.bank.remove(index);
        debug_assert!(removed.is_ok(), "it was counted a moment ago");
    }
}

/// Some frames of a block.
struct Stretch<'a, 'b> {
    audio: &'a mut Io<'b>,
    frames: Range<usize>,
}

impl Planes for Stretch<'_, '_> {
    fn frames(&self) -> usize {
        self.frames.len()
    }

    fn input(&self, channel: usize) -> &[f32] {
        &self.audio.input(channel)[self.frames.clone()]
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        &mut self.audio.output(channel)[self.frames.clone()]
    }
}
