//! Source: Rust files as the tests of the house rules see them.
//!
//! In: the first file of a crate. Out: every file that is compiled outside tests, with the module
//! it is, what it imports from its own crate, and which words it uses. Code under `cfg(test)` is
//! left out, comments and the insides of texts are not words.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One file of a crate, without what is compiled for tests only.
#[derive(Debug)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its place in the crate: `["pipeline", "cpu"]`, and nothing for the first file.
    pub module: Vec<String>,
    /// The first name of every path that starts with `crate`, those of a braced list each.
    pub imports: Vec<String>,
    /// Every identifier and keyword, in order; a call of a macro ends in `!`.
    pub words: Vec<String>,
}

/// The file `first` and every file that it and its modules name.
#[must_use]
pub fn tree(first: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let folder = first.parent().expect("a file lies in a folder").to_owned();
    visit(first, &folder, &[], &mut sources);
    sources
}

/// How many lines hold code: neither blank nor a comment.
#[must_use]
pub fn code_lines(text: &str) -> usize {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    text.lines().filter(code).count()
}

/// Reads one file, then those it names; `folder` is where its modules lie.
fn visit(path: &Path, folder: &Path, module: &[String], sources: &mut Vec<Source>) {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} is named by a module: {error}", path.display()));
    let tokens: TokenStream = text
        .parse()
        .unwrap_or_else(|error| panic!("{} is not Rust: {error}", path.display()));
    let mut reader = Reader::default();
    reader.read(tokens);
    let Reader {
        imports,
        words,
        modules,
    } = reader;
    let path = path.to_owned();
    sources.push(Source {
        path,
        module: module.to_vec(),
        imports,
        words,
    });
    for name in modules {
        let inner = [module, std::slice::from_ref(&name)].concat();
        let file = folder.join(&name).with_extension("rs");
        visit(&file, &folder.join(&name), &inner, sources);
    }
}

/// What is found in one file.
#[derive(Default)]
struct Reader {
    imports: Vec<String>,
    words: Vec<String>,
    /// Modules in files of their own.
    modules: Vec<String>,
}

impl Reader {
    /// Takes a stretch of code; an item under `cfg(test)` is stepped over.
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    let inner = usize::from(is(tokens.get(at), '!'));
                    if let Some(attribute) = group(tokens.get(at + inner)) {
                        at += inner + 1;
                        if is_for_tests(attribute) {
                            at += item(&tokens[at..]);
                        }
                    }
                }
                TokenTree::Ident(word) => {
                    let word = word.to_string();
                    self.word(&word, &tokens[at..]);
                    let called = is(tokens.get(at), '!') && group(tokens.get(at + 1)).is_some();
                    self.words
                        .push(if called { format!("{word}!") } else { word });
                }
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Looks at what follows a word that names a path or a module.
    fn word(&mut self, word: &str, next: &[TokenTree]) {
        match (word, next) {
            ("crate", [colon, second, TokenTree::Ident(name), ..]) if both(colon, second) => {
                self.imports.push(name.to_string());
            }
            ("crate", [colon, second, TokenTree::Group(list), ..]) if both(colon, second) => {
                self.imports.extend(firsts(list));
            }
            ("mod", [TokenTree::Ident(name), end, ..]) if is(Some(end), ';') => {
                self.modules.push(name.to_string());
            }
            _ => {}
        }
    }
}

fn is(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

fn both(first: &TokenTree, second: &TokenTree) -> bool {
    is(Some(first), ':') && is(Some(second), ':')
}

fn group(token: Option<&TokenTree>) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    }
}

/// The first names of a braced list of paths.
fn firsts(list: &Group) -> Vec<String> {
    let tokens: Vec<_> = list.stream().into_iter().collect();
    let parts = tokens.split(|token| is(Some(token), ','));
    parts
        .filter_map(|part| part.first().map(TokenTree::to_string))
        .collect()
}

/// Whether an attribute says `cfg(test)`, alone or among others, and not its opposite.
fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    let words: Vec<_> = text.split(|mark: char| !mark.is_alphanumeric()).collect();
    text.starts_with("cfg(") && words.contains(&"test") && !text.contains("not(test")
}

/// How many tokens an item takes: through its end mark, or its block.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    let last = tokens.iter().position(ends);
    last.map_or(tokens.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Reader {
        let mut reader = Reader::default();
        reader.read(code.parse().unwrap());
        reader
    }

    #[test]
    fn paths_are_found_in_imports_bodies_and_macros() {
        let code = "use crate::a::B; fn f() -> crate::c::D { matches!(x, crate::e::F { .. }) }";
        assert_eq!(read(code).imports, ["a", "c", "e"]);
        assert_eq!(read("pub use crate::{a::B, c};").imports, ["a", "c"]);
    }

    #[test]
    fn texts_comments_and_tests_are_no_code() {
        let code = r#"
            //! use crate::a;
            /// println!()
            fn f() { g("crate::b unsafe") }
            #[cfg(test)] mod tests { use crate::c; }
            #[cfg(all(test, unix))] use crate::d;
            #[cfg(test)] mod more;
            #[cfg(not(test))] fn h() { crate::e() }
        "#;
        let found = read(code);
        assert_eq!(found.imports, ["e"]);
        assert!(found.modules.is_empty());
        assert!(
            !found
                .words
                .iter()
                .any(|word| word == "unsafe" || word == "println!")
        );
    }

    #[test]
    fn modules_and_macros_are_found() {
        let code = "#[expect(unsafe_code, reason = \"why, then\")] mod a; mod b { println!() }";
        let found = read(code);
        assert_eq!(found.modules, ["a"]);
        assert!(found.words.contains(&"println!".to_owned()));
    }
}
