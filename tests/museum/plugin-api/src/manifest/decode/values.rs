//! Values: payloads that have a shape of their own.
//!
//! In: the bytes of one record. Out: a span, a range, layouts, the type of a setting, a version.

use std::str::FromStr;

use crate::declare::{SettingKind, Span};
use crate::layout::Layout;
use crate::manifest::codes;
use crate::manifest::error::Problem;
use crate::manifest::limits::LAYOUTS_MAX;
use crate::manifest::model::Layouts;
use crate::manifest::records::{Wrong, bytes, numbers, text};
use crate::manifest::rules;
use crate::manifest::syntax::Syntax;

pub(super) fn read_setting_kind(payload: &[u8]) -> Result<SettingKind, Wrong> {
    let (found, bounds) = first_byte(payload)?;
    let kind = match found {
        codes::SETTING_TEXT => SettingKind::Text {
            bytes_max: bytes::<4>(bounds).map(u32::from_le_bytes)?,
        },
        codes::SETTING_PATH => bytes::<0>(bounds).map(|_| SettingKind::Path)?,
        codes::SETTING_INTEGER => {
            let (min, max) = halves::<16, 8>(bounds)?;
            SettingKind::Integer {
                min: i64::from_le_bytes(min),
                max: i64::from_le_bytes(max),
            }
        }
        codes::SETTING_BOOLEAN => bytes::<0>(bounds).map(|_| SettingKind::Boolean)?,
        codes::SETTING_LIST => {
            let (items_max, bytes_max) = halves::<8, 4>(bounds)?;
            SettingKind::List {
                items_max: u32::from_le_bytes(items_max),
                bytes_max: u32::from_le_bytes(bytes_max),
            }
        }
        _ => return Err(Problem::Unknown { found }.into()),
    };
    broken(rules::setting(kind)).map(|()| kind)
}

pub(super) fn read_range(payload: &[u8]) -> Result<[f64; 2], Wrong> {
    let range = numbers::<2>(payload)?;
    broken(rules::range_of_reading(range[0], range[1])).map(|()| range)
}

pub(super) fn read_span(payload: &[u8]) -> Result<Span, Wrong> {
    let (code, amount) = first_byte(payload)?;
    let span = match code {
        codes::SPAN_FRAMES => Span::Frames(bytes::<4>(amount).map(u32::from_le_bytes)?),
        codes::SPAN_SECONDS => Span::Seconds(bytes::<8>(amount).map(f64::from_le_bytes)?),
        // Whatever a later version says here, activation will tell.
        _ => Span::Varies,
    };
    broken(rules::span(span)).map(|()| span)
}

pub(super) fn read_layouts(payload: &[u8]) -> Result<Layouts, Wrong> {
    let (found, list) = first_byte(payload)?;
    match found {
        codes::LAYOUTS_ANY => Ok(Layouts::Any),
        codes::LAYOUTS_SAME => rows::<6>(list)?
            .iter()
            .map(read_layout)
            .collect::<Result<_, _>>()
            .map(Layouts::Same),
        codes::LAYOUTS_PAIRS => rows::<12>(list)?
            .iter()
            .map(|row| {
                let (from, to) = halves::<12, 6>(row)?;
                Ok((read_layout(&from)?, read_layout(&to)?))
            })
            .collect::<Result<_, _>>()
            .map(Layouts::Pairs),
        _ => Err(Problem::Unknown { found }.into()),
    }
}

fn read_layout(row: &[u8; 6]) -> Result<Layout, Wrong> {
    let [a, b, c, d, e, f] = *row;
    let layout = Layout::from_parts(u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]));
    layout.ok_or_else(|| {
        let broken = "a layout has 1 to 64 channels, as many as positions where it has those";
        Problem::Rule { broken }.into()
    })
}

/// One to `LAYOUTS_MAX` rows of `N` bytes.
fn rows<const N: usize>(list: &[u8]) -> Result<&[[u8; N]], Wrong> {
    let (rows, rest) = list.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(Problem::Cut.into());
    }
    if rows.is_empty() {
        return Err(Problem::Missing.into());
    }
    if rows.len() > LAYOUTS_MAX {
        return Err(Problem::TooMany { max: LAYOUTS_MAX }.into());
    }
    Ok(rows)
}

fn first_byte(payload: &[u8]) -> Result<(u8, &[u8]), Wrong> {
    let Some((first, rest)) = payload.split_first() else {
        return Err(Problem::Missing.into());
    };
    Ok((*first, rest))
}

/// `BOTH` bytes as two halves of `HALF` bytes.
fn halves<const BOTH: usize, const HALF: usize>(
    payload: &[u8],
) -> Result<([u8; HALF], [u8; HALF]), Wrong> {
    let both = bytes::<BOTH>(payload)?;
    let (first, second) = both.split_at(HALF);
    Ok((bytes(first)?, bytes(second)?))
}

/// The blame for a broken rule lies on the field that is being read.
fn broken(broken: Option<&'static str>) -> Result<(), Wrong> {
    broken.map_or(Ok(()), |broken| Err(Problem::Rule { broken }.into()))
}

/// A reader of text that another crate parses; `syntax` has bounded it before.
pub(super) fn parsed<T: FromStr>(syntax: Syntax) -> impl Fn(&[u8]) -> Result<T, Wrong> {
    move |payload| {
        let found = text(syntax)(payload)?;
        let expected = syntax.rule();
        found
            .parse()
            .map_err(|_| Problem::Text { found, expected }.into())
    }
}
