//! Memory: a source and a sink for tests, which fail where they are told to.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;

use crate::audio::{Buffer, Format, Layout, SampleFormat};
use crate::io::error::ReadError;
use crate::io::error::WriteError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;
use crate::io::stream::Sink;
use crate::io::stream::Source;
use crate::io::written::Written;

/// A source of samples that count their frames; every third read tells of a cleaned sample.
pub(super) struct Counting {
    format: Format,
    metadata: Metadata,
    notices: Vec<Notice>,
    frames: usize,
    at: usize,
    reads: u64,
    fails_at: Option<usize>,
}

impl Counting {
    /// In stereo; a read that would go past `fails_at` frames fails.
    pub(super) fn new(frames: usize, fails_at: Option<usize>) -> Box<Self> {
        Box::new(Self {
            format: Format::new(48_000, Layout::STEREO, SampleFormat::S24).unwrap(),
            metadata: Metadata::default(),
            notices: vec![Notice::TagsLeftOut { count: 7 }],
            frames,
            at: 0,
            reads: 0,
            fails_at,
        })
    }
}

impl Source for Counting {
    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        Some(self.frames as u64)
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn file_id(&self) -> Option<FileId> {
        None
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        self.reads += 1;
        let frames = (self.frames - self.at).min(into.frames_max());
        if self.fails_at.is_some_and(|at| at < self.at + frames) {
            return Err(ReadError::Io {
                name: "counting".to_owned(),
                frame: self.at as u64,
                source: io::Error::other("told to"),
            });
        }
        for (channel, plane) in into.iter_mut().enumerate() {
            for (frame, sample) in plane[..frames].iter_mut().enumerate() {
                *sample = (2 * (self.at + frame) + channel) as f32;
            }
        }
        self.at += frames;
        if frames == 0 {
            self.notices.push(Notice::TagsLeftOut { count: 1 });
        }
        Ok(frames)
    }

    fn cleaned(&mut self) -> Option<Cleaned> {
        let frame = self.at as u64;
        self.reads.is_multiple_of(3).then_some(Cleaned {
            count: self.reads,
            frame,
            channel: 1,
        })
    }
}

/// What a [`Recorder`] heard.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Record {
    /// Samples, channel by channel.
    pub(super) channels: Vec<Vec<f32>>,
    /// Calls of `flush`, each by the frames written before.
    pub(super) flushes: Vec<usize>,
    /// Whether it was finished.
    pub(super) finished: bool,
    /// Whether it is gone.
    pub(super) dropped: bool,
}

/// A sink that remembers.
pub(super) struct Recorder {
    record: Arc<Mutex<Record>>,
    fails_at: usize,
}

impl Recorder {
    /// A sink that fails once it has more than so many frames, and what it will have heard.
    pub(super) fn new(channels: usize, fails_at: usize) -> (Box<Self>, Arc<Mutex<Record>>) {
        let record = Arc::new(Mutex::new(Record {
            channels: vec![Vec::new(); channels],
            ..Record::default()
        }));
        let recorder = Self {
            record: Arc::clone(&record),
            fails_at,
        };
        (Box::new(recorder), record)
    }
}

impl Sink for Recorder {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let mut record = self.record.lock().unwrap();
        for (channel, plane) in record.channels.iter_mut().zip(from.iter()) {
            channel.extend(&plane[frames.clone()]);
        }
        let written = record.channels[0].len();
        if written > self.fails_at {
            let source = io::Error::other("told to");
            return Err(WriteError::new("recorder", written as u64, source));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let mut record = self.record.lock().unwrap();
        let frames = record.channels[0].len();
        record.flushes.push(frames);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written, WriteError> {
        let mut record = self.record.lock().unwrap();
        record.finished = true;
        let frames = record.channels[0].len() as u64;
        Ok(Written {
            frames,
            bytes: 8 * frames,
            clipped: 3,
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Ok(mut record) = self.record.lock() {
            record.dropped = true;
        }
    }
}
