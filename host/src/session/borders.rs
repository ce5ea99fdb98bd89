//! Borders: the input as the session is to have it.
//!
//! In: what is asked for, and what the configuration says of rate and channels. Out: a source that
//! has both, or the place in the configuration that it does not go together with.

use segue_media::audio::{Format, Layout, SampleFormat};
use segue_media::io::{self, ConvertError, Source, Stop, Wanted};

use crate::config::mistake::Mistake;
use crate::config::model::Config;
use crate::config::source::Span;
use crate::config::words::Convert;
use crate::session::error::SessionError;
use crate::session::start::{Input, StreamPart};

/// The rate of a signal that is made, where the configuration names none.
const GENERATED_RATE_HZ: u32 = 48_000;

/// Opens the input and converts it where the configuration wants it otherwise.
pub(super) fn open(
    config: &Config,
    input: &Input,
    stop: &Stop,
) -> Result<Box<dyn Source>, SessionError> {
    if let StreamPart::Generated(seconds) = input.part {
        let format = generated(config)?;
        return Ok(io::generate(format, frames(seconds, &format)));
    }
    let source = io::open_until(&input.path, input.raw, stop)?;
    if config.stream.convert.value == Convert::Refuse {
        same(config, source.format())?;
    }
    let wanted = Wanted {
        sample_rate_hz: config.stream.sample_rate_hz.as_ref().map(|rate| rate.value),
        layout: config.stream.layout.as_ref().map(|layout| layout.value),
    };
    let source = io::convert(source, &wanted).map_err(|error| unconverted(config, error))?;
    Ok(match input.part {
        StreamPart::Whole | StreamPart::Generated(_) => source,
        StreamPart::Beginning(seconds) => {
            let frames = frames(seconds, source.format());
            io::beginning(source, frames)
        }
    })
}

/// What a signal is made as.
fn generated(config: &Config) -> Result<Format, SessionError> {
    let stream = &config.stream;
    let rate = stream.sample_rate_hz.as_ref();
    let layout = stream.layout.as_ref().map(|layout| layout.value);
    let format = Format::new(
        rate.map_or(GENERATED_RATE_HZ, |rate| rate.value),
        layout.unwrap_or(Layout::STEREO),
        SampleFormat::F32,
    );
    format.map_err(|error| {
        let mut mistakes = config.mistakes();
        let span = rate.map_or(stream.convert.span, |rate| rate.span);
        mistakes.push(Mistake::new(span, error.to_string()));
        SessionError::Mistakes(mistakes)
    })
}

/// So many seconds as frames; a stream that was asked for is never empty.
fn frames(seconds: f64, format: &Format) -> u64 {
    ((seconds * f64::from(format.sample_rate_hz())).round() as u64).max(1)
}

/// Holds an input that may not be converted to what the session is to have.
pub(super) fn same(config: &Config, format: &Format) -> Result<(), SessionError> {
    let mut mistakes = config.mistakes();
    let mut other = |span: Span, found: String, wanted: String| {
        let text = format!("the input has {found}, and this session is to have {wanted}");
        let mistake = Mistake::new(span, text).label(format!("expected {found}"));
        mistakes.push(mistake.help(
            "without this key the input is taken as it is; convert = \"auto\" in [stream] converts it",
        ));
    };
    let (rate, layout) = (format.sample_rate_hz(), format.layout());
    if let Some(wanted) = &config.stream.sample_rate_hz
        && wanted.value != rate
    {
        other(
            wanted.span,
            format!("{rate} Hz"),
            format!("{} Hz", wanted.value),
        );
    }
    if let Some(wanted) = &config.stream.layout
        && wanted.value != layout
    {
        let channels = format!("the channels {}", wanted.value);
        other(wanted.span, format!("the channels {layout}"), channels);
    }
    match mistakes.has_errors() {
        true => Err(SessionError::Mistakes(mistakes)),
        false => Ok(()),
    }
}

/// What cannot be converted, at the key that asks for it.
fn unconverted(config: &Config, error: ConvertError) -> SessionError {
    let (key, label) = match error {
        ConvertError::Rates { from_hz, .. } => (
            config.stream.sample_rate_hz.as_ref().map(|key| key.span),
            format!("too far from {from_hz}, or without a common divisor"),
        ),
        ConvertError::Layouts { from, .. } => (
            config.stream.layout.as_ref().map(|key| key.span),
            format!("the input has {from}"),
        ),
    };
    let mut mistakes = config.mistakes();
    let span = key.unwrap_or(config.stream.convert.span);
    mistakes.push(Mistake::new(span, error.to_string()).label(label));
    SessionError::Mistakes(mistakes)
}
