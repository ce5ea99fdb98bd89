//! Sum: what the samples of a stream add up to, as its header may say (MD5).
//!
//! In: blocks as they are decoded. Out: whether all of them are what was encoded.

use symphonia::core::checksum::Md5;
use symphonia::core::io::Monitor;

use crate::io::flac::decode::FrameDecoder;

/// Bytes of a sum. All of them are 0 where nobody made one.
pub(crate) const SUM_BYTES: usize = 16;

/// The sum of a stream as far as it was decoded, and what it is to be in the end.
pub(crate) struct StreamSum {
    expected: [u8; SUM_BYTES],
    found: Md5,
    /// A block as it is summed up: little-endian, channel beside channel.
    bytes: Vec<u8>,
}

impl StreamSum {
    /// For a stream whose header has these bytes for it; `None` where they say nothing.
    pub(crate) fn new(expected: [u8; SUM_BYTES]) -> Option<Self> {
        (expected != [0; SUM_BYTES]).then(|| Self {
            expected,
            found: Md5::default(),
            bytes: Vec::new(),
        })
    }

    /// Adds the last block of a decoder.
    pub(crate) fn add(&mut self, decoder: &FrameDecoder) {
        let facts = decoder.facts();
        let (width, channels) = (facts.bits.div_ceil(8) as usize, facts.channels);
        let frames = decoder.channel(0).len();
        self.bytes.resize(frames * channels * width, 0);
        for channel in 0..channels {
            let samples = decoder.channel(channel);
            let into = self.bytes.chunks_exact_mut(width);
            let into = into.skip(channel).step_by(channels);
            match width {
                1 => put::<1>(samples, into),
                2 => put::<2>(samples, into),
                3 => put::<3>(samples, into),
                _ => put::<4>(samples, into),
            }
        }
        self.found.process_buf_bytes(&self.bytes);
    }

    /// Whether everything that was added is what was encoded.
    pub(crate) fn is_right(&self) -> bool {
        self.found.md5() == self.expected
    }
}

/// Samples as little-endian bytes, each into its own place.
fn put<'a, const BYTES: usize>(samples: &[i32], into: impl Iterator<Item = &'a mut [u8]>) {
    for (sample, into) in samples.iter().zip(into) {
        into[..BYTES].copy_from_slice(&sample.to_le_bytes()[..BYTES]);
    }
}
