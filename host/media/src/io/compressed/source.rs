//! Source: what symphonia decodes, block by block.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`.

use std::io;

use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::compressed::CompressedError;
use crate::io::compressed::open::NoLink;
use crate::io::compressed::open::Opened;
use crate::io::compressed::open::open;
use crate::io::error::ReadError;
use crate::io::foreign::copied;
use crate::io::foreign::{Harm, contained};
use crate::io::input::FileId;
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::pcm::rounded;
use crate::io::signature::Kind;
use crate::io::stream::Effort;
use crate::io::stream::Source;

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
enum NoBlock {
    End,
    /// The input ended within what it holds.
    Cut,
    Damaged(String),
    /// Another stream follows, of this rate in Hz and so many channels.
    Changed(u32, usize),
}

impl From<Harm> for NoBlock {
    fn from(found: Harm) -> Self {
        Self::Damaged(found.to_string())
    }
}

impl From<NoLink> for NoBlock {
    fn from(found: NoLink) -> Self {
        Self::Damaged(found.to_string())
    }
}

/// What a reader has next.
enum Next {
    Packet(Packet),
    /// The first of another stream.
    Link,
    End,
    Cut,
}

impl CompressedSource {
    /// Opens a stream of a kind at its first byte.
    pub(crate) fn new(input: Input, kind: Kind) -> Result<Self, CompressedError> {
        let (name, file_id) = (input.name.clone(), input.file_id);
        let opened = open(input, kind)?;
        let layout = opened.channels.layout;
        let format = Format::new(opened.sample_rate_hz, layout, opened.samples)?;
        let notices = rounded(opened.samples).into_iter();
        let notices = notices.chain(opened.metadata.notices()).collect();
        let mut source = Self {
            name,
            file_id,
            format,
            notices,
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
            Err(NoBlock::Damaged(found)) => Err(CompressedError::Unreadable { found }),
            Ok(()) | Err(NoBlock::End | NoBlock::Cut | NoBlock::Changed(..)) => Ok(source),
        }
    }

    /// Decodes the next block that has frames to be heard.
    fn next_block(&mut self) -> Result<(), NoBlock> {
        while self.start == self.end {
            let packet = self.next_packet()?;
            self.decode(&packet)?;
            let skipped = self.skip_frames.min(self.end as u64);
            self.skip_frames -= skipped;
            self.start = skipped as usize;
        }
        Ok(())
    }

    /// The next packet of the track.
    fn next_packet(&mut self) -> Result<Packet, NoBlock> {
        loop {
            let reader = &mut self.opened.reader;
            let next = contained(|| match reader.next_packet() {
                Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Ok(Next::Cut)
                }
                Err(Error::ResetRequired) => Ok(Next::Link),
                packet => Ok(packet?.map_or(Next::End, Next::Packet)),
            });
            match next? {
                Next::Packet(packet) if packet.track_id == self.opened.track => return Ok(packet),
                Next::Packet(_) => {}
                Next::Link => self.next_link()?,
                Next::Cut => return Err(NoBlock::Cut),
                Next::End => return Err(NoBlock::End),
            }
        }
    }

    /// Goes over to the next stream of a chain, if it is like the first.
    fn next_link(&mut self) -> Result<(), NoBlock> {
        self.check_sum();
        let (rate, channels) = (self.format.sample_rate_hz(), self.format.channels());
        let (found_rate, found_channels) = self.opened.next_link()?;
        if (found_rate, found_channels) != (rate, channels) {
            return Err(NoBlock::Changed(found_rate, found_channels));
        }
        Ok(())
    }

    /// Holds what was decoded against what its stream says of it, where it says something.
    fn check_sum(&mut self) {
        let is_wrong = self.opened.decoder.finalize().verify_ok == Some(false);
        if is_wrong && !self.notices.contains(&Notice::Checksum) {
            self.notices.push(Notice::Checksum);
        }
    }

    /// Decodes a packet into the block, if it has the shape of the stream.
    fn decode(&mut self, packet: &Packet) -> Result<(), Harm> {
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

    /// Says what was wrong with the end, once.
    fn end(&mut self, end: &NoBlock) {
        self.ended = true;
        let found = self.frames_read;
        let is_file = self.file_id.is_some();
        let short = self.opened.length.filter(|expected| *expected > found);
        // Only Ogg marks the end of a stream. Of a pipe the reader knows whether it saw the mark.
        let is_unmarked = matches!(end, NoBlock::Cut) && self.opened.kind == Kind::Ogg;
        let is_cut = is_unmarked || self.opened.is_cut;
        match (short, is_cut) {
            (Some(expected), _) if is_file => self.notices.push(Notice::Short { expected, found }),
            (Some(expected), _) => self.notices.push(Notice::Announced { expected, found }),
            (None, true) if is_file => self.notices.push(Notice::Cut { found }),
            (None, true) => self.notices.push(Notice::Unfinished { found }),
            (None, false) => self.check_sum(),
        }
    }

    /// Ends the stream; an error where it stopped at neither its end nor the end of the input.
    fn stop(&mut self, stop: NoBlock) -> Result<(), ReadError> {
        let (name, frame) = (self.name.clone(), self.frames_read);
        if let Some(failure) = self.opened.failure.get() {
            let source = copied(failure);
            return Err(ReadError::Io {
                name,
                frame,
                source,
            });
        }
        match stop {
            NoBlock::End | NoBlock::Cut => {
                self.end(&stop);
                Ok(())
            }
            NoBlock::Damaged(found) => {
                self.ended = true;
                Err(ReadError::Damaged { name, frame, found })
            }
            NoBlock::Changed(rate, channels) => {
                self.ended = true;
                Err(ReadError::Changed {
                    name,
                    frame,
                    found: (rate, channels),
                    expected: (self.format.sample_rate_hz(), self.format.channels()),
                })
            }
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
        self.opened.length
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
                self.end(&NoBlock::End);
                break;
            }
            let taken = match self.next_block() {
                Ok(()) => self.take_frames(into, frames),
                Err(stop) => {
                    self.stop(stop)?;
                    break;
                }
            };
            frames += taken;
        }
        Ok(frames)
    }
}
