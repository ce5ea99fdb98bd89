//! Attribute: what stands in `#[param(…)]`.
//!
//! In: the attributes of a field. Out: the keys with their values, each there once, or an error at
//! the one that is not known.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprRange, Field, LitStr, RangeLimits, Result};

use crate::text::is_param_id;

const KEYS: &str = "`unit`, `range`, `default`, `smooth_ms`, `reactivates`, `below_half_rate`, `id` \
                    or `group`";

/// The keys of one `#[param(…)]`.
#[derive(Default)]
pub(crate) struct ParamAttribute {
    pub(crate) unit: Option<LitStr>,
    pub(crate) range: Option<Range>,
    pub(crate) default: Option<Expr>,
    pub(crate) smooth_ms: Option<Expr>,
    pub(crate) reactivates: Option<Span>,
    pub(crate) below_half_rate: Option<Span>,
    pub(crate) id: Option<LitStr>,
    pub(crate) group: Option<Span>,
}

/// `min..=max`.
pub(crate) struct Range {
    pub(crate) min: Expr,
    pub(crate) max: Expr,
}

impl ParamAttribute {
    /// The attribute of `field`, or `None` if it has none and is the author's own.
    pub(crate) fn of(field: &Field) -> Result<Option<Self>> {
        let mut attributes = field
            .attrs
            .iter()
            .filter(|found| found.path().is_ident("param"));
        let Some(attribute) = attributes.next() else {
            return Ok(None);
        };
        if let Some(again) = attributes.next() {
            return Err(Error::new(
                again.span(),
                "a field has one `#[param(…)]`: put the keys together",
            ));
        }
        Self::read(attribute).map(Some)
    }

    fn read(attribute: &Attribute) -> Result<Self> {
        let mut keys = Self::default();
        attribute.parse_nested_meta(|meta| keys.take(&meta))?;
        match &keys.id {
            Some(id) if !is_param_id(&id.value()) => Err(Error::new(
                id.span(),
                "an id is like `gain_db`: [a-z0-9_]+, 64 bytes at most",
            )),
            _ => Ok(keys),
        }
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let key = meta
            .path
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        match key.as_str() {
            "unit" => put(&mut self.unit, meta, |meta| meta.value()?.parse()),
            "range" => put(&mut self.range, meta, read_range),
            "default" => put(&mut self.default, meta, |meta| meta.value()?.parse()),
            "smooth_ms" => put(&mut self.smooth_ms, meta, |meta| meta.value()?.parse()),
            "reactivates" => put(&mut self.reactivates, meta, |meta| Ok(meta.path.span())),
            "below_half_rate" => put(&mut self.below_half_rate, meta, |meta| Ok(meta.path.span())),
            "id" => put(&mut self.id, meta, |meta| meta.value()?.parse()),
            "group" => put(&mut self.group, meta, |meta| Ok(meta.path.span())),
            _ => Err(meta.error(format!("this key is not known, expected {KEYS}"))),
        }
    }
}

/// Fills a key's place, which has to be empty.
fn put<T>(
    place: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    read: impl FnOnce(&ParseNestedMeta<'_>) -> Result<T>,
) -> Result<()> {
    if place.is_some() {
        return Err(meta.error("this key is there twice, expected it once"));
    }
    *place = Some(read(meta)?);
    Ok(())
}

fn read_range(meta: &ParseNestedMeta<'_>) -> Result<Range> {
    let expression: Expr = meta.value()?.parse()?;
    let sentence = "both ends belong to a range, expected `..=` as in `0.0..=24.0`";
    match expression {
        Expr::Range(ExprRange {
            start: Some(min),
            limits: RangeLimits::Closed(_),
            end: Some(max),
            ..
        }) => Ok(Range {
            min: *min,
            max: *max,
        }),
        other => Err(Error::new_spanned(other, sentence)),
    }
}
