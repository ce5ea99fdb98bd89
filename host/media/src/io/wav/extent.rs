//! Extent: how many samples a WAV file has, by sizes that may stand for none.
//!
//! In: the sizes of a header. Out: bytes of samples, as declared and as present. A size of whoever
//! writes to a pipe is one that nobody comes back to correct.
//!
//! Pure.

use crate::io::wav::SIZE_UNKNOWN;

/// The sizes of a whole file that stand for one that nobody knows, since no header can say more:
/// SoX and Liquidsoap write the first or the second, others the last.
const SIZES_UNKNOWN: [u32; 3] = [0x7fff_ffff, 0xefff_ffff, u32::MAX];

/// How much less than those the size of the samples is: that of the header, and what rounding to
/// whole frames or pages takes.
const SIZE_UNKNOWN_MARGIN: u32 = 64 * 1024;

/// The samples as the chunk headers describe them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) riff_size: u32,
    pub(crate) data_size: u32,
    /// Where the samples begin.
    pub(crate) position: u64,
    /// Bytes of the whole file; `None` for a pipe.
    pub(crate) file_bytes: Option<u64>,
}

impl Extent {
    /// Bytes of samples that are declared; `None` when they go on to the end of the input.
    pub(crate) fn declared_bytes(&self, long_size: Option<u64>) -> Option<u64> {
        match self.data_size {
            SIZE_UNKNOWN => long_size,
            0 if self.is_unfinished() => None,
            size if self.is_placeholder(size) => None,
            size => Some(u64::from(size)),
        }
    }

    /// Whether a size of 0 is one that nobody came back to fill in, rather than an empty file.
    fn is_unfinished(&self) -> bool {
        let header_only = self.position - 8;
        is_unknown(self.riff_size) || u64::from(self.riff_size) <= header_only
    }

    /// Whether a size stands for one that nobody knew. A file that has as much does know.
    fn is_placeholder(&self, size: u32) -> bool {
        let present = self.present_bytes();
        is_unknown(size) && present.is_none_or(|present| present < u64::from(size))
    }

    /// Bytes from the first sample to the end of the file, where that is known.
    pub(crate) fn present_bytes(&self) -> Option<u64> {
        Some(self.file_bytes?.saturating_sub(self.position))
    }
}

/// Whether a size is, but for a header, one of those that stand for an unknown one.
fn is_unknown(size: u32) -> bool {
    let margins = SIZES_UNKNOWN.map(|unknown| unknown.checked_sub(size));
    let mut margins = margins.into_iter().flatten();
    margins.any(|margin| margin < SIZE_UNKNOWN_MARGIN)
}
