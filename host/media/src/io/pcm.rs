//! Pcm: reads uncompressed samples, whatever header stood in front of them.
//!
//! In: a file or pipe that stands at the first sample. Out: blocks of planar `f32`, and in the end
//! what was wrong with the length. Memory is the same for any length.

use std::io;
use std::io::Read;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::io::decode::Decoder;
use crate::io::encoding::Encoding;
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Source;

/// Bytes read at a time. Calls as small as a block cost more than the work on it; beyond 64 KiB
/// there is little left to win, and it is what a pipe holds.
const READ_BYTES: usize = 64 * 1024;

/// What is known about uncompressed samples before the first is read.
#[derive(Debug)]
pub(crate) struct Pcm {
    /// Rate, layout and stored form.
    pub(crate) format: Format,
    /// The order of bytes goes with it.
    pub(crate) encoding: Encoding,
    /// For each channel of the layout the one of the input; empty where that is the same order.
    pub(crate) order: Vec<usize>,
    /// Bytes of samples as declared; `None` when they go on until the input ends.
    pub(crate) declared_bytes: Option<u64>,
    /// Bytes that are there; `None` for a pipe, where what is declared is a hint.
    pub(crate) present_bytes: Option<u64>,
    /// Tags.
    pub(crate) metadata: Metadata,
    /// What the header already gave reason to say.
    pub(crate) notices: Vec<Notice>,
}

/// A source of uncompressed samples.
#[derive(Debug)]
pub(crate) struct PcmSource<R> {
    name: String,
    file_id: Option<FileId>,
    pcm: Pcm,
    decoder: Decoder,
    input: R,
    /// Bytes that may still be taken from the input.
    remaining_bytes: u64,
    /// Read and not yet decoded: `bytes[start..end]`.
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    frames_read: u64,
    ended: bool,
}

impl<R: Read + Send> PcmSource<R> {
    /// Reads samples from where `input` stands.
    pub(crate) fn new(name: String, file_id: Option<FileId>, input: R, mut pcm: Pcm) -> Self {
        pcm.notices.extend(pcm.metadata.notices());
        Self {
            name,
            file_id,
            decoder: Decoder::new(pcm.encoding, pcm.format.channels())
                .in_order(std::mem::take(&mut pcm.order)),
            input,
            remaining_bytes: pcm.declared_bytes.unwrap_or(u64::MAX),
            bytes: vec![0; READ_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            frames_read: 0,
            ended: false,
            pcm,
        }
    }

    /// Decodes what is there, as far as it is whole frames and fits.
    fn take_frames(&mut self, into: &mut Buffer, at: usize) -> usize {
        let frame_bytes = self.decoder.frame_bytes();
        let frames = ((self.end - self.start) / frame_bytes).min(into.frames_max() - at);
        let bytes = &mut self.bytes[self.start..self.start + frames * frame_bytes];
        self.decoder.decode(bytes, into, at);
        self.start += bytes.len();
        frames
    }

    /// Reads on, after less than a frame was left; returns whether the input has ended.
    fn refill(&mut self) -> io::Result<bool> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = (self.bytes.len() - self.end) as u64;
        let wanted = room.min(self.remaining_bytes) as usize;
        let space = &mut self.bytes[self.end..self.end + wanted];
        let read = loop {
            match self.input.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.end += read;
        self.remaining_bytes -= read as u64;
        Ok(read == 0)
    }

    /// Says what was wrong with the length, once.
    fn end(&mut self) {
        self.ended = true;
        let expected_bytes = self.decoder.frame_bytes() as u64;
        let found_bytes = (self.end - self.start) as u64;
        if found_bytes > 0 {
            self.pcm.notices.push(Notice::PartialFrame {
                found_bytes,
                expected_bytes,
            });
        }
        let expected = self.pcm.declared_bytes.map(|bytes| bytes / expected_bytes);
        if let Some(expected) = expected.filter(|expected| *expected > self.frames_read) {
            let found = self.frames_read;
            self.pcm.notices.push(match self.pcm.present_bytes {
                Some(_) => Notice::Short { expected, found },
                None => Notice::Announced { expected, found },
            });
        }
    }
}

impl<R: Read + Send> Source for PcmSource<R> {
    fn format(&self) -> &Format {
        &self.pcm.format
    }

    fn frames(&self) -> Option<u64> {
        let bytes = match (self.pcm.declared_bytes, self.pcm.present_bytes) {
            (Some(declared), Some(present)) => declared.min(present),
            (declared, present) => declared.or(present)?,
        };
        Some(bytes / self.decoder.frame_bytes() as u64)
    }

    fn metadata(&self) -> &Metadata {
        &self.pcm.metadata
    }

    fn notices(&self) -> &[Notice] {
        &self.pcm.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.file_id
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let mut frames = 0;
        loop {
            frames += self.take_frames(into, frames);
            if frames == into.frames_max() || self.ended {
                break;
            }
            let ended = self.refill().map_err(|source| ReadError::Io {
                name: self.name.clone(),
                frame: self.frames_read + frames as u64,
                source,
            })?;
            if ended {
                self.frames_read += frames as u64;
                self.end();
                return Ok(frames);
            }
        }
        self.frames_read += frames as u64;
        Ok(frames)
    }
}

/// The notice for samples of a width that `f32` cannot keep, where it has one.
pub(crate) fn rounded(samples: SampleFormat) -> Option<Notice> {
    let rounded = matches!(samples, SampleFormat::S32 | SampleFormat::F64);
    rounded.then_some(Notice::Rounded { from: samples })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::audio::Layout;

    /// Gives its bytes with an interruption before each piece, then fails.
    struct Failing {
        bytes: Cursor<Vec<u8>>,
        interrupted: bool,
    }

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match self.bytes.read(buffer)? {
                0 => Err(io::ErrorKind::TimedOut.into()),
                read => Ok(read),
            }
        }
    }

    fn pcm() -> Pcm {
        Pcm {
            format: Format::new(8_000, Layout::MONO, SampleFormat::S16).unwrap(),
            encoding: Encoding::little(SampleFormat::S16),
            order: Vec::new(),
            declared_bytes: None,
            present_bytes: None,
            metadata: Metadata::default(),
            notices: Vec::new(),
        }
    }

    #[test]
    fn an_input_that_fails_says_where_and_an_interruption_is_nothing() {
        let input = Failing {
            bytes: Cursor::new(vec![0; 2_001]),
            interrupted: false,
        };
        let mut source = PcmSource::new("a.wav".to_owned(), None, input, pcm());
        let mut block = Buffer::new(1, 600);
        assert_eq!(source.read(&mut block).unwrap(), 600);
        let error = source.read(&mut block).unwrap_err();
        assert_eq!(error.to_string(), "a.wav cannot be read beyond frame 1000");
    }

    #[test]
    fn tags_that_were_left_out_are_said() {
        let mut pcm = pcm();
        pcm.metadata.leave_out(3);
        let source = PcmSource::new(String::new(), None, io::empty(), pcm);
        assert_eq!(source.notices(), [Notice::TagsLeftOut { count: 3 }]);
    }

    #[test]
    fn memory_is_the_same_for_any_length() {
        let endless = io::repeat(1);
        let mut source = PcmSource::new(String::new(), None, endless, pcm());
        let mut block = Buffer::new(1, 100_000);
        for _ in 0..20 {
            assert_eq!(source.read(&mut block).unwrap(), 100_000);
        }
        assert_eq!(source.bytes.len(), READ_BYTES);
        assert_eq!(source.frames(), None);
    }
}
