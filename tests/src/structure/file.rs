//! File: one file of Rust, taken apart.
//!
//! In: its path. Out: its lines, functions, types, imports and paths, the modules it names; code
//! under `cfg(test)` is counted apart and not looked at.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::crates::Kind;
use super::syntax::{attributes, is_code, is_for_tests, is_text_error, type_words};

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Lines of code outside tests: neither blank nor a comment.
    pub lines: usize,
    /// Lines of code inside tests.
    pub test_lines: usize,
    /// Modules in files of their own.
    pub children: Vec<Child>,
    /// Functions with a body.
    pub functions: Vec<Body>,
    /// Types that it defines, with the inline module they stand in.
    pub types: Vec<Named>,
    /// What it imports, and what it passes on.
    pub imports: Vec<Import>,
    /// Every path it uses, with the inline module it stands in.
    pub paths: BTreeSet<Named>,
    /// The types of its `impl` blocks, and how many functions each has.
    pub methods: Vec<(Named, usize)>,
    /// Uses of `Result` whose error is a `String`.
    pub text_errors: usize,
}

/// A module in a file of its own.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub name: String,
    /// The inline modules around it.
    pub inside: Vec<String>,
    pub kind: Kind,
}

/// A function.
#[derive(Debug)]
pub(super) struct Body {
    /// Its name, after the type that it belongs to.
    pub name: String,
    /// Lines of code from its first word to its end.
    pub lines: usize,
    /// How many values it takes, without the one it is called on.
    pub parameters: usize,
}

/// A path, or a name alone, and where in the file it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// The inline modules around it.
    pub inside: Vec<String>,
    /// Its words.
    pub words: Vec<String>,
}

/// One name of a `use`.
#[derive(Debug)]
pub(super) struct Import {
    /// What it is called here; nothing for `*`.
    pub name: Option<String>,
    /// What it names.
    pub target: Named,
    pub reach: Reach,
}

/// Who sees an imported name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// This file alone.
    Here,
    /// Others too: the file passes it on.
    Others,
}

/// Reads a file.
///
/// # Panics
///
/// If it cannot be read, or is not Rust.
pub(super) fn read(path: &Path) -> Parsed {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    parse(&text).unwrap_or_else(|error| panic!("{} is not Rust: {error}", path.display()))
}

/// Takes a text apart.
pub(super) fn parse(text: &str) -> syn::Result<Parsed> {
    let file = syn::parse_file(text)?;
    let code = text.lines().map(is_code).collect();
    let mut reader = Reader {
        code,
        ..Reader::default()
    };
    reader.visit_file(&file);
    reader.found.lines = reader.code.iter().filter(|is_code| **is_code).count();
    Ok(reader.found)
}

/// What is found on the way through a file.
#[derive(Default)]
struct Reader {
    found: Parsed,
    /// Which lines hold code outside tests.
    code: Vec<bool>,
    /// The inline modules around.
    inside: Vec<String>,
    /// The type or trait around, for the names of functions.
    owner: Option<String>,
}

impl Reader {
    /// Takes a stretch of lines out of the code.
    fn skip(&mut self, span: Span) {
        let lines = self.stretch(span);
        for line in &mut self.code[lines] {
            self.found.test_lines += usize::from(std::mem::take(line));
        }
    }

    fn lines(&self, span: Span) -> usize {
        let lines = &self.code[self.stretch(span)];
        lines.iter().filter(|is_code| **is_code).count()
    }

    fn stretch(&self, span: Span) -> std::ops::Range<usize> {
        let last = span.end().line.min(self.code.len());
        span.start().line.saturating_sub(1)..last
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let name = signature.ident.to_string();
        let whole = signature.span().join(body.span());
        let is_value = |input: &&syn::FnArg| matches!(input, syn::FnArg::Typed(_));
        let function = Body {
            name: match &self.owner {
                Some(owner) => format!("{owner}::{name}"),
                None => name,
            },
            lines: self.lines(whole.unwrap_or_else(|| body.span())),
            parameters: signature.inputs.iter().filter(is_value).count(),
        };
        self.found.functions.push(function);
    }

    fn named(&self, words: Vec<String>) -> Named {
        Named {
            inside: self.inside.clone(),
            words,
        }
    }

    fn path(&mut self, words: Vec<String>) {
        let named = self.named(words);
        self.found.paths.insert(named);
    }

    /// Every name of a tree of imports.
    fn imports(&mut self, tree: &syn::UseTree, before: &[String], reach: Reach) {
        let (name, words) = match tree {
            syn::UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                return self.imports(&path.tree, &before, reach);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.imports(tree, before, reach);
                }
                return;
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                (before.last().cloned(), before.to_vec())
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                (Some(name.clone()), [before, &[name]].concat())
            }
            syn::UseTree::Rename(rename) => {
                let words = [before, &[rename.ident.to_string()]].concat();
                (Some(rename.rename.to_string()), words)
            }
            syn::UseTree::Glob(_) => (None, before.to_vec()),
        };
        let target = self.named(words);
        self.found.imports.push(Import {
            name,
            target,
            reach,
        });
    }

    /// The paths in the tokens of a macro: words that follow each other with `::` between.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut words: Vec<String> = Vec::new();
        let mut marks = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if marks != 2 && !words.is_empty() {
                        let done = std::mem::take(&mut words);
                        self.path(done);
                    }
                    words.push(word.to_string());
                    marks = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => marks += 1,
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    marks = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => marks = 0,
            }
        }
        if !words.is_empty() {
            self.path(words);
        }
    }

    /// A module in a file of its own; one that an attribute names belongs to somebody else.
    fn child(&mut self, module: &syn::ItemMod, kind: Kind) {
        if module
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("path"))
        {
            return;
        }
        self.found.children.push(Child {
            name: module.ident.to_string(),
            inside: self.inside.clone(),
            kind,
        });
    }

    fn define(&mut self, name: &syn::Ident) {
        let named = self.named(vec![name.to_string()]);
        self.found.types.push(named);
    }

    fn with_owner(&mut self, owner: String, inner: impl FnOnce(&mut Self)) {
        let before = self.owner.replace(owner);
        inner(self);
        self.owner = before;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = attributes(item);
        if !is_for_tests(attributes) {
            return visit::visit_item(self, item);
        }
        if let syn::Item::Mod(module) = item
            && module.content.is_none()
        {
            self.child(module, Kind::Tests);
        }
        self.skip(item.span());
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_none() {
            return self.child(module, Kind::Code);
        }
        self.inside.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.inside.pop();
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        let reach = match import.vis {
            syn::Visibility::Inherited => Reach::Here,
            _ => Reach::Others,
        };
        self.imports(&import.tree, &[], reach);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let words = type_words(&block.self_ty);
        let owner = words.last().cloned().unwrap_or_else(|| "impl".to_owned());
        let is_function = |item: &&syn::ImplItem| matches!(item, syn::ImplItem::Fn(function) if !is_for_tests(&function.attrs));
        let count = block.items.iter().filter(is_function).count();
        if !words.is_empty() {
            let named = self.named(words);
            self.found.methods.push((named, count));
        }
        self.with_owner(owner, |reader| visit::visit_item_impl(reader, block));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if is_for_tests(&function.attrs) {
            return self.skip(function.span());
        }
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.define(&item.ident);
        let owner = item.ident.to_string();
        self.with_owner(owner, |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.define(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.define(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.define(&item.ident);
        visit::visit_item_union(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.define(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words = path.segments.iter();
        self.path(words.map(|word| word.ident.to_string()).collect());
        self.found.text_errors += usize::from(is_text_error(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
