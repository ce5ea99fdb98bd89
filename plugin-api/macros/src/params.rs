//! Params: the implementation of `Params` for a struct.
//!
//! In: a struct. Out: tokens without `unsafe`, which pass each field in wire order to
//! `segue_plugin::params::derived`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DataStruct, DeriveInput, Error, Fields, Ident, Result, Type};

use crate::field::{Role, role};
use crate::text::documentation;

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
    let name = &input.ident;
    let doc = summary(input);
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let Pieces {
        declarations,
        defaults,
        sets,
        gets,
        prepares,
        resets,
    } = pieces(input)?;
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::segue_plugin::params::Params for #name #arguments #bounds {
            const PARAMS: &'static [::segue_plugin::declare::ParamItem] = &[#(#declarations),*];
            const DOC: &'static str = #doc;

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

/// The first line of what is said about the struct.
fn summary(input: &DeriveInput) -> String {
    let doc = documentation(&input.attrs);
    doc.lines().next().unwrap_or_default().to_owned()
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
mod tests;
