//! A planted tree, measured.

use std::fs;

use super::*;

/// What is found in a crate of these files.
fn planted(files: &[(&str, &str)]) -> Structure {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("host");
    for (name, text) in [&[("../Cargo.toml", "")], files].concat() {
        let path = package.join("src").join(name);
        fs::create_dir_all(package.join("src")).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    measure(folder.path())
}

/// The files of each circle, and how many folders it goes through.
fn circles_of(files: &[(&str, &str)]) -> Vec<(String, usize)> {
    let found = planted(files);
    let one = |circle: &Circle| {
        let files = circle.files.join(" ").replace("host/src/", "");
        (files, circle.folders.len())
    };
    found.circles.iter().map(one).collect()
}

#[test]
fn files_that_name_each_other_are_a_circle() {
    let beside = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A(crate::b::B);"),
        ("b.rs", "use crate::a::A; pub struct B(Box<A>);"),
    ]);
    assert_eq!(beside, [("a.rs b.rs".to_owned(), 1)]);
    let apart = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod part;"),
        (
            "a/part.rs",
            "fn f() { let _ = vec![crate::b::B::new()]; }\npub(crate) struct P;",
        ),
        ("b.rs", "use crate::a::part; pub struct B(part::P);"),
    ]);
    assert_eq!(apart, [("a/part.rs b.rs".to_owned(), 2)]);
}

#[test]
fn a_name_that_is_passed_on_is_where_it_is_defined() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b; pub use a::Word;"),
        (
            "a.rs",
            "mod word; mod talk; pub use word::*; pub use talk::Talk;",
        ),
        ("a/word.rs", "pub struct Word;"),
        (
            "a/talk.rs",
            "use crate::a::Word; pub struct Talk(crate::b::B, Word);",
        ),
        ("b.rs", "use crate::Word; pub struct B(Word);"),
    ]);
    assert_eq!(found, []);
}

#[test]
fn passing_on_is_no_need() {
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub use b::B; pub struct A;"),
        ("a/b.rs", "pub struct B(crate::a::A);"),
    ]);
    assert_eq!(found, []);
}

#[test]
fn a_file_that_uses_what_it_passes_on_needs_it() {
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub use b::B; pub struct A(B);"),
        ("a/b.rs", "pub struct B(Box<crate::a::A>);"),
    ]);
    assert_eq!(found, [("a.rs a/b.rs".to_owned(), 1)]);
}

#[test]
fn tests_close_no_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        ),
        ("b.rs", "pub struct B(crate::a::A); #[cfg(test)] mod tests;"),
        ("b/tests.rs", "use crate::b::B;"),
    ]);
    assert_eq!(found, []);
}

#[test]
fn lines_and_functions_are_counted_without_comments_and_tests() {
    let found = planted(&[
        ("lib.rs", "mod a;"),
        (
            "a.rs",
            "//! A page.\n\n/// A function.\nfn f(a: u8, b: u8,\n    c: u8, d: u8, e: u8) {\n\n    // Why.\n    g();\n}\n\
             fn h() -> Result<u8, String> { Ok(1) }\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n",
        ),
    ]);
    let room = &found
        .rooms
        .iter()
        .find(|room| room.name == "host: a")
        .unwrap();
    assert_eq!((room.files, room.lines, room.test_lines), (1, 5, 4));
    assert_eq!(room.functions, [1, 4]);
    assert_eq!((room.wide, room.text_errors), (1, 1));
    assert_eq!(found.wide[0].name, "f");
    assert!(found.long.is_empty());
}

#[test]
fn functions_of_a_type_are_counted_over_all_files() {
    let functions: String = (0..25)
        .map(|number| format!("fn f{number}(&self) {{}}\n"))
        .collect();
    let block = format!("use crate::a::A; impl A {{ {functions} }}");
    let found = planted(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod more; pub struct A; pub struct B;"),
        ("a/more.rs", &block),
        ("b.rs", &block),
    ]);
    let methods: Vec<_> = found
        .methods
        .iter()
        .map(|of| (of.count, of.name.as_str()))
        .collect();
    assert_eq!(methods, [(50, "A")]);
    assert_eq!(found.methods[0].path, "host/src/a.rs");
}

#[test]
fn a_function_that_is_too_long_is_named_after_its_type() {
    let body = "    g();\n".repeat(40);
    let text = format!("struct A;\nimpl A {{\n    fn f(&self) {{\n{body}    }}\n}}\n");
    let found = planted(&[("lib.rs", &text)]);
    assert_eq!(
        (found.long[0].name.as_str(), found.long[0].count),
        ("A::f", 42)
    );
}

#[test]
fn a_name_of_two_types_is_told_with_both_files() {
    let found = planted(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "struct Found; enum Other {}"),
        ("b.rs", "enum Found {}"),
    ]);
    let key = ("host".to_owned(), "Found".to_owned());
    assert_eq!(found.names.keys().collect::<Vec<_>>(), [&key]);
    assert_eq!(found.names[&key], ["host/src/a.rs", "host/src/b.rs"]);
}
