//! Notice: what a source has to say about its input that is no error.
//!
//! In: a header that lies, or samples that cannot be kept exactly. Out: one sentence each. A source
//! has few of them whatever its length, and all of them once it was read to its end.

use std::fmt;

use crate::audio::Layout;
use crate::audio::SampleFormat;

/// Something about an input that its user should know. The samples are as good as they can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Samples carry more than 24 significant bits and were rounded to `f32`.
    Rounded {
        /// How they are stored.
        from: SampleFormat,
    },
    /// The input ends before what its header declares.
    Short {
        /// Frames that were declared.
        expected: u64,
        /// Frames that there are.
        found: u64,
    },
    /// The input goes on after what its header declares; the rest was left out.
    Long {
        /// Frames that were declared, and read.
        expected: u64,
    },
    /// The last frame is incomplete and was left out.
    PartialFrame {
        /// Bytes of it.
        found_bytes: u64,
        /// Bytes of a whole one.
        expected_bytes: u64,
    },
    /// The header's speaker positions disagree with the number of channels, and were left out.
    MaskIgnored {
        /// The positions, one bit each.
        mask: u32,
        /// The number of channels.
        channels: u16,
    },
    /// Tags were left out: too many, too long, or unreadable.
    TagsLeftOut {
        /// How many.
        count: u64,
    },
    /// The session has another rate than the input.
    Resampled {
        /// The input's, in Hz.
        from_hz: u32,
        /// The session's, in Hz.
        to_hz: u32,
    },
    /// The session has other channels than the input.
    Remixed {
        /// The input's.
        from: Layout,
        /// As what they were taken, where they have no positions.
        taken_as: Option<Layout>,
        /// The session's.
        to: Layout,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounded { from } => {
                write!(
                    formatter,
                    "{from} samples are rounded to 24 significant bits"
                )
            }
            Self::Short { expected, found } => write!(
                formatter,
                "the header declares {expected} frames, the input ends after {found}"
            ),
            Self::Long { expected } => write!(
                formatter,
                "the header declares {expected} frames, what follows them is left out"
            ),
            Self::PartialFrame {
                found_bytes,
                expected_bytes,
            } => write!(
                formatter,
                "the last frame has {found_bytes} of {expected_bytes} bytes and is left out"
            ),
            Self::MaskIgnored { mask, channels } => write!(
                formatter,
                "the speaker positions {mask:#x} do not fit {channels} channels and are left out"
            ),
            Self::Resampled { from_hz, to_hz } => {
                write!(formatter, "converted from {from_hz} Hz to {to_hz} Hz")
            }
            Self::Remixed { from, taken_as, to } => match taken_as {
                Some(taken) => write!(formatter, "{from}, taken as {taken}, is mixed to {to}"),
                None => write!(formatter, "{from} is mixed to {to}"),
            },
            Self::TagsLeftOut { count } => {
                write!(
                    formatter,
                    "{count} tags are too many, too long or unreadable"
                )
            }
        }
    }
}
