//! Keys: those of a request, and their place in the report.
//!
//! In: a request with the content of its input. Out: keys, before a run or beside it.

use std::sync::Arc;

use crate::audio::{Format, SampleFormat};
use crate::config::model::Config;
use crate::config::words::{Dither, OutputBits};
use crate::io::{Container, CreateError, Stop, loses_depth};
use crate::observe::{Event, Notice, RunReport};
use crate::session::bind::Bindings;
use crate::session::borders;
use crate::session::error::SessionError;
use crate::session::key::{Circumstances, Form, Key, Keys, Parts, Rounding};
use crate::session::start::{Output, Request};

/// The key that the output of a request will have. Only the head of the input is read. `None`
/// where its content is not known, nothing is written, or settings point to what cannot be read.
///
/// # Errors
/// When the input cannot be opened.
pub fn output_key(request: &Request) -> Result<Option<Key>, SessionError> {
    let stop = Stop::when(Arc::clone(&request.stop));
    let plugins = &request.plugins;
    let config = plugins.without.as_ref().unwrap_or(&request.config);
    let source = borders::open(config, &request.input, &stop)?;
    let keys = keys(request, config, &plugins.bindings, source.format())?;
    Ok(keys.and_then(|keys| keys.output))
}

/// The keys of a request whose input is read in this format. `config` and `bindings` are those
/// that it runs with: without optional stages that cannot be had.
pub(super) fn keys(
    request: &Request,
    config: &Config,
    bindings: &Bindings,
    format: &Format,
) -> Result<Option<Keys>, SessionError> {
    let Some(content) = &request.content else {
        return Ok(None);
    };
    let plugins = &request.plugins;
    let own;
    let parts = if bindings.stages.len() == plugins.bindings.stages.len() {
        plugins.parts(config)
    } else {
        // This session had to leave out more than its company.
        own = Parts::of(config, bindings, &plugins.opened);
        own.as_ref().map_err(String::as_str)
    };
    let parts = match parts {
        Ok(parts) => parts,
        Err(why) => {
            let text = format!("there are no keys: {why}");
            request.events.event(Event::Notice { text });
            return Ok(None);
        }
    };
    let from = Circumstances {
        content: content.hash,
        raw: request.input.raw.as_ref(),
        format,
        pace: request.pace,
    };
    let output = request.output.as_ref();
    let form = output
        .map(|output| form(config, output, format))
        .transpose()?;
    parts.keys(&from, form.as_ref()).map(Some)
}

/// How an output is written: in the container that its name asks for, with the samples that the
/// configuration asks for or else the input's, as far as the container has them.
pub(super) fn form(config: &Config, output: &Output, format: &Format) -> Result<Form, CreateError> {
    let container = match output.raw {
        Some(raw) => Container::Raw(raw.encoding().order),
        None => Container::of(&output.path)?,
    };
    let stored = match output.raw {
        Some(raw) => raw.encoding().samples,
        None => format.source_bits(),
    };
    let bits = config.stream.output_bits.as_ref();
    let wanted = bits.map_or(stored, |bits| samples(bits.value));
    let samples = container.samples(wanted);
    let is_dithered = match config.stream.dither.value {
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
