//! Text: sentences in lines, words in columns, and nothing that could steer a terminal.
//!
//! Pure.

use std::path::Path;

use crate::escape;
use crate::text::wrapped;

pub(super) use crate::escape::lines as clean;

/// A label, and beside it a text that is wrapped within so many columns.
pub(super) fn entry(label: &str, indent: usize, text: &str, columns: usize) -> String {
    let mut lines = String::new();
    let width = columns.saturating_sub(indent).max(20);
    for (at, line) in wrapped(text, width).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let gap = usize::from(label.chars().count() >= indent);
        lines.push_str(&format!("{label:<indent$}{:gap$}{line}\n", ""));
    }
    lines
}

/// Rows in columns as wide as they need to be, two spaces apart; the last column is not padded.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The beginning of a line that fits so many columns.
pub(super) fn cut(line: &str, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    let kept: String = line.chars().take(columns.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The first sentence of a description, on one line and without its dot.
pub(super) fn first_sentence(doc: &str) -> String {
    let line = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}

/// A text as one line that steers no terminal.
pub(super) fn one_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// A path as one line that steers no terminal.
pub(super) fn clean_path(path: &Path) -> String {
    escape::line(&path.display().to_string())
}

/// So many of a thing: `1 stage`, `3 stages`.
pub(super) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// A stretch of time: `0.12 s`, `3.05 s`.
pub(super) fn seconds(nanoseconds: u64) -> String {
    format!("{:.2} s", nanoseconds as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stands_beside_its_text() {
        assert_eq!(
            entry("  file", 10, "one two three four five", 30),
            "  file    one two three four\n          five\n"
        );
        assert_eq!(entry("  longer label", 8, "x", 40), "  longer label x\n");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["a", "bb", "c"]),
            row(["dddd", "", "e"]),
            row(["ä", "b", ""]),
        ];
        assert_eq!(columns(&rows), ["a     bb  c", "dddd      e", "ä     b"]);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abc def", 5), "abc…");
    }

    #[test]
    fn only_the_first_sentence_is_taken() {
        assert_eq!(first_sentence("One\n2.5 times. And more."), "One 2.5 times");
        assert_eq!(first_sentence("One."), "One");
    }

    #[test]
    fn a_path_is_one_line() {
        assert_eq!(clean_path(Path::new("a\nb\u{1b}c")), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            clean("a\u{1b}[31mb\u{9b}c\nd"),
            "a\u{fffd}[31mb\u{fffd}c\nd"
        );
    }
}
