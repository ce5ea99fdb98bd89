//! Syntax: from text to a tree of TOML values with their places.
//!
//! In: the text of a configuration, whatever it holds. Out: the tree, or every mistake in its
//! syntax that can be told from the ones before it.
//!
//! Pure. The length of the text is bounded before, and how deep it nests is bounded here.

use toml::Spanned as TomlSpanned;
use toml::de::{DeTable, Error as SyntaxError};

use crate::config::check::clipped;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::source::{SourceId, Span};

mod depth;

/// Up to this length, in bytes, all syntax mistakes are looked for and not only the first. The
/// search keeps every finding in memory, and noise is one finding after the other.
const RECOVERY_BYTES_MAX: usize = 64 * 1024;

/// How many syntax mistakes are told at most; those past it mostly follow from the first ones.
const SYNTAX_MISTAKES_MAX: usize = 10;

/// Parses the text of the file, or says what is wrong with it.
pub(crate) fn tree<'t>(text: &'t str, mistakes: &mut Mistakes) -> Option<TomlSpanned<DeTable<'t>>> {
    if let Some(range) = depth::too_deep(text) {
        let span = Span::new(SourceId::FILE, range);
        mistakes.push(Mistake::new(
            span,
            "tables and lists are nested too deep here",
        ));
        return None;
    }
    let error = match DeTable::parse(text) {
        Ok(tree) => return Some(tree),
        Err(error) => error,
    };
    let mut errors = vec![error];
    if text.len() <= RECOVERY_BYTES_MAX {
        errors = DeTable::parse_recoverable(text).1;
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    }
    let mut line_before = None;
    let mut told = 0;
    for error in errors {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).map(|before| before.matches('\n').count());
        // A second finding in a line is nearly always an echo of the first.
        if line_before != Some(line) && told < SYNTAX_MISTAKES_MAX {
            mistakes.push(mistake(text, &error));
            told += 1;
        }
        line_before = Some(line);
    }
    None
}

/// Whether a text nests deeper than it is parsed.
pub(crate) fn is_too_deep(text: &str) -> bool {
    depth::too_deep(text).is_some()
}

fn mistake(text: &str, error: &SyntaxError) -> Mistake {
    let range = error.span().unwrap_or(0..0);
    let span = Span::new(SourceId::FILE, range.clone());
    let found = text.get(range.clone()).unwrap_or_default();
    let is_word = !found.is_empty() && !found.contains(['"', '\'', '\n', '=']);
    let follows_equals = text
        .get(..range.start)
        .is_some_and(|before| before.trim_end_matches([' ', '\t']).ends_with('='));
    if follows_equals && found.is_empty() {
        return Mistake::new(span, "a value is missing after `=`");
    }
    if follows_equals && is_word {
        let found = clipped(found);
        return Mistake::new(span, format!("`{found}` is not a value"))
            .help(format!("text is written in quotes: \"{found}\""));
    }
    if error.message() == "duplicate key" {
        return Mistake::new(
            span,
            format!("`{}` stands here for the second time", clipped(found)),
        )
        .help("a key or a table has one value; `[[…]]` begins one table of several");
    }
    if found.is_empty()
        && error
            .message()
            .starts_with("invalid basic string, expected `\"`")
    {
        return Mistake::new(span, "the text is not closed, expected `\"`");
    }
    Mistake::new(span, error.message()).label("here the file stops being TOML")
}
