//! Header: the first 24 bytes of a manifest, which mean the same for ever.
//!
//! In: the bytes of a section. Out: which ABI the plugin speaks and whether the rest can be read,
//! for plugins of any past and future version.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..8 | [`MAGIC`] |
//! | 8..10 | the version of the body's format, [`HEADER_VERSION`] |
//! | 10..14 | the ABI the plugin was built with, major and minor |
//! | 14..18 | the least host ABI it can do with, major and minor |
//! | 18..20 | 0 |
//! | 20..24 | how many bytes the body has |

use crate::abi::{ABI_VERSION, AbiVersion};
use crate::manifest::error::ManifestError;
use crate::manifest::limits::MANIFEST_BYTES_MAX;

/// What every manifest starts with.
pub const MAGIC: [u8; 8] = *b"SEGUEPLG";

/// The version of the body's format that this SDK writes and reads.
pub const HEADER_VERSION: u16 = 1;

/// How long the header is, in bytes.
pub const HEADER_BYTES: usize = 24;

/// What every host can read of every plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The version of the body's format.
    pub version: u16,
    /// The ABI that the plugin was built with.
    pub abi: AbiVersion,
    /// The oldest host ABI it accepts.
    pub min_host: AbiVersion,
    /// How many bytes the body has.
    pub body_bytes: u32,
}

impl Header {
    /// Reads the header alone, whatever its version. Thread: any.
    ///
    /// # Errors
    /// `Truncated` below 24 bytes, `NotAManifest` when they start with something else.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(ManifestError::Truncated {
                found: bytes.len(),
                expected: HEADER_BYTES,
            });
        };
        if !head.starts_with(&MAGIC) {
            return Err(ManifestError::NotAManifest);
        }
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let version = |at: usize| AbiVersion {
            major: short(at),
            minor: short(at + 2),
        };
        Ok(Self {
            version: short(8),
            abi: version(10),
            min_host: version(14),
            body_bytes: u32::from_le_bytes([head[20], head[21], head[22], head[23]]),
        })
    }

    /// Whether a host of this SDK's ABI can load the plugin. Thread: any.
    ///
    /// # Errors
    /// `Host`, a sentence with what to do.
    pub fn check_host(&self) -> Result<(), ManifestError> {
        if ABI_VERSION.can_host(self.min_host) {
            return Ok(());
        }
        Err(ManifestError::Host {
            min_host: self.min_host,
            host: ABI_VERSION,
        })
    }

    /// The body that belongs to this header, out of the bytes the header was read from.
    pub(super) fn body<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], ManifestError> {
        let expected = HEADER_BYTES.saturating_add(self.body_bytes as usize);
        if expected > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLarge {
                found: expected,
                max: MANIFEST_BYTES_MAX,
            });
        }
        let Some(body) = bytes.get(HEADER_BYTES..expected) else {
            return Err(ManifestError::Truncated {
                found: bytes.len(),
                expected,
            });
        };
        // Sections are padded with zeros; anything else is a second manifest or damage.
        if bytes[expected..].iter().any(|byte| *byte != 0) {
            return Err(ManifestError::Trailing { after: expected });
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(version: u16, abi: u16, min_minor: u16) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [version, abi, 7, abi, min_minor, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(5_u32.to_le_bytes());
        bytes
    }

    #[test]
    fn a_header_of_the_future_is_read_all_the_same() {
        let header = Header::read(&bytes(900, 3, 2)).unwrap();
        assert_eq!(header.version, 900);
        assert_eq!(header.abi, AbiVersion { major: 3, minor: 7 });
        assert_eq!(header.min_host, AbiVersion { major: 3, minor: 2 });
        assert_eq!(header.body_bytes, 5);
    }

    #[test]
    fn a_plugin_of_another_abi_gets_one_sentence() {
        let check = |abi, minor| Header::read(&bytes(1, abi, minor)).unwrap().check_host();
        assert_eq!(check(1, 0), Ok(()));
        assert_eq!(
            check(1, 1).unwrap_err().to_string(),
            "the plugin needs a host that speaks plugin ABI 1.1 or a later 1.x, this one speaks 1.0: \
             update Segue, or ask for a build of the plugin for ABI 1.0"
        );
        assert_eq!(
            check(2, 0).unwrap_err().to_string(),
            "the plugin needs a host that speaks plugin ABI 2.0 or a later 2.x, this one speaks 1.0: \
             update Segue, or ask for a build of the plugin for ABI 1.0"
        );
        assert_eq!(
            check(0, 3).unwrap_err().to_string(),
            "the plugin needs a host that speaks plugin ABI 0.3 or a later 0.x, this one speaks 1.0: \
             rebuild the plugin with a segue-plugin of ABI 1.0"
        );
    }

    proptest! {
        #[test]
        fn noise_is_answered_and_never_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..64)) {
            let header = Header::read(&noise);
            prop_assert_eq!(header.is_ok(), noise.len() >= 24 && noise.starts_with(&MAGIC));
        }
    }
}
