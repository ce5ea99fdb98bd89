//! Sink: writes uncompressed samples, with a header in front or without.
//!
//! In: blocks of planar `f32`. Out: a file or pipe, and in the end what was written. Memory is the
//! same for any length. The header of a recording is made good as it grows.

use std::io::Write;
use std::ops::Range;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::encode::Encoder;
use crate::io::encoding::Encoding;
use crate::io::error::WriteError;
use crate::io::front::Front;
use crate::io::output::Output;
use crate::io::stream::Sink;
use crate::io::upkeep::Upkeep;
use crate::io::written::End;
use crate::io::written::Kept;
use crate::io::written::Written;

/// Bytes written at a time. Calls as small as a block cost more than the work on it; beyond 64 KiB
/// there is little left to win, and it is what a pipe holds.
const WRITE_BYTES: usize = 64 * 1024;

/// A sink for uncompressed samples.
#[derive(Debug)]
pub(crate) struct PcmSink {
    output: Output,
    encoder: Encoder,
    /// The header in front, where there is one.
    header: Option<Box<dyn Front>>,
    /// Frames that a pipe's header promised.
    promised_frames: Option<u64>,
    /// The most frames that the header can say.
    frames_max: u64,
    /// Encoded and not yet written: `bytes[..filled]`.
    bytes: Box<[u8]>,
    filled: usize,
    written: Written,
    upkeep: Upkeep,
}

impl PcmSink {
    /// Writes samples and nothing else.
    pub(crate) fn raw(output: Output, encoding: Encoding, format: &Format) -> Self {
        Self {
            output,
            encoder: Encoder::new(encoding, format.channels()),
            header: None,
            promised_frames: None,
            frames_max: u64::MAX,
            bytes: vec![0; WRITE_BYTES].into_boxed_slice(),
            filled: 0,
            written: Written::default(),
            upkeep: Upkeep::new(format),
        }
    }

    /// Writes samples behind a header, as many as the header has room for.
    pub(crate) fn behind(
        output: Output,
        encoding: Encoding,
        format: &Format,
        header: Box<dyn Front>,
    ) -> Self {
        Self {
            frames_max: header.frames_max(),
            header: Some(header),
            ..Self::raw(output, encoding, format)
        }
    }

    /// Where the header cannot be written again, it says how many `frames` will follow, or that
    /// nobody knows: then there may be any number.
    pub(crate) fn announcing(mut self, frames: Option<u64>) -> Self {
        if self.output.is_rewritable() {
            return self;
        }
        match (frames, &mut self.header) {
            (Some(frames), Some(header)) => header.set_frames(frames),
            (Some(_), None) => {}
            (None, _) => self.frames_max = u64::MAX,
        }
        self.promised_frames = frames;
        self
    }

    /// Writes what is encoded, behind the header.
    fn put_filled(&mut self) -> Result<(), WriteError> {
        if self.written.bytes == 0
            && let Some(header) = self.header.take()
        {
            let result = self.put(header.bytes());
            self.header = Some(header);
            result?;
        }
        let filled = std::mem::take(&mut self.filled);
        let result = self.output.write_all(&self.bytes[..filled]);
        self.written.bytes += filled as u64;
        result.map_err(|source| self.error(source))
    }

