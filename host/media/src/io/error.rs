//! Error: what can go wrong with samples that come in or go out.
//!
//! Each text names the file or pipe and what was being done; what the system or the header said
//! stands in the source.

use crate::audio::SampleFormat;
use std::io;
use std::time::Duration;

use crate::io::aiff::AiffError;
use crate::io::caf::CafError;
use crate::io::compressed::CompressedError;
use crate::io::flac::FlacError;
use crate::io::raw::RawSpec;
use crate::io::wav::WavError;

/// What is read.
const READ: &str = "WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC or CAF";

/// Why an input could not be opened. Nothing was processed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refused to open or to read it.
    #[error("{name} cannot be opened for reading")]
    Io {
        /// The input.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is a folder, a device or a socket.
    #[error("{name} is {found}, expected a file or a pipe")]
    NotAFile {
        /// The input.
        name: String,
        /// What it is, with its article.
        found: &'static str,
    },
    /// It is a named pipe that nobody writes to.
    #[error("{name} is a pipe that nobody opened for writing within {} s", waited.as_secs())]
    NoWriter {
        /// The input.
        name: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Its first bytes belong to a format that is not read.
    #[error("{name} holds {found}, which Segue does not read; expected {READ}")]
    Unsupported {
        /// The input.
        name: String,
        /// The format.
        found: &'static str,
    },
    /// Its first bytes belong to no format known.
    #[error(
        "{name} {found}, expected {READ}; samples without a header need --raw, as in --raw \
         s16le:48000:2"
    )]
    Unknown {
        /// The input.
        name: String,
        /// What the first bytes are.
        found: &'static str,
    },
    /// Its AIFF header is wrong.
    #[error("{name} cannot be read as AIFF")]
    Aiff {
        /// The input.
        name: String,
        /// What is wrong.
        #[source]
        source: AiffError,
    },
    /// Its CAF header is wrong.
    #[error("{name} cannot be read as CAF")]
    Caf {
        /// The input.
        name: String,
        /// What is wrong.
        #[source]
        source: CafError,
    },
    /// Its compressed audio cannot be decoded.
    #[error("{name} cannot be decoded")]
    Compressed {
        /// The input.
        name: String,
        /// What is wrong.
        #[source]
        source: CompressedError,
    },
    /// Its WAV header is wrong.
    #[error("{name} cannot be read as WAV")]
    Wav {
        /// The input.
        name: String,
        /// What is wrong.
        #[source]
        source: WavError,
    },
    /// Its FLAC header is wrong.
    #[error("{name} cannot be read as FLAC")]
    Flac {
        /// The input.
        name: String,
        /// What is wrong.
        #[source]
        source: FlacError,
    },
}

/// Why an input could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system could not read on.
    #[error("{name} cannot be read beyond frame {frame}")]
    Io {
        /// The input.
        name: String,
        /// Frames that were read.
        frame: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A stream of several has another rate or other channels than the first.
    #[error(
        "{name} goes on after frame {frame} with {} Hz and {} channels, expected {} Hz and {} \
         channels as before; split it there, or convert it to one form first, as with ffmpeg",
        found.0, found.1, expected.0, expected.1
    )]
    Changed {
        /// The input.
        name: String,
        /// Frames that were read.
        frame: u64,
        /// Rate in Hz and channels from there on.
        found: (u32, usize),
        /// Rate in Hz and channels before.
        expected: (u32, usize),
    },
    /// The compressed stream is damaged.
    #[error("{name} is damaged after frame {frame}: {found}")]
    Damaged {
        /// The input.
        name: String,
        /// Frames that were read.
        frame: u64,
        /// What the decoder found.
        found: String,
    },
}

