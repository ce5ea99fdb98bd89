//! Keys: those of a request, and their place in the report.
//!
//! In: a request with the content of its input. Out: keys, before a run or beside it.

use std::borrow::Cow;

use segue_media::audio::{Format, SampleFormat};
use segue_media::io::{Container, CreateError, loses_depth};

use crate::config::words::{Dither, OutputBits};
use crate::observe::{Event, Notice, RunReport};
use crate::provenance::{Form, Key, KeyError, Keys, Parts, Rounding, RunInput};
use crate::session::bind::Bindings;
use crate::session::borders;
use crate::session::error::SessionError;
use crate::session::ingredients::ingredients;
use crate::session::pace::mode;
use crate::session::request::Request;
use crate::session::start::Output;

/// The key that the output of a request will have. Only the head of the input is read. `None`
/// where its content is not known, nothing is written, or settings point to what cannot be read.
///
/// # Errors
/// When the input cannot be opened.
pub fn output_key(request: &Request) -> Result<Option<Key>, SessionError> {
    let source = borders::open(&request.config, &request.input, &request.stop)?;
    let keys = keys(request, &request.plugins.bindings, source.format())?;
    Ok(keys.and_then(|keys| keys.output))
}

/// The keys of a request whose input is read in this format, by what is bound to its stages.
pub(super) fn keys(
    request: &Request,
    bindings: &Bindings,
    format: &Format,
) -> Result<Option<Keys>, SessionError> {
    let Some(content) = &request.content else {
        return Ok(None);
    };
    let parts = match parts(request, bindings) {
        Ok(parts) => parts,
        Err(why) => {
            let text = format!("there are no keys: {why}");
            request.events.event(Event::Notice { text });
            return Ok(None);
        }
    };
    let from = RunInput {
        content: content.hash,
        raw: request.input.raw.as_ref(),
        format,
        mode: mode(request.pace),
    };
    let output = request.output.as_ref();
    let form = output.map(|output| form(request, output, format));
    let keys = parts.keys(&from, form.transpose()?.as_ref())?;
    Ok(Some(keys))
}

/// What keys are made of: the same for all sessions, but for one that had to leave stages out.
fn parts<'a>(request: &'a Request, bindings: &Bindings) -> Result<Cow<'a, Parts>, KeyError> {
    let plugins = &request.plugins;
    let config = plugins.without.as_ref().unwrap_or(&request.config);
    if bindings.stages.len() == plugins.bindings.stages.len() {
        return plugins
            .parts(config)
            .map(Cow::Borrowed)
            .map_err(KeyError::clone);
    }
    let all = ingredients(&request.config, bindings, &plugins.opened);
    Parts::of(&request.config, &all).map(Cow::Owned)
}

/// How an output is written: as its name and the configuration say, or the input's samples as they
/// were stored.
pub(super) fn form(
    request: &Request,
    output: &Output,
    format: &Format,
) -> Result<Form, CreateError> {
    let container = match output.raw {
        Some(raw) => Container::Raw(raw.encoding().order),
        None => Container::of(&output.path)?,
    };
    let stored = match output.raw {
        Some(raw) => raw.encoding().samples,
        None => format.source_bits(),
    };
    let bits = request.config.stream.output_bits.as_ref();
    let wanted = bits.map_or(stored, |bits| samples(bits.value));
    let samples = container.samples(wanted);
    if bits.is_some() && !is_as_deep(wanted, samples) {
        let name = output.path.display().to_string();
        let found = wanted;
        return Err(CreateError::Samples { name, found });
    }
    let is_dithered = match request.config.stream.dither.value {
        Dither::Auto => loses_depth(format.source_bits(), samples),
        // Whatever a pipeline makes is as deep as its floats.
        Dither::Tpdf => loses_depth(SampleFormat::F32, samples),
        Dither::None => false,
    };
    Ok(Form {
        container,
        samples,
        rounding: match is_dithered {
            true => Rounding::Dithered,
            false => Rounding::Plain,
        },
    })
}

/// Whether samples lose nothing in another form: containers differ in the sign of 8 bits.
fn is_as_deep(wanted: SampleFormat, samples: SampleFormat) -> bool {
    use SampleFormat::{S8, U8};
    wanted == samples || matches!((wanted, samples), (U8, S8) | (S8, U8))
}

/// How samples are stored.
const fn samples(bits: OutputBits) -> SampleFormat {
    match bits {
        OutputBits::Eight => SampleFormat::U8,
        OutputBits::Sixteen => SampleFormat::S16,
        OutputBits::TwentyFour => SampleFormat::S24,
        OutputBits::ThirtyTwo => SampleFormat::S32,
        OutputBits::Float => SampleFormat::F32,
        OutputBits::Double => SampleFormat::F64,
        OutputBits::MuLaw => SampleFormat::MuLaw,
        OutputBits::ALaw => SampleFormat::ALaw,
    }
}

/// Puts keys into a report. They are left out when the input changed while it was read.
pub(super) fn write(
    report: &mut RunReport,
    request: &Request,
    keys: Option<&Keys>,
    order: &[usize],
) {
    let (Some(keys), Some(content)) = (keys, &request.content) else {
        return;
    };
    if !content.is_of(&request.input.path) {
        let text = "the input changed while it was read, so there are no keys".to_owned();
        report.notices.push(Notice { text });
        return;
    }
    report.stream.input_sha256 = Some(keys.input.to_string());
    report.stream.output_key = keys.output.map(|key| key.to_string());
    for (stage, at) in report.stages.iter_mut().zip(order) {
        stage.key = Some(keys.stages[*at].to_string());
    }
    for (tap, key) in report.taps.iter_mut().zip(&keys.taps) {
        tap.key = Some(key.to_string());
    }
}
