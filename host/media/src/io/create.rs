//! Create: from the name of an output to what writes it.
//!
//! In: a path, or `-` for standard output, and what is to be written. Out: a sink, which the container
//! decides.

use std::path::Path;

use crate::audio::Format;
use crate::audio::SampleFormat;
use crate::io::aiff::write::AiffHeader;
use crate::io::container::Container;
use crate::io::encoding::ByteOrder;
use crate::io::encoding::Encoding;
use crate::io::error::CreateError;
use crate::io::flac::write::CHANNELS_MAX;
use crate::io::flac::write::FlacSink;
use crate::io::flac::write::RATE_MAX_HZ;
use crate::io::front::Front;
use crate::io::front::fits;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::output::Output;
use crate::io::output::unfinished::Named;
use crate::io::output::unfinished::Overwrite;
use crate::io::sink::PcmSink;
use crate::io::stop::Stop;
use crate::io::stream::Sink;
use crate::io::wav::write::Sizes;
use crate::io::wav::write::WavHeader;

/// How well the length of an input is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A file has it.
    Certain,
    /// A pipe announced it, and may end earlier: a header that cannot be written again, as that of
    /// another pipe, does not repeat it.
    Hint,
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
    /// How well it is known.
    pub length: Length,
    /// Tags to pass on.
    pub metadata: &'a Metadata,
    /// What to do when a file has the name.
    pub overwrite: Overwrite,
    /// The input's identity, which the output must not have.
    pub input: Option<FileId>,
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
    create_named(path, Named::AtTheEnd, options, stop)
}

/// Opens a recording: a file that has its name from its first frames on and grows there, with a
/// header that is made good every two seconds of the stream. A pipe is as for [`create_until`].
///
/// # Errors
/// As for [`create`], and when another process is recording into it.
pub fn record_until(
    path: &Path,
    options: &OutputOptions<'_>,
    stop: &Stop,
) -> Result<Box<dyn Sink>, CreateError> {
    create_named(path, Named::FromTheStart, options, stop)
}

fn create_named(
    path: &Path,
    named: Named,
    options: &OutputOptions<'_>,
    stop: &Stop,
) -> Result<Box<dyn Sink>, CreateError> {
    let OutputOptions {
        format, metadata, ..
    } = options;
    let samples = options.container.samples(options.samples);
    let output = Output::create(path, named, options.overwrite, options.input)?.stopped_by(stop);
    let is_kept = options.length == Length::Certain || output.is_rewritable();
    let options = &OutputOptions {
        frames: options.frames.filter(|_| is_kept),
        ..options.clone()
    };
    let frames = options.frames;
    let (header, order): (Box<dyn Front>, _) = match options.container {
        Container::Raw(order) => {
            let encoding = Encoding { samples, order };
            return Ok(Box::new(PcmSink::raw(output, encoding, format)));
        }
        Container::Flac => {
            flac_bounds(path, format)?;
            let sink = FlacSink::new(output, format, samples, metadata);
            return Ok(Box::new(sink.announcing(frames)));
        }
        Container::Wav => (wav_header(options, samples, &output), ByteOrder::Little),
        Container::Aiff => {
            let header = AiffHeader::new(format, samples, metadata);
            (Box::new(header), ByteOrder::Big)
        }
    };
    let frame_bytes = samples.bytes() * format.channels();
    fits(path, frames, header.as_ref(), frame_bytes as u64)?;
    let encoding = Encoding { samples, order };
    let sink = PcmSink::behind(output, encoding, format, header);
    Ok(Box::new(sink.announcing(frames)))
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
