//! Open: from the first bytes of a compressed file to its first block of samples.
//!
//! In: a file or pipe at its first byte. Out: reader, decoder, and what the stream is.

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::audio::well_known::CODEC_ID_ALAC;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::FormatReader;
use symphonia::core::formats::Track;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::io::MediaSourceStreamOptions;
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats::CafReader;
use symphonia::default::formats::IsoMp4Reader;
use symphonia::default::formats::OggReader;
use symphonia::default::get_codecs;
use symphonia::default::get_probe;

use crate::audio::Layout;
use crate::audio::SampleFormat;
use crate::audio::layout;
use crate::io::compressed::CompressedError;
use crate::io::compressed::mp4;
use crate::io::compressed::mp4::Bytes;
use crate::io::compressed::mp4::Edit;
use crate::io::compressed::tags::tags;
use crate::io::compressed::vorbis::Surround;
use crate::io::foreign::Failure;
use crate::io::foreign::Medium;
use crate::io::foreign::Moves;
use crate::io::foreign::Watched;
use crate::io::foreign::contained;
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::io::signature::Kind;
use crate::io::speakers::Arranged;

/// The most bytes of a pipe that are held to find an edit list in front of the audio.
const MOVIE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of what some files have in front of it, once or twice.
const ALAC_WRAPPER_BYTES: usize = 12;

/// Where ALAC's own header has the number of bits.
const ALAC_BITS_AT: usize = 5;

/// A stream that can be decoded.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn FormatReader>,
    pub(crate) decoder: Box<dyn AudioDecoder>,
    pub(crate) failure: Failure,
    pub(crate) track: u32,
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: Arranged,
    pub(crate) samples: SampleFormat,
    pub(crate) metadata: Metadata,
    /// What of the decoded frames is to be heard.
    pub(crate) edit: Edit,
}

/// Opens a stream of a kind.
pub(crate) fn open(mut input: Input, kind: Kind) -> Result<Opened, CompressedError> {
    let movie = match kind {
        Kind::Mp4 => Some(Movie::of(&mut input)),
        Kind::Frames | Kind::Ogg | Kind::Caf => None,
    };
    // In a file of frames without a header a reader would look around to guess the length.
    let moves = match kind {
        Kind::Frames => Moves::Forward,
        Kind::Ogg | Kind::Mp4 | Kind::Caf => Moves::Anywhere,
    };
    let failure: Failure = Arc::new(OnceLock::new());
    let medium = Watched::new(Medium::new(input, moves), Arc::clone(&failure));
    let stream = MediaSourceStream::new(Box::new(medium), MediaSourceStreamOptions::default());
    let mut reader = contained(|| reader(stream, kind)).map_err(unreadable)?;
    let said = tags(reader.as_mut());
    let track = audio_track(reader.as_ref())?.clone();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(CompressedError::NoAudio);
    };
    let decoder = contained(|| decoder(parameters)).map_err(unreadable)?;
    let known = decoder.codec_params();
    let sample_rate_hz = known.sample_rate.or(parameters.sample_rate);
    let sample_rate_hz = sample_rate_hz.ok_or(CompressedError::NoFormat)?;
    let channels = known.channels.as_ref().or(parameters.channels.as_ref());
    let of_movie = movie.and_then(|movie| movie.edit(sample_rate_hz));
    Ok(Opened {
        edit: edit_of(&track, kind, said.edit.or(of_movie)),
        sample_rate_hz,
        channels: arranged(channels.ok_or(CompressedError::NoFormat)?)?,
        samples: samples(parameters),
        metadata: said.metadata,
        track: track.id,
        reader,
        decoder,
        failure,
    })
}

fn decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let decoder = get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default())?;
    let channels = parameters.channels.as_ref().map_or(0, Channels::count);
    match &parameters.extra_data {
        Some(headers) if parameters.codec == CODEC_ID_VORBIS && channels > 2 => {
            Ok(Box::new(Surround::new(decoder, headers)?))
        }
        _ => Ok(decoder),
    }
}

fn unreadable(found: String) -> CompressedError {
    CompressedError::Unreadable { found }
}

fn reader(stream: MediaSourceStream<'static>, kind: Kind) -> Result<Box<dyn FormatReader>, Error> {
    let options = FormatOptions::default();
    Ok(match kind {
        Kind::Ogg => Box::new(OggReader::try_new(stream, options)?),
        Kind::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        Kind::Caf => Box::new(CafReader::try_new(stream, options)?),
        Kind::Frames => {
            get_probe().probe(&Hint::new(), stream, options, MetadataOptions::default())?
        }
    })
}