/// Why an output could not be made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something has this name, and overwriting was not allowed.
    #[error("{name} exists, and is only replaced with --overwrite")]
    Exists {
        /// The output.
        name: String,
    },
    /// Another process is recording into it.
    #[error("{name} is being recorded by process {process} since {started}, expected another name")]
    Recorded {
        /// The output.
        name: String,
        /// The other process; 0 where it did not say yet.
        process: u32,
        /// When it began, in UTC; empty where it did not say yet.
        started: String,
    },
    /// Input and output are the same file, perhaps under two names.
    #[error("{name} is the input itself, expected another file for the output")]
    SameAsInput {
        /// The output.
        name: String,
    },
    /// It is a folder, a block device or a socket.
    #[error("{name} is {found}, expected a file or a pipe")]
    NotAFile {
        /// The output.
        name: String,
        /// What it is, with its article.
        found: &'static str,
    },
    /// Its name asks for a format that is not written.
    #[error(
        "{name} asks for {}, which Segue does not write; expected a name that ends in .wav, .flac \
         or .aiff", found.to_ascii_uppercase()
    )]
    Unsupported {
        /// The output.
        name: String,
        /// What its name ends in.
        found: String,
    },
    /// Its format has no samples of the form that was asked for.
    #[error("{name} cannot hold samples as {found}, expected 8, 16 or 24 bits")]
    Samples {
        /// The output.
        name: String,
        /// What was asked for.
        found: SampleFormat,
    },
    /// Its name asks for samples without a header, and nothing says which.
    #[error(
        "{name} asks for samples without a header, and nothing says which; expected --raw, as in \
         --raw s16le:48000:2"
    )]
    NeedsRaw {
        /// The output.
        name: String,
    },
    /// It was said to have another rate or other channels.
    #[error(
        "{name} would have {} Hz and {} channels, and --raw says {expected}", found.0, found.1
    )]
    RawFormat {
        /// The output.
        name: String,
        /// The rate in Hz, and the number of channels.
        found: (u32, usize),
        /// What was said.
        expected: RawSpec,
    },
    /// There are more channels than its format has.
    #[error("{name} would have {found} channels, expected at most {expected} for FLAC")]
    Channels {
        /// The output.
        name: String,
        /// How many there are.
        found: usize,
        /// The most there may be.
        expected: usize,
    },
    /// The sample rate is higher than its format has.
    #[error("{name} would have {found} Hz, expected at most {expected} Hz for FLAC")]
    SampleRate {
        /// The output.
        name: String,
        /// The rate, in Hz.
        found: u32,
        /// The highest, in Hz.
        expected: u32,
    },
    /// The output would be longer than its format can say.
    #[error(
        "{name} would hold {frames} frames in {found_bytes} bytes, and the format ends at \
         {expected_bytes}"
    )]
    TooLong {
        /// The output.
        name: String,
        /// Frames to be written.
        frames: u64,
        /// Bytes they would take, the header apart.
        found_bytes: u64,
        /// The most a file has room for.
        expected_bytes: u64,
    },
    /// The system refused.
    #[error("{name} cannot be opened for writing")]
    Io {
        /// The output.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Why an output could not be written to its end. Of a file nothing is left under its name; a
/// recording holds what came until then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The reader of the pipe went away.
    #[error("{name} was closed by its reader after frame {frame}")]
    ClosedPipe {
        /// The output.
        name: String,
        /// Frames that were taken for writing.
        frame: u64,
    },
    /// No room is left.
    #[error("{name} cannot be written beyond frame {frame}: the disk is full")]
    DiskFull {
        /// The output.
        name: String,
        /// Frames that were taken for writing.
        frame: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The output is longer than its format can say.
    #[error(
        "{name} reached the {expected_bytes} bytes at which the format ends, after frame {frame}"
    )]
    TooLong {
        /// The output.
        name: String,
        /// Frames that were taken for writing.
        frame: u64,
        /// The most a file has room for.
        expected_bytes: u64,
    },
    /// The header of a pipe was sent with a length that did not come true.
    #[error("{name} was announced with {expected} frames and got {found}")]
    Length {
        /// The output.
        name: String,
        /// Frames that were written.
        found: u64,
        /// Frames that were announced.
        expected: u64,
    },
    /// While it was written its file lost its name.
    #[error(
        "{name} is not what was written: meanwhile somebody deleted, moved or replaced its file, \
         which got {frame} frames"
    )]
    Gone {
        /// The output.
        name: String,
        /// Frames that were taken for writing.
        frame: u64,
    },
    /// While it was written something else took its name.
    #[error("{name} came into being meanwhile, and is only replaced with --overwrite")]
    Exists {
        /// The output.
        name: String,
    },
    /// The system could not write on.
    #[error("{name} cannot be written beyond frame {frame}")]
    Io {
        /// The output.
        name: String,
        /// Frames that were taken for writing.
        frame: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl WriteError {
    /// The error for what the system said while frames were written.
    pub(crate) fn new(name: &str, frame: u64, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe { name, frame },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                name,
                frame,
                source,
            },
            io::ErrorKind::AlreadyExists => Self::Exists { name },
            io::ErrorKind::NotFound => Self::Gone { name, frame },
            _ => Self::Io {
                name,
                frame,
                source,
            },
        }
    }
}
