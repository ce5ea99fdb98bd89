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
use crate::config::source::{Origin, Source, SourceId, Sources};

mod build;
pub(crate) mod check;
mod defaults;
pub mod diff;
mod entries;
mod failure;
pub mod find;
#[cfg(test)]
mod golden;
pub mod help;
#[cfg(test)]
mod hostile;
pub mod keys;
pub mod limits;
pub mod mistake;
pub mod model;
#[doc(hidden)]
pub mod mutate;
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
#[cfg(test)]
mod specimen;
pub(crate) mod syntax;
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
pub use crate::config::reading::{read, read_again, read_as};
pub use crate::config::render::Color;
pub use crate::config::replace::{NotReplaced, replace};
pub use crate::config::save::save;
pub use crate::config::schema::schema;
pub use crate::config::source::{Span, Spanned};

/// Reads a configuration from its text. Relative paths in it start at the folder of `path`, which
/// is not looked at; messages call the text by it.
///
/// # Errors
/// Every mistake at once, each with its place.
pub fn parse(text: &str, path: &Path, overrides: &[Override]) -> Result<Config, Mistakes> {
    let (sources, named) = sources(text, path, overrides);
    let mut mistakes = Mistakes::new(sources.clone());
    let text = &sources.get(SourceId::FILE).text;
    let Some(mut entries) = entries(text, &mut mistakes) else {
        return Err(mistakes);
    };
    overlay::apply(&named, &mut entries, &mut mistakes);
    defaults::fill(&ROOT, &mut entries);
    shape::check(&entries, &mut mistakes);
    failure::check(&entries, &mut mistakes);
    if mistakes.has_errors() {
        return Err(mistakes);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    build::build(entries, sources, folder).ok_or_else(|| {
        // Not reachable as far as the tests can tell; a host on the air explains all the same.
        mistakes.push(Mistake::nowhere(
            "the file has no mistake that could be found, and could not be read all the same",
        ));
        mistakes
    })
}

fn sources(
    text: &str,
    path: &Path,
    overrides: &[Override],
) -> (Sources, Vec<(SourceId, Override)>) {
    let file = Source {
        name: path.display().to_string().into(),
        text: text.strip_prefix('\u{feff}').unwrap_or(text).into(),
        origin: Origin::File,
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
