//! Stream: what gives samples, and what takes them.
//!
//! In: nothing; everything that reads or writes is one of these. Out: `Source` and `Sink`.

use std::ops::Range;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::error::ReadError;
use crate::io::error::WriteError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::written::End;
use crate::io::written::Kept;
use crate::io::written::Written;

/// Samples that come in.
pub trait Source: Send {
    /// Rate, layout and stored form.
    fn format(&self) -> &Format;

    /// How many frames there will be, as far as header and length of the file agree; a pipe may
    /// still end earlier, and then says so in [`Source::notices`].
    fn frames(&self) -> Option<u64>;

    /// What the file says about its audio.
    fn metadata(&self) -> &Metadata;

    /// What its user should know about the input. Complete once the end was read.
    fn notices(&self) -> &[Notice];

    /// Which file it is, so that it is not overwritten; `None` for a pipe.
    fn file_id(&self) -> Option<FileId>;

    /// What reading asks of the processor.
    fn effort(&self) -> Effort {
        Effort::Small
    }

    /// Reads the next frames to the beginning of `into`, which has as many channels as the format;
    /// returns how many. Fills the buffer unless the stream ends; 0 is the end. Blocks on a pipe.
    ///
    /// # Errors
    /// When the system cannot read on, or compressed audio is damaged.
    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError>;

    /// Samples that were not finite and had to become 0 before they could be converted, since the
    /// last call; `None` where what is read was not touched.
    fn cleaned(&mut self) -> Option<Cleaned> {
        None
    }
}

/// What reading or writing asks of the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Little more than copying: another thread would cost more than it takes over.
    Small,
    /// Decoding, encoding or resampling: worth a thread of its own.
    Large,
}

/// Samples that go out. Dropped without [`Sink::finish`] or [`Sink::keep`] it leaves no file;
/// a recording is left as it is, and the next one of its name sets it aside.
pub trait Sink: Send {
    /// Writes a range of frames of a buffer that has as many channels as the format.
    ///
    /// # Errors
    /// When the disk is full, the reader of the pipe is gone, or WAV has no room for more.
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError>;

    /// Hands on what is still collected, for a reader that listens while it comes.
    ///
    /// # Errors
    /// As for [`Sink::write`].
    fn flush(&mut self) -> Result<(), WriteError>;

    /// Writes the rest, brings the file to the disk and gives it its name.
    ///
    /// # Errors
    /// As for [`Sink::write`]; then nothing is left under the output's name.
    fn finish(self: Box<Self>) -> Result<Written, WriteError>;

    /// Ends what cannot be taken back, a recording or a pipe, as well as it can be ended: whole
    /// frames behind a header that says how many. `None` where nothing is left: of a file that is
    /// whole or nothing, and of an end that came before the first frame.
    fn keep(self: Box<Self>, end: End) -> Option<Kept> {
        let _ = end;
        None
    }
}

/// Samples that were not finite and became 0 before the input was converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaned {
    /// How many, in all channels.
    pub count: u64,
    /// The first frame with one, counted in the input.
    pub frame: u64,
    /// The lowest channel of that frame with one, from 0.
    pub channel: usize,
}
