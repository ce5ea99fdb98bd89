//! Table: rows in columns, within so many columns of a terminal.
//!
//! Pure. Only the first line carries a style: it is the header.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};

use crate::config::render::Color;
use crate::escape;

/// A line below the header, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Spaces between two columns.
const GAP: u16 = 2;

/// On which side a column's cells begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellSide {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// Draws a header and its rows.
pub(super) fn draw(
    header: &[(&str, CellSide)],
    rows: &[Vec<String>],
    color: Color,
    columns: usize,
) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    let cell = |text: &str, side: CellSide| {
        Cell::new(escape::line(text)).set_alignment(match side {
            CellSide::Left => CellAlignment::Left,
            CellSide::Right => CellAlignment::Right,
        })
    };
    table.set_header(header.iter().map(|(name, side)| cell(name, *side)));
    for row in rows {
        let cells = row.iter().zip(header);
        table.add_row(cells.map(|(text, (_, side))| cell(text, *side)));
    }
    let last = header.len().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { GAP }));
        if header[at].1 == CellSide::Right {
            // Words may go on in the next line, figures may not.
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for (at, line) in table.lines().enumerate() {
        let line = line.trim_end();
        match (at, color) {
            (0, Color::Ansi) => text.push_str(&format!("\u{1b}[1m{line}\u{1b}[0m\n")),
            _ => text.push_str(&format!("{line}\n")),
        }
    }
    text
}
