//! Outside: what a configuration names that lies outside of it: files, folders, plugins that are
//! pinned.
//!
//! In: a configuration, and what a search found. Out: a warning for each that is not there or can be
//! of no use. They weigh no more than that, since the arguments of a run name others, and what is
//! missing now may come. Of the input only the header is read.

use std::fs;
use std::path::Path;

use segue_media::io::{self, Container};

use crate::config::mistake::{Mistake, Mistakes};
use crate::config::model::{Config, StreamPort};
use crate::config::nearest::{did_you_mean, listed};
use crate::config::source::{SourceId, Span, Spanned};
use crate::session::Catalogue;

/// How many known plugins a warning lists.
const LISTED_MAX: usize = 12;

/// Looks at everything but the input.
pub(super) fn check(config: &Config, catalogue: &Catalogue, mistakes: &mut Mistakes) {
    output(config, mistakes);
    searched(config, mistakes);
    required(config, catalogue, mistakes);
}

/// The sample rate that a run of the configuration alone would have, as far as the file or the
/// header of its input says.
pub(super) fn sample_rate_hz(config: &Config, mistakes: &mut Mistakes) -> Option<u32> {
    let given = config.stream.sample_rate_hz.as_ref().map(|rate| rate.value);
    let of_input = input(config, mistakes);
    // A rate that is written wrong is not the input's either.
    given.or(of_input.filter(|_| !config.is_spoiled("stream", "sample_rate_hz")))
}

/// The rate of the input, if it is a file with a header.
fn input(config: &Config, mistakes: &mut Mistakes) -> Option<u32> {
    let (path, span) = file(config.stream.input.as_ref()?)?;
    match fs::metadata(path) {
        Err(error) => {
            let message = format!("the input {} cannot be read: {error}", path.display());
            mistakes.push(Mistake::new(span, message).warning());
            return None;
        }
        // What is said of others would be waited for.
        Ok(found) if !found.is_file() || !io::has_header(path) => return None,
        Ok(_) => {}
    }
    match io::open(path, None) {
        Ok(source) => Some(source.format().sample_rate_hz()),
        Err(error) => {
            mistakes.push(Mistake::new(span, error.to_string()).warning());
            None
        }
    }
}

fn file(port: &Spanned<StreamPort>) -> Option<(&Path, Span)> {
    match &port.value {
        StreamPort::File(path) => Some((path, port.span)),
        StreamPort::Pipe => None,
    }
}

/// An output whose name asks for what is not written.
fn output(config: &Config, mistakes: &mut Mistakes) {
    let input = config.stream.input.as_ref().and_then(file);
    // Of a folder the files have their own names.
    let is_folder = input.is_some_and(|(path, _)| path.is_dir());
    let output = config.stream.output.as_ref().and_then(file);
    if let Some((path, span)) = output.filter(|_| !is_folder)
        && let Err(error) = Container::of(path)
    {
        mistakes.push(Mistake::new(span, error.to_string()).warning());
    }
}

/// Folders and files of `[plugins]` that are not there.
fn searched(config: &Config, mistakes: &mut Mistakes) {
    let plugins = &config.plugins;
    for (what, path) in plugins
        .paths
        .iter()
        .map(|path| ("folder", path))
        .chain(plugins.files.iter().map(|path| ("file", path)))
    {
        if let Err(error) = fs::metadata(&path.value) {
            let message = format!(
                "the {what} {} is not searched: {error}",
                path.value.display()
            );
            mistakes.push(Mistake::new(path.span, message).warning());
        }
    }
}

/// Versions that are required of plugins that nobody found.
fn required(config: &Config, catalogue: &Catalogue, mistakes: &mut Mistakes) {
    let known = catalogue.ids();
    for (id, message) in catalogue.pins_of_nothing(config) {
        let label = match known.is_empty() {
            true => "no plugins were found".to_owned(),
            false => format!("found {}", listed(known.iter().copied().take(LISTED_MAX))),
        };
        let mistake = Mistake::new(id.span, message).label(label);
        let help = did_you_mean(id.value.as_str(), known.iter().copied());
        mistakes.push(mistake.help_if(help).warning());
    }
}

/// A file that says nothing.
pub(super) fn empty(config: &Config, mistakes: &mut Mistakes) {
    if config.stages.is_empty() && config.taps.is_empty() {
        let span = Span::new(SourceId::FILE, 0..0);
        let message = "the file has no [[stage]] and no [[tap]]: audio passes as it is";
        mistakes.push(Mistake::new(span, message).warning());
    }
}
