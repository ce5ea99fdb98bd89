//! Flac: reads FLAC files and streams, decoded by symphonia, and writes them.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`.
//!
//! The decoder sees stream information and frames, nothing else: tags and pictures are read or
//! passed over by `header`, within its bounds. What it makes of hostile bytes is contained here: a
//! panic, a gap or a change of shape is a damaged stream. Source: RFC 9639.

mod bits;
mod frame;
mod header;
mod predict;
mod rice;
pub(crate) mod write;

use std::io;
use std::io::Cursor;
use std::io::Read;
use std::sync::Arc;
use std::sync::OnceLock;

use symphonia::core::audio::Audio;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::io::MediaSourceStreamOptions;
use symphonia::core::io::ReadOnlySource;
use symphonia::core::packet::Packet;
use symphonia::default::codecs::FlacDecoder;
use symphonia::default::formats::FlacReader;

pub use crate::io::flac::header::FlacError;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::Effort;
use crate::io::Source;
use crate::io::decode::full_scale;
use crate::io::error::ReadError;
use crate::io::flac::header::Header;
use crate::io::foreign::Watched;
use crate::io::foreign::contained;
use crate::io::foreign::copied;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;

/// Bit of a frame's second byte: blocks are numbered by sample, not by block.
const NUMBERED_BY_SAMPLE: u8 = 1;

/// A source of FLAC.
pub(crate) struct FlacSource {
    name: String,
    file_id: Option<FileId>,
    header: Header,
    /// `None` for a stream of no frames at all, which the reader would take for a damaged one.
    stream: Option<(FlacReader<'static>, FlacDecoder)>,
    /// What the system said when it could not read on; the decoder takes it for the end.
    failure: Arc<OnceLock<io::Error>>,
    /// Frames of the decoder's block that were not handed on: `start..end`.
    start: usize,
    end: usize,
    blocks: u64,
    frames_decoded: u64,
    frames_read: u64,
    ended: bool,
}

/// Why no further block came.
enum Stop {
    End,
    Damaged(String),
}

impl FlacSource {
    /// Reads the header from the first byte of `input` on.
    pub(crate) fn new(
        name: String,
        file_id: Option<FileId>,
        mut input: impl Read + Send + Sync + 'static,
    ) -> Result<Self, FlacError> {
        let header = header::read(&mut input)?;
        let mut first = Vec::new();
        let read = input.by_ref().take(1).read_to_end(&mut first);
        let is_empty = read.is_ok_and(|read| read == 0) && header.frames.is_none();
        let failure = Arc::new(OnceLock::new());
        let watched = Watched::new(
            Cursor::new([header.stream_start(), first].concat()).chain(input),
            Arc::clone(&failure),
        );
        let stream = MediaSourceStream::new(
            Box::new(ReadOnlySource::new(watched)),
            MediaSourceStreamOptions::default(),
        );
        let stream = if is_empty {
            None
        } else {
            let opened = contained(|| open(stream));
            Some(opened.map_err(|found| FlacError::NoFrames { found })?)
        };
        Ok(Self {
            name,
            file_id,
            header,
            stream,
            failure,
            start: 0,
            end: 0,
            blocks: 0,
            frames_decoded: 0,
            frames_read: 0,
            ended: false,
        })
    }

    /// Decodes the next block.
    fn next_block(&mut self) -> Result<(), Stop> {
        let Some((reader, _)) = &mut self.stream else {
            return Err(Stop::End);
        };
        let packet = match contained(|| next_packet(reader)).map_err(Stop::Damaged)? {
            Some(packet) => packet,
            None => return Err(Stop::End),
        };
        self.check_place(&packet)?;
        let Some((_, decoder)) = &mut self.stream else {
            return Err(Stop::End);
        };
        let decoded = contained(|| {
            let frames = decoder.decode_ref(&packet.as_packet_ref())?.frames();
            Ok(frames)
        });
        let frames = decoded.map_err(Stop::Damaged)?;
        (self.start, self.end) = (0, frames);
        self.blocks += 1;
        self.frames_decoded += frames as u64;
        Ok(())
    }

    /// Makes sure that the block follows the one before. Blocks with a wrong checksum are passed
    /// over by the reader, and what comes next must not move into their place.
    fn check_place(&self, packet: &Packet) -> Result<(), Stop> {
        let by_sample = packet
            .data
            .get(1)
            .is_some_and(|byte| byte & NUMBERED_BY_SAMPLE != 0);
        let start = u64::try_from(packet.pts.get()).unwrap_or(u64::MAX);
        // The reader multiplies the number of a block by the stream's block size, or by the
        // block's own where the stream says that blocks differ.
        let block_frames = self.header.block_frames().unwrap_or(packet.dur.get());
        let follows = if by_sample {
            start == self.frames_decoded
        } else {
            start == self.blocks * block_frames
        };
        if follows {
            Ok(())
        } else {
            Err(Stop::Damaged("a block is missing or damaged".to_owned()))
        }
    }

