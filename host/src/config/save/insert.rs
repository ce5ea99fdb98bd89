//! Insert: new keys, rows and tables, in the style of what is around them.
//!
//! Pure.

use toml_edit::{Array, ArrayOfTables, Item, Table, TableLike, Value};

use crate::config::overrides;
use crate::config::save::Splice;
use crate::config::save::place::{Cursor, Home, NoPlace, PathStep};

/// The most rows that are added at once; a component has no more.
const ROWS_MAX: usize = crate::config::limits::PARAMS_MAX;

/// A key as it is written.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => overrides::quoted(name),
    }
}

/// A value within the tables and rows that lead to it.
pub(super) fn nested(path: &[PathStep], value: &str) -> String {
    path.iter()
        .rev()
        .fold(value.to_owned(), |inner, step| match step {
            PathStep::Key(name) => format!("{{ {} = {inner} }}", key(name)),
            PathStep::Row(number) => {
                let before = "{}, ".repeat(number.saturating_sub(1).min(ROWS_MAX));
                format!("[{before}{inner}]")
            }
        })
}

/// A new key in a table.
///
/// # Errors
/// Where there is no place for it.
pub(super) fn entry(
    text: &str,
    cursor: &Cursor<'_>,
    name: &str,
    value: &str,
) -> Result<Vec<Splice>, NoPlace> {
    let entry = format!("{}{} = {value}", cursor.prefix, key(name));
    let last = last_entry(cursor.table);
    let splice = match (&cursor.home, last) {
        (Home::Lines(_), Some((start, end))) => line_after(text, end, indent(text, start), &entry),
        (Home::Lines(table), None) => {
            let header = table.span().filter(|span| !span.is_empty());
            let header = header.ok_or(NoPlace::NoHome)?;
            line_after(text, header.end, indent(text, header.start), &entry)
        }
        (Home::Braces(_), Some((_, end))) => at(end, format!(", {entry}")),
        (Home::Braces(table), None) => {
            let span = table.span().ok_or(NoPlace::Unknown)?;
            let inner = span.start + 1;
            let is_tight = text.get(inner..).is_some_and(|rest| rest.starts_with('}'));
            at(
                inner,
                format!(" {entry}{}", if is_tight { " " } else { "" }),
            )
        }
        (Home::Nowhere, _) => parent(text, cursor.table, &entry)?,
    };
    Ok(vec![splice])
}

/// Where the last key of a table that is written with it begins, and where its value ends. Tables
/// that have a header of their own are not written with it.
fn last_entry(table: &dyn TableLike) -> Option<(usize, usize)> {
    let entries = table.iter().filter_map(|(name, item)| match item {
        Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => last_entry(inner),
        Item::Value(value) => {
            let start = table.key(name)?.span()?.start;
            Some((start, value.span()?.end))
        }
        Item::Table(inner) if inner.is_dotted() => last_entry(inner),
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => None,
    });
    entries.max_by_key(|(_, end)| *end)
}

/// The header of a table that had none, before the first one of the tables within it and what is
/// said above that.
fn parent(text: &str, table: &dyn TableLike, entry: &str) -> Result<Splice, NoPlace> {
    let inner = table.iter().filter_map(|(_, item)| match item {
        Item::ArrayOfTables(tables) => tables.get(0)?.span(),
        Item::Table(table) => table.span(),
        _ => None,
    });
    let first = inner.min_by_key(|span| span.start);
    let first = first.ok_or(NoPlace::NoHome)?;
    let header = text.get(first.clone()).unwrap_or_default();
    let name = header.trim_matches(['[', ']']);
    let name = name
        .rsplit_once('.')
        .map_or(name, |(outer, _)| outer)
        .trim();
    let mut start = line_start(text, first.start);
    while start > 0 {
        let above = line_start(text, start - 1);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    let (indent, eol) = (indent(text, first.start), eol(text, first.start));
    Ok(at(
        start,
        format!("{indent}[{name}]{eol}{indent}{entry}{eol}"),
    ))
}

/// A table at the end of the file, with one key.
pub(super) fn header(text: &str, path: &[PathStep], last: &PathStep, value: &str) -> Splice {
    let name = |step: &PathStep| match step {
        PathStep::Key(name) => key(name),
        PathStep::Row(number) => number.to_string(),
    };
    let names: Vec<_> = path.iter().map(name).collect();
    let eol = eol(text, text.len());
    let before = match text {
        "" => String::new(),
        text if text.ends_with('\n') => eol.to_owned(),
        _ => eol.repeat(2),
    };
    let header = format!("[{}]{eol}{} = {value}{eol}", names.join("."), name(last));
    at(text.len(), before + &header)
}

/// A value in a row that is missing.
pub(super) struct NewRow<'a> {
    /// The number of the row, from 1 on.
    pub(super) number: usize,
    /// What leads from the row to the value.
    pub(super) rest: &'a [PathStep],
    pub(super) value: &'a str,
}

