//! Place: where in a text a value stands, or would stand.
//!
//! In: a parsed document with the places of what is in it, and a path. Out: the pieces of text to
//! put in.
//!
//! Pure.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

use crate::config::save::Splice;
use crate::config::save::insert;

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// To a row, counted from 1.
    Row(usize),
}

impl Step {
    /// Into a table.
    pub(super) fn key(name: &str) -> Self {
        Self::Key(name.to_owned())
    }
}

/// A table, and how it is written.
#[derive(Clone)]
pub(super) struct Cursor<'d> {
    /// The table.
    pub(super) table: &'d dyn TableLike,
    /// What it is written in.
    pub(super) home: Home<'d>,
    /// What keys in it begin with there: `params.` where the home is a stage.
    pub(super) prefix: String,
}

/// What the keys of a table are written in.
#[derive(Clone)]
pub(super) enum Home<'d> {
    /// Lines below a header, or at the top of the file.
    Lines(&'d Table),
    /// Braces.
    Braces(&'d InlineTable),
    /// Nothing: only tables within it are written.
    Nowhere,
}

/// What is at a step.
enum Found<'d> {
    Table(Cursor<'d>),
    Headers(&'d ArrayOfTables),
    List(&'d Array),
    Value(&'d Value),
}

/// The pieces that put a value at a path.
///
/// # Errors
/// A sentence, where something else is in the way.
pub(super) fn place(
    text: &str,
    root: &Table,
    path: &[Step],
    value: &str,
) -> Result<Vec<Splice>, String> {
    let mut found = Found::Table(Cursor {
        table: root,
        home: Home::Lines(root),
        prefix: String::new(),
    });
    for (at, step) in path.iter().enumerate() {
        match next(&found, step)? {
            Some(inner) => found = inner,
            None => return missing(text, &found, (path, at), value),
        }
    }
    match found {
        Found::Value(old) => {
            let span = old
                .span()
                .ok_or_else(|| "its place is not known".to_owned())?;
            Ok(vec![Splice {
                start: span.start,
                end: span.end,
                text: value.to_owned(),
            }])
        }
        Found::Table(_) | Found::Headers(_) | Found::List(_) => {
            Err("the file has a table or a list there".to_owned())
        }
    }
}

/// What one step leads to; `None` where nothing is there yet.
fn next<'d>(found: &Found<'d>, step: &Step) -> Result<Option<Found<'d>>, String> {
    match (found, step) {
        (Found::Table(cursor), Step::Key(key)) => {
            let item = cursor.table.get(key);
            item.map(|item| enter(cursor, key, item)).transpose()
        }
        (Found::Headers(tables), Step::Row(number)) => {
            let table = tables.get(number.wrapping_sub(1));
            Ok(table.map(|table| Found::Table(lines(table))))
        }
        (Found::List(list), Step::Row(number)) => match list.get(number.wrapping_sub(1)) {
            Some(Value::InlineTable(table)) => Ok(Some(Found::Table(braces(table)))),
            Some(_) => Err(in_the_way(step)),
            None => Ok(None),
        },
        _ => Err(in_the_way(step)),
    }
}

/// The pieces that put in what is missing from one step of a path on.
fn missing(
    text: &str,
    found: &Found<'_>,
    (path, at): (&[Step], usize),
    value: &str,
) -> Result<Vec<Splice>, String> {
    let (step, rest) = (&path[at], &path[at + 1..]);
    match (found, step) {
        (Found::Table(_), Step::Key(_)) if rest_is_header(at, rest) => {
            let (last, tables) = path.split_last().ok_or_else(|| in_the_way(step))?;
            Ok(vec![insert::header(text, tables, last, value)])
        }
        (Found::Table(cursor), Step::Key(key)) => {
            insert::entry(text, cursor, key, &insert::nested(rest, value))
        }
        (Found::Headers(tables), Step::Row(number)) => {
            insert::headers(text, tables, *number, rest, value)
        }
        (Found::List(list), Step::Row(number)) => insert::rows(text, list, *number, rest, value),
        _ => Err(in_the_way(step)),
    }
}

/// Whether a table of the file is missing whole, so that it gets a header of its own.
fn rest_is_header(at: usize, rest: &[Step]) -> bool {
    at == 0 && rest.len() > 1
}

fn in_the_way(step: &Step) -> String {
    match step {
        Step::Key(key) => format!("the file has one value where `{key}` would be"),
        Step::Row(number) => format!("the file has one value where row {number} would be"),
    }
}

fn lines(table: &Table) -> Cursor<'_> {
    Cursor {
        table,
        home: match table.is_implicit() {
            true => Home::Nowhere,
            false => Home::Lines(table),
        },
        prefix: String::new(),
    }
}

fn braces(table: &InlineTable) -> Cursor<'_> {
    Cursor {
        table,
        home: Home::Braces(table),
        prefix: String::new(),
    }
}

/// What an item is, seen from the table that it is in.
fn enter<'d>(cursor: &Cursor<'d>, key: &str, item: &'d Item) -> Result<Found<'d>, String> {
    let dotted = |table: &'d dyn TableLike| {
        Found::Table(Cursor {
            table,
            home: cursor.home.clone(),
            prefix: format!("{}{}.", cursor.prefix, insert::key(key)),
        })
    };
    match item {
        Item::Table(table) if table.is_dotted() => Ok(dotted(table)),
        Item::Table(table) => Ok(Found::Table(lines(table))),
        Item::ArrayOfTables(tables) => Ok(Found::Headers(tables)),
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => Ok(dotted(table)),
        Item::Value(Value::InlineTable(table)) => Ok(Found::Table(braces(table))),
        Item::Value(Value::Array(list)) => Ok(Found::List(list)),
        Item::Value(value) => Ok(Found::Value(value)),
        Item::None => Err("its place is not known".to_owned()),
    }
}
