//! Call: what `process` borrows for one block, and what it leaves behind.
//!
//! Every struct is frozen at 1.0; what a later minor adds hangs on `extension`.

use std::marker::PhantomData;
use std::ptr;

use abi_stable::StableAbi;
use abi_stable::std_types::{RSlice, RSliceMut};

use crate::abi::audio::{RawAudio, RawAudioMut};

/// The most parameter events of one call; the host keeps the rest for the next one.
pub const EVENTS_MAX: usize = 1024;

/// The bytes of text that one record holds.
pub const RECORD_TEXT_BYTES: usize = 96;

/// A parameter takes a value at a frame of this block.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, StableAbi)]
pub struct RawParamEvent {
    /// Frames from the start of the block; events are sorted by it.
    pub offset_frames: u32,
    /// The parameter's index on the wire.
    pub index: u32,
    /// Its value in the plain unit, within its range.
    pub value: f64,
}

/// What a record is about. Open: unknown kinds are passed over.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawRecordKind(pub u32);

impl RawRecordKind {
    /// A note for the log.
    pub const NOTE: Self = Self(1);
    /// A declared event happens: `index` says which, `offset_frames` at which frame of the block.
    pub const PUBLISH: Self = Self(2);
}

/// A fixed-size record that a component leaves behind on the audio thread.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawRecord {
    /// A note, or a published event.
    pub kind: RawRecordKind,
    /// The event's index in the manifest; 0 for a note.
    pub index: u32,
    /// Frames from the start of the block.
    pub offset_frames: u32,
    /// How many bytes of `text` are in use.
    pub text_bytes: u32,
    /// The number that goes with it.
    pub value: f64,
    /// UTF-8, cut at a character's border where it was too long.
    pub text: [u8; RECORD_TEXT_BYTES],
}

impl RawRecord {
    /// An empty record, to fill a buffer with.
    pub const EMPTY: Self = Self {
        kind: RawRecordKind(0),
        index: 0,
        offset_frames: 0,
        text_bytes: 0,
        value: 0.0,
        text: [0; RECORD_TEXT_BYTES],
    };

    /// The text; what is not UTF-8 is left out.
    #[must_use]
    pub fn text(&self) -> &str {
        let bytes = &self.text[..(self.text_bytes as usize).min(RECORD_TEXT_BYTES)];
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}

/// Where records go during one call. A full buffer loses the newest and counts them.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawRecords<'a> {
    /// Where records are written, from the front on. The host's, valid during the call.
    pub room: RSliceMut<'a, RawRecord>,
    /// How many records of the room are written; the plugin counts them.
    pub written: u32,
    /// How many found no room.
    pub lost: u32,
}

impl RawRecords<'_> {
    /// Appends a record, or counts it as lost.
    pub fn push(&mut self, record: RawRecord) {
        match self.room.as_mut_slice().get_mut(self.written as usize) {
            Some(place) => {
                *place = record;
                self.written += 1;
            }
            None => self.lost = self.lost.saturating_add(1),
        }
    }
}

/// Facts about a block. Open: unknown bits are ignored.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawFlags(pub u32);

impl RawFlags {
    /// The block follows the one before, and the input goes on.
    pub const NONE: Self = Self(0);
    /// This block does not follow the one before: the stream was entered elsewhere.
    pub const DISCONTINUITY: Self = Self(1);
    /// The input is over: what comes out now is the tail.
    pub const FLUSH: Self = Self(2);
}

/// One block for a processor.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawProcess<'a> {
    /// Stream time of the block's first frame.
    pub position_frames: u64,
    /// What is special about the block: see [`RawFlags`].
    pub flags: RawFlags,
    /// How many frames: 1 to the `frames_max` of the activation.
    pub frames: u32,
    /// What to read; it stays as it is.
    pub input: RawAudio<'a>,
    /// What to fill, every sample of it.
    pub output: RawAudioMut<'a>,
    /// Further inputs, in the order of the configuration.
    pub sidechains: RSlice<'a, RawAudio<'a>>,
    /// Parameter changes, sorted by frame, at most `EVENTS_MAX`.
    pub events: RSlice<'a, RawParamEvent>,
    /// One value for each declared output, to be overwritten.
    pub outputs: RSliceMut<'a, f64>,
    /// Where notes and published events go.
    pub records: RawRecords<'a>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// One stretch of signal for an analyzer or a metric; never across a multiple of the hop.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawObserve<'a> {
    /// Stream time of the first frame.
    pub position_frames: u64,
    /// What is special about the stretch: see [`RawFlags`].
    pub flags: RawFlags,
    /// The audio that is looked at, valid during the call; it is only read.
    pub signal: RawAudio<'a>,
    /// What it is compared with; no channels where there is none.
    pub reference: RawAudio<'a>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
    /// Ties the borrowed audio to the call.
    pub borrow: PhantomData<&'a f32>,
}

impl<'a> RawObserve<'a> {
    /// A stretch of `signal`, compared with `reference`, which may be empty.
    #[must_use]
    pub const fn new(
        position_frames: u64,
        flags: RawFlags,
        signal: RawAudio<'a>,
        reference: RawAudio<'a>,
    ) -> Self {
        Self {
            position_frames,
            flags,
            signal,
            reference,
            extension: ptr::null(),
            borrow: PhantomData,
        }
    }
}

/// Room for readings: one value for each reading, or one for each of its channels.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawReadings<'a> {
    /// The values in the order of the manifest; NaN where there is none.
    pub values: RSliceMut<'a, f64>,
    /// How many channels the signal has.
    pub channels: u32,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}