    /// Writes bytes that are not samples.
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.written.bytes += bytes.len() as u64;
        let result = self.output.write_all(bytes);
        result.map_err(|source| self.error(source))
    }

    fn error(&self, source: std::io::Error) -> WriteError {
        WriteError::new(self.output.name(), self.written.frames, source)
    }

    /// Bytes in front of the samples.
    fn header_bytes(&self) -> u64 {
        self.header
            .as_ref()
            .map_or(0, |header| header.bytes().len() as u64)
    }

    /// Whole frames that the system took.
    fn frames_out(&self) -> u64 {
        let samples = self.output.written_bytes();
        samples.saturating_sub(self.header_bytes()) / self.encoder.frame_bytes() as u64
    }

    /// Lets the header of a recording say what is there.
    fn make_good(&mut self, frames: u64) -> Result<(), WriteError> {
        let Some(header) = &mut self.header else {
            return Ok(());
        };
        header.set_frames(frames);
        let result = self.output.rewrite_start(header.bytes());
        result.map_err(|source| self.error(source))
    }

    /// Leaves whole frames and a header that says how many.
    fn round_off(&mut self) -> Result<(), WriteError> {
        let (frames, frame_bytes) = (self.frames_out(), self.encoder.frame_bytes() as u64);
        let samples = frames * frame_bytes;
        let cut = self.output.cut(self.header_bytes() + samples);
        cut.map_err(|source| self.error(source))?;
        if samples % 2 == 1 && self.header.is_some() {
            // A full disk has no room for it, and readers do without.
            let _ = self.put(&[0]);
        }
        self.make_good(frames)
    }

    /// Ends the chunk of samples and fills in the sizes in front of it.
    fn finish_header(&mut self) -> Result<(), WriteError> {
        let Some(mut header) = self.header.take() else {
            return Ok(());
        };
        let (frames, frame_bytes) = (self.written.frames, self.encoder.frame_bytes() as u64);
        if frames * frame_bytes % 2 == 1 {
            self.put(&[0])?;
        }
        if let Some(expected) = self.promised_frames.filter(|promised| *promised != frames) {
            return Err(WriteError::Length {
                name: self.output.name().to_owned(),
                found: frames,
                expected,
            });
        }
        if self.output.is_rewritable() {
            header.set_frames(frames);
            let result = self.output.rewrite_start(header.bytes());
            result.map_err(|source| self.error(source))?;
        }
        Ok(())
    }
}

