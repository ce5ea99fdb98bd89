//! Crates: the files of everything that ships.
//!
//! In: a checkout. Out: each crate with its files, each with its place in the tree of modules. A
//! library and a program of one package are two crates, as they are for the compiler.

use std::fs;
use std::path::Path;

use super::file::{self, Parsed};

/// Folders that are packages, and folders whose children may be packages.
const PACKAGES: [&str; 2] = ["host", "plugin-api"];
const PARENTS: [&str; 3] = ["host", "plugin-api", "plugins"];

/// The first files of a crate.
const FIRSTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

/// One crate.
#[derive(Debug)]
pub(super) struct Crate {
    /// Its folder in the checkout: `host`, `plugins/gain`.
    pub folder: String,
    /// Its files, the first one first.
    pub files: Vec<File>,
}

/// One file of a crate.
#[derive(Debug)]
pub(super) struct File {
    /// Its path in the checkout.
    pub path: String,
    /// Its place in the crate: `["pipeline", "seat"]`, and nothing for the first file.
    pub module: Vec<String>,
    /// What stands in it.
    pub parsed: Parsed,
    /// Whether it is compiled for tests alone; the rest of it is then not looked at.
    pub kind: Kind,
}

/// Whether a file ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It does.
    Code,
    /// It is compiled for tests alone.
    Tests,
}

/// Reads every crate of a checkout.
pub(super) fn read(root: &Path) -> Vec<Crate> {
    let mut found = Vec::new();
    for package in packages(root) {
        for first in FIRSTS.iter().map(|first| root.join(&package).join(first)) {
            if first.is_file() {
                found.push(read_one(root, &package, &first));
            }
        }
    }
    found
}

/// The folders of packages, in the order of their names.
fn packages(root: &Path) -> Vec<String> {
    let mut found: Vec<String> = PACKAGES.map(str::to_owned).into();
    for parent in PARENTS {
        let children = fs::read_dir(root.join(parent)).into_iter().flatten();
        let names = children.filter_map(|child| child.ok()?.file_name().into_string().ok());
        found.extend(names.map(|name| format!("{parent}/{name}")));
    }
    found.retain(|package| root.join(package).join("Cargo.toml").is_file());
    found.sort();
    found
}

/// Reads the crate of a first file.
fn read_one(root: &Path, package: &str, first: &Path) -> Crate {
    let mut walk = Walk {
        root,
        files: Vec::new(),
    };
    let folder = first.parent().expect("a file lies in a folder");
    walk.visit(first, folder, &[], Kind::Code);
    Crate {
        folder: package.to_owned(),
        files: walk.files,
    }
}

/// The way through the modules of a crate.
struct Walk<'a> {
    root: &'a Path,
    files: Vec<File>,
}

impl Walk<'_> {
    /// Reads one file, then those it names; `folder` is where its modules lie.
    fn visit(&mut self, path: &Path, folder: &Path, module: &[String], kind: Kind) {
        let parsed = file::read(path);
        let children = parsed.children.clone();
        self.files.push(File {
            path: self.relative(path),
            module: module.to_vec(),
            parsed,
            kind,
        });
        for child in children {
            let folder = folder.join(child.inside.join("/"));
            let file = folder.join(&child.name).with_extension("rs");
            let inner = [module, &child.inside, std::slice::from_ref(&child.name)].concat();
            let tests = kind == Kind::Tests || child.kind == Kind::Tests;
            let kind = if tests { Kind::Tests } else { Kind::Code };
            self.visit(&file, &folder.join(&child.name), &inner, kind);
        }
    }

    fn relative(&self, path: &Path) -> String {
        let short = path.strip_prefix(self.root).unwrap_or(path);
        short.display().to_string()
    }
}
