//! Wav: 16-bit stereo in and out, in steps of a fixed size, planar in between.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use pulp::Arch;

/// The canonical header: RIFF, `fmt ` of 16 bytes, `data`.
const HEADER_BYTES: usize = 44;
const FRAME_BYTES: usize = 4;
/// From [-1, 1) to 16 bits.
const SCALE: f32 = 32_768.0;

/// Two planes of samples.
pub(crate) type Planes = [Vec<f32>; 2];

/// Room for so many frames.
pub(crate) fn planes(frames: usize) -> Planes {
    [vec![0.0; frames], vec![0.0; frames]]
}

/// Reads a file of exactly this form.
pub(crate) struct Reader {
    file: File,
    header: [u8; HEADER_BYTES],
    bytes: Vec<u8>,
    arch: Arch,
}

impl Reader {
    pub(crate) fn open(path: &Path, frames: usize) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let stereo = header[22..24] == [2, 0] && header[34..36] == [16, 0];
        if !(stereo && header[..4] == *b"RIFF" && header[36..40] == *b"data") {
            return Err(io::Error::other(
                "expected 16-bit stereo WAV with a header of 44 bytes",
            ));
        }
        let bytes = vec![0; frames * FRAME_BYTES];
        Ok(Self {
            file,
            header,
            bytes,
            arch: Arch::new(),
        })
    }

    /// Fills the planes; returns how many frames there were.
    pub(crate) fn read(&mut self, planes: &mut Planes) -> io::Result<usize> {
        let mut filled = 0;
        while filled < self.bytes.len() {
            match self.file.read(&mut self.bytes[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let frames = filled / FRAME_BYTES;
        let [left, right] = planes;
        let (bytes, left, right) = (
            &self.bytes[..filled],
            &mut left[..frames],
            &mut right[..frames],
        );
        self.arch.dispatch(
            #[inline(always)]
            || split(bytes, left, right),
        );
        Ok(frames)
    }
}

#[inline(always)]
fn split(bytes: &[u8], left: &mut [f32], right: &mut [f32]) {
    let (frames, _) = bytes.as_chunks::<FRAME_BYTES>();
    for ((frame, left), right) in frames.iter().zip(left).zip(right) {
        let [a, b, c, d] = *frame;
        *left = f32::from(i16::from_le_bytes([a, b])) * (1.0 / SCALE);
        *right = f32::from(i16::from_le_bytes([c, d])) * (1.0 / SCALE);
    }
}

/// Writes a file of the same form and length.
pub(crate) struct Writer {
    file: File,
    bytes: Vec<u8>,
    arch: Arch,
}

impl Writer {
    pub(crate) fn create(path: &Path, like: &Reader, frames: usize) -> io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(&like.header)?;
        let bytes = vec![0; frames * FRAME_BYTES];
        Ok(Self {
            file,
            bytes,
            arch: Arch::new(),
        })
    }

    pub(crate) fn write(&mut self, left: &[f32], right: &[f32]) -> io::Result<()> {
        let bytes = &mut self.bytes[..left.len() * FRAME_BYTES];
        self.arch.dispatch(
            #[inline(always)]
            || join(left, right, bytes),
        );
        self.file.write_all(bytes)
    }
}

#[inline(always)]
fn join(left: &[f32], right: &[f32], bytes: &mut [u8]) {
    let (frames, _) = bytes.as_chunks_mut::<FRAME_BYTES>();
    for ((frame, left), right) in frames.iter_mut().zip(left).zip(right) {
        let [a, b] = pcm(*left).to_le_bytes();
        let [c, d] = pcm(*right).to_le_bytes();
        *frame = [a, b, c, d];
    }
}

/// To the nearest, halves to even: beside 1.5 times 2^23 a float has no bits below 1, and its low
/// 16 bits are the integer.
#[inline(always)]
fn pcm(sample: f32) -> i16 {
    const MIDDLE: f32 = 12_582_912.0;
    let scaled = (sample * SCALE).clamp(-SCALE, SCALE - 1.0);
    (scaled + MIDDLE).to_bits() as i16
}
