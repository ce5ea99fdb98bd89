//! Io: samples in and out.
//!
//! In: a path, or `-` for a pipe. Out: a `Source` of planar `f32`, or a `Sink` for it.
//!
//! What an input is, its content decides, not its name. Infinities and NaN in float files pass
//! through here as they are: the engine cleans them at its border, with `audio::sanitize`.
//! Everything here may block and allocates; none of it is for the audio thread.

mod ahead;
mod aiff;
mod beginning;
mod behind;
mod compressed;
mod container;
mod convert;
mod decode;
mod dither;
mod encode;
mod encoding;
mod error;
mod flac;
mod foreign;
pub mod fragment;
mod front;
mod g711;
mod generated;
mod input;
#[cfg(test)]
mod memory;
mod metadata;
mod notice;
mod output;
mod pcm;
mod raw;
mod signature;
mod sink;
mod speakers;
mod stop;
mod wav;

use std::ops::Range;
use std::path::Path;

pub use crate::io::ahead::ahead;
pub use crate::io::aiff::AiffError;
pub use crate::io::beginning::beginning;
pub use crate::io::behind::behind;
pub use crate::io::compressed::CompressedError;
pub use crate::io::container::Container;
pub use crate::io::container::has_header;
pub use crate::io::container::is_raw;
pub use crate::io::convert::Cleaned;
pub use crate::io::convert::ConvertError;
pub use crate::io::convert::Wanted;
pub use crate::io::convert::convert;
pub use crate::io::decode::Decoder;
pub use crate::io::dither::dithered;
pub use crate::io::dither::loses_depth;
pub use crate::io::encode::Encoder;
pub use crate::io::encoding::ByteOrder;
pub use crate::io::encoding::Encoding;
pub use crate::io::encoding::EncodingError;
pub use crate::io::error::CreateError;
pub use crate::io::error::OpenError;
pub use crate::io::error::ReadError;
pub use crate::io::error::WriteError;
pub use crate::io::flac::FlacError;
pub use crate::io::generated::generate;
pub use crate::io::input::FileId;
pub use crate::io::metadata::Metadata;
pub use crate::io::metadata::Tag;
pub use crate::io::notice::Notice;
pub use crate::io::output::Overwrite;
pub use crate::io::raw::RawSpec;
pub use crate::io::raw::RawSpecError;
pub use crate::io::stop::Stop;
pub use crate::io::wav::WavError;

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::io::compressed::CompressedSource;
use crate::io::flac::write::CHANNELS_MAX;
use crate::io::flac::write::FlacSink;
use crate::io::flac::write::RATE_MAX_HZ;
use crate::io::front::Front;
use crate::io::input::Input;
use crate::io::output::Output;
use crate::io::pcm::PcmSource;
use crate::io::signature::Kind;
use crate::io::signature::SIGNATURE_BYTES;
use crate::io::signature::Signature;
use crate::io::signature::signature;
use crate::io::sink::PcmSink;
use crate::io::wav::write::Header as WavHeader;
use crate::io::wav::write::Sizes;

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
    /// answers how many. Fills the buffer unless the stream ends; 0 is the end. Blocks on a pipe.
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

/// Samples that go out. Dropped without [`Sink::finish`] it leaves no file.
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
}

/// What a sink wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Frames.
    pub frames: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// Samples beyond the range of the integers they became; 0 for floats.
    pub clipped: u64,
}

/// What an output is to be.
#[derive(Debug, Clone)]
pub struct OutputOptions<'a> {
    /// Rate and layout.
    pub format: Format,
    /// How samples are stored, whatever the input had.
    pub samples: SampleFormat,
    /// What stands in front of them.
    pub container: Container,
    /// How many frames will be written, where that is known.
    pub frames: Option<u64>,
    /// Tags to pass on.
    pub metadata: &'a Metadata,
    /// What to do when a file has the name.
    pub overwrite: Overwrite,
    /// The input's identity, which the output must not have.
    pub input: Option<FileId>,
}

/// Opens an input: a path, or `-` for standard input.
///
/// With `raw` the whole input is samples as it says; without, the first bytes say what it is.
///
/// # Errors
/// When there is no such file, it is none, or it holds nothing that can be read; the text says
/// which, and what was expected.
pub fn open(path: &Path, raw: Option<RawSpec>) -> Result<Box<dyn Source>, OpenError> {
    open_until(path, raw, &Stop::never())
}

/// The same, where `stop` ends every wait for the writer of a pipe with an error.
///
/// # Errors
/// As for [`open`].
pub fn open_until(
    path: &Path,
    raw: Option<RawSpec>,
    stop: &Stop,
) -> Result<Box<dyn Source>, OpenError> {
    let mut input = Input::open(path, stop)?;
    if let Some(spec) = raw {
        return Ok(Box::new(raw::source(input, spec)));
    }
    let first = input.peek(SIGNATURE_BYTES)?.to_vec();
    match signature(&first) {
        Signature::Wav => wav_source(input),
        Signature::Aiff => aiff_source(input),
        Signature::Flac => flac_source(input),
        Signature::Compressed(kind) => compressed_source(input, kind),
        Signature::Unsupported(found) => Err(OpenError::Unsupported {
            name: input.name,
            found,
        }),
        Signature::Unknown(found) => Err(OpenError::Unknown {
            name: input.name,
            found,
        }),
    }
}

