//! Source: the texts that a configuration is made of, and places in them.
//!
//! In: the configuration file, environment variables and flags that override it.
//! Out: a `Span` for every value, small enough to stand beside each, and its line and column.
//!
//! Pure. An override is a source of its own, one line long, so that a mistake in it is shown and
//! underlined like any other. So are the defaults: a text with one line per key.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Which of the texts a span points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The configuration file itself.
    pub const FILE: Self = Self(0);
    /// The defaults, as lines of a configuration.
    pub const DEFAULTS: Self = Self(1);
}

/// What a text is, for messages and for `check --resolved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOrigin {
    /// The configuration file.
    File,
    /// Nobody said anything: the default.
    Default,
    /// A variable of the environment.
    Environment,
    /// A flag of the command line.
    Flag,
    /// Somebody who asked the running session, written as in the file.
    Control,
}

impl TextOrigin {
    /// The word for it in comments of the resolved configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Default => "default",
            Self::Environment => "environment",
            Self::Flag => "flag",
            Self::Control => "ctl",
        }
    }
}

/// One text, and what it is called.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The path of the file, the name of the variable, or the flag.
    pub name: Arc<str>,
    /// What was read, without a byte-order mark.
    pub text: Arc<str>,
    /// What kind of text it is.
    pub origin: TextOrigin,
}

/// Every text of one configuration. A clone shares the texts.
#[derive(Debug, Clone)]
pub struct Sources(Vec<SourceText>);

impl Sources {
    /// The sources of a configuration that consists of a file, and of the defaults.
    #[must_use]
    pub fn new(file: SourceText, defaults: SourceText) -> Self {
        Self(vec![file, defaults])
    }

    /// Adds an override, and returns how spans name it.
    pub fn add(&mut self, source: SourceText) -> SourceId {
        let next = u32::try_from(self.0.len()).expect("overrides are bounded by OVERRIDES_MAX");
        self.0.push(source);
        SourceId(next)
    }

    /// The text that a span points into.
    ///
    /// # Panics
    /// When the id was made by the sources of another configuration.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &SourceText {
        &self.0[id.0 as usize]
    }

    /// The piece of text that a span covers; empty when the span is not from these sources.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let text = self.0.get(span.source.0 as usize).map(|s| &*s.text);
        text.and_then(|text| text.get(span.range()))
            .unwrap_or_default()
    }

    /// Where a span begins, for people: lines and columns are counted from 1, columns in
    /// characters.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let source = self.get(span.source);
        let before = source.text.get(..span.start as usize).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            name: Arc::clone(&source.name),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// A place as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What the text is called.
    pub name: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.name, self.line, self.column)
    }
}

/// A place in one of the texts: bytes `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// The place of these bytes in a text, which is at most `FILE_BYTES_MAX` long.
    #[must_use]
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            source,
            start: byte(range.start),
            end: byte(range.end),
        }
    }

    /// The bytes it covers.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value, and where it was written.
#[derive(Debug, Clone, Copy)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value that was written there.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Another value of the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(change(self.value), self.span)
    }

    /// The same place, without taking the value.
    pub const fn as_ref(&self) -> Spanned<&T> {
        Spanned::new(&self.value, self.span)
    }
}

/// Two values are equal wherever they were written.
impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, start: usize, expected: &str) {
        let source = |name: &str, origin| SourceText {
            name: name.into(),
            text: text.into(),
            origin,
        };
        let sources = Sources::new(
            source("f", TextOrigin::File),
            source("d", TextOrigin::Default),
        );
        let span = Span::new(SourceId::FILE, start..start);
        assert_eq!(sources.position(span).to_string(), expected);
    }

    #[test]
    fn lines_and_columns_count_from_one_and_columns_count_characters() {
        check("", 0, "f:1:1");
        check("a\nbc", 3, "f:2:2");
        check("a\n", 2, "f:2:1");
        check("ä = 1", 3, "f:1:3");
        check("a\r\nb", 3, "f:2:1");
    }

    #[test]
    fn a_place_past_the_text_is_answered_with_its_beginning() {
        check("ab", 7, "f:1:1");
    }
}