impl Sink for PcmSink {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let frame_bytes = self.encoder.frame_bytes();
        let mut at = frames.start;
        if frames.len() as u64 > self.frames_max - self.written.frames {
            return Err(WriteError::TooLong {
                name: self.output.name().to_owned(),
                frame: self.written.frames,
                expected_bytes: self.frames_max * frame_bytes as u64,
            });
        }
        while at < frames.end {
            let room = (self.bytes.len() - self.filled) / frame_bytes;
            let count = room.min(frames.end - at);
            let end = self.filled + count * frame_bytes;
            let bytes = &mut self.bytes[self.filled..end];
            self.written.clipped += self.encoder.encode(from, at..at + count, bytes);
            self.written.frames += count as u64;
            self.filled = end;
            at += count;
            if self.bytes.len() - self.filled < frame_bytes {
                self.put_filled()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.put_filled()?;
        if self.output.is_recording() && self.upkeep.is_due(self.written.frames) {
            self.make_good(self.written.frames)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.put_filled()?;
        self.finish_header()?;
        let Self {
            output, written, ..
        } = *self;
        let name = output.name().to_owned();
        let result = output.commit();
        result.map_err(|source| WriteError::new(&name, written.frames, source))?;
        Ok(written)
    }

    fn keep(mut self: Box<Self>, end: End) -> Option<Kept> {
        // Before anything is written: a header alone would take the name of what is there.
        if self.output.is_whole_or_nothing() || (self.written.frames == 0 && end == End::Cut) {
            return None;
        }
        let mut trouble = self.put_filled().err();
        let frames = self.frames_out();
        if frames == 0 && end == End::Cut && !self.output.has_taken_name() {
            return None;
        }
        let rounded = match self.output.is_recording() {
            true => self.round_off(),
            false => self.finish_header(),
        };
        trouble = trouble.or(rounded.err());
        let written = Written {
            frames,
            bytes: self.output.written_bytes(),
            ..self.written
        };
        let name = self.output.name().to_owned();
        let committed = self.output.commit();
        let committed = committed.map_err(|source| WriteError::new(&name, frames, source));
        Some(Kept {
            written,
            trouble: trouble.or(committed.err()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::audio::Layout;
    use crate::audio::SampleFormat;
    use crate::io::metadata::Metadata;
    use crate::io::output::unfinished::Named;
    use crate::io::output::unfinished::Overwrite;
    use crate::io::wav::write::Sizes;
    use crate::io::wav::write::WavHeader;

    /// A sink for a mono WAV file of 16 bits, whose short sizes end at 200,000 bytes.
    fn sink(path: &Path, sizes: Sizes) -> Box<PcmSink> {
        let samples = SampleFormat::S16;
        let format = Format::new(48_000, Layout::MONO, samples).unwrap();
        let header = WavHeader::new(&format, samples, &Metadata::default(), sizes);
        let header = header.with_short_bytes_max(200_000);
        let output = Output::create(path, Named::AtTheEnd, Overwrite::Refused, None).unwrap();
        let encoding = Encoding::little(samples);
        let header = Box::new(header);
        Box::new(PcmSink::behind(output, encoding, &format, header).announcing(None))
    }

    #[test]
    fn a_length_that_only_shows_on_the_way_ends_with_an_error_and_no_file() {
        let folder = TempDir::new().unwrap();
        let mut sink = sink(&folder.path().join("out.wav"), Sizes::Short);
        let block = Buffer::new(1, 60_000);
        sink.write(&block, 0..60_000).unwrap();
        sink.write(&block, 0..40_000).unwrap();
        let error = sink.write(&block, 0..1).unwrap_err();
        let expected = "reached the 200000 bytes at which the format ends, after frame 100000";
        assert!(error.to_string().ends_with(expected), "{error}");
        drop(sink);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// Writes silence and reads back the first bytes and how many frames the header declares.
    fn declared(sizes: Sizes, frames: usize) -> (Vec<u8>, u64) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("out.wav");
        let mut sink = sink(&path, sizes);
        sink.write(&Buffer::new(1, frames), 0..frames).unwrap();
        sink.finish().unwrap();
        let mut source = crate::io::open(&path, None).unwrap();
        let declared = source.frames().unwrap();
        let mut into = Buffer::new(1, frames + 1);
        assert_eq!(source.read(&mut into).unwrap() as u64, declared);
        assert_eq!(source.notices(), []);
        (fs::read(&path).unwrap(), declared)
    }

    #[test]
    fn a_file_becomes_rf64_where_short_sizes_end_and_not_before() {
        let (short, frames) = declared(Sizes::Long, 100_000);
        assert_eq!(
            (&short[..4], &short[12..16], frames),
            (&b"RIFF"[..], &b"JUNK"[..], 100_000)
        );
        assert_eq!(short.len(), 36 + 44 + 200_000);
        assert_eq!(short[4..8], (short.len() as u32 - 8).to_le_bytes());
        let (long, frames) = declared(Sizes::Long, 100_001);
        assert_eq!(
            (&long[..8], &long[12..16], frames),
            (&b"RF64\xff\xff\xff\xff"[..], &b"ds64"[..], 100_001)
        );
        let size = |at: usize| u64::from_le_bytes(long[at..at + 8].try_into().unwrap());
        assert_eq!(
            [size(20), size(28), size(36)],
            [long.len() as u64 - 8, 200_002, 100_001]
        );
        assert_eq!(long[72..80], *b"data\xff\xff\xff\xff");
    }

    #[test]
    fn nothing_is_written_in_small_pieces() {
        let folder = TempDir::new().unwrap();
        let mut sink = sink(&folder.path().join("out.wav"), Sizes::Short);
        let block = Buffer::new(1, 64);
        for _ in 0..511 {
            sink.write(&block, 0..64).unwrap();
        }
        assert_eq!(sink.written.bytes, 0);
        sink.write(&block, 0..64).unwrap();
        assert_eq!(sink.written.bytes, 44 + 65_536);
        assert_eq!(sink.finish().unwrap().bytes, 44 + 65_536);
    }
}