/// The first track of audio that there is a decoder for, else the first of audio.
fn audio_track(reader: &dyn FormatReader) -> Result<&Track, CompressedError> {
    let tracks = reader.tracks();
    let is_audio = |track: &&Track| track.track_type() == Some(TrackType::Audio);
    let is_known = |track: &&Track| match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => {
            get_codecs().get_audio_decoder(parameters.codec).is_some()
        }
        _ => false,
    };
    let known = tracks.iter().find(is_known);
    known
        .or_else(|| tracks.iter().find(is_audio))
        .ok_or(CompressedError::NoAudio)
}

/// What is to be heard. The decoders of frames and of Vorbis leave out themselves what is not.
fn edit_of(track: &Track, kind: Kind, said: Option<Edit>) -> Edit {
    match kind {
        Kind::Mp4 => said.unwrap_or_default(),
        Kind::Caf => {
            let [delay, padding] = [track.delay, track.padding].map(Option::unwrap_or_default);
            // Some writers count whole packets, the last one too, and know of no padding.
            let is_counted = delay > 0 || padding > 0 || is_uncompressed(track);
            Edit {
                skip_frames: u64::from(delay),
                frames: track.num_frames.filter(|_| is_counted),
            }
        }
        Kind::Frames | Kind::Ogg => Edit {
            skip_frames: 0,
            frames: track.num_frames,
        },
    }
}

fn is_uncompressed(track: &Track) -> bool {
    match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => {
            parameters.bits_per_sample.is_some_and(|bits| bits > 0)
        }
        _ => false,
    }
}

/// How samples are stored: compressed with loss they are as good as floats.
fn samples(parameters: &AudioCodecParameters) -> SampleFormat {
    let of_alac = match &parameters.extra_data {
        Some(cookie) if parameters.codec == CODEC_ID_ALAC => Some(alac_bits(cookie)),
        _ => None,
    };
    let bits = parameters.bits_per_sample.filter(|bits| *bits > 0);
    match bits.or(of_alac) {
        Some(1..=8) => SampleFormat::U8,
        Some(9..=16) => SampleFormat::S16,
        Some(17..=24) => SampleFormat::S24,
        Some(25..=32) => SampleFormat::S32,
        _ => SampleFormat::F32,
    }
}

/// The number of bits in ALAC's own header, which may be wrapped in two more.
fn alac_bits(cookie: &[u8]) -> u32 {
    let mut cookie = cookie;
    for wrapper in [b"frma", b"alac"] {
        let wrapped = cookie.get(4..8) == Some(wrapper);
        cookie = cookie
            .get(ALAC_WRAPPER_BYTES..)
            .filter(|_| wrapped)
            .unwrap_or(cookie);
    }
    cookie.get(ALAC_BITS_AT).map_or(24, |bits| u32::from(*bits))
}

/// The channels in WAVE's order, which is the decoders' own.
fn arranged(channels: &Channels) -> Result<Arranged, CompressedError> {
    let count = u32::try_from(channels.count()).unwrap_or(u32::MAX);
    let usual = layout(count)?;
    let mask = match channels {
        // One channel stands in the middle, wherever a format puts it.
        Channels::Positioned(position) if count > 1 => u32::try_from(position.bits()).ok(),
        _ => None,
    };
    let named = mask.and_then(|mask| Layout::from_parts(mask, count as u16));
    Ok(Arranged::as_they_are(named.unwrap_or(usual)))
}

/// A file, or the first bytes of a pipe, in which to look for an edit list.
enum Movie {
    File(std::fs::File, u64),
    Ahead(Vec<u8>),
}

impl Movie {
    fn of(input: &mut Input) -> Self {
        match input.another() {
            Some((file, bytes)) => Self::File(file, bytes),
            None => Self::Ahead(ahead(input)),
        }
    }

    fn edit(&self, sample_rate_hz: u32) -> Option<Edit> {
        let bytes = match self {
            Self::File(_, bytes) => *bytes,
            Self::Ahead(ahead) => ahead.len() as u64,
        };
        mp4::edit(self, bytes, sample_rate_hz)
    }
}

impl Bytes for Movie {
    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file, _) => std::os::unix::fs::FileExt::read_exact_at(file, into, at),
            Self::Ahead(ahead) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX);
                let from = ahead.get(start..).and_then(|from| from.get(..into.len()));
                into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

/// The beginning of a pipe up to the end of its movie box, or as far as can be held; all of it
/// stays to be read.
fn ahead(input: &mut Input) -> Vec<u8> {
    let mut end = 8;
    loop {
        let Ok(first) = input.peek(end) else {
            return Vec::new();
        };
        let Some(head) = first.get(end - 8..end) else {
            return first.to_vec();
        };
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let is_movie = &head[4..] == b"moov";
        let whole = end - 8 + size;
        if size < 8 || whole > MOVIE_BYTES_MAX {
            return Vec::new();
        }
        if is_movie {
            return input.peek(whole).map(<[u8]>::to_vec).unwrap_or_default();
        }
        end = whole + 8;
    }
}
