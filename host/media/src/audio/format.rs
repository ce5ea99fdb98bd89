//! Format: what a stream of samples is, apart from the samples.
//!
//! In: numbers of a header, a configuration or a command line. Out: a `Format` within the bounds
//! that the rest of the host counts on, or a sentence that says which number is beyond them.

use std::fmt;

use segue_layout::CHANNELS_MAX;
use segue_layout::Layout;

/// The highest sample rate, in Hz: the highest that audio formats of today name (16 × 48 kHz).
pub const SAMPLE_RATE_MAX_HZ: u32 = 768_000;

/// How samples are stored where they come from or go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// Unsigned 8-bit integers around 128.
    U8,
    /// Signed 8-bit integers, as AIFF has them.
    S8,
    /// G.711 µ-law: 8 bits that stand for 16-bit integers.
    MuLaw,
    /// G.711 A-law: 8 bits that stand for 16-bit integers.
    ALaw,
    /// Signed 16-bit integers.
    S16,
    /// Signed 24-bit integers in three bytes.
    S24,
    /// Signed 32-bit integers; as `f32` they are rounded to 24 significant bits.
    S32,
    /// IEEE 754 single precision: what the pipeline itself uses.
    F32,
    /// IEEE 754 double precision; rounded to single.
    F64,
}

impl SampleFormat {
    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::S8 | Self::MuLaw | Self::ALaw => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Bits of one sample.
    #[must_use]
    pub const fn bits(self) -> u32 {
        8 * self.bytes() as u32
    }
}

impl fmt::Display for SampleFormat {
    /// The short name, as in `--raw s16le:48000:2`: `s16`, `f32`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::U8 => "u8",
            Self::S8 => "s8",
            Self::MuLaw => "ulaw",
            Self::ALaw => "alaw",
            Self::S16 => "s16",
            Self::S24 => "s24",
            Self::S32 => "s32",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// Why numbers are no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No sample rate, or one beyond [`SAMPLE_RATE_MAX_HZ`].
    #[error("the sample rate is {found} Hz, expected 1 to {SAMPLE_RATE_MAX_HZ} Hz")]
    SampleRate {
        /// What was found, in Hz.
        found: u32,
    },
    /// No channel, or more than [`CHANNELS_MAX`].
    #[error("the number of channels is {found}, expected 1 to {CHANNELS_MAX}")]
    Channels {
        /// What was found.
        found: u32,
    },
}

/// What a stream of samples is: rate, channels, and how the source stored them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format {
    sample_rate_hz: u32,
    layout: Layout,
    source_bits: SampleFormat,
}

impl Format {
    /// A format of these parts.
    ///
    /// # Errors
    /// When the sample rate is 0 or above [`SAMPLE_RATE_MAX_HZ`].
    pub const fn new(
        sample_rate_hz: u32,
        layout: Layout,
        source_bits: SampleFormat,
    ) -> Result<Self, FormatError> {
        if sample_rate_hz == 0 || sample_rate_hz > SAMPLE_RATE_MAX_HZ {
            return Err(FormatError::SampleRate {
                found: sample_rate_hz,
            });
        }
        Ok(Self {
            sample_rate_hz,
            layout,
            source_bits,
        })
    }

    /// The same with other channels.
    #[must_use]
    pub const fn with_layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// The same at another rate.
    ///
    /// # Errors
    /// When the rate is 0 or above [`SAMPLE_RATE_MAX_HZ`].
    pub const fn with_rate(self, sample_rate_hz: u32) -> Result<Self, FormatError> {
        Self::new(sample_rate_hz, self.layout, self.source_bits)
    }

    /// Frames a second; 1 to [`SAMPLE_RATE_MAX_HZ`].
    #[must_use]
    pub const fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// The channels and where they stand.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// How many channels; 1 to [`CHANNELS_MAX`].
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.layout.channels()
    }

    /// How the source stored its samples, before they became `f32`.
    #[must_use]
    pub const fn source_bits(&self) -> SampleFormat {
        self.source_bits
    }
}

impl fmt::Display for Format {
    /// As in `48000 Hz, stereo, s16`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sample_rate_hz,
            layout,
            source_bits,
        } = self;
        write!(formatter, "{sample_rate_hz} Hz, {layout}, {source_bits}")
    }
}

/// The layout that is usual for a number of channels from outside.
///
/// # Errors
/// When there are none, or more than [`CHANNELS_MAX`].
pub fn layout(channels: u32) -> Result<Layout, FormatError> {
    u16::try_from(channels)
        .ok()
        .and_then(Layout::usual)
        .ok_or(FormatError::Channels { found: channels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sample_rate_hz: u32, channels: u32, expected: &str) {
        let found = layout(channels)
            .and_then(|layout| Format::new(sample_rate_hz, layout, SampleFormat::S24))
            .map_or_else(|error| error.to_string(), |format| format.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn formats_within_the_bounds_are_made() {
        check(1, 1, "1 Hz, mono, s24");
        check(768_000, 64, "768000 Hz, discrete(64), s24");
    }

    #[test]
    fn formats_beyond_the_bounds_are_refused_with_a_sentence() {
        let rate = "expected 1 to 768000 Hz";
        check(0, 2, &format!("the sample rate is 0 Hz, {rate}"));
        check(768_001, 2, &format!("the sample rate is 768001 Hz, {rate}"));
        let channels = "expected 1 to 64";
        check(
            48_000,
            0,
            &format!("the number of channels is 0, {channels}"),
        );
        check(
            48_000,
            65,
            &format!("the number of channels is 65, {channels}"),
        );
        check(
            48_000,
            65_537,
            &format!("the number of channels is 65537, {channels}"),
        );
    }

    #[test]
    fn a_sample_has_the_bytes_its_name_says() {
        for (format, name, bytes) in [
            (SampleFormat::U8, "u8", 1),
            (SampleFormat::S8, "s8", 1),
            (SampleFormat::MuLaw, "ulaw", 1),
            (SampleFormat::ALaw, "alaw", 1),
            (SampleFormat::S16, "s16", 2),
            (SampleFormat::S24, "s24", 3),
            (SampleFormat::S32, "s32", 4),
            (SampleFormat::F32, "f32", 4),
            (SampleFormat::F64, "f64", 8),
        ] {
            assert_eq!((format.to_string().as_str(), format.bytes()), (name, bytes));
        }
    }
}
