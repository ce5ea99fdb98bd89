//! Codes: the numbers that stand for the cases of an enum in a manifest.
//!
//! In: a case, or a number from outside. Out: the number, or the case if the number is known.
//! A number keeps its meaning within one ABI major; new cases are added at the end.

use crate::declare::{
    Better, BlockInvariance, Heap, Kind, Need, PanicStrategy, ParamChange, ParamLimit, Per,
    RealTime, Reference,
};

/// Both directions from one table, so that they cannot disagree.
macro_rules! codes {
    ($encode:ident, $decode:ident, $type:ident { $($case:ident = $code:literal),+ }) => {
        pub(super) const fn $encode(value: $type) -> u8 {
            match value {
                $($type::$case => $code,)+
            }
        }

        pub(super) const fn $decode(code: u8) -> Option<$type> {
            match code {
                $($code => Some($type::$case),)+
                _ => None,
            }
        }
    };
}

codes!(from_kind, to_kind, Kind { Processor = 0, Analyzer = 1, Metric = 2, Decision = 3 });
codes!(from_real_time, to_real_time, RealTime { Safe = 0, WarmsUp = 1, Offline = 2 });
codes!(from_blocks, to_blocks, BlockInvariance { Invariant = 0, Varies = 1 });
codes!(from_change, to_change, ParamChange { Live = 0, Reactivates = 1 });
codes!(from_limit, to_limit, ParamLimit { Range = 0, BelowHalfRate = 1 });
codes!(from_need, to_need, Need { Required = 0, Optional = 1 });
codes!(from_per, to_per, Per { Signal = 0, Channel = 1 });
codes!(from_better, to_better, Better { Neither = 0, Higher = 1, Lower = 2 });
codes!(from_reference, to_reference, Reference { Unused = 0, Required = 1 });
codes!(from_panic, to_panic, PanicStrategy { Unwind = 0, Abort = 1 });
codes!(from_heap, to_heap, Heap { Metered = 0, Unmetered = 1 });

/// The first byte of a span: frames.
pub(super) const SPAN_FRAMES: u8 = 0;
/// The first byte of a span: seconds.
pub(super) const SPAN_SECONDS: u8 = 1;
/// The first byte of a span: known only at activation.
pub(super) const SPAN_VARIES: u8 = 2;

/// The first byte of the layouts: any.
pub(super) const LAYOUTS_ANY: u8 = 0;
/// The first byte of the layouts: one of a list, out as in.
pub(super) const LAYOUTS_SAME: u8 = 1;
/// The first byte of the layouts: pairs of input and output.
pub(super) const LAYOUTS_PAIRS: u8 = 2;

/// The first byte of a setting's type: text.
pub(super) const SETTING_TEXT: u8 = 0;
/// The first byte of a setting's type: a path.
pub(super) const SETTING_PATH: u8 = 1;
/// The first byte of a setting's type: an integer.
pub(super) const SETTING_INTEGER: u8 = 2;
/// The first byte of a setting's type: yes or no.
pub(super) const SETTING_BOOLEAN: u8 = 3;
/// The first byte of a setting's type: a list of texts.
pub(super) const SETTING_LIST: u8 = 4;
