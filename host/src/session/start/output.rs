//! Output: where a session writes to, opened in the form that it is to have.

use crate::audio::Format;
use crate::io::{self, CreateError, OutputOptions, RawSpec, Source, Stop};
use crate::session::error::SessionError;
use crate::session::key::Rounding;
use crate::session::start::Request;
use crate::session::start::keys::form;
use crate::session::start::overlap::Writing;
use segue_plugin::declare::Layout;
use std::path::Path;
use std::sync::Arc;

/// Opens the output.
pub(super) fn create(
    request: &Request,
    layout: Layout,
    source: &dyn Source,
    tail_frames: u64,
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
        frames: source.frames().map(|frames| frames + tail_frames),
        metadata: source.metadata(),
        overwrite: output.overwrite,
        input: source.file_id(),
    };
    let stop = Stop::when(Arc::clone(&request.stop));
    let sink = io::create_until(&output.path, &options, &stop)?;
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
