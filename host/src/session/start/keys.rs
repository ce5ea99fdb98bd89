//! Keys: those of a request, and their place in the report.
//!
//! In: a request with the content of its input. Out: keys, before a run or beside it.

use std::sync::Arc;

use crate::audio::Format;
use crate::io::{self, Container, Stop};
use crate::observe::{Event, Notice, RunReport};
use crate::session::error::SessionError;
use crate::session::key::{Circumstances, Form, Key, Keys};
use crate::session::start::{Output, Request};

/// The key that the output of a request will have. Only the head of the input is read. `None`
/// where its content is not known, nothing is written, or settings point to what cannot be read.
///
/// # Errors
/// When the input cannot be opened.
pub fn output_key(request: &Request) -> Result<Option<Key>, SessionError> {
    let stop = Stop::when(Arc::clone(&request.stop));
    let source = io::open_until(&request.input.path, request.input.raw, &stop)?;
    let keys = keys(request, source.format())?;
    Ok(keys.and_then(|keys| keys.output))
}

/// The keys of a request whose input is read in this format.
pub(super) fn keys(request: &Request, format: &Format) -> Result<Option<Keys>, SessionError> {
    let Some(content) = &request.content else {
        return Ok(None);
    };
    let parts = match request.plugins.parts(&request.config) {
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
    let form = request.output.as_ref().map(|output| form(output, format));
    parts.keys(&from, form.as_ref()).map(Some)
}

/// How an output is written: the input's samples as they were stored, unless raw ones are asked
/// for.
pub(super) fn form(output: &Output, format: &Format) -> Form {
    match output.raw {
        Some(raw) => Form {
            container: Container::Raw(raw.encoding().order),
            samples: raw.encoding().samples,
        },
        None => Form {
            container: Container::Wav,
            samples: format.source_bits(),
        },
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
