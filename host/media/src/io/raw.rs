//! Raw: samples without a header.
//!
//! In: what the user says they are, as in `s16le:48000:2`. Out: a source like any other.

use std::fmt;
use std::str::FromStr;

use crate::audio::Format;
use crate::audio::FormatError;
use crate::audio::layout;
use crate::io::encoding::Encoding;
use crate::io::encoding::EncodingError;

/// What samples without a header are: encoding, rate and number of channels.
///
/// Written `ENCODING:RATE:CHANNELS`, as in `s16le:48000:2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawSpec {
    encoding: Encoding,
    format: Format,
}

/// Why a text is no [`RawSpec`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawSpecError {
    /// It has not three parts.
    #[error("{found:?} has {parts} parts, expected ENCODING:RATE:CHANNELS as in s16le:48000:2")]
    Parts {
        /// What was found.
        found: String,
        /// How many parts it has.
        parts: usize,
    },
    /// Rate or channels is no number.
    #[error("{found:?} is no number, expected the {expected}")]
    Number {
        /// What was found.
        found: String,
        /// What it stands for.
        expected: &'static str,
    },
    /// The first part names no encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A number is beyond its bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
}

impl RawSpec {
    /// How one sample lies in bytes.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Rate and channels; the layout is the usual one for so many.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }
}

impl FromStr for RawSpec {
    type Err = RawSpecError;

    fn from_str(text: &str) -> Result<Self, RawSpecError> {
        let parts: Vec<&str> = text.split(':').collect();
        let [encoding, sample_rate_hz, channels] = parts[..] else {
            return Err(RawSpecError::Parts {
                found: text.to_owned(),
                parts: parts.len(),
            });
        };
        let encoding: Encoding = encoding.parse()?;
        let sample_rate_hz = number(sample_rate_hz, "sample rate in Hz")?;
        let layout = layout(number(channels, "number of channels")?)?;
        let format = Format::new(sample_rate_hz, layout, encoding.samples)?;
        Ok(Self { encoding, format })
    }
}

impl fmt::Display for RawSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, channels) = (self.format.sample_rate_hz(), self.format.channels());
        write!(formatter, "{}:{rate}:{channels}", self.encoding)
    }
}

fn number(text: &str, expected: &'static str) -> Result<u32, RawSpecError> {
    text.parse().map_err(|_| RawSpecError::Number {
        found: text.to_owned(),
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = text.parse::<RawSpec>();
        let found = found.map_or_else(|error| error.to_string(), |spec| spec.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn three_parts_within_the_bounds_are_read_back() {
        check("s16le:48000:2", "s16le:48000:2");
        check("u8:1:1", "u8:1:1");
        check("f64be:768000:64", "f64be:768000:64");
    }

    #[test]
    fn everything_else_is_explained() {
        let parts = "parts, expected ENCODING:RATE:CHANNELS as in s16le:48000:2";
        check("s16le", &format!("\"s16le\" has 1 {parts}"));
        check(
            "s16le:48000:2:1",
            &format!("\"s16le:48000:2:1\" has 4 {parts}"),
        );
        check(
            "s16le:48k:2",
            "\"48k\" is no number, expected the sample rate in Hz",
        );
        check(
            "s16le:48000:-2",
            "\"-2\" is no number, expected the number of channels",
        );
        check(
            "s16le:0:2",
            "the sample rate is 0 Hz, expected 1 to 768000 Hz",
        );
        check(
            "s16le:48000:1000",
            "the number of channels is 1000, expected 1 to 64",
        );
        assert!(
            "s17:48000:2"
                .parse::<RawSpec>()
                .unwrap_err()
                .to_string()
                .contains("s24le")
        );
    }
}
