//! Syntax: small questions to pieces of Rust.
//!
//! In: a piece of a file's syntax tree, or a line of its text. Out: what is asked of it.

/// Whether a line holds code: it is neither blank nor a comment.
pub(super) fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//")
}

/// The words of a type that is a path, through references.
pub(super) fn type_words(kind: &syn::Type) -> Vec<String> {
    match kind {
        syn::Type::Path(path) => {
            let words = path.path.segments.iter();
            words.map(|word| word.ident.to_string()).collect()
        }
        syn::Type::Reference(reference) => type_words(&reference.elem),
        _ => Vec::new(),
    }
}

/// Whether a path is a `Result` whose error is a `String`.
pub(super) fn is_text_error(path: &syn::Path) -> bool {
    let Some(last) = path.segments.last().filter(|last| last.ident == "Result") else {
        return false;
    };
    let syn::PathArguments::AngleBracketed(list) = &last.arguments else {
        return false;
    };
    let mut types = list.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(syn::Type::Path(path)) => Some(path),
        _ => None,
    });
    list.args.len() == 2
        && types
            .next_back()
            .is_some_and(|last| last.path.is_ident("String"))
}

/// Whether attributes leave an item to tests: `cfg(test)`, alone or among others, and not its
/// opposite.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return attribute.path().is_ident("test");
        };
        let text = list.tokens.to_string().replace(' ', "");
        let mut words = text.split(|mark: char| !mark.is_alphanumeric());
        list.path.is_ident("cfg") && words.any(|word| word == "test") && !text.contains("not(test")
    })
}

/// The attributes of an item.
pub(super) fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
