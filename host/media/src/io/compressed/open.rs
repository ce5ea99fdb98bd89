//! Open: from the first bytes of a compressed file to its first block of samples.
//!
//! In: a file or pipe at its first byte. Out: reader, decoder, and what the stream is.

use std::sync::Arc;
use std::sync::OnceLock;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::audio::well_known::CODEC_ID_ALAC;
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
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
use crate::io::compressed::aac;
use crate::io::compressed::movie::Movie;
use crate::io::compressed::mp4::Edit;
use crate::io::compressed::native::Native;
use crate::io::compressed::ogg;
use crate::io::compressed::tags::{Said, tags};
use crate::io::compressed::vorbis::Surround;
use crate::io::foreign::Failure;
use crate::io::foreign::Medium;
use crate::io::foreign::Moves;
use crate::io::foreign::Watched;
use crate::io::foreign::{Harm, contained};
use crate::io::id3;
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::io::signature::Kind;
use crate::io::speakers::Arranged;

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
    /// Frames that are to be heard in all, as far as it is known.
    pub(crate) length: Option<u64>,
    /// Whether a file ends within a page, or without the mark of its end.
    pub(crate) is_cut: bool,
    pub(crate) kind: Kind,
}

/// Why the stream that follows in a chain cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLink {
    #[error(transparent)]
    Track(#[from] CompressedError),
    #[error(transparent)]
    Decoder(#[from] Harm),
}

impl Opened {
    /// Takes the stream that follows in a chain; returns its rate and channels.
    pub(crate) fn next_link(&mut self) -> Result<(u32, usize), NoLink> {
        let track = audio_track(self.reader.as_ref())?;
        let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
            return Err(CompressedError::NoAudio.into());
        };
        self.track = track.id;
        let decoder = contained(|| decoder(parameters))?;
        let (rate, channels) = signal(decoder.as_ref(), parameters);
        let link = (
            rate.unwrap_or_default(),
            channels.map_or(0, Channels::count),
        );
        self.decoder = decoder;
        // Of all streams together nobody says how long they are.
        self.length = None;
        Ok(link)
    }
}

/// Opens a stream of a kind.
pub(crate) fn open(mut input: Input, kind: Kind) -> Result<Opened, CompressedError> {
    let movie = (kind == Kind::Mp4).then(|| Movie::of(&mut input));
    let last = last_bytes(&input, kind);
    let end = ogg_end(&input, kind);
    let failure: Failure = Arc::new(OnceLock::new());
    let announced = movie.as_ref().and_then(Movie::announced_bytes);
    let medium = Medium::new(input, moves(kind)).announced(announced);
    let mut reader = read(Watched::new(medium, Arc::clone(&failure)), kind)?;
    let said = all_tags(reader.as_mut(), last.as_ref());
    let track = audio_track(reader.as_ref())?.clone();
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(CompressedError::NoAudio);
    };
    let decoder =
        contained(|| decoder(parameters)).map_err(|found| aac::refused(parameters, &found))?;
    let (sample_rate_hz, channels) = signal(decoder.as_ref(), parameters);
    let sample_rate_hz = sample_rate_hz.ok_or(CompressedError::NoFormat)?;
    let channels = arranged(channels.ok_or(CompressedError::NoFormat)?)?;
    let of_movie = movie.and_then(|movie| movie.edit(sample_rate_hz));
    let edit = edit_of(&track, kind, said.edit.or(of_movie));
    let length = match kind {
        Kind::Ogg => track.num_frames.filter(|_| !end.is_of_another(track.id)),
        Kind::Frames | Kind::Mp4 | Kind::Caf => edit.frames,
    };
    Ok(Opened {
        length,
        edit,
        is_cut: end.is_cut,
        kind,
        sample_rate_hz,
        channels,
        samples: samples(parameters),
        metadata: said.metadata,
        track: track.id,
        reader,
        decoder,
        failure,
    })
}

/// The tags of a reader, and those that stand in the last bytes of a file.
fn all_tags(reader: &mut dyn FormatReader, last: Option<&[u8; id3::LAST_BYTES]>) -> Said {
    let mut said = tags(reader);
    if let Some(last) = last {
        id3::read_last(last, &mut said.metadata);
    }
    said
}

/// How an Ogg file ends, where it can be looked at from its end.
fn ogg_end(input: &Input, kind: Kind) -> ogg::OggEnd {
    match (kind, input.another()) {
        (Kind::Ogg, Some((file, bytes))) => ogg::end(&file, bytes),
        _ => ogg::OggEnd::default(),
    }
}

/// A reader that has read the head of a stream.
fn read(medium: Watched<Medium>, kind: Kind) -> Result<Box<dyn FormatReader>, CompressedError> {
    let stream = MediaSourceStream::new(Box::new(medium), MediaSourceStreamOptions::default());
    contained(|| reader(stream, kind)).map_err(|found| CompressedError::unreadable(&found))
}

/// Whether a reader may look around: in a file of frames without a header one would, to guess the
/// length.
const fn moves(kind: Kind) -> Moves {
    match kind {
        Kind::Frames => Moves::Forward,
        Kind::Ogg | Kind::Mp4 | Kind::Caf => Moves::Anywhere,
    }
}

/// Rate and channels: those that the decoder knows, else those that the container names.
fn signal<'a>(
    decoder: &'a dyn AudioDecoder,
    parameters: &'a AudioCodecParameters,
) -> (Option<u32>, Option<&'a Channels>) {
    let known = decoder.codec_params();
    (
        known.sample_rate.or(parameters.sample_rate),
        known.channels.as_ref().or(parameters.channels.as_ref()),
    )
}

/// The last bytes of a file of frames, where a tag may stand.
fn last_bytes(input: &Input, kind: Kind) -> Option<[u8; id3::LAST_BYTES]> {
    let at = input.bytes?.checked_sub(id3::LAST_BYTES as u64)?;
    let mut last = [0; id3::LAST_BYTES];
    let read = (kind == Kind::Frames).then(|| input.read_at(at, &mut last))?;
    read.is_ok().then_some(last)
}

fn decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    let decoder = get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default())?;
    let channels = parameters.channels.as_ref().map_or(0, Channels::count);
    match &parameters.extra_data {
        Some(headers) if parameters.codec == CODEC_ID_VORBIS && channels > 2 => {
            Ok(Box::new(Surround::new(decoder, headers)?))
        }
        _ if parameters.codec == CODEC_ID_FLAC => Ok(Box::new(Native::new(decoder)?)),
        _ => Ok(decoder),
    }
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
        Kind::Frames => Edit {
            skip_frames: 0,
            frames: track.num_frames,
        },
        // Another stream may follow the one whose length is known.
        Kind::Ogg => Edit::default(),
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
