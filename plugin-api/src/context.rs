//! Context: where in the stream a block lies, and what can be left behind from `process`.
//!
//! Nothing here allocates, locks or calls the system.

use crate::abi::audio::RawAudio;
use crate::abi::call::{RECORD_TEXT_BYTES, RawFlags, RawRecord, RawRecordKind};
use crate::audio::Audio;
use crate::params::BlockSpan;

/// What goes with one block of a processor.
///
/// Thread: audio. Parameter changes are applied before `process` is called: a block is cut at
/// each of them.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) position_frames: u64,
    pub(crate) frames: usize,
    pub(crate) sample_rate_hz: u32,
    pub(crate) flags: RawFlags,
    pub(crate) params_changed: bool,
    /// Frames between the start of the host's block and this part of it.
    pub(crate) offset_frames: usize,
    pub(crate) sidechains: &'a [RawAudio<'a>],
    pub(crate) outputs: &'a mut [f64],
    pub(crate) records: Records<'a>,
}

/// Room for records, taken apart so that it can be lent again for each part of a block.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    pub(crate) room: &'a mut [RawRecord],
    pub(crate) written: &'a mut u32,
    pub(crate) lost: &'a mut u32,
}

impl Records<'_> {
    fn push(&mut self, record: RawRecord) {
        match self.room.get_mut(*self.written as usize) {
            Some(place) => {
                *place = record;
                *self.written += 1;
            }
            None => *self.lost = self.lost.saturating_add(1),
        }
    }
}

impl Context<'_> {
    /// Stream time of the block's first frame: frames since the session began.
    #[must_use]
    pub const fn position_frames(&self) -> u64 {
        self.position_frames
    }

    /// How many frames this block has.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// The stream's sample rate in Hz, constant while active.
    #[must_use]
    pub const fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Whether a parameter was set since the block before, or there was none since activation.
    ///
    /// Where it is false, what was computed from parameters still holds: coefficients, say. What
    /// `load_state` and `reset` change is the author's own to remember.
    #[must_use]
    pub const fn params_changed(&self) -> bool {
        self.params_changed
    }

    /// Whether this block does not follow the one before.
    #[must_use]
    pub const fn is_discontinuity(&self) -> bool {
        self.flags.0 & RawFlags::DISCONTINUITY.0 != 0
    }

    /// Whether the input is over and what comes out now is the tail.
    #[must_use]
    pub const fn is_flush(&self) -> bool {
        self.flags.0 & RawFlags::FLUSH.0 != 0
    }

    /// A further input, by its place in the configuration; `None` where nothing is connected.
    #[must_use]
    pub fn sidechain(&self, index: usize) -> Option<Audio<'_>> {
        let whole = self.sidechains.get(index)?;
        let part = whole.part(self.offset_frames, self.frames);
        Some(Audio::new(part, self.position_frames))
    }

    /// Writes a declared output; the last value of a block counts, an unknown index is ignored.
    pub fn output(&mut self, index: usize, value: f64) {
        if let Some(place) = self.outputs.get_mut(index) {
            *place = value;
        }
    }

    /// Leaves a note for the log: up to 96 bytes of text and a number.
    pub fn note(&mut self, text: &str, value: f64) {
        let bytes = text.floor_char_boundary(RECORD_TEXT_BYTES);
        let mut record = RawRecord {
            kind: RawRecordKind::NOTE,
            offset_frames: self.offset_frames as u32,
            text_bytes: bytes as u32,
            value,
            ..RawRecord::EMPTY
        };
        record.text[..bytes].copy_from_slice(&text.as_bytes()[..bytes]);
        self.records.push(record);
    }

    /// Publishes a declared event, by its place in `EVENTS`, at a frame of this block.
    pub fn publish(&mut self, event: usize, frame: usize, value: f64) {
        let offset = self.offset_frames + frame.min(self.frames.saturating_sub(1));
        self.records.push(RawRecord {
            kind: RawRecordKind::PUBLISH,
            index: event as u32,
            offset_frames: offset as u32,
            value,
            ..RawRecord::EMPTY
        });
    }
}

impl BlockSpan for Context<'_> {
    fn position_frames(&self) -> u64 {
        self.position_frames
    }

    fn frames(&self) -> usize {
        self.frames
    }
}
