//! Source: FLAC, read block by block.
//!
//! In: a file or pipe at its first byte. Out: blocks of planar `f32`.

use std::io::Read;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::decode::full_scale;
use crate::io::error::ReadError;
use crate::io::flac::FlacError;
use crate::io::flac::decode::FrameDecoder;
use crate::io::flac::decode::Place;
use crate::io::flac::decode::is_start;
use crate::io::flac::header;
use crate::io::flac::header::FlacHeader;
use crate::io::flac::input::BitInput;
use crate::io::flac::input::Flaw;
use crate::io::flac::sum::StreamSum;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Effort;
use crate::io::stream::Source;

/// How tags begin that other programs put behind the last block: ID3, of both versions, APE and
/// Lyrics3.
const TAGS: [&[u8]; 4] = [b"TAG", b"ID3", b"APET", b"LYRI"];

/// A source of FLAC.
pub(crate) struct FlacSource {
    name: String,
    file_id: Option<FileId>,
    header: FlacHeader,
    input: BitInput<Box<dyn Read + Send>>,
    decoder: FrameDecoder,
    /// Where the first block says that it stands: of a stream that was cut out of another, not at 0.
    first: Option<Place>,
    /// What the samples add up to so far, where the stream says what it is to be.
    sum: Option<StreamSum>,
    /// Why there was no first block, until somebody reads.
    stopped: Option<Flaw>,
    /// Frames of the decoder's block that were not handed on: `start..end`.
    start: usize,
    end: usize,
    blocks: u64,
    frames_decoded: u64,
    frames_read: u64,
    ended: bool,
}

impl FlacSource {
    /// Reads the header from the first byte of `input` on, and the first block.
    pub(crate) fn new(
        name: String,
        file_id: Option<FileId>,
        mut input: impl Read + Send + 'static,
    ) -> Result<Self, FlacError> {
        let header = header::read(&mut input)?;
        let mut source = Self {
            name,
            file_id,
            decoder: FrameDecoder::new(header.facts),
            input: BitInput::new(Box::new(input)),
            first: None,
            sum: StreamSum::new(header.sum),
            stopped: None,
            start: 0,
            end: 0,
            blocks: 0,
            frames_decoded: 0,
            frames_read: 0,
            ended: false,
            header,
        };
        // A stream whose very first block cannot be decoded is better refused than begun.
        match source.next_block() {
            Err(Flaw::Damaged(found)) => {
                let found = found.to_owned();
                return Err(FlacError::NoFrames { found });
            }
            Err(flaw) => source.stopped = Some(flaw),
            Ok(_) => {}
        }
        Ok(source)
    }

    /// Decodes the next block; returns whether there is one.
    fn next_block(&mut self) -> Result<bool, Flaw> {
        if let Some(stopped) = self.stopped.take() {
            return Err(stopped);
        }
        let next = self.input.peek(4)?;
        if next.is_empty() || TAGS.iter().any(|tag| next.starts_with(tag)) {
            return Ok(false);
        }
        let head = self.decoder.read(&mut self.input)?;
        let first = *self.first.get_or_insert(head.place);
        let follows = match (first, head.place) {
            (Place::Block(first), Place::Block(number)) => number == first + self.blocks,
            (Place::Sample(first), Place::Sample(number)) => number == first + self.frames_decoded,
            _ => false,
        };
        if !follows {
            return Err(Flaw::Damaged("a block is missing"));
        }
        (self.start, self.end) = (0, head.frames);
        self.blocks += 1;
        self.frames_decoded += head.frames as u64;
        if let Some(sum) = &mut self.sum {
            sum.add(&self.decoder);
        }
        Ok(true)
    }

    /// Copies what is left of the decoder's block, as far as it fits and was declared.
    fn take_frames(&mut self, into: &mut Buffer, at: usize) -> usize {
        let wanted = (into.frames_max() - at) as u64;
        let declared = self.header.frames.map(|frames| frames - self.frames_read);
        let wanted = wanted.min(declared.unwrap_or(u64::MAX));
        let frames = (self.end - self.start).min(wanted as usize);
        let shift = i32::BITS - self.header.facts.bits;
        for (channel, plane) in into.iter_mut().enumerate() {
            let from = &self.decoder.channel(channel)[self.start..self.start + frames];
            for (sample, integer) in plane[at..at + frames].iter_mut().zip(from) {
                *sample = full_scale(integer << shift);
            }
        }
        self.start += frames;
        self.frames_read += frames as u64;
        frames
    }

    /// Whether all frames that the header declares were handed on.
    fn is_complete(&self) -> bool {
        self.header.frames == Some(self.frames_read)
    }

    /// Says what was wrong with the stream, once; `is_cut` where it ended within a block.
    fn end(&mut self, is_cut: IsCut) {
        self.ended = true;
        let found = self.frames_read;
        let declared = self.header.frames;
        let notice = match declared {
            Some(expected) if found < expected => Some(self.short(expected)),
            Some(expected) if self.goes_on() => Some(Notice::Long { expected }),
            None if is_cut == IsCut::Yes => Some(match self.file_id {
                Some(_) => Notice::Cut { found },
                None => Notice::Unfinished { found },
            }),
            _ => self.is_other().then_some(Notice::Checksum),
        };
        self.header.notices.extend(notice);
    }

    /// On a pipe a length is a hint, unless somebody came back to fill in the checksum beside it.
    fn short(&self, expected: u64) -> Notice {
        let found = self.frames_read;
        match (self.file_id, &self.sum) {
            (None, None) => Notice::Announced { expected, found },
            _ => Notice::Short { expected, found },
        }
    }

    /// Whether there are frames behind those that were declared.
    fn goes_on(&mut self) -> bool {
        let next = self.input.peek(4).unwrap_or_default();
        let next: Option<[u8; 4]> = next.try_into().ok();
        let is_block = next.is_some_and(|next| is_start(u32::from_be_bytes(next).into()));
        self.start < self.end || is_block && self.next_block().is_ok_and(|is_block| is_block)
    }

    /// Whether the samples are others than the stream says.
    fn is_other(&self) -> bool {
        self.sum.as_ref().is_some_and(|sum| !sum.is_right())
    }

    /// Ends a stream that was cut off; an error where it stopped for another reason.
    fn stop(&mut self, flaw: Flaw) -> Result<(), ReadError> {
        let (name, frame) = (self.name.clone(), self.frames_read);
        match flaw {
            Flaw::End => {
                self.end(IsCut::Yes);
                Ok(())
            }
            Flaw::Io(source) => Err(ReadError::Io {
                name,
                frame,
                source,
            }),
            Flaw::Damaged(found) => {
                self.ended = true;
                let found = found.to_owned();
                Err(ReadError::Damaged { name, frame, found })
            }
        }
    }
}

/// Whether a stream ended within a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsCut {
    Yes,
    No,
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
            if self.is_complete() {
                self.end(IsCut::No);
            } else if self.start < self.end {
                frames += self.take_frames(into, frames);
            } else {
                match self.next_block() {
                    Ok(true) => {}
                    Ok(false) => self.end(IsCut::No),
                    Err(flaw) => self.stop(flaw)?,
                }
            }
        }
        Ok(frames)
    }
}

#[cfg(test)]
mod tests;
