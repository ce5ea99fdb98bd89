//! Params: the implementation of `Params` for a struct.
//!
//! In: a struct. Out: tokens without `unsafe`, which pass each field in wire order to
//! `segue_plugin::params::derived`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DataStruct, DeriveInput, Error, Fields, Ident, Result, Type};

use crate::field::{Role, role};

/// Four pieces for each field, one for each function of the trait.
#[derive(Default)]
struct Pieces {
    declarations: Vec<TokenStream>,
    defaults: Vec<TokenStream>,
    sets: Vec<TokenStream>,
    gets: Vec<TokenStream>,
    prepares: Vec<TokenStream>,
    resets: Vec<TokenStream>,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let pieces = pieces(input)?;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let Pieces {
        declarations,
        defaults,
        sets,
        gets,
        prepares,
        resets,
    } = &pieces;
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::segue_plugin::params::Params for #name #arguments #bounds {
            const PARAMS: &'static [::segue_plugin::declare::ParamItem] = &[#(#declarations),*];

            fn with_defaults() -> Self {
                Self { #(#defaults),* }
            }

            fn set_param(&mut self, index: u32, value: f64) {
                let rest = ::core::option::Option::Some(index);
                #(#sets)*
                let _ = (rest, value);
            }

            fn param(&self, index: u32) -> f64 {
                let found = ::core::ops::ControlFlow::Continue(index);
                #(#gets)*
                ::segue_plugin::params::derived::value_of(found)
            }

            fn prepare_params(&mut self, sample_rate_hz: f64, frames_max: usize) {
                #(#prepares)*
                let _ = (sample_rate_hz, frames_max);
            }

            fn reset_params(&mut self) {
                #(#resets)*
            }
        }
    })
}

fn pieces(input: &DeriveInput) -> Result<Pieces> {
    let mut pieces = Pieces::default();
    let mut ids: Vec<String> = Vec::new();
    for field in fields(input)? {
        let name = field.ident.as_ref().expect("a named field has a name");
        let (role, id) = role(field, name)?;
        if let Some(id) = id {
            if ids.contains(&id.text) {
                let sentence = format!("there are two parameters with the id `{}`", id.text);
                return Err(Error::new(id.span, sentence));
            }
            ids.push(id.text);
        }
        match role {
            Role::One(declaration) => pieces.add_one(name, &field.ty, declaration),
            Role::Group(declaration, entry) => pieces.add_group(name, entry, declaration),
            Role::Own => pieces.add_own(name, &field.ty),
        }
    }
    Ok(pieces)
}

fn fields(input: &DeriveInput) -> Result<impl Iterator<Item = &syn::Field>> {
    match &input.data {
        Data::Struct(DataStruct {
            fields: Fields::Named(fields),
            ..
        }) => Ok(Some(&fields.named)),
        Data::Struct(DataStruct {
            fields: Fields::Unit,
            ..
        }) => Ok(None),
        Data::Struct(_) | Data::Enum(_) | Data::Union(_) => Err(Error::new(
            input.ident.span(),
            "`Params` is derived for structs with named fields; for an enum see `Choices`",
        )),
    }
    .map(|fields| fields.into_iter().flatten())
}

