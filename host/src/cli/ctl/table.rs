//! Table: rows below a header, within the lines of a terminal.
//!
//! Pure.

use crate::cli::terminal::Look;
use crate::cli::text::{columns, cut};

/// Rows below a header; on a terminal a row is one line.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, look: &Look) -> String {
    let header: Vec<String> = header.iter().map(|&word| word.to_owned()).collect();
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let mut text = String::new();
    for (at, line) in columns(&rows).into_iter().enumerate() {
        let line = cut(&line, look.line_width());
        let line = if at == 0 { look.bold(&line) } else { line };
        text.push_str(&format!("{line}\n"));
    }
    text
}
