//! Params: the parameters of a component, as fields of the author's struct.
//!
//! In: values by wire index, in plain units, from files, events and automation.
//! Out: fields that hold them, clamped into their range; those of type [`Smoothed`] glide.
//!
//! ```
//! use segue_plugin::params::{Choices, Params, Smoothed};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Choices)]
//! enum Curve {
//!     SoftClip,
//!     #[choice("tanh")]
//!     HyperbolicTangent,
//! }
//!
//! #[derive(Params)]
//! struct Tube {
//!     /// Gain before the curve.
//!     #[param(unit = "dB", range = 0.0..=24.0, default = 6.0, smooth_ms = 10.0)]
//!     drive_db: Smoothed,
//!     /// What bends the signal.
//!     #[param(default = Curve::SoftClip)]
//!     curve: Curve,
//!     last_sample: f32,
//! }
//!
//! let mut tube = Tube::with_defaults();
//! tube.set_param(0, 90.0);
//! tube.set_param(1, 1.0);
//! assert_eq!(tube.param(0), 24.0);
//! assert_eq!(tube.curve, Curve::HyperbolicTangent);
//! assert_eq!(tube.last_sample, 0.0);
//! tube.prepare_params(48_000.0, 4);
//! assert_eq!(tube.drive_db.values(&(0..4)), [24.0; 4]);
//! ```

pub mod derived;
mod ramp;
mod smoothed;
mod value;

use std::ops::Range;

use crate::declare::{ParamItem, param_count};

pub use segue_plugin_macros::{Choices, Params};
pub use smoothed::Smoothed;
pub use value::{Choices, ParamValue};

/// The parameters of a struct, made by `#[derive(Params)]`.
///
/// Fields with `#[param(…)]` are parameters, in the order of the wire; the others are the
/// author's own and start at their `Default`. The keys:
///
/// | key | meaning |
/// | --- | --- |
/// | `range = 0.0..=24.0` | least and greatest value; for numbers |
/// | `default = 6.0` | the value when nothing is said; a choice may leave it out for the first |
/// | `unit = "dB"` | for people |
/// | `smooth_ms = 10.0` | how long a change glides; for [`Smoothed`] fields, 0.0 for at once |
/// | `reactivates` | latency or layout may change with it |
/// | `below_half_rate` | a frequency: has to lie below half the sample rate of the session |
/// | `id = "gain_db"` | the name in files, where it is not the field's |
/// | `group` | alone or with `id`: an array of structs that derive `Params` |
///
/// Doc comments on the fields are what operators read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no parameters declared",
    note = "write `#[derive(Params)]` above it, even if it has none"
)]
pub trait Params: Sized {
    /// What is declared, in wire order.
    const PARAMS: &'static [ParamItem];

    /// What the component is for: the first paragraph of the struct's documentation.
    const DOC: &'static str = "";

    /// Every parameter at its default, every other field at its `Default`. Thread: any but audio.
    fn with_defaults() -> Self;

    /// Sets the parameter at a wire index, groups taken apart. Thread: the instance's; it never
    /// allocates or blocks.
    ///
    /// The value is clamped into the range and, for choices and integers, rounded. NaN and an
    /// index beyond the last change nothing.
    fn set_param(&mut self, index: u32, value: f64);

    /// The value last set, wherever a glide stands; NaN for an index beyond the last. Thread: the
    /// instance's.
    fn param(&self, index: u32) -> f64;

    /// Gets ready for blocks of at most `frames_max` frames. Thread: never audio, it allocates.
    ///
    /// Glides end at their targets: what was set before activation does not glide.
    fn prepare_params(&mut self, sample_rate_hz: f64, frames_max: usize);

    /// Ends every glide at its target. Thread: the instance's; it never allocates or blocks.
    fn reset_params(&mut self);
}

/// Which frames of the stream a block holds.
pub trait BlockSpan {
    /// The stream time of the block's first frame.
    fn position_frames(&self) -> u64;

    /// How many frames the block has.
    fn frames(&self) -> usize;
}

/// Frames of the stream, for tests and for plugins that cut blocks themselves.
impl BlockSpan for Range<u64> {
    fn position_frames(&self) -> u64 {
        self.start
    }

    fn frames(&self) -> usize {
        usize::try_from(self.end.saturating_sub(self.start)).unwrap_or(usize::MAX)
    }
}

/// The wire index of a full id, `gain_db` or `band.1.gain_db`; groups count from 1.
#[must_use]
pub fn index_of(items: &[ParamItem], id: &str) -> Option<u32> {
    let (first, rest) = match id.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (id, None),
    };
    let mut start = 0;
    for item in items {
        match (item, rest) {
            (ParamItem::One(param), None) if param.id == first => return Some(start),
            (ParamItem::Group(group), Some(rest)) if group.id == first => {
                let (number, member) = rest.split_once('.')?;
                let place: u32 = number.parse().ok().filter(|number| *number >= 1)?;
                if place > u32::from(group.count) || number.starts_with(['0', '+']) {
                    return None;
                }
                let within = index_of(group.members, member)?;
                return Some(start + (place - 1) * param_count(group.members) + within);
            }
            _ => start += param_count(std::slice::from_ref(item)),
        }
    }
    None
}

/// The nearest value that a parameter can have; `None` for NaN.
pub(crate) fn nearest(range: [f64; 2], choices: usize, value: f64) -> Option<f64> {
    let [min, max] = range;
    if value.is_nan() {
        return None;
    }
    let value = value.clamp(min, max);
    Some(if choices == 0 { value } else { value.round() })
}
