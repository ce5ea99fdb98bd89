//! Derive macros of `segue-plugin`.
//!
//! In: a struct with `#[param(…)]` on its fields, or an enum of choices.
//! Out: the traits `Params` and `Choices` of `segue_plugin::params`, or an error at the token
//! that is wrong, with a sentence that says what was expected.
//!
//! Use them through `segue_plugin::params`, where the keys are explained.

mod attribute;
mod choices;
mod field;
mod params;
mod text;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes the fields marked `#[param(…)]` the parameters of a component.
///
/// The trait `segue_plugin::params::Params` explains the keys.
#[proc_macro_derive(Params, attributes(param))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    params::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes the cases of an enum the labelled choices of a parameter.
///
/// The trait `segue_plugin::params::Choices` explains the labels.
#[proc_macro_derive(Choices, attributes(choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choices::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