/// Opens an output: a path, or `-` for standard output.
///
/// # Errors
/// When something has the name and may not be replaced, the output would be the input, would not
/// fit a WAV file, or cannot be opened.
pub fn create(path: &Path, options: &OutputOptions<'_>) -> Result<Box<dyn Sink>, CreateError> {
    create_until(path, options, &Stop::never())
}

/// The same, where `stop` ends every wait for the reader of a pipe with an error.
///
/// # Errors
/// As for [`create`].
pub fn create_until(
    path: &Path,
    options: &OutputOptions<'_>,
    stop: &Stop,
) -> Result<Box<dyn Sink>, CreateError> {
    let OutputOptions {
        format,
        metadata,
        frames,
        ..
    } = options;
    let samples = options.container.samples(options.samples);
    let output = Output::create(path, options.overwrite, options.input)?.stopped_by(stop);
    let (header, order): (Box<dyn Front>, _) = match options.container {
        Container::Raw(order) => {
            let encoding = Encoding { samples, order };
            return Ok(Box::new(PcmSink::raw(output, encoding, format)));
        }
        Container::Flac => {
            flac_bounds(path, format)?;
            let sink = FlacSink::new(output, format, samples, metadata, *frames);
            return Ok(Box::new(sink));
        }
        Container::Wav => (wav_header(options, samples, &output), ByteOrder::Little),
        Container::Aiff => {
            let header = aiff::write::Header::new(format, samples, metadata);
            (Box::new(header), ByteOrder::Big)
        }
    };
    let frame_bytes = samples.bytes() * format.channels();
    fits(path, *frames, header.as_ref(), frame_bytes as u64)?;
    let encoding = Encoding { samples, order };
    let sink = PcmSink::behind(output, encoding, format, header, *frames);
    Ok(Box::new(sink))
}

/// Refuses what is known to be longer than the header can say.
fn fits(
    path: &Path,
    frames: Option<u64>,
    header: &dyn Front,
    frame_bytes: u64,
) -> Result<(), CreateError> {
    match frames {
        Some(frames) if frames > header.frames_max() => Err(CreateError::TooLong {
            name: path.display().to_string(),
            frames,
            found_bytes: frames.saturating_mul(frame_bytes),
            expected_bytes: header.frames_max() * frame_bytes,
        }),
        _ => Ok(()),
    }
}

/// FLAC has bounds of its own.
fn flac_bounds(path: &Path, format: &Format) -> Result<(), CreateError> {
    let name = || path.display().to_string();
    let (channels, sample_rate_hz) = (format.channels(), format.sample_rate_hz());
    if channels > CHANNELS_MAX {
        return Err(CreateError::Channels {
            name: name(),
            found: channels,
            expected: CHANNELS_MAX,
        });
    }
    if sample_rate_hz > RATE_MAX_HZ {
        return Err(CreateError::SampleRate {
            name: name(),
            found: sample_rate_hz,
            expected: RATE_MAX_HZ,
        });
    }
    Ok(())
}

/// A header for as many frames as are known to come, else for any number; nobody goes back to
/// fill in the header of a pipe.
fn wav_header(
    options: &OutputOptions<'_>,
    samples: SampleFormat,
    output: &Output,
) -> Box<dyn Front> {
    let header = |sizes| WavHeader::new(&options.format, samples, options.metadata, sizes);
    let short = header(Sizes::Short);
    let is_short = match options.frames {
        Some(frames) => frames <= short.frames_max(),
        None => !output.is_rewritable(),
    };
    if is_short {
        Box::new(short)
    } else {
        Box::new(header(Sizes::Long))
    }
}

fn wav_source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, bytes) = (input.name.clone(), input.bytes);
    match wav::read::header(&mut input, bytes) {
        Ok(mut pcm) => {
            if let Some(bytes) = bytes {
                wav::read::tags_behind(&mut pcm, bytes, |at, into| input.read_at(at, into));
            }
            Ok(Box::new(PcmSource::new(name, input.file_id, input, pcm)))
        }
        Err(source) => Err(OpenError::Wav { name, source }),
    }
}

fn aiff_source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, bytes) = (input.name.clone(), input.bytes);
    let pcm = aiff::read::header(&mut input).and_then(|mut found| {
        if bytes.is_some() {
            found.behind(|at, into| input.read_at(at, into));
        }
        found.pcm(bytes)
    });
    match pcm {
        Ok(pcm) => Ok(Box::new(PcmSource::new(name, input.file_id, input, pcm))),
        Err(source) => Err(OpenError::Aiff { name, source }),
    }
}

fn flac_source(input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, file_id) = (input.name.clone(), input.file_id);
    match flac::FlacSource::new(name.clone(), file_id, input) {
        Ok(source) => Ok(Box::new(source)),
        Err(source) => Err(OpenError::Flac { name, source }),
    }
}

fn compressed_source(input: Input, kind: Kind) -> Result<Box<dyn Source>, OpenError> {
    let name = input.name.clone();
    match CompressedSource::new(input, kind) {
        Ok(source) => Ok(Box::new(source)),
        Err(source) => Err(OpenError::Compressed { name, source }),
    }
}
