//! Timeline: changes at places of the stream, written down before the run.
//!
//! In: a file of `[[change]]` tables. Out: requests in the order of their places, or every mistake
//! at once, with line and column. `docs/control.md` describes the file.
//!
//! Pure, but for `read`. Whatever is in the file: its size, its depth and the number of changes are
//! bounded before they are used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned as TomlSpanned;
use toml::de::{DeArray, DeValue};

use crate::config::limits::FILE_BYTES_MAX;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::reading;
use crate::config::source::{SourceId, SourceText, Sources, Span, TextOrigin};
use crate::config::syntax;
use crate::control::timeline::action::command;
use crate::control::timeline::fields::Fields;
use crate::control::timeline::place::place;
use crate::control::timeline::replay::replay;
use crate::observe::{Cause, Who};
use crate::swap::ask::{At, Timed};

mod action;
mod fields;
mod place;
mod replay;
#[cfg(test)]
mod tests;

/// The most changes of a file. One swap in every second of two hours is less.
pub const CHANGES_MAX: usize = 10_000;

/// The one table of the file.
const CHANGE: &str = "change";

/// A value of the file, with its place.
type Toml<'t> = TomlSpanned<DeValue<'t>>;

/// Reads a file of changes. Relative paths in it start at its folder. Thread: control; it reads a
/// file.
///
/// # Errors
/// Every mistake at once; one without a place if there is nothing to read.
pub fn read(path: &Path) -> Result<Vec<Timed>, Mistakes> {
    parse(&reading::text(path)?, path)
}

/// Reads changes from their text. Relative paths in it start at the folder of `path`, which is not
/// looked at; messages call the text by it.
///
/// Changes come in the order of their places, those at one place as they are written. Where some
/// places are frames and others times, they come as they are written: only who knows the sample
/// rate can compare them ([`At::frames`]).
///
/// # Errors
/// Every mistake at once, each with its place.
pub fn parse(text: &str, path: &Path) -> Result<Vec<Timed>, Mistakes> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = |name: String, text: &str, origin| SourceText {
        name: name.into(),
        text: text.into(),
        origin,
    };
    let file = source(path.display().to_string(), text, TextOrigin::File);
    let defaults = source("the defaults".to_owned(), "", TextOrigin::Default);
    let mut mistakes = Mistakes::new(Sources::new(file, defaults));
    let found = changes(text, path, &mut mistakes);
    if mistakes.has_errors() {
        return Err(mistakes);
    }
    Ok(sorted(found))
}

fn changes(text: &str, path: &Path, mistakes: &mut Mistakes) -> Vec<Timed> {
    let whole = span(0..0);
    if text.len() > FILE_BYTES_MAX {
        let found = text.len();
        let message = format!("the file has {found} bytes, expected at most {FILE_BYTES_MAX}");
        mistakes.push(Mistake::new(whole, message));
        return Vec::new();
    }
    let Some(tree) = syntax::tree(text, mistakes) else {
        return Vec::new();
    };
    let mut root = Fields::new(tree.get_ref(), whole, "the file");
    let list = root.take(CHANGE);
    root.nothing_else(&[CHANGE], mistakes);
    let Some(list) = list else {
        let mistake = Mistake::new(whole, "the file has no change");
        mistakes.push(mistake.help(EXAMPLE));
        return Vec::new();
    };
    let DeValue::Array(list) = list.get_ref() else {
        let mistake = Mistake::new(span(list.span()), "`change` is one table, expected a list");
        mistakes.push(mistake.help("write [[change]] in double brackets before each"));
        return Vec::new();
    };
    each(list, text, path, mistakes)
}

const EXAMPLE: &str = "as in [[change]] at = \"1.5s\", set = { stage = \"tube\", param = \
                       \"drive_db\", value = 6 }, each on a line of its own";

fn each(list: &DeArray<'_>, text: &str, path: &Path, mistakes: &mut Mistakes) -> Vec<Timed> {
    if list.len() > CHANGES_MAX {
        let found = list.len();
        let message = format!("the file has {found} changes, expected at most {CHANGES_MAX}");
        mistakes.push(Mistake::new(span(0..0), message));
        return Vec::new();
    }
    let mut file = File::new(text, path);
    list.iter()
        .filter_map(|value| change(value, &mut file, mistakes))
        .collect()
}

fn change(value: &Toml<'_>, file: &mut File<'_>, mistakes: &mut Mistakes) -> Option<Timed> {
    let place_of_it = span(value.span());
    let DeValue::Table(table) = value.get_ref() else {
        let mistake = Mistake::new(place_of_it, "a change is no table");
        mistakes.push(mistake.help(EXAMPLE));
        return None;
    };
    let mut fields = Fields::new(table, place_of_it, "a change");
    let who = Who::Timeline {
        file: file.name.to_string(),
        line: file.line(value.span().start),
    };
    let at = place(&mut fields, mistakes);
    let why = fields.text("why", mistakes).map(|why| why.value);
    let replay = replay(&mut fields, at, mistakes);
    let command = command(&mut fields, file, mistakes);
    Some(Timed {
        at: at?,
        command: command?,
        cause: Cause {
            who,
            why: why.unwrap_or_default(),
        },
        replay: replay.map(Arc::new),
    })
}

fn sorted(mut changes: Vec<Timed>) -> Vec<Timed> {
    let is_frames = |change: &Timed| matches!(change.at, At::Frames(_));
    let frames = changes.iter().filter(|change| is_frames(change)).count();
    if frames == 0 || frames == changes.len() {
        // All of one kind: here every second part of the key is 0.
        changes.sort_by_key(|change| match change.at {
            At::Frames(frames) => (u128::from(frames), 0),
            At::Time(time) => (0, time.as_nanos()),
        });
    }
    changes
}

/// The file as changes are read from it, one after the other.
struct File<'f> {
    text: &'f str,
    /// What receipts call it.
    name: String,
    folder: PathBuf,
    /// A place that was asked for, and its line: the next is counted from there on.
    seen: (usize, usize),
}

impl<'f> File<'f> {
    fn new(text: &'f str, path: &Path) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self {
            text,
            name: name.to_string_lossy().into_owned(),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            seen: (0, 1),
        }
    }

    /// The line of a place, from 1. Places mostly come in their order: then all of them together
    /// cost one look at the text.
    fn line(&mut self, start: usize) -> usize {
        let (before, line) = match self.seen {
            seen if seen.0 <= start => seen,
            _ => (0, 1),
        };
        let between = self.text.get(before..start).unwrap_or_default();
        let line = line + between.bytes().filter(|byte| *byte == b'\n').count();
        self.seen = (start, line);
        line
    }

    /// The text of a value as it is written.
    fn written(&self, value: &Toml<'_>) -> &'f str {
        self.text.get(value.span()).unwrap_or_default()
    }
}

fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(SourceId::FILE, range)
}
