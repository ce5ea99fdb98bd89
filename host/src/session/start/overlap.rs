//! Overlap: which of reading and writing goes on beside the processing.
//!
//! In: a request, its source, its output. Out: the same, each on a thread of its own where that pays.
//!
//! It pays where it is work: decoding, resampling, encoding. Samples that are copied cost less than
//! handing them over. As many threads as `host.threads` says work at once, the session's own among
//! them; the writer comes first, since encoding is more work than decoding. Files of a batch are
//! beside each other already, and a run at real-time pace waits for its time anyhow.

use std::thread::available_parallelism;

use segue_media::io::{self, Effort, Sink, Source};

use crate::session::request::{Company, Request};
use crate::session::run::{Pace, chunk_frames};
use crate::session::terms::Terms;

/// A sink that is open.
pub(super) struct Writing {
    pub(super) sink: Box<dyn Sink>,
    /// What writing to it asks of the processor.
    pub(super) effort: Effort,
    /// How many channels it has.
    pub(super) channels: usize,
}

/// How many threads there may be beside the session's own.
pub(super) fn helpers(request: &Request) -> usize {
    if request.pace == Pace::RealTime || request.company == Company::Shared {
        return 0;
    }
    let threads = match request.config.host.threads.value {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    };
    threads - 1
}

/// Source and sink, with what is left of the work on the session's own thread.
pub(super) fn overlapped(
    mut helpers: usize,
    plan: &Terms,
    source: Box<dyn Source>,
    writing: Option<Writing>,
) -> (Box<dyn Source>, Option<Box<dyn Sink>>) {
    let frames = chunk_frames(plan);
    let sink = writing.map(|to| match (to.effort, helpers) {
        (Effort::Large, 1..) => {
            helpers -= 1;
            io::behind(to.sink, to.channels, frames)
        }
        (Effort::Small, _) | (Effort::Large, 0) => to.sink,
    });
    // A pipe is read where its user waits for it: nothing ends the wait of a thread apart.
    let is_file = source.file_id().is_some();
    let source = match (source.effort(), helpers) {
        (Effort::Large, 1..) if is_file => io::ahead(source, frames),
        _ => source,
    };
    (source, sink)
}
