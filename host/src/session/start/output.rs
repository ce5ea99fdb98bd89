//! Output: where a session writes to, opened in the form that it is to have.
//!
//! At real-time pace it is a recording, which grows under its own name; else it is whole or
//! nothing. What runs that were killed left is dealt with first.

use segue_media::audio::Format;
use segue_media::io::{
    self, CreateError, End, Kept, Length, OutputOptions, Overwrite, RawSpec, Sink, Source,
    WriteError, Written,
};

use segue_plugin::declare::Layout;

use crate::observe::{Event, Notice};
use crate::provenance::Rounding;
use crate::session::ended::Ended;
use crate::session::error::SessionError;
use crate::session::request::{Company, Request};
use crate::session::run::Pace;
use crate::session::start::Output;
use crate::session::start::keys::form;
use crate::session::start::overlap::Writing;
use std::path::Path;

/// Opens the output; `further_frames` come out beside those of the input.
pub(super) fn create(
    request: &Request,
    layout: Layout,
    source: &dyn Source,
    further_frames: u64,
) -> Result<Option<Writing>, SessionError> {
    let Some(output) = &request.output else {
        return Ok(None);
    };
    let format = *source.format();
    let form = form(request, output, &format)?;
    if let (Some(raw), None) = (output.raw, request.input.raw) {
        as_announced(&output.path, raw, format.with_layout(layout))?;
    }
    let options = OutputOptions {
        format: format.with_layout(layout),
        samples: form.samples,
        container: form.container,
        frames: source.frames().map(|frames| frames + further_frames),
        length: certainty(source),
        metadata: source.metadata(),
        overwrite: output.overwrite,
        input: source.file_id(),
    };
    tidy(request, output, source)?;
    let sink = match request.pace {
        Pace::Fast => io::create_until(&output.path, &options, &request.stop)?,
        Pace::RealTime => io::record_until(&output.path, &options, &request.stop)?,
    };
    let sink = match form.rounding {
        Rounding::Plain => sink,
        Rounding::Dithered => io::dithered(sink, &options.format, form.samples),
    };
    Ok(Some(Writing {
        sink,
        effort: form.container.effort(),
        channels: layout.channels(),
    }))
}

/// A file is as long as it says; what comes through a pipe may end at any moment.
fn certainty(source: &dyn Source) -> Length {
    match source.file_id() {
        Some(_) => Length::Certain,
        None => Length::Hint,
    }
}

/// What is to be said of tags that the output has no place for.
pub(super) fn tags_left_out(request: &Request, source: &dyn Source) -> Option<Notice> {
    let output = request.output.as_ref()?;
    // What cannot be written was refused before.
    let form = form(request, output, source.format()).ok()?;
    let text = io::tags_left_out(form.container, source.metadata())?;
    Some(Notice { text })
}

/// Gives a complete output its name, and leaves nothing of any other; but a recording or a pipe is
/// ended as well as it can be, however the run ended.
pub(super) fn finish(
    result: Result<Ended, SessionError>,
    sink: Option<Box<dyn Sink>>,
    pace: Pace,
) -> (Result<Ended, SessionError>, Option<Written>) {
    let Some(sink) = sink else {
        return (result, None);
    };
    let is_in_order = !matches!(result, Ok(Ended::Interrupted(_)) | Err(_));
    if is_in_order && pace == Pace::Fast {
        return match sink.finish() {
            Ok(written) => (result, Some(written)),
            Err(error) => (Err(error.into()), None),
        };
    }
    let end = match result {
        Ok(Ended::Complete) => End::InOrder,
        // Of what ended before its first frame nothing takes the place of what is there.
        Ok(_) | Err(_) => End::Cut,
    };
    let Some(Kept { written, trouble }) = sink.keep(end) else {
        return (result, None);
    };
    match trouble {
        Some(error @ WriteError::Gone { .. }) => (Err(error.into()), None),
        Some(error) if is_in_order => (Err(error.into()), Some(written)),
        // How the run ended was told first; a pipe's length is as little news as its end.
        Some(_) | None => (result, Some(written)),
    }
}

/// Removes outputs that were never finished from the folder, and gives a recording that was not
/// finished another name, where something is to take its own; says so.
fn tidy(request: &Request, output: &Output, source: &dyn Source) -> Result<(), CreateError> {
    let tell = |text: String| request.events.event(Event::Notice { text });
    // A batch does so for all of its folders, once.
    if request.company == Company::Alone
        && let Some(swept) = io::sweep(&output.path)
    {
        tell(swept.to_string());
    }
    if request.pace == Pace::RealTime || output.overwrite == Overwrite::Allowed {
        let aside = io::set_aside(&output.path, source.file_id())?;
        aside.iter().for_each(|aside| tell(aside.to_string()));
    }
    Ok(())
}

/// Makes sure that an output without a header has the rate and channels that it was said to have.
fn as_announced(path: &Path, raw: RawSpec, format: Format) -> Result<(), CreateError> {
    let of = |format: Format| (format.sample_rate_hz(), format.channels());
    if of(raw.format()) == of(format) {
        return Ok(());
    }
    Err(CreateError::RawFormat {
        name: path.display().to_string(),
        found: of(format),
        expected: raw,
    })
}
