//! Records: the body of a manifest taken apart, nothing believed.
//!
//! In: bytes from outside. Out: values that keep their rules, or which field breaks which one.

use crate::manifest::error::{ManifestError, Problem};
use crate::manifest::limits::NAME_BYTES_MAX;
use crate::manifest::syntax::Syntax;
use crate::manifest::tags::Tag;

/// The bytes of a record before its payload: the tag and the length.
const RECORD_HEAD_BYTES: usize = 6;

/// How many records a level usually has.
const RECORDS_USUAL: usize = 32;

/// A problem, and the way to it from where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    field: String,
    problem: Problem,
}

impl Wrong {
    /// The problem lies in `tag`, in the entry `index` where there are several.
    fn within(mut self, tag: Tag, index: Option<usize>) -> Self {
        let place = index.map_or_else(
            || tag.name.to_owned(),
            |index| format!("{}[{index}]", tag.name),
        );
        self.field = match self.field.as_str() {
            "" => place,
            inner => format!("{place}.{inner}"),
        };
        self
    }
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self {
            field: String::new(),
            problem,
        }
    }
}

impl From<Wrong> for ManifestError {
    fn from(wrong: Wrong) -> Self {
        let field = match wrong.field.as_str() {
            "" => "body".to_owned(),
            _ => wrong.field,
        };
        Self::Field {
            field,
            problem: wrong.problem,
        }
    }
}

/// The records of one level, in the order they were written.
pub(super) struct Fields<'a> {
    records: Vec<(u16, &'a [u8])>,
}

impl<'a> Fields<'a> {
    /// Takes one level apart. Its bytes are at most a manifest's, so is what this allocates.
    pub(super) fn read(mut bytes: &'a [u8]) -> Result<Self, Wrong> {
        // Most levels have fewer records than this; more make it grow.
        let mut records = Vec::with_capacity(RECORDS_USUAL.min(bytes.len() / RECORD_HEAD_BYTES));
        while !bytes.is_empty() {
            let Some((head, rest)) = bytes.split_first_chunk::<RECORD_HEAD_BYTES>() else {
                return Err(Problem::Cut.into());
            };
            let number = u16::from_le_bytes([head[0], head[1]]);
            let length = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
            let Some((payload, rest)) = rest.split_at_checked(length) else {
                return Err(Problem::Cut.into());
            };
            records.push((number, payload));
            bytes = rest;
        }
        Ok(Self { records })
    }

    /// The one record of `tag`.
    pub(super) fn one<T>(
        &self,
        tag: Tag,
        read: impl FnOnce(&'a [u8]) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        self.optional(tag, read)?
            .ok_or_else(|| Wrong::from(Problem::Missing).within(tag, None))
    }

    /// The one record of `tag`, if there is one.
    pub(super) fn optional<T>(
        &self,
        tag: Tag,
        read: impl FnOnce(&'a [u8]) -> Result<T, Wrong>,
    ) -> Result<Option<T>, Wrong> {
        let mut payloads = self.payloads(tag);
        let value = match (payloads.next(), payloads.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(Problem::Repeated.into()),
            (Some(payload), None) => read(payload).map(Some),
        };
        value.map_err(|wrong| wrong.within(tag, None))
    }

    /// The text of `tag`, which is not written where it is empty.
    pub(super) fn text_if_any(&self, tag: Tag, syntax: Syntax) -> Result<String, Wrong> {
        self.optional(tag, text(syntax))
            .map(Option::unwrap_or_default)
    }

    /// Every record of `tag`, in order, `max` at most.
    pub(super) fn many<T>(
        &self,
        tag: Tag,
        max: usize,
        read: impl Fn(&'a [u8]) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        self.row(&[tag], max, |_, payload| read(payload))
    }

    /// Every record of one of `tags`, in order, `max` at most in all; `read` hears which it is.
    pub(super) fn row<T>(
        &self,
        tags: &[Tag],
        max: usize,
        read: impl Fn(u16, &'a [u8]) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        let mut values = Vec::new();
        for (number, payload) in &self.records {
            let Some(tag) = tags.iter().find(|tag| tag.number == *number) else {
                continue;
            };
            let index = values.len();
            if index == max {
                return Err(Wrong::from(Problem::TooMany { max }).within(*tag, None));
            }
            let value = read(*number, payload);
            values.push(value.map_err(|wrong| wrong.within(*tag, Some(index)))?);
        }
        Ok(values)
    }

    fn payloads(&self, tag: Tag) -> impl Iterator<Item = &'a [u8]> {
        self.records
            .iter()
            .filter(move |(number, _)| *number == tag.number)
            .map(|(_, payload)| *payload)
    }
}

/// A check of what was read that lays the blame on `tag`.
pub(super) fn rule(tag: Tag, broken: Option<&'static str>) -> Result<(), Wrong> {
    broken.map_or(Ok(()), |broken| {
        Err(Wrong::from(Problem::Rule { broken }).within(tag, None))
    })
}

/// No two of `names` are equal.
pub(super) fn unique<'n>(tag: Tag, names: impl Iterator<Item = &'n str>) -> Result<(), Wrong> {
    let mut sorted: Vec<_> = names.collect();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map_or(Ok(()), |pair| {
        let name = pair[0].to_owned();
        Err(Wrong::from(Problem::Duplicate { name }).within(tag, None))
    })
}

/// A reader of text that keeps `syntax`.
pub(super) fn text(syntax: Syntax) -> impl Fn(&[u8]) -> Result<String, Wrong> {
    move |bytes| {
        let text = str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?;
        if syntax.accepts(text) {
            Ok(text.to_owned())
        } else {
            Err(broken_text(text, syntax))
        }
    }
}

fn broken_text(found: &str, syntax: Syntax) -> Wrong {
    let found = found.chars().take(NAME_BYTES_MAX).collect();
    let expected = syntax.rule();
    Problem::Text { found, expected }.into()
}

/// Exactly `N` bytes.
pub(super) fn bytes<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Wrong> {
    bytes.try_into().map_err(|_| {
        Problem::Length {
            found: bytes.len(),
            expected: N,
        }
        .into()
    })
}

/// The number of a case.
pub(super) fn code(payload: &[u8]) -> Result<u8, Wrong> {
    bytes::<1>(payload).map(|[code]| code)
}

/// A reader of a case that has to be known.
pub(super) fn known<T>(decode: fn(u8) -> Option<T>) -> impl Fn(&[u8]) -> Result<T, Wrong> {
    move |payload| {
        let found = code(payload)?;
        decode(found).ok_or_else(|| Problem::Unknown { found }.into())
    }
}

/// A reader of a case that returns `cautious` for those of a later version.
pub(super) fn known_or<T: Copy>(
    decode: fn(u8) -> Option<T>,
    cautious: T,
) -> impl Fn(&[u8]) -> Result<T, Wrong> {
    move |payload| Ok(decode(code(payload)?).unwrap_or(cautious))
}

/// Exactly `N` numbers, from their bits.
pub(super) fn numbers<const N: usize>(payload: &[u8]) -> Result<[f64; N], Wrong> {
    let (chunks, rest) = payload.as_chunks::<8>();
    let chunks: Result<&[[u8; 8]; N], _> = chunks.try_into();
    match chunks {
        Ok(chunks) if rest.is_empty() => Ok(chunks.map(f64::from_le_bytes)),
        _ => Err(Problem::Length {
            found: payload.len(),
            expected: 8 * N,
        }
        .into()),
    }
}
