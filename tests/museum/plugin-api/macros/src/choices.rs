//! Choices: the implementation of `Choices` for an enum.
//!
//! In: an enum whose cases hold nothing. Out: its labels and the way from a case to its place and
//! back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, LitStr, Result, Variant};

use crate::text::{is_label, kebab_case};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let variants = variants(input)?;
    let mut labels: Vec<String> = Vec::new();
    for variant in &variants {
        labels.push(label(variant, &labels)?);
    }
    let name = &input.ident;
    let cases: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let places: Vec<u32> = (0..).zip(&cases).map(|(place, _)| place).collect();
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::segue_plugin::params::Choices for #name #arguments #bounds {
            const LABELS: &'static [&'static str] = &[#(#labels),*];

            fn from_index(index: u32) -> ::core::option::Option<Self> {
                match index {
                    #(#places => ::core::option::Option::Some(Self::#cases),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn index(self) -> u32 {
                match self {
                    #(Self::#cases => #places,)*
                }
            }
        }
    })
}

fn variants(input: &DeriveInput) -> Result<Vec<&Variant>> {
    let Data::Enum(DataEnum { variants, .. }) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "`Choices` is derived for enums",
        ));
    };
    if variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "a choice has one case at least",
        ));
    }
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.fields.span(),
                "the case of a choice holds nothing",
            ));
        }
        if let Some((_, number)) = &variant.discriminant {
            let sentence = "the value of a choice is its place: it cannot have a number of its own";
            return Err(Error::new(number.span(), sentence));
        }
    }
    Ok(variants.iter().collect())
}

/// The label of a case, which none before it has.
fn label(variant: &Variant, before: &[String]) -> Result<String> {
    let name = variant.ident.to_string();
    let mut label = kebab_case(name.strip_prefix("r#").unwrap_or(&name));
    let mut span = variant.ident.span();
    if let Some(attribute) = variant
        .attrs
        .iter()
        .find(|found| found.path().is_ident("choice"))
    {
        let text: LitStr = attribute.parse_args()?;
        label = text.value();
        span = text.span();
    }
    if !is_label(&label) {
        let sentence = "a label is like `high-pass`: [a-z0-9_.+-]+, 64 bytes at most; say \
                        `#[choice(\"…\")]`";
        return Err(Error::new(span, sentence));
    }
    if before.contains(&label) {
        return Err(Error::new(
            span,
            format!("there are two cases with the label `{label}`"),
        ));
    }
    Ok(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    #[track_caller]
    fn check(source: &str, at: &str, sentence: &str) {
        let tokens = TokenStream::from_str(source).unwrap();
        let error = syn::parse2(tokens)
            .and_then(|input| expand(&input))
            .unwrap_err();
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.span().source_text().as_deref(), Some(at));
    }

    #[test]
    fn what_is_no_row_of_plain_cases_is_refused_where_it_stands() {
        check("struct A;", "A", "`Choices` is derived for enums");
        check("enum A {}", "A", "a choice has one case at least");
        check(
            "enum A { B, C(u8) }",
            "(u8)",
            "the case of a choice holds nothing",
        );
        check(
            "enum A { B { c: u8 } }",
            "{ c: u8 }",
            "the case of a choice holds nothing",
        );
        check(
            "enum A { B = 7 }",
            "7",
            "the value of a choice is its place: it cannot have a number of its own",
        );
    }

    #[test]
    fn labels_are_words_and_single() {
        let rule =
            "a label is like `high-pass`: [a-z0-9_.+-]+, 64 bytes at most; say `#[choice(\"…\")]`";
        check("enum A { #[choice(\"High\")] B }", "\"High\"", rule);
        check("enum A { Größe }", "Größe", rule);
        check(
            "enum A { B, #[choice(\"b\")] C }",
            "\"b\"",
            "there are two cases with the label `b`",
        );
        check("enum A { #[choice(7)] B }", "7", "expected string literal");
    }
}
