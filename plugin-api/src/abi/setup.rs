//! Setup: what crosses the boundary away from the audio thread.

use std::ptr;

use abi_stable::StableAbi;
use abi_stable::std_types::{RSlice, RStr, RString};

use crate::abi::host::RawHostBox;
use crate::abi::status::RawCode;
use crate::layout::Layout;

/// A channel layout: speaker positions and a number of channels.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawLayout {
    /// Speaker positions, 0 for a discrete layout.
    pub mask: u32,
    /// How many channels there are, 1 to 64.
    pub channels: u32,
}

impl From<Layout> for RawLayout {
    fn from(layout: Layout) -> Self {
        Self {
            mask: layout.mask(),
            channels: layout.channels() as u32,
        }
    }
}

impl RawLayout {
    /// The layout, if it is one.
    #[must_use]
    pub fn read(self) -> Option<Layout> {
        Layout::from_parts(self.mask, u16::try_from(self.channels).ok()?)
    }
}

/// The signal a component is asked to take.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawFormat {
    /// Frames per second, 1 to 768,000.
    pub sample_rate_hz: u32,
    /// The channels, and where each of them stands.
    pub layout: RawLayout,
}

/// Where a component runs. Open: unknown means real time.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawMode(pub u32);

impl RawMode {
    /// Off line: time does not matter.
    pub const OFFLINE: Self = Self(0);
    /// At the pace of the stream.
    pub const REAL_TIME: Self = Self(1);
}

/// One thing a decision engine reads: a tap, with what its component emits.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawSource<'a> {
    /// The tap's id in the configuration.
    pub id: RStr<'a>,
    /// The ids of its readings, in wire order.
    pub readings: RSlice<'a, RStr<'a>>,
    /// How many channels its signal has.
    pub channels: u32,
}

/// What activation fixes until deactivation.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawActivation<'a> {
    /// Rate and channels of the main input.
    pub format: RawFormat,
    /// The longest block that will come.
    pub frames_max: u32,
    /// Whether blocks come at the pace of the stream or as fast as they are processed.
    pub mode: RawMode,
    /// The layouts of the further inputs.
    pub sidechains: RSlice<'a, RawLayout>,
    /// What a decision engine reads; empty for the other kinds.
    pub sources: RSlice<'a, RawSource<'a>>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

impl<'a> RawActivation<'a> {
    /// An activation without sidechains and sources.
    #[must_use]
    pub fn new(format: RawFormat, frames_max: u32, mode: RawMode) -> Self {
        Self {
            format,
            frames_max,
            mode,
            sidechains: RSlice::EMPTY,
            sources: RSlice::EMPTY,
            extension: ptr::null(),
        }
    }
}

/// What a processor returns at activation, constant until deactivation.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawTiming {
    /// How many frames the output lags behind the input.
    pub latency_frames: u64,
    /// How many frames it sounds on after the input ended, beside the latency.
    pub tail_frames: u64,
}

/// The type of a setting's value. Open: unknown is refused.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawSettingKind(pub u32);

impl RawSettingKind {
    /// A text, which `text` has.
    pub const TEXT: Self = Self(0);
    /// An absolute path as text.
    pub const PATH: Self = Self(1);
    /// A whole number, which `integer` has.
    pub const INTEGER: Self = Self(2);
    /// 0 or 1 as an integer.
    pub const BOOLEAN: Self = Self(3);
    /// A list of texts, which `list` has.
    pub const LIST: Self = Self(4);
}

/// One setting with its value; fields that its kind does not use are empty.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawSetting<'a> {
    /// Its id in the manifest.
    pub id: RStr<'a>,
    /// Which of the following holds.
    pub kind: RawSettingKind,
    /// An integer, or 0 and 1.
    pub integer: i64,
    /// A text or a path.
    pub text: RStr<'a>,
    /// The texts of a list, in the order of the file; empty for other kinds.
    pub list: RSlice<'a, RStr<'a>>,
}

/// A parameter's initial value: set before activation, does not ramp.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, StableAbi)]
pub struct RawParam {
    /// The index on the wire.
    pub index: u32,
    /// The value in the plain unit.
    pub value: f64,
}

/// What a component is created with.
#[repr(C)]
#[derive(StableAbi)]
pub struct RawSetup<'a> {
    /// What the host does for it; owned by the instance.
    pub host: RawHostBox,
    /// The id of its stage, tap or decision, for its own messages.
    pub name: RStr<'a>,
    /// The folder the plugin was found in.
    pub resource_dir: RStr<'a>,
    /// Its settings, checked against the manifest.
    pub settings: RSlice<'a, RawSetting<'a>>,
    /// Initial values of parameters; the others keep their defaults.
    pub params: RSlice<'a, RawParam>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// Why a component would not do something, away from the audio thread.
#[repr(C)]
#[derive(Debug, Clone, PartialEq, Eq, StableAbi)]
pub struct RawRefusal {
    /// What kind of refusal it is: see [`RawCode`].
    pub code: RawCode,
    /// Why, in a sentence for people, in UTF-8.
    pub text: RString,
}

/// What an event or a reading means for a decision: where, when, how much.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, StableAbi)]
pub struct RawReading {
    /// Stream time it holds for: the frame after the last one it looked at.
    pub frame: u64,
    /// Index into the activation's sources.
    pub source: u32,
    /// Index into the source's readings.
    pub reading: u32,
    /// The channel, 0 for readings of the whole signal.
    pub channel: u32,
    /// The value in the reading's own unit.
    pub value: f64,
}

/// An event that a component subscribed to.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawHeard<'a> {
    /// Stream time of the event.
    pub frame: u64,
    /// Index into the component's subscriptions.
    pub subscription: u32,
    /// The number that the publisher gave the event, in a unit of its own.
    pub value: f64,
    /// Who published it: the stage's id.
    pub from: RStr<'a>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// What a decision engine is shown.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct RawObservation<'a> {
    /// Stream time of the decision.
    pub frame: u64,
    /// Every reading since the last decision, in stream order.
    pub readings: RSlice<'a, RawReading>,
    /// Every event since the last decision, in stream order.
    pub heard: RSlice<'a, RawHeard<'a>>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// What is to be done. Open: the host refuses what it does not know.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawActionKind(pub u32);

impl RawActionKind {
    /// Tells people, and changes nothing.
    pub const ALERT: Self = Self(1);
    /// End the session in order.
    pub const STOP: Self = Self(2);
    /// Take a stage out of the path.
    pub const BYPASS: Self = Self(3);
    /// Puts a stage that was bypassed back into the signal.
    pub const RESTORE: Self = Self(4);
    /// Sets a parameter of a stage.
    pub const SET: Self = Self(5);
    /// Replaces the component of a stage by another.
    pub const SWAP: Self = Self(6);
}

/// The most actions taken from one decision.
pub const ACTIONS_MAX: usize = 64;

/// One action with its reason.
#[repr(C)]
#[derive(Debug, Clone, PartialEq, StableAbi)]
pub struct RawAction {
    /// What is to be done.
    pub kind: RawActionKind,
    /// To whom: a stage, `stage.param`, or empty.
    pub target: RString,
    /// With which value, where the kind has one.
    pub value: f64,
    /// Why it should be done, in a sentence for people.
    pub reason: RString,
}

/// The heap of one generation: what its counting allocator saw.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, StableAbi)]
pub struct RawHeap {
    /// Bytes that the library holds now.
    pub live_bytes: u64,
    /// The most bytes ever in use.
    pub peak_bytes: u64,
    /// Calls that allocated, reallocations included.
    pub allocations: u64,
    /// How many calls gave memory back since the library was opened.
    pub frees: u64,
}
