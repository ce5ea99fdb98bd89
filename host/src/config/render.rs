//! Render: mistakes as text for people, each with its line, column and the source underlined.
//!
//! In: `Mistakes`. Out: one text, coloured only if asked.
//!
//! Pure. Text from files is cleaned of control characters by the drawing library.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};

use crate::config::mistake::{Label, Mistake, Mistakes, Severity};
use crate::config::source::{SourceId, SourceText, Span};

/// The longest line of source that is drawn, in bytes. From a longer one a piece is shown, since
/// drawing it costs time for every character.
const LINE_BYTES_MAX: usize = 2_000;

/// How many lines may lie between two places that are drawn in one piece of source.
const LINES_BETWEEN_MAX: usize = 40;

/// Whether the text may carry the terminal's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Escape sequences for a terminal.
    Ansi,
    /// Plain text.
    Plain,
}

impl Mistakes {
    /// Draws every finding, in the order of the texts, for a terminal of so many columns.
    #[must_use]
    pub fn render(&self, color: Color, width: usize) -> String {
        let renderer = match color {
            Color::Ansi => Renderer::styled(),
            Color::Plain => Renderer::plain(),
        };
        let renderer = renderer.term_width(width);
        let mut text = String::new();
        for mistake in self.iter() {
            for line in renderer.render(&[self.group(mistake)]).lines() {
                text.push_str(line.trim_end());
                text.push('\n');
            }
            text.push('\n');
        }
        if self.left_out() > 0 {
            text.push_str(&format!("… and {} more\n\n", self.left_out()));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    fn group<'m>(&'m self, mistake: &'m Mistake) -> Group<'m> {
        let level = match mistake.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(mistake.message.as_str()));
        if let Some(place) = &mistake.place {
            group = group.elements(self.snippets(place, &mistake.others));
        }
        if let Some(note) = &mistake.note {
            group = group.element(Level::NOTE.message(&**note));
        }
        if let Some(help) = &mistake.help {
            group = group.element(Level::HELP.message(&**help));
        }
        group
    }
}

/// A stretch of one text that is drawn in one go, with what is underlined in it.
struct RenderPiece<'m> {
    source: SourceId,
    start: usize,
    end: usize,
    labels: Vec<(AnnotationKind, &'m Label)>,
}

impl Mistakes {
    /// The pieces of source that show a place and what belongs to it.
    fn snippets<'m>(&'m self, place: &'m Label, others: &'m [Label]) -> Vec<Element<'m>> {
        let mut pieces = vec![self.piece(AnnotationKind::Primary, place)];
        for other in others {
            let piece = self.piece(AnnotationKind::Context, other);
            match pieces.iter_mut().find(|shown| self.are_near(shown, &piece)) {
                Some(shown) => shown.take_in(piece),
                None => pieces.push(piece),
            }
        }
        let drawn = pieces.into_iter().map(|piece| self.draw(&piece));
        drawn.flatten().collect()
    }

    /// The line that a label stands in.
    fn piece<'m>(&self, kind: AnnotationKind, label: &'m Label) -> RenderPiece<'m> {
        let source = self.sources().get(label.span.source);
        let at = clamped(source, label.span).start;
        let text = &source.text;
        RenderPiece {
            source: label.span.source,
            start: text[..at].rfind('\n').map_or(0, |newline| newline + 1),
            end: text[at..].find('\n').map_or(text.len(), |next| at + next),
            labels: vec![(kind, label)],
        }
    }

    /// Whether two pieces are near enough to be drawn as one.
    fn are_near(&self, one: &RenderPiece<'_>, other: &RenderPiece<'_>) -> bool {
        if one.source != other.source {
            return false;
        }
        let range = one.start.min(other.start)..one.end.max(other.end);
        let text = &self.sources().get(one.source).text[range];
        text.len() <= LINE_BYTES_MAX * 4 && text.matches('\n').count() <= LINES_BETWEEN_MAX
    }

    fn draw<'m>(&'m self, piece: &RenderPiece<'m>) -> Vec<Element<'m>> {
        let source = self.sources().get(piece.source);
        let first = piece.labels[0].1.span;
        let (start, end) = excerpt(source, clamped(source, first).start, piece);
        let line = self
            .sources()
            .position(Span::new(piece.source, start..start))
            .line;
        // A carriage return would be drawn as a sign; a space of the same length will not.
        let text = source.text[start..end].replace('\r', " ");
        let snippet = Snippet::source(text).line_start(line);
        let snippet = snippet.annotations(
            piece
                .labels
                .iter()
                .map(|(kind, label)| annotation(*kind, label, source, start..end)),
        );
        if start == piece.start {
            return vec![snippet.path(&*source.name).into()];
        }
        // Columns would be counted from the excerpt, so the place is said beforehand.
        let position = self.sources().position(first);
        let origin = Origin::path(&*source.name).line(position.line);
        vec![origin.char_column(position.column).into(), snippet.into()]
    }
}

impl<'m> RenderPiece<'m> {
    fn take_in(&mut self, other: Self) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.labels.extend(other.labels);
    }
}

/// What is underlined: the first line of a place, within the piece.
fn annotation<'m>(
    kind: AnnotationKind,
    label: &'m Label,
    source: &SourceText,
    piece: Range<usize>,
) -> Annotation<'m> {
    let range = clamped(source, label.span);
    let line_end = source.text[range.start..].find(['\r', '\n']);
    let line_end = line_end.map_or(source.text.len(), |next| range.start + next);
    let last = range.end.min(line_end).min(piece.end).max(range.start);
    let span = range.start - piece.start..last - piece.start;
    let text = (!label.text.is_empty()).then_some(&*label.text);
    kind.span(span).label(text)
}

/// A span within its text and on whole characters, whatever made it.
fn clamped(source: &SourceText, span: Span) -> Range<usize> {
    let whole = |at: usize| {
        let at = at.min(source.text.len());
        (0..=at)
            .rev()
            .find(|at| source.text.is_char_boundary(*at))
            .unwrap_or(0)
    };
    let (start, end) = (whole(span.start as usize), whole(span.end as usize));
    start..end.max(start)
}

/// The part of a piece that is drawn: all of it, unless its line is long.
fn excerpt(source: &SourceText, at: usize, piece: &RenderPiece<'_>) -> (usize, usize) {
    if piece.labels.len() > 1 || piece.end - piece.start <= LINE_BYTES_MAX {
        return (piece.start, piece.end);
    }
    let far = at - piece.start > LINE_BYTES_MAX;
    let start = if far {
        at - LINE_BYTES_MAX / 4
    } else {
        piece.start
    };
    let end = (at + LINE_BYTES_MAX / 4).min(piece.end);
    let boundary = |from: usize| (from..=piece.end).find(|at| source.text.is_char_boundary(*at));
    (
        boundary(start).unwrap_or(piece.start).min(at),
        boundary(end).unwrap_or(piece.end),
    )
}
