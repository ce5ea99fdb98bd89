//! Container: what a file is, by its name where it is written.
//!
//! In: the path of an output, and how samples are wanted. Out: the format, and how it stores them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::audio::SampleFormat;
use crate::io::encoding::ByteOrder;
use crate::io::error::CreateError;
use crate::io::input::STANDARD;
use crate::io::stream::Effort;
use crate::surroundings;

/// What stands in front of the samples of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A WAV header; RF64 where the file grows past 4 GiB.
    Wav,
    /// An AIFF header, of AIFF-C where the samples ask for it.
    Aiff,
    /// FLAC: integers to 24 bits, compressed without loss.
    Flac,
    /// Nothing.
    Raw(ByteOrder),
}

/// Endings of names, and what they ask for.
const ENDINGS: [(&str, Container); 8] = [
    ("wav", Container::Wav),
    ("wave", Container::Wav),
    ("bwf", Container::Wav),
    ("rf64", Container::Wav),
    ("flac", Container::Flac),
    ("aiff", Container::Aiff),
    ("aif", Container::Aiff),
    ("aifc", Container::Aiff),
];

/// Endings of files that hold samples without a header.
const RAW_ENDINGS: [&str; 2] = ["raw", "pcm"];

impl Container {
    /// What writing it asks of the processor.
    #[must_use]
    pub const fn effort(self) -> Effort {
        match self {
            Self::Flac => Effort::Large,
            Self::Wav | Self::Aiff | Self::Raw(_) => Effort::Small,
        }
    }

    /// What a path asks for. A pipe, a device and a name without an ending get WAV.
    ///
    /// # Errors
    /// When the name ends like nothing that is written, or like samples without a header: what
    /// those are is not in the name.
    pub fn of(path: &Path) -> Result<Self, CreateError> {
        let ending = ending(path);
        if path.as_os_str() == STANDARD || ending.is_empty() {
            return Ok(Self::Wav);
        }
        if let Some((_, container)) = ENDINGS.iter().find(|(known, _)| *known == ending) {
            return Ok(*container);
        }
        let name = path.display().to_string();
        if is_raw(path) {
            return Err(CreateError::NeedsRaw { name });
        }
        // A named pipe may be called anything.
        if fs::metadata(surroundings::absolute(path)).is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(Self::Wav);
        }
        Err(CreateError::Unsupported {
            name,
            found: ending,
        })
    }

    /// How samples are stored that are wanted as `wanted`: as they are, or the next that there is.
    #[must_use]
    pub const fn samples(self, wanted: SampleFormat) -> SampleFormat {
        match (self, wanted) {
            (Self::Wav, SampleFormat::S8) => SampleFormat::U8,
            (Self::Aiff, SampleFormat::U8) => SampleFormat::S8,
            (Self::Flac, SampleFormat::U8) => SampleFormat::S8,
            (Self::Flac, SampleFormat::MuLaw | SampleFormat::ALaw) => SampleFormat::S16,
            (Self::Flac, SampleFormat::S32 | SampleFormat::F32 | SampleFormat::F64) => {
                SampleFormat::S24
            }
            (_, wanted) => wanted,
        }
    }
}

/// Whether a name says that what it has is samples without a header.
#[must_use]
pub fn is_raw(path: &Path) -> bool {
    RAW_ENDINGS.contains(&&*ending(path))
}

/// Whether a name says that what it has begins with a header.
#[must_use]
pub fn has_header(path: &Path) -> bool {
    const READ_ONLY: [&str; 9] = [
        "aac", "bw64", "caf", "m4a", "m4b", "mp3", "mp4", "oga", "ogg",
    ];
    let ending = ending(path);
    let is_written = ENDINGS.iter().any(|(known, _)| *known == ending);
    is_written || READ_ONLY.contains(&&*ending)
}

fn ending(path: &Path) -> String {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        let check = |name: &str, expected: Result<Container, &str>| {
            let found = Container::of(Path::new(name)).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{name}");
        };
        for name in ["a.wav", "a.WAVE", "-", "a", "/dev/null"] {
            check(name, Ok(Container::Wav));
        }
        check("a.Flac", Ok(Container::Flac));
        check("b/a.aif", Ok(Container::Aiff));
        check(
            "a.mp3",
            Err(
                "a.mp3 asks for MP3, which Segue does not write; expected a name that ends in \
                 .wav, .flac or .aiff",
            ),
        );
        check(
            "a.raw",
            Err(
                "a.raw asks for samples without a header, and nothing says which; expected --raw, \
                 as in --raw s16le:48000:2",
            ),
        );
    }

    #[test]
    fn formats_store_what_they_can() {
        assert_eq!(
            Container::Flac.samples(SampleFormat::F32),
            SampleFormat::S24
        );
        assert_eq!(
            Container::Flac.samples(SampleFormat::ALaw),
            SampleFormat::S16
        );
        assert_eq!(Container::Aiff.samples(SampleFormat::U8), SampleFormat::S8);
        assert_eq!(Container::Wav.samples(SampleFormat::S8), SampleFormat::U8);
        assert_eq!(Container::Wav.samples(SampleFormat::F64), SampleFormat::F64);
    }
}
