//! Field: one field of the struct, as what it will be on the wire.
//!
//! In: a field and its keys. Out: a parameter, a group, or the author's own; or an error at what
//! does not go together.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprUnary, Field, Ident, Lit, Result, Type, TypeArray, UnOp};

use crate::attribute::{ParamAttribute, Range};
use crate::text::{documentation, is_param_id};

/// What a field is.
pub(crate) enum Role<'a> {
    /// A parameter, with the tokens of its declaration.
    One(TokenStream),
    /// A row of structs, with the tokens of its declaration and the type of an entry.
    Group(TokenStream, &'a Type),
    /// No parameter.
    Own,
}

/// What the type of a parameter says about its values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Smoothed,
    Float,
    Whole,
    /// `bool`, an enum, or an alias that the macro cannot see through.
    Other,
}

/// What `field` is; `name` is its name and `id` receives its id in files.
pub(crate) fn role<'a>(field: &'a Field, name: &Ident) -> Result<(Role<'a>, Option<Id>)> {
    let Some(keys) = ParamAttribute::of(field)? else {
        return Ok((Role::Own, None));
    };
    let id = id(&keys, name)?;
    let doc = documentation(&field.attrs);
    let role = match keys.group {
        Some(_) => group(field, &keys, &id.text, &doc)?,
        None => Role::One(one(field, &keys, &id.text, &doc)?),
    };
    Ok((role, Some(id)))
}

/// The name in files, and where the author wrote it.
pub(crate) struct Id {
    pub(crate) text: String,
    pub(crate) span: Span,
}

fn id(keys: &ParamAttribute, name: &Ident) -> Result<Id> {
    if let Some(id) = &keys.id {
        return Ok(Id {
            text: id.value(),
            span: id.span(),
        });
    }
    let text = name.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text).to_owned();
    if is_param_id(&text) {
        return Ok(Id {
            text,
            span: name.span(),
        });
    }
    let sentence = "this name cannot be an id, [a-z0-9_]+ and 64 bytes at most: say `id = \"…\"`";
    Err(Error::new(name.span(), sentence))
}

