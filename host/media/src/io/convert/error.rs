//! Error: why an input is not converted.

use segue_layout::Layout;

/// The most memory that a conversion takes. The filter has as many frames of both
/// rates as it needs, and a whole number of periods after which both meet again: rates that are far apart,
/// or have no common divisor, need more.
pub(super) const CONVERSION_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Why an input is not converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The rates are so far apart, or have so little in common, that the filter would be too long.
    #[error(
        "converting {channels} channels from {from_hz} Hz to {to_hz} Hz would take {bytes} bytes, \
         expected at most {CONVERSION_BYTES_MAX}"
    )]
    Rates {
        /// The input's rate.
        from_hz: u32,
        /// The wanted one.
        to_hz: u32,
        /// How many channels are converted.
        channels: usize,
        /// What it would take.
        bytes: u64,
    },
    /// Nothing says which channel goes where.
    #[error(
        "there is no rule to make {to} of {from}; expected the same number of channels, or speakers \
         on both sides, with mono or FL and FR as the result"
    )]
    Layouts {
        /// The input's layout.
        from: Layout,
        /// The wanted one.
        to: Layout,
    },
}
