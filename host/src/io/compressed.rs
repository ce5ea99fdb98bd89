//! Compressed: reads MP3, Ogg Vorbis, AAC and ALAC, decoded by symphonia.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`, without the frames that
//! encoders put in front and behind: as many as went into the encoder, where the file says so.
//!
//! What the decoder makes of hostile bytes is contained here: a panic, or a change of shape, is a
//! damaged stream. Memory is bounded by the decoder's own limits and one block.

mod mp4;
mod open;
mod tags;
mod vorbis;

use std::io;

use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::FormatError;
use crate::io::Effort;
use crate::io::Source;
use crate::io::compressed::open::Opened;
use crate::io::compressed::open::open;
use crate::io::error::ReadError;
use crate::io::foreign::contained;
use crate::io::foreign::copied;
use crate::io::input::FileId;
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::pcm::rounded;
use crate::io::signature::Kind;

/// What is wrong with a compressed file.
#[derive(Debug, thiserror::Error)]
pub enum CompressedError {
    /// Container or codec is beyond what the decoder knows, or damaged.
    #[error("it has no audio that can be decoded: {found}")]
    Unreadable {
        /// What the decoder said.
        found: String,
    },
    /// There is a container and no audio in it.
    #[error("it has no audio")]
    NoAudio,
    /// Nothing says at which rate, or how many channels.
    #[error("nothing says its sample rate and channels")]
    NoFormat,
    /// Rate or channels are beyond their bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// A source of compressed audio.
pub(crate) struct CompressedSource {
    name: String,
    file_id: Option<FileId>,
    format: Format,
    opened: Opened,
    notices: Vec<Notice>,
    /// The decoder's block, channel by channel; `start..end` was not handed on.
    block: Vec<Vec<f32>>,
    start: usize,
    end: usize,
    /// Frames that are still to be left out in front.
    skip_frames: u64,
    frames_read: u64,
    ended: bool,
}

/// Why no further block came.
enum Stop {
    End,
    Damaged(String),
}

impl CompressedSource {
    /// Opens a stream of a kind at its first byte.
    pub(crate) fn new(input: Input, kind: Kind) -> Result<Self, CompressedError> {
        let (name, file_id) = (input.name.clone(), input.file_id);
        let opened = open(input, kind)?;
        let layout = opened.channels.layout;
        let format = Format::new(opened.sample_rate_hz, layout, opened.samples)?;
        let notices = [rounded(opened.samples), opened.metadata.notice()];
        let mut source = Self {
            name,
            file_id,
            format,
            notices: notices.into_iter().flatten().collect(),
            block: Vec::new(),
            start: 0,
            end: 0,
            skip_frames: opened.edit.skip_frames,
            frames_read: 0,
            ended: false,
            opened,
        };
        // A stream whose very first block is beyond the decoder is better refused than begun.
        match source.next_block() {
            Err(Stop::Damaged(found)) => Err(CompressedError::Unreadable { found }),
            Ok(()) | Err(Stop::End) => Ok(source),
        }
    }

    /// Decodes the next block that has frames to be heard.
    fn next_block(&mut self) -> Result<(), Stop> {
        while self.start == self.end {
            let packet = self.next_packet()?;
            self.decode(&packet).map_err(Stop::Damaged)?;
            let skipped = self.skip_frames.min(self.end as u64);
            self.skip_frames -= skipped;
            self.start = skipped as usize;
        }
        Ok(())
    }

    /// The next packet of the track.
    fn next_packet(&mut self) -> Result<Packet, Stop> {
        loop {
            let reader = &mut self.opened.reader;
            let packet = contained(|| match reader.next_packet() {
                Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Ok(None)
                }
                packet => packet,
            });
            match packet.map_err(Stop::Damaged)? {
                Some(packet) if packet.track_id == self.opened.track => return Ok(packet),
                Some(_) => {}
                None => return Err(Stop::End),
            }
        }
    }

    /// Decodes a packet into the block, if it has the shape of the stream.
    fn decode(&mut self, packet: &Packet) -> Result<(), String> {
        let (decoder, block) = (&mut self.opened.decoder, &mut self.block);
        let (rate, channels) = (self.format.sample_rate_hz(), self.format.channels());
        self.end = contained(|| {
            let decoded = decoder.decode(packet)?;
            if decoded.frames() == 0 {
                return Ok(0);
            }
            let found = (decoded.spec().rate(), decoded.spec().channels().count());
            if found != (rate, channels) {
                return Err(Error::DecodeError(
                    "a block has another rate or other channels",
                ));
            }
            decoded.copy_to_vecs_planar(block);
            Ok(decoded.frames())
        })?;
        self.start = 0;
        Ok(())
    }

    /// Copies what is left of the decoder's block, as far as it fits and is to be heard.
    fn take_frames(&mut self, into: &mut Buffer, at: usize) -> usize {
        let room = into.frames_max() - at;
        let left = self.opened.edit.frames.unwrap_or(u64::MAX) - self.frames_read;
        let frames = (self.end - self.start)
            .min(room)
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        for (channel, plane) in into.iter_mut().enumerate() {
            let channel = self.opened.channels.order.get(channel).unwrap_or(&channel);
            let from = &self.block[*channel][self.start..self.start + frames];
            plane[at..at + frames].copy_from_slice(from);
        }
        self.start += frames;
        self.frames_read += frames as u64;
        frames
    }

    /// Whether all frames that the file declares were handed on; what follows fills its last block.
    fn is_complete(&self) -> bool {
        self.opened.edit.frames == Some(self.frames_read)
    }

    /// Says what was wrong with the length, once.
    fn end(&mut self) {
        self.ended = true;
        let expected = self.opened.edit.frames;
        if let Some(expected) = expected.filter(|expected| *expected > self.frames_read) {
            self.notices.push(Notice::Short {
                expected,
                found: self.frames_read,
            });
        }
    }

    /// The error for a stream that stopped at neither its end nor the end of the input.
    fn error(&self, found: String) -> ReadError {
        let (name, frame) = (self.name.clone(), self.frames_read);
        match self.opened.failure.get() {
            Some(failure) => ReadError::Io {
                name,
                frame,
                source: copied(failure),
            },
            None => ReadError::Damaged { name, frame, found },
        }
    }
}

impl Source for CompressedSource {
    fn effort(&self) -> Effort {
        Effort::Large
    }

    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        self.opened.edit.frames
    }

    fn metadata(&self) -> &Metadata {
        &self.opened.metadata
    }

    fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.file_id
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        assert_eq!(
            into.channels(),
            self.format.channels(),
            "a buffer for the format"
        );
        let mut frames = 0;
        while !self.ended && frames < into.frames_max() {
            if self.is_complete() {
                self.end();
                break;
            }
            let taken = match self.next_block() {
                Ok(()) => self.take_frames(into, frames),
                Err(Stop::End) if self.opened.failure.get().is_none() => {
                    self.end();
                    break;
                }
                Err(Stop::End) => return Err(self.error(String::new())),
                Err(Stop::Damaged(found)) => {
                    self.ended = true;
                    return Err(self.error(found));
                }
            };
            frames += taken;
        }
        Ok(frames)
    }
}