impl NewRow<'_> {
    /// How many rows are missing where there are so many.
    fn missing(&self, rows: usize) -> usize {
        self.number.saturating_sub(rows).min(ROWS_MAX)
    }
}

/// Rows with headers of their own, below the ones that are there.
///
/// # Errors
/// Where there is no place for them.
pub(super) fn headers(
    text: &str,
    tables: &ArrayOfTables,
    row: &NewRow<'_>,
) -> Result<Vec<Splice>, NoPlace> {
    let last = tables.iter().last().ok_or(NoPlace::EmptyList)?;
    let span = Table::span(last).ok_or(NoPlace::Unknown)?;
    let [PathStep::Key(name)] = row.rest else {
        return Err(NoPlace::SingleValues);
    };
    let end = last_entry(last).map_or(span.end, |(_, end)| end);
    let header = text.get(span.clone()).unwrap_or_default();
    let (indent, eol) = (indent(text, span.start), eol(text, end));
    let headers = vec![header; row.missing(tables.len())].join(&format!("{eol}{indent}"));
    let entry = format!("{headers}{eol}{indent}{} = {}", key(name), row.value);
    Ok(vec![line_after(text, end, indent, &entry)])
}

/// Rows in a list, behind the ones that are there.
///
/// # Errors
/// Where there is no place for them.
pub(super) fn rows(text: &str, list: &Array, row: &NewRow<'_>) -> Result<Vec<Splice>, NoPlace> {
    let span = list.span().ok_or(NoPlace::Unknown)?;
    let mut rows = vec!["{}".to_owned(); row.missing(list.len()).saturating_sub(1)];
    rows.push(nested(row.rest, row.value));
    let Some(last) = list.iter().last() else {
        return Ok(vec![at(span.start + 1, rows.join(", "))]);
    };
    let last = last.span().ok_or(NoPlace::Unknown)?;
    let close = span.end.saturating_sub(1);
    let comma = comma(text, last.end, close);
    let behind = comma.map_or(last.end, |comma| comma + 1);
    let Some(newline) = text.get(behind..close).and_then(|rest| rest.find('\n')) else {
        let rows = rows.join(", ");
        let row = match comma {
            Some(_) => format!(" {rows},"),
            None => format!(", {rows}"),
        };
        return Ok(vec![at(behind, row)]);
    };
    let (indent, eol) = (indent(text, last.start), eol(text, last.end));
    let end = if comma.is_some() { "," } else { "" };
    let lines = rows.join(&format!(",{eol}{indent}"));
    let line = at(behind + newline + 1, format!("{indent}{lines}{end}{eol}"));
    Ok(match comma {
        Some(_) => vec![line],
        None => vec![at(last.end, ",".to_owned()), line],
    })
}

/// Where the comma after a row is, if there is one; comments may stand before it.
fn comma(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut is_comment = false;
    for (at, byte) in text.get(from..to)?.bytes().enumerate() {
        match byte {
            b'\n' => is_comment = false,
            b'#' => is_comment = true,
            b',' if !is_comment => return Some(from + at),
            _ => {}
        }
    }
    None
}

/// A line behind the one in which something ends.
fn line_after(text: &str, end: usize, indent: &str, line: &str) -> Splice {
    let eol = eol(text, end);
    match text.get(end..).and_then(|rest| rest.find('\n')) {
        Some(newline) => at(end + newline + 1, format!("{indent}{line}{eol}")),
        None => at(text.len(), format!("{eol}{indent}{line}")),
    }
}

fn at(start: usize, text: String) -> Splice {
    Splice {
        start,
        end: start,
        text,
    }
}

/// Where the line of a place begins.
fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// What the line of a place begins with before its first word.
fn indent(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..at).unwrap_or_default();
    let blank = line.find(|c: char| c != ' ' && c != '\t');
    &line[..blank.unwrap_or(line.len())]
}

/// How the line of a place ends, or else the first one of the text.
fn eol(text: &str, at: usize) -> &'static str {
    let ends = |text: &str| {
        let newline = text.find('\n')?;
        Some(match text[..newline].ends_with('\r') {
            true => "\r\n",
            false => "\n",
        })
    };
    let here = text.get(at..).and_then(ends);
    here.or_else(|| ends(text)).unwrap_or("\n")
}
