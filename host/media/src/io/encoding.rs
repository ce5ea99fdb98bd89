//! Encoding: how one sample lies in bytes.
//!
//! In: a short name such as `s16le`. Out: format and order of the bytes of a sample.

use std::fmt;
use std::str::FromStr;

use crate::audio::SampleFormat;

/// The order of a sample's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Lowest byte first, as in WAV.
    Little,
    /// Highest byte first.
    Big,
}

/// How one sample lies in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// What the bytes mean.
    pub samples: SampleFormat,
    /// Which comes first; without a meaning for samples of one byte.
    pub order: ByteOrder,
}

/// Every encoding, by its name.
const NAMES: [(&str, Encoding); 14] = [
    ("u8", Encoding::little(SampleFormat::U8)),
    ("s8", Encoding::little(SampleFormat::S8)),
    ("ulaw", Encoding::little(SampleFormat::MuLaw)),
    ("alaw", Encoding::little(SampleFormat::ALaw)),
    ("s16le", Encoding::little(SampleFormat::S16)),
    ("s16be", Encoding::big(SampleFormat::S16)),
    ("s24le", Encoding::little(SampleFormat::S24)),
    ("s24be", Encoding::big(SampleFormat::S24)),
    ("s32le", Encoding::little(SampleFormat::S32)),
    ("s32be", Encoding::big(SampleFormat::S32)),
    ("f32le", Encoding::little(SampleFormat::F32)),
    ("f32be", Encoding::big(SampleFormat::F32)),
    ("f64le", Encoding::little(SampleFormat::F64)),
    ("f64be", Encoding::big(SampleFormat::F64)),
];

impl Encoding {
    /// Lowest byte first.
    #[must_use]
    pub const fn little(samples: SampleFormat) -> Self {
        Self {
            samples,
            order: ByteOrder::Little,
        }
    }

    /// Highest byte first.
    #[must_use]
    pub const fn big(samples: SampleFormat) -> Self {
        Self {
            samples,
            order: ByteOrder::Big,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match (self.samples.bytes(), self.order) {
            (1, _) => "",
            (_, ByteOrder::Little) => "le",
            (_, ByteOrder::Big) => "be",
        };
        write!(formatter, "{}{order}", self.samples)
    }
}

/// A name that no encoding has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} names no sample encoding, expected one of u8, s8, ulaw, alaw, s16le, s16be, s24le, s24be, s32le, \
     s32be, f32le, f32be, f64le, f64be"
)]
pub struct EncodingError {
    /// What was found.
    pub found: String,
}

impl FromStr for Encoding {
    type Err = EncodingError;

    fn from_str(text: &str) -> Result<Self, EncodingError> {
        let known = NAMES.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, encoding)| *encoding)
            .ok_or_else(|| EncodingError {
                found: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself_and_stands_in_the_error() {
        let error = "s16".parse::<Encoding>().unwrap_err().to_string();
        for (name, encoding) in NAMES {
            assert_eq!(name.parse(), Ok(encoding));
            assert_eq!(encoding.to_string(), name);
            assert!(error.contains(name), "{error} does not name {name}");
        }
    }
}
