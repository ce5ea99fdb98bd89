//! Config: `plugins.toml`, read whole, explained when it is wrong.
//!
//! In: the text of the file, and what flags and environment put over it.
//! Out: a `Config` with the place of every value, or all `Mistakes` at once; a JSON Schema, an
//! explanation of each key, a commented file to start from, and the effective configuration.
//!
//! One table of keys (`keys`) is behind all of these. Only `read`, `find` and `replace` touch files. Control
//! threads only; nothing here is called by the audio thread.

use std::path::Path;

use crate::config::check::Checker;
use crate::config::entries::Entries;
use crate::config::keys::top::ROOT;
use crate::config::source::{SourceId, SourceText, Sources, TextOrigin};

mod build;
pub(crate) mod check;
mod defaults;
pub mod diff;
mod entries;
mod failure;
pub mod find;
pub mod help;
pub mod keys;
pub mod limits;
pub mod mistake;
pub mod model;
pub mod nearest;
pub mod overlay;
pub mod overrides;
pub(crate) mod reading;
pub mod render;
mod replace;
mod resolved;
pub mod save;
pub mod schema;
mod shape;
pub mod source;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;
pub mod units;
pub mod values;
pub mod words;

pub use crate::config::diff::{Edit, diff};
pub use crate::config::find::find;
pub use crate::config::help::{commented, explain};
pub use crate::config::mistake::{Mistake, Mistakes};
pub use crate::config::model::Config;
pub use crate::config::overlay::Override;
pub use crate::config::overrides::Overrides;
pub use crate::config::reading::{FileUnreadable, read, read_again, read_as, read_legible};
pub use crate::config::render::Color;
pub use crate::config::replace::{NotReplaced, replace};
pub use crate::config::save::{Unsaved, save};
pub use crate::config::schema::schema;
pub use crate::config::source::{Span, Spanned};

/// What can be read of a configuration that may have mistakes.
#[derive(Debug, Clone)]
pub struct Legible {
    /// Every mistake of form.
    pub mistakes: Mistakes,
    /// The configuration, without the parts whose component, settings or reference had mistakes, so
    /// that no mistake of meaning follows from one of form. Only to be looked at while there are
    /// mistakes; `None` where there is nothing to look at.
    pub config: Option<Config>,
}

/// Reads a configuration from its text. Relative paths in it start at the folder of `path`, which
/// is not looked at; messages call the text by it.
///
/// # Errors
/// Every mistake at once, each with its place.
pub fn parse(text: &str, path: &Path, overrides: &[Override]) -> Result<Config, Mistakes> {
    let Legible { mistakes, config } = legible(text, path, overrides);
    match config {
        Some(config) if !mistakes.has_errors() => Ok(config),
        _ => Err(mistakes),
    }
}

/// As [`parse`], with what can be read in spite of mistakes.
#[must_use]
pub fn legible(text: &str, path: &Path, overrides: &[Override]) -> Legible {
    let (sources, named) = sources(text, path, overrides);
    let mut mistakes = Mistakes::new(sources.clone());
    let text = &sources.get(SourceId::FILE).text;
    let Some(mut entries) = entries(text, &mut mistakes) else {
        let config = None;
        return Legible { mistakes, config };
    };
    overlay::apply(&named, &mut entries, &mut mistakes);
    defaults::fill(&ROOT, &mut entries);
    shape::check(&entries, &mut mistakes);
    failure::check(&entries, &mut mistakes);
    if mistakes.has_errors() {
        entries.keep_whole_parts();
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let config = build::build(entries, sources, folder);
    if config.is_none() && !mistakes.has_errors() {
        // Not reachable as far as the tests can tell; a host on the air explains all the same.
        mistakes.push(Mistake::nowhere(
            "the file has no mistake that could be found, and could not be read all the same",
        ));
    }
    Legible { mistakes, config }
}

fn sources(
    text: &str,
    path: &Path,
    overrides: &[Override],
) -> (Sources, Vec<(SourceId, Override)>) {
    let file = SourceText {
        name: path.display().to_string().into(),
        text: text.strip_prefix('\u{feff}').unwrap_or(text).into(),
        origin: TextOrigin::File,
    };
    let mut sources = Sources::new(file, defaults::source());
    let named = overlay::sources(overrides, &mut sources);
    (sources, named)
}

fn entries(text: &str, mistakes: &mut Mistakes) -> Option<Entries> {
    if text.len() > limits::FILE_BYTES_MAX {
        let message = format!(
            "the file has {} bytes, expected at most {}",
            text.len(),
            limits::FILE_BYTES_MAX
        );
        mistakes.push(Mistake::new(Span::new(SourceId::FILE, 0..0), message));
        return None;
    }
    let tree = syntax::tree(text, mistakes)?;
    let span = Span::new(SourceId::FILE, 0..0);
    Some(Checker::new(mistakes, SourceId::FILE, 0).table(&ROOT, span, tree.get_ref()))
}