impl Pieces {
    fn add_one(&mut self, name: &Ident, ty: &Type, declaration: TokenStream) {
        let at = self.declarations.len();
        self.declarations.push(declaration);
        let item = quote!(&Self::PARAMS[#at]);
        self.defaults.push(quote_spanned! {ty.span()=>
            #name: ::segue_plugin::params::derived::default_of::<#ty>(#item)
        });
        self.sets.push(quote! {
            let rest = ::segue_plugin::params::derived::set_one(
                &mut self.#name, #item, rest, value,
            );
        });
        self.gets.push(quote! {
            let found = ::segue_plugin::params::derived::get_one(&self.#name, found);
        });
        self.prepares.push(quote! {
            ::segue_plugin::params::ParamValue::prepare(
                &mut self.#name, sample_rate_hz, frames_max,
            );
        });
        self.resets.push(quote! {
            ::segue_plugin::params::ParamValue::reset(&mut self.#name);
        });
    }

    fn add_group(&mut self, name: &Ident, entry: &Type, declaration: TokenStream) {
        self.declarations.push(declaration);
        self.defaults.push(quote! {
            #name: ::core::array::from_fn(
                |_| <#entry as ::segue_plugin::params::Params>::with_defaults(),
            )
        });
        self.sets.push(quote! {
            let rest = ::segue_plugin::params::derived::set_group(&mut self.#name, rest, value);
        });
        self.gets.push(quote! {
            let found = ::segue_plugin::params::derived::get_group(&self.#name, found);
        });
        self.prepares.push(quote! {
            for entry in &mut self.#name {
                ::segue_plugin::params::Params::prepare_params(entry, sample_rate_hz, frames_max);
            }
        });
        self.resets.push(quote! {
            for entry in &mut self.#name {
                ::segue_plugin::params::Params::reset_params(entry);
            }
        });
    }

    fn add_own(&mut self, name: &Ident, ty: &Type) {
        self.defaults.push(quote_spanned! {ty.span()=>
            #name: <#ty as ::core::default::Default>::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    /// `source` is refused at the text `at` with `sentence`.
    #[track_caller]
    fn check(source: &str, at: &str, sentence: &str) {
        let tokens = TokenStream::from_str(source).unwrap();
        let error = syn::parse2(tokens)
            .and_then(|input| expand(&input))
            .unwrap_err();
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.span().source_text().as_deref(), Some(at));
    }

    /// One field of a type with its keys.
    #[track_caller]
    fn check_field(keys: &str, ty: &str, at: &str, sentence: &str) {
        check(
            &format!("struct A {{ #[param({keys})] gain: {ty} }}"),
            at,
            sentence,
        );
    }

    #[test]
    fn keys_that_are_not_known_or_there_twice_are_named() {
        check_field(
            "rnge = 1.0",
            "f64",
            "rnge",
            "this key is not known, expected `unit`, `range`, `default`, `smooth_ms`, \
             `reactivates`, `id` or `group`",
        );
        check_field(
            "unit = \"a\", unit = \"b\"",
            "f64",
            "unit",
            "this key is there twice, expected it once",
        );
        check(
            "struct A { #[param(unit = \"a\")] #[param(id = \"b\")] gain: f64 }",
            "#[param(id = \"b\")]",
            "a field has one `#[param(…)]`: put the keys together",
        );
    }

    #[test]
    fn ranges_and_defaults_go_together() {
        check_field(
            "default = 1.0",
            "f64",
            "f64",
            "a number needs a range, as in `range = 0.0..=1.0`",
        );
        check_field(
            "range = 0.0..1.0, default = 0.5",
            "f64",
            // The first of its two marks; the compiler underlines both.
            ".",
            "both ends belong to a range, expected `..=` as in `0.0..=24.0`",
        );
        check_field(
            "range = 0.0..=1.0",
            "f32",
            "0.0",
            "a number needs a default within its range, as in `default = 0.5`",
        );
        check_field(
            "range = -6.0..=1.0, default = -7.5",
            "f64",
            "-7.5",
            "the default lies outside of the range",
        );
        check_field(
            "range = 2..=1, default = 1",
            "u8",
            "2",
            "the range is empty: the least value comes first",
        );
        check_field(
            "range = 0.0..=1.0, default = 1.0",
            "bool",
            "0.0",
            "a `bool` is `off` or `on`: it has no range",
        );
    }

    #[test]
    fn gliding_is_said_where_it_happens_and_nowhere_else() {
        check_field(
            "range = 0.0..=1.0, default = 1.0",
            "Smoothed",
            "Smoothed",
            "say how long it glides, as in `smooth_ms = 10.0`; 0.0 for at once",
        );
        check_field(
            "range = 0.0..=1.0, default = 1.0, smooth_ms = 5.0",
            "f64",
            "5.0",
            "only a field of type `Smoothed` glides: change the type or drop the key",
        );
    }

    #[test]
    fn ids_are_words_and_single() {
        check_field(
            "id = \"Gain\"",
            "f64",
            "\"Gain\"",
            "an id is like `gain_db`: [a-z0-9_]+, 64 bytes at most",
        );
        check(
            "struct A { #[param(default = true)] gainDB: bool }",
            "gainDB",
            "this name cannot be an id, [a-z0-9_]+ and 64 bytes at most: say `id = \"…\"`",
        );
        check(
            "struct A { #[param()] a: bool, #[param(id = \"a\")] b: bool }",
            "\"a\"",
            "there are two parameters with the id `a`",
        );
    }

    #[test]
    fn groups_are_arrays_and_carry_no_keys_of_members() {
        check_field(
            "group",
            "Vec<Band>",
            "Vec<Band>",
            "a group is an array of a struct that derives `Params`: `[Band; 8]`",
        );
        check_field(
            "group, unit = \"dB\"",
            "[Band; 8]",
            "\"dB\"",
            "a group has no key but `id`: the others belong to its members",
        );
    }

    #[test]
    fn only_structs_with_names_have_parameters() {
        let sentence =
            "`Params` is derived for structs with named fields; for an enum see `Choices`";
        check("struct A(f64);", "A", sentence);
        check("enum A { B }", "A", sentence);
        check("union A { b: u8 }", "A", sentence);
    }
}
