//! Place: where in a text a value stands, or would stand.
//!
//! In: a parsed document with the places of what is in it, and a path. Out: the pieces of text to
//! put in.
//!
//! Pure.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

use crate::config::save::Splice;
use crate::config::save::insert::{self, NewRow};

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    /// Into a table.
    Key(String),
    /// To a row, counted from 1.
    Row(usize),
}

impl PathStep {
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
enum FoundStep<'d> {
    Table(Cursor<'d>),
    Headers(&'d ArrayOfTables),
    List(&'d Array),
    Value(&'d Value),
}

/// Why a value has no place in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    /// What was parsed has lost where it stands.
    #[error("its place is not known")]
    Unknown,
    /// A table or a list stands where a value would.
    #[error("the file has a table or a list there")]
    NoValue,
    /// A value stands where a table would.
    #[error("the file has one value where `{0}` would be")]
    ForKey(String),
    /// A value stands where a list would.
    #[error("the file has one value where row {0} would be")]
    ForRow(usize),
    /// The table has neither a header nor braces.
    #[error("the table has no place of its own in the file")]
    NoHome,
    /// There is no row to write further ones below.
    #[error("the list is empty")]
    EmptyList,
    /// The row would hold a table.
    #[error("a row holds single values only")]
    SingleValues,
}

/// The pieces that put a value at a path.
///
/// # Errors
/// Where something else is in the way.
pub(super) fn place(
    text: &str,
    root: &Table,
    path: &[PathStep],
    value: &str,
) -> Result<Vec<Splice>, NoPlace> {
    let mut found = FoundStep::Table(Cursor {
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
        FoundStep::Value(old) => {
            let span = old.span().ok_or(NoPlace::Unknown)?;
            Ok(vec![Splice {
                start: span.start,
                end: span.end,
                text: value.to_owned(),
            }])
        }
        FoundStep::Table(_) | FoundStep::Headers(_) | FoundStep::List(_) => Err(NoPlace::NoValue),
    }
}

/// What one step leads to; `None` where nothing is there yet.
fn next<'d>(found: &FoundStep<'d>, step: &PathStep) -> Result<Option<FoundStep<'d>>, NoPlace> {
    match (found, step) {
        (FoundStep::Table(cursor), PathStep::Key(key)) => {
            let item = cursor.table.get(key);
            item.map(|item| enter(cursor, key, item)).transpose()
        }
        (FoundStep::Headers(tables), PathStep::Row(number)) => {
            let table = tables.get(number.wrapping_sub(1));
            Ok(table.map(|table| FoundStep::Table(lines(table))))
        }
        (FoundStep::List(list), PathStep::Row(number)) => match list.get(number.wrapping_sub(1)) {
            Some(Value::InlineTable(table)) => Ok(Some(FoundStep::Table(braces(table)))),
            Some(_) => Err(in_the_way(step)),
            None => Ok(None),
        },
        _ => Err(in_the_way(step)),
    }
}

/// The pieces that put in what is missing from one step of a path on.
fn missing(
    text: &str,
    found: &FoundStep<'_>,
    (path, at): (&[PathStep], usize),
    value: &str,
) -> Result<Vec<Splice>, NoPlace> {
    let (step, rest) = (&path[at], &path[at + 1..]);
    let row = |number| NewRow {
        number,
        rest,
        value,
    };
    match (found, step) {
        (FoundStep::Table(_), PathStep::Key(_)) if rest_is_header(at, rest) => {
            let (last, tables) = path.split_last().ok_or_else(|| in_the_way(step))?;
            Ok(vec![insert::header(text, tables, last, value)])
        }
        (FoundStep::Table(cursor), PathStep::Key(key)) => {
            insert::entry(text, cursor, key, &insert::nested(rest, value))
        }
        (FoundStep::Headers(tables), PathStep::Row(number)) => {
            insert::headers(text, tables, &row(*number))
        }
        (FoundStep::List(list), PathStep::Row(number)) => insert::rows(text, list, &row(*number)),
        _ => Err(in_the_way(step)),
    }
}

/// Whether a table of the file is missing whole, so that it gets a header of its own.
fn rest_is_header(at: usize, rest: &[PathStep]) -> bool {
    at == 0 && rest.len() > 1
}

fn in_the_way(step: &PathStep) -> NoPlace {
    match step {
        PathStep::Key(key) => NoPlace::ForKey(key.clone()),
        PathStep::Row(number) => NoPlace::ForRow(*number),
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
fn enter<'d>(cursor: &Cursor<'d>, key: &str, item: &'d Item) -> Result<FoundStep<'d>, NoPlace> {
    let dotted = |table: &'d dyn TableLike| {
        FoundStep::Table(Cursor {
            table,
            home: cursor.home.clone(),
            prefix: format!("{}{}.", cursor.prefix, insert::key(key)),
        })
    };
    match item {
        Item::Table(table) if table.is_dotted() => Ok(dotted(table)),
        Item::Table(table) => Ok(FoundStep::Table(lines(table))),
        Item::ArrayOfTables(tables) => Ok(FoundStep::Headers(tables)),
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => Ok(dotted(table)),
        Item::Value(Value::InlineTable(table)) => Ok(FoundStep::Table(braces(table))),
        Item::Value(Value::Array(list)) => Ok(FoundStep::List(list)),
        Item::Value(value) => Ok(FoundStep::Value(value)),
        Item::None => Err(NoPlace::Unknown),
    }
}