    /// Copies what is left of the decoder's block, as far as it fits and was declared.
    fn take_frames(&mut self, into: &mut Buffer, at: usize) -> Result<usize, Stop> {
        let wanted = (into.frames_max() - at) as u64;
        let declared = self.header.frames.map(|frames| frames - self.frames_read);
        let wanted = wanted.min(declared.unwrap_or(u64::MAX));
        let frames = (self.end - self.start).min(wanted as usize);
        if frames == 0 {
            return Ok(0);
        }
        let changed = || Stop::Damaged("a block has other channels".to_owned());
        let decoded = self
            .stream
            .as_ref()
            .map(|(_, decoder)| decoder.last_decoded());
        let Some(GenericAudioBufferRef::S32(block)) = decoded else {
            return Err(changed());
        };
        for (channel, plane) in into.iter_mut().enumerate() {
            let block = block.plane(channel).ok_or_else(changed)?;
            let from = &block[self.start..self.start + frames];
            for (sample, integer) in plane[at..at + frames].iter_mut().zip(from) {
                *sample = full_scale(*integer);
            }
        }
        self.start += frames;
        self.frames_read += frames as u64;
        Ok(frames)
    }

    /// Whether all frames that the header declares were handed on.
    fn is_complete(&self) -> bool {
        self.header.frames == Some(self.frames_read)
    }

    /// Says what was wrong with the length, once.
    fn end(&mut self) {
        self.ended = true;
        let Some(expected) = self.header.frames else {
            return;
        };
        if self.frames_read < expected {
            self.header.notices.push(Notice::Short {
                expected,
                found: self.frames_read,
            });
        } else if self.start < self.end || self.next_block().is_ok() {
            self.header.notices.push(Notice::Long { expected });
        }
    }

    /// The error for a stream that stopped at neither its end nor the end of the input.
    fn error(&self, found: String) -> ReadError {
        let (name, frame) = (self.name.clone(), self.frames_read);
        match self.failure.get() {
            Some(failure) => ReadError::Io {
                name,
                frame,
                source: copied(failure),
            },
            None => ReadError::Damaged { name, frame, found },
        }
    }
}

impl Source for FlacSource {
    fn effort(&self) -> Effort {
        Effort::Large
    }

    fn format(&self) -> &Format {
        &self.header.format
    }

    fn frames(&self) -> Option<u64> {
        self.header.frames
    }

    fn metadata(&self) -> &Metadata {
        &self.header.metadata
    }

    fn notices(&self) -> &[Notice] {
        &self.header.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.file_id
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let channels = self.header.format.channels();
        assert_eq!(into.channels(), channels, "a buffer for the format");
        let mut frames = 0;
        while !self.ended && frames < into.frames_max() {
            let taken = match self.take_frames(into, frames) {
                Ok(0) if self.is_complete() => Err(Stop::End),
                Ok(0) => self.next_block().map(|()| 0),
                taken => taken,
            };
            match taken {
                Ok(taken) => frames += taken,
                Err(Stop::End) if self.failure.get().is_none() => self.end(),
                Err(Stop::End) => return Err(self.error(String::new())),
                Err(Stop::Damaged(found)) => {
                    self.ended = true;
                    return Err(self.error(found));
                }
            }
        }
        Ok(frames)
    }
}

/// Reader and decoder for a stream.
fn open(stream: MediaSourceStream<'static>) -> Result<(FlacReader<'static>, FlacDecoder), Error> {
    let reader = FlacReader::try_new(stream, FormatOptions::default())?;
    let track = reader.tracks().first();
    let Some(CodecParameters::Audio(parameters)) =
        track.and_then(|track| track.codec_params.as_ref())
    else {
        return Err(Error::DecodeError("no audio"));
    };
    let decoder = FlacDecoder::try_new(parameters, &AudioDecoderOptions::default())?;
    Ok((reader, decoder))
}

/// The next packet; `None` at the end, and where the stream is cut off.
fn next_packet(reader: &mut FlacReader<'static>) -> Result<Option<Packet>, Error> {
    match reader.next_packet() {
        Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        packet => packet,
    }
}

#[cfg(test)]
mod tests;
