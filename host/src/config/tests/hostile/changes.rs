//! Changes: ways to make a good file a wrong one, in its bytes and in its structure.

use proptest::prelude::*;
use proptest::sample::Index;

/// One change to a text.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Bytes from one place are put over another.
    Copy(Index, Index, usize),
    /// Bytes are left out.
    Cut(Index, usize),
    /// A piece of TOML, or of nonsense, is put in.
    Insert(Index, &'static str),
    /// A line is put somewhere else.
    MoveLine(Index, Index),
    /// A word of the file is put in the place of another.
    SwapWords(Index, Index),
}

const PIECES: &[&str] = &[
    "[[stage]]\n",
    "[host]\n",
    "\n",
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "#",
    "\\",
    "\0",
    "\r\n",
    "\r",
    "\t",
    "\u{feff}",
    "é",
    "音",
    "\u{202e}",
    "\u{1b}[31m",
    "nan",
    "inf",
    "-1",
    "1e999",
    "0x7fffffffffffffffff",
    "9999999999999999999999",
    "true",
    "1979-05-27",
    "[]",
    "{}",
    "id = \"eq\"\n",
    "after = [\"limit\"]\n",
    "params.band = 3\n",
    "\"input\"",
    "\"output\"",
];

/// Any of them.
pub(super) fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at(), 1..40_usize).prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        (at(), 1..40_usize).prop_map(|(from, count)| Change::Cut(from, count)),
        (at(), prop::sample::select(PIECES)).prop_map(|(to, piece)| Change::Insert(to, piece)),
        (at(), at()).prop_map(|(from, to)| Change::MoveLine(from, to)),
        (at(), at()).prop_map(|(one, other)| Change::SwapWords(one, other)),
    ]
}

/// A text with a change made to it.
pub(super) fn apply(text: &str, change: &Change) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.is_empty() {
        return String::new();
    }
    match change {
        Change::Copy(from, to, count) => {
            let from = from.index(bytes.len());
            let piece = bytes[from..(from + count).min(bytes.len())].to_vec();
            let to = to.index(bytes.len());
            bytes.splice(to..(to + count).min(text.len()), piece);
        }
        Change::Cut(from, count) => {
            let from = from.index(bytes.len());
            bytes.drain(from..(from + count).min(text.len()));
        }
        Change::Insert(to, piece) => {
            let to = to.index(bytes.len());
            bytes.splice(to..to, piece.bytes());
        }
        Change::MoveLine(from, to) => {
            let mut lines: Vec<_> = text.lines().collect();
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
            return lines.join("\n");
        }
        Change::SwapWords(one, other) => return swap_words(text, one, other),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn swap_words(text: &str, one: &Index, other: &Index) -> String {
    let is_edge = |c: char| !c.is_alphanumeric() && c != '_';
    let mut words: Vec<_> = text.split_inclusive(is_edge).collect();
    let (one, other) = (one.index(words.len()), other.index(words.len()));
    words[one] = words[other];
    words.concat()
}
