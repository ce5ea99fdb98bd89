//! Mistake: what is wrong with a configuration, where, and what would be right.
//!
//! In: findings of this floor and of all higher ones, each with the place it was found at.
//! Out: `Mistakes`, in the order of the file, at most `MISTAKES_MAX` of them and the count of
//! the rest. `render` draws them.
//!
//! Pure.

use crate::config::limits::MISTAKES_MAX;
use crate::config::source::{Position, Sources, Span};
use crate::observe::FileMistake;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, and is probably not what was meant; `check --strict` refuses it.
    Warning,
}

/// A place and the few words that stand at its underline.
#[derive(Debug, Clone)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words; may be empty.
    pub text: Box<str>,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// How much it weighs.
    pub severity: Severity,
    /// What was found and what was expected: lower case, no final dot.
    pub message: String,
    /// Where; `None` when there is no text to point at, as with a file that cannot be read.
    pub place: Option<Label>,
    /// Other places that belong to it: the first of two equal ids.
    pub others: Vec<Label>,
    /// Why it is a mistake, if that is not plain.
    pub note: Option<Box<str>>,
    /// What to write instead.
    pub help: Option<Box<str>>,
}

impl Mistake {
    /// A mistake at a place.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            place: Some(Label {
                span,
                text: Box::default(),
            }),
            ..Self::nowhere(message)
        }
    }

    /// A mistake that no text can be shown for.
    #[must_use]
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            others: Vec::new(),
            note: None,
            help: None,
        }
    }

    /// The same finding, as a warning.
    #[must_use]
    pub fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// Puts words to the underlined place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.text = text.into().into();
        }
        self
    }

    /// Shows another place too.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label {
            span,
            text: text.into().into(),
        });
        self
    }

    /// Says why it is a mistake.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into().into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into().into());
        self
    }

    /// Says what to write instead, if there is something to say.
    #[must_use]
    pub fn help_if(mut self, text: Option<String>) -> Self {
        self.help = text.map(Into::into).or(self.help);
        self
    }
}

/// All findings about one configuration, with the texts that they point into.
#[derive(Debug, Clone)]
pub struct Mistakes {
    sources: Sources,
    list: Vec<Mistake>,
    left_out: usize,
    errors: usize,
}

impl Mistakes {
    /// No findings yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            list: Vec::new(),
            left_out: 0,
            errors: 0,
        }
    }

    /// Adds a finding; past `MISTAKES_MAX` it is only counted.
    pub fn push(&mut self, mistake: Mistake) {
        self.errors += usize::from(mistake.severity == Severity::Error);
        if self.is_full() {
            self.left_out += 1;
        } else {
            self.list.push(mistake);
        }
    }

    /// Adds the findings of another look at the same texts.
    pub fn extend(&mut self, others: Self) {
        let left_out = others.left_out;
        others.list.into_iter().for_each(|one| self.push(one));
        self.left_out += left_out;
    }

    /// Whether a further finding is only counted, so that it need not say what is wrong.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.list.len() >= MISTAKES_MAX
    }

    /// The findings, in the order of the texts.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.span));
        sorted.into_iter()
    }

    /// How many findings were counted and not kept.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many there are, the ones not kept included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the configuration cannot be used: something weighs as an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The texts that the findings point into.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The findings in a line each, for places that have no room for the text they stand in.
    #[must_use]
    pub fn brief(&self) -> Vec<FileMistake> {
        let kept = self.iter().map(|mistake| FileMistake {
            place: self.position(mistake).map(|place| place.to_string()),
            message: mistake.message.clone(),
        });
        let more = (self.left_out > 0).then(|| FileMistake {
            place: None,
            message: format!("… and {} more", self.left_out),
        });
        kept.chain(more).collect()
    }

    /// Where a finding is, for people and for `--json`.
    #[must_use]
    pub fn position(&self, mistake: &Mistake) -> Option<Position> {
        let place = mistake.place.as_ref()?;
        Some(self.sources.position(place.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::{SourceId, SourceText, TextOrigin};

    fn mistakes() -> Mistakes {
        let source = SourceText {
            name: "f".into(),
            text: "a\nb\n".into(),
            origin: TextOrigin::File,
        };
        Mistakes::new(Sources::new(source.clone(), source))
    }

    fn at(start: usize) -> Mistake {
        Mistake::new(
            Span::new(SourceId::FILE, start..start + 1),
            format!("at {start}"),
        )
    }

    #[test]
    fn findings_come_in_the_order_of_the_text() {
        let mut found = mistakes();
        for mistake in [at(2), Mistake::nowhere("nowhere"), at(0)] {
            found.push(mistake);
        }
        let order: Vec<_> = found.iter().map(|m| m.message.as_str()).collect();
        assert_eq!(order, ["nowhere", "at 0", "at 2"]);
        assert_eq!(found.position(&at(2)).unwrap().to_string(), "f:2:1");
    }

    #[test]
    fn a_flood_of_findings_is_counted_and_not_kept() {
        let mut found = mistakes();
        (0..MISTAKES_MAX + 7).for_each(|_| found.push(at(0)));
        assert_eq!((found.iter().count(), found.left_out()), (MISTAKES_MAX, 7));
        let brief = found.brief();
        assert_eq!(brief.len(), MISTAKES_MAX + 1);
        assert_eq!(brief[0].to_string(), "f:1:1: at 0");
        assert_eq!(brief[MISTAKES_MAX].to_string(), "… and 7 more");
    }

    #[test]
    fn warnings_alone_leave_the_configuration_usable() {
        let mut found = mistakes();
        found.push(at(0).warning());
        assert!(!found.has_errors() && !found.is_empty());
        found.push(at(0));
        assert!(found.has_errors());
    }
}
