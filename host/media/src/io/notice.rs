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
    /// A pipe ended before the length that its header announced. Whoever writes to a pipe seldom
    /// knows how much will follow, and nobody goes back to correct it: nothing is missing.
    Announced {
        /// Frames that were announced.
        expected: u64,
        /// Frames that came.
        found: u64,
    },
    /// The input goes on after what its header declares; the rest was left out.
    Long {
        /// Frames that were declared, and read.
        expected: u64,
    },
    /// A file ends within a block, or without the mark of its end.
    Cut {
        /// Frames that there are.
        found: u64,
    },
    /// A pipe ended there: whoever wrote to it may have been stopped.
    Unfinished {
        /// Frames that came.
        found: u64,
    },
    /// What was decoded is not what was encoded, as a checksum in the header says.
    Checksum,
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
    /// Pictures were left out: no output has them.
    PicturesLeftOut {
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

impl Notice {
    /// Whether some of the audio that the input was to have is missing or wrong. A run that had to
    /// go on with the rest is degraded, and `--strict-input` refuses it.
    #[must_use]
    pub const fn is_loss(&self) -> bool {
        match self {
            Self::Short { .. } | Self::Long { .. } | Self::Cut { .. } | Self::Checksum => true,
            Self::Rounded { .. }
            | Self::Announced { .. }
            | Self::Unfinished { .. }
            | Self::PartialFrame { .. }
            | Self::MaskIgnored { .. }
            | Self::TagsLeftOut { .. }
            | Self::PicturesLeftOut { .. }
            | Self::Resampled { .. }
            | Self::Remixed { .. } => false,
        }
    }
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
            Self::Announced { expected, found } => write!(
                formatter,
                "the header announces {expected} frames, the pipe ended after {found}"
            ),
            Self::Cut { found } => write!(
                formatter,
                "the input is cut off after {found} frames: it ends within a block, or without the \
                 mark of its end"
            ),
            Self::Unfinished { found } => write!(
                formatter,
                "the pipe ended after {found} frames, and its stream was not brought to an end"
            ),
            Self::Checksum => write!(
                formatter,
                "the samples are not those that were encoded: the checksum (MD5) in the header is \
                 that of others"
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
            Self::PicturesLeftOut { count: 1 } => write!(formatter, "a picture is left out"),
            Self::PicturesLeftOut { count } => write!(formatter, "{count} pictures are left out"),
            Self::TagsLeftOut { count } => {
                write!(
                    formatter,
                    "{count} tags are too many, too long or unreadable"
                )
            }
        }
    }
}
