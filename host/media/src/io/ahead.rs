//! Ahead: reads a source on a thread of its own, two blocks ahead of whoever uses it.
//!
//! In: a source whose reading is work. Out: the same samples, lengths, notices and errors, each at
//! the place where the source itself would have had it; while they are used the next are made.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;
use crate::io::stream::Source;

/// Blocks in circulation: one that is filled while another waits to be used.
const BLOCKS: usize = 2;

/// What one read of the source gave.
struct Read {
    block: Buffer,
    frames: Result<usize, ReadError>,
    cleaned: Option<Cleaned>,
    /// All notices, where there are more than before.
    notices: Option<Vec<Notice>>,
}

/// A source that is read ahead.
struct Ahead {
    format: Format,
    frames: Option<u64>,
    metadata: Metadata,
    file_id: Option<FileId>,
    notices: Vec<Notice>,
    cleaned: Option<Cleaned>,
    /// What was read and not yet handed on.
    block: Buffer,
    ready: Range<usize>,
    /// Blocks to be filled again; `None` once the thread is asked to end.
    empty: Option<Sender<Buffer>>,
    filled: Receiver<Read>,
    thread: Option<JoinHandle<()>>,
}

/// Reads a source ahead, in blocks of `frames_max` frames; the source itself where the system has
/// no thread for it. The thread ends with the source or with what is returned, whichever is first,
/// but not before a read that is under way: a pipe whose writer is silent would hold it up.
#[must_use]
pub fn ahead(source: Box<dyn Source>, frames_max: usize) -> Box<dyn Source> {
    let (give, take) = channel();
    let (empty, to_fill) = channel();
    let (fill, filled) = sync_channel(BLOCKS);
    let thread = Builder::new().name("segue read".to_owned()).spawn(move || {
        if let Ok(source) = take.recv() {
            read(source, &to_fill, &fill);
        }
    });
    let Ok(thread) = thread else {
        return source;
    };
    let channels = source.format().channels();
    let ahead = Ahead {
        format: *source.format(),
        frames: source.frames(),
        metadata: source.metadata().clone(),
        file_id: source.file_id(),
        notices: source.notices().to_vec(),
        cleaned: None,
        block: Buffer::new(channels, frames_max),
        ready: 0..0,
        empty: Some(empty.clone()),
        filled,
        thread: Some(thread),
    };
    for _ in 0..BLOCKS {
        // The thread holds the other end until it has the source.
        let _ = empty.send(Buffer::new(channels, frames_max));
    }
    let _ = give.send(source);
    Box::new(ahead)
}

/// The thread: fills blocks until the source is over, or nobody gives any.
fn read(mut source: Box<dyn Source>, empty: &Receiver<Buffer>, filled: &SyncSender<Read>) {
    let mut said = source.notices().len();
    while let Ok(mut block) = empty.recv() {
        let frames = source.read(&mut block);
        let is_over = !matches!(frames, Ok(1..));
        let notices = source.notices();
        let read = Read {
            block,
            frames,
            notices: (notices.len() != said).then(|| notices.to_vec()),
            cleaned: None,
        };
        said = notices.len();
        let cleaned = source.cleaned();
        if filled.send(Read { cleaned, ..read }).is_err() || is_over {
            return;
        }
    }
}

impl Ahead {
    /// Takes the next block; returns whether there is one.
    fn take(&mut self) -> Result<bool, ReadError> {
        let Ok(read) = self.filled.recv() else {
            self.end();
            return Ok(false);
        };
        if let Some(notices) = read.notices {
            self.notices = notices;
        }
        match (&mut self.cleaned, read.cleaned) {
            (Some(before), Some(more)) => before.count += more.count,
            (before @ None, more) => *before = more,
            (Some(_), None) => {}
        }
        self.ready = 0..read.frames?;
        let before = std::mem::replace(&mut self.block, read.block);
        if let Some(empty) = &self.empty {
            let _ = empty.send(before); // A source that is over takes no more.
        }
        Ok(!self.ready.is_empty())
    }

    /// Ends the thread; a panic in it goes on here, as without it.
    fn end(&mut self) {
        self.empty = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
    }
}

impl Source for Ahead {
    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        self.frames
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.file_id
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let mut at = 0;
        while at < into.frames_max() {
            // A block that was not filled is the last: as the source, this does not look beyond it.
            let is_last = at > 0 && self.ready.end < self.block.frames_max();
            if self.ready.is_empty() && (is_last || !self.take()?) {
                break;
            }
            let count = self.ready.len().min(into.frames_max() - at);
            let range = self.ready.start..self.ready.start + count;
            self.ready.start = range.end;
            into.copy_frames(at, &self.block, range);
            at += count;
        }
        Ok(at)
    }

    fn cleaned(&mut self) -> Option<Cleaned> {
        self.cleaned.take()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.empty = None;
        if let Some(thread) = self.thread.take() {
            // Whoever drops it has an end of its own already, maybe a panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