fn group<'a>(field: &'a Field, keys: &ParamAttribute, id: &str, doc: &str) -> Result<Role<'a>> {
    let other = keys
        .unit
        .as_ref()
        .map(Spanned::span)
        .or(keys.range.as_ref().map(|range| range.min.span()))
        .or(keys.default.as_ref().map(Spanned::span))
        .or(keys.smooth_ms.as_ref().map(Spanned::span))
        .or(keys.reactivates)
        .or(keys.below_half_rate);
    if let Some(span) = other {
        return Err(Error::new(
            span,
            "a group has no key but `id`: the others belong to its members",
        ));
    }
    let Type::Array(TypeArray { elem, len, .. }) = &field.ty else {
        let sentence = "a group is an array of a struct that derives `Params`: `[Band; 8]`";
        return Err(Error::new(field.ty.span(), sentence));
    };
    let members = quote_spanned!(elem.span()=> <#elem as ::segue_plugin::params::Params>::PARAMS);
    let tokens = quote! {
        ::segue_plugin::declare::ParamItem::Group(::segue_plugin::declare::GroupDecl {
            id: #id,
            doc: #doc,
            count: ::segue_plugin::params::derived::group_count(#len),
            members: #members,
        })
    };
    Ok(Role::Group(tokens, elem))
}

fn one(field: &Field, keys: &ParamAttribute, id: &str, doc: &str) -> Result<TokenStream> {
    let ty = &field.ty;
    let values = values(ty);
    let [min, max, default] = numbers(ty, keys, values)?;
    let smooth_ms = smoothing(ty, keys, values)?;
    let unit = keys
        .unit
        .as_ref()
        .map_or_else(|| quote!(""), |unit| quote!(#unit));
    let change = match keys.reactivates {
        Some(span) => quote_spanned!(span=> ::segue_plugin::declare::ParamChange::Reactivates),
        None => quote!(::segue_plugin::declare::ParamChange::Live),
    };
    let limit = limit(keys)?;
    Ok(quote! {
        ::segue_plugin::declare::ParamItem::One(::segue_plugin::declare::ParamDecl {
            id: #id,
            doc: #doc,
            unit: #unit,
            min: #min,
            max: #max,
            default: #default,
            choices: <#ty as ::segue_plugin::params::ParamValue>::LABELS,
            smooth_ms: #smooth_ms,
            change: #change,
            limit: #limit,
        })
    })
}

/// What bounds a value beside its range: only a number can lie below half the sample rate.
fn limit(keys: &ParamAttribute) -> Result<TokenStream> {
    match keys.below_half_rate {
        None => Ok(quote!(::segue_plugin::declare::ParamLimit::Range)),
        Some(span) if keys.range.is_none() => Err(Error::new(
            span,
            "only a number can lie below half the sample rate: a choice has no range",
        )),
        Some(span) => Ok(quote_spanned!(span=> ::segue_plugin::declare::ParamLimit::BelowHalfRate)),
    }
}

fn values(ty: &Type) -> Values {
    let Type::Path(path) = ty else {
        return Values::Other;
    };
    let name = path
        .path
        .segments
        .last()
        .map(|segment| segment.ident.to_string());
    match name.as_deref() {
        Some("Smoothed") => Values::Smoothed,
        Some("f64" | "f32") => Values::Float,
        Some("u8" | "u16" | "u32" | "i8" | "i16" | "i32") => Values::Whole,
        _ => Values::Other,
    }
}

/// The tokens of least value, greatest value and default.
fn numbers(ty: &Type, keys: &ParamAttribute, values: Values) -> Result<[TokenStream; 3]> {
    match (&keys.range, &keys.default) {
        (None, default) if values == Values::Other => Ok(choice(ty, default.as_ref())),
        (None, _) => Err(Error::new(
            ty.span(),
            "a number needs a range, as in `range = 0.0..=1.0`",
        )),
        (Some(range), _) if is_bool(ty) => Err(Error::new(
            range.min.span(),
            "a `bool` is `off` or `on`: it has no range",
        )),
        (Some(range), None) => {
            let sentence = "a number needs a default within its range, as in `default = 0.5`";
            Err(Error::new(range.min.span(), sentence))
        }
        (Some(range), Some(default)) => {
            check_order(range, default)?;
            let tokens = |value: &Expr| match values {
                Values::Whole => quote_spanned! {value.span()=>
                    ::segue_plugin::params::derived::whole(#value)
                },
                Values::Smoothed | Values::Float | Values::Other => quote!(#value),
            };
            Ok([&range.min, &range.max, default].map(tokens))
        }
    }
}

/// A choice goes from 0 to the last label; its default is a case of the enum.
fn choice(ty: &Type, default: Option<&Expr>) -> [TokenStream; 3] {
    let max = quote_spanned! {ty.span()=>
        ::segue_plugin::params::derived::last_choice(
            <#ty as ::segue_plugin::params::ParamValue>::LABELS
        )
    };
    let default = default.map_or_else(
        || quote!(0.0),
        |default| {
            quote_spanned! {default.span()=>
                ::segue_plugin::params::derived::choice({
                    const DEFAULT: #ty = #default;
                    DEFAULT as u32
                })
            }
        },
    );
    [quote!(0.0), max, default]
}

fn smoothing(ty: &Type, keys: &ParamAttribute, values: Values) -> Result<TokenStream> {
    match (&keys.smooth_ms, values == Values::Smoothed) {
        (Some(smooth_ms), true) => Ok(quote!(#smooth_ms)),
        (None, false) => Ok(quote!(0.0)),
        (Some(smooth_ms), false) => {
            let sentence =
                "only a field of type `Smoothed` glides: change the type or drop the key";
            Err(Error::new(smooth_ms.span(), sentence))
        }
        (None, true) => {
            let sentence = "say how long it glides, as in `smooth_ms = 10.0`; 0.0 for at once";
            Err(Error::new(ty.span(), sentence))
        }
    }
}

/// Where all three are literals, their order is checked here, at the token; the manifest checks
/// the others.
fn check_order(range: &Range, default: &Expr) -> Result<()> {
    let (Some(min), Some(max)) = (literal(&range.min), literal(&range.max)) else {
        return Ok(());
    };
    if min > max {
        return Err(Error::new(
            range.min.span(),
            "the range is empty: the least value comes first",
        ));
    }
    match literal(default) {
        Some(value) if !(min..=max).contains(&value) => Err(Error::new(
            default.span(),
            "the default lies outside of the range",
        )),
        _ => Ok(()),
    }
}

fn literal(value: &Expr) -> Option<f64> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => literal(expr).map(|value| -value),
        _ => None,
    }
}

fn is_bool(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("bool"))
}
