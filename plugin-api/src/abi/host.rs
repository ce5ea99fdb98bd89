//! Host: what the host does for a plugin.
//!
//! Two ways: hooks, plain functions given once to each library, and a host object given to each
//! instance. Neither unwinds into the plugin.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, RResult, RSlice, RSliceMut, RStr};

use crate::abi::object::{RawAnalyzerBox, RawDecisionBox, RawMetricBox, RawProcessorBox};
use crate::abi::setup::{RawRefusal, RawSetting};

/// What happened on a plugin's heap. Open: unknown is ignored.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, StableAbi)]
pub struct RawHeapCall(pub u32);

impl RawHeapCall {
    /// Memory was taken from the heap.
    pub const ALLOCATE: Self = Self(0);
    /// Memory was given back to the heap.
    pub const FREE: Self = Self(1);
}

/// One line of a plugin's own log.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawLog<'a> {
    /// 1 error, 2 warning, 3 information, 4 debug, 5 trace.
    pub level: u32,
    /// Where in the plugin it comes from: a module path.
    pub target: RStr<'a>,
    /// The message with its fields.
    pub text: RStr<'a>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// Functions of the host that one library may call, from any thread.
///
/// Given once, at open, and valid for as long as the process lives. `token` names the library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RawHooksRef)))]
#[sabi(missing_field(option))]
pub struct RawHooks {
    /// Reports one heap call and its bytes. Real-time safe.
    pub heap: extern "C" fn(call: RawHeapCall, bytes: usize),
    /// Whether this thread is inside `process` right now: 0 or 1. Real-time safe.
    pub real_time: extern "C" fn() -> u32,
    /// The most verbose level the host's log takes; 0 for none.
    pub log_level: extern "C" fn(token: u64) -> u32,
    /// Writes a line to the host's log. Not on the audio thread.
    pub log: extern "C" fn(token: u64, log: &RawLog<'_>),
    /// Counts a line that was dropped because it came from `process`. Real-time safe.
    pub log_dropped: extern "C" fn(token: u64),
    /// Counts a panic inside the library and keeps its text for this thread. Does not allocate.
    pub panicked: extern "C" fn(token: u64, text: RStr<'_>),
    /// Moves the text of this thread's last panic into the buffer; returns its bytes.
    #[sabi(last_prefix_field)]
    pub take_panic: extern "C" fn(into: RSliceMut<'_, u8>) -> u32,
}

/// A parameter by its full id, for callers that do not know the wire index.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, StableAbi)]
pub struct RawNamedParam<'a> {
    /// The full id as files have it, `band.1.gain_db`.
    pub id: RStr<'a>,
    /// The value in the plain unit.
    pub value: f64,
}

/// A request for a component of a required plugin.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct RawRequest<'a> {
    /// `plugin/component`, or `plugin` where it has only one.
    pub address: RStr<'a>,
    /// Settings. A host of 1.0 refuses a request that has any.
    pub settings: RSlice<'a, RawSetting<'a>>,
    /// Initial values of parameters by their ids; those not named keep their defaults.
    pub params: RSlice<'a, RawNamedParam<'a>>,
    /// Null in 1.0; a later ABI may lead on from here.
    pub extension: *const u8,
}

/// What the host does for one instance. Not on the audio thread.
///
/// The instance owns what it gets and calls it on its own threads.
#[sabi_trait]
pub trait RawHost: Send + Sync {
    /// Creates a processor of a required plugin.
    fn processor(&self, request: RawRequest<'_>) -> RResult<RawProcessorBox, RawRefusal>;
    /// Creates an analyzer of a required plugin.
    fn analyzer(&self, request: RawRequest<'_>) -> RResult<RawAnalyzerBox, RawRefusal>;
    /// Creates a metric of a required plugin.
    fn metric(&self, request: RawRequest<'_>) -> RResult<RawMetricBox, RawRefusal>;
    /// Creates a decision engine of a required plugin.
    #[sabi(last_prefix_field)]
    fn decision(&self, request: RawRequest<'_>) -> RResult<RawDecisionBox, RawRefusal>;
}

/// A host object, owned by an instance.
pub type RawHostBox = RawHost_TO<'static, RBox<()>>;
