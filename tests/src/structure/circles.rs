//! Circles: files that need each other.
//!
//! In: a checkout. Out: sets of files in which each leads to every other through what it uses. A
//! file needs the file that defines what it names, however many others pass the name on; passing on
//! is no need. So a module file that only passes on what its parts define is in no circle with them.
//!
//! A module file and the files beside each other in its folder are one folder: `pipeline.rs` and
//! `pipeline/rings.rs` are at home in `pipeline`, `pipeline/stage.rs` and `pipeline/stage/block.rs` in
//! `pipeline/stage`. A circle is at home in one folder, or goes through several.

use std::collections::BTreeSet;
use std::path::Path;

use super::crates::{self, Crate, Kind};
use super::names::{Names, Needs};

/// Files that need each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Their paths in the checkout, in order.
    pub files: Vec<String>,
    /// The folders they are at home in, in order.
    pub folders: Vec<String>,
    /// Who needs whom among them.
    pub needs: Vec<Need>,
}

/// Why one file needs another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The file that names something.
    pub from: String,
    /// The file that defines it.
    pub to: String,
    /// What is named.
    pub names: Vec<String>,
}

/// Every circle of the crates of a checkout, in the order of their first files.
#[must_use]
pub fn circles(root: &Path) -> Vec<Circle> {
    of(&crates::read(root))
}

/// Every circle of crates that were read.
pub(super) fn of(crates: &[Crate]) -> Vec<Circle> {
    let mut found: Vec<_> = crates.iter().flat_map(of_one).collect();
    found.sort_by(|one, other| one.files.cmp(&other.files));
    found
}

fn of_one(of: &Crate) -> Vec<Circle> {
    let names = Names::of(of);
    // Nobody needs a file of tests, so that none is in a circle.
    let files = 0..of.files.len();
    let needs: Vec<Needs> = files.map(|file| names.needs(of, file)).collect();
    let numbers: Vec<Vec<usize>> = needs
        .iter()
        .map(|of| of.keys().copied().collect())
        .collect();
    let together = connected(&numbers)
        .into_iter()
        .filter(|files| files.len() > 1);
    together.map(|files| circle(of, &needs, &files)).collect()
}

fn circle(of: &Crate, needs: &[Needs], files: &[usize]) -> Circle {
    let path = |file: &usize| of.files[*file].path.clone();
    let paths: BTreeSet<_> = files.iter().map(path).collect();
    let folders: BTreeSet<_> = files
        .iter()
        .map(|file| home(of, &of.files[*file].module))
        .collect();
    let pairs = files
        .iter()
        .flat_map(|from| needs[*from].iter().map(move |need| (from, need)));
    let inner = pairs.filter(|(from, (to, _))| from != to && files.contains(to));
    let needs = inner.map(|(from, (to, names))| Need {
        from: path(from),
        to: path(to),
        names: names.iter().cloned().collect(),
    });
    Circle {
        files: paths.into_iter().collect(),
        folders: folders.into_iter().collect(),
        needs: needs.collect(),
    }
}

/// The folder a module is at home in: its own if it has parts, else that of the module around it.
fn home(of: &Crate, module: &[String]) -> String {
    let within = |other: &[String]| other.len() > module.len() && other.starts_with(module);
    let has_parts = of
        .files
        .iter()
        .any(|file| file.kind == Kind::Code && within(&file.module));
    let around = &module[..module.len().saturating_sub(1)];
    let home = if has_parts { module } else { around };
    format!("{}: {}", of.folder, home.join("/"))
}

/// The sets of numbers in which each leads to every other, by Tarjan's walk.
fn connected(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut walk = Walk {
        needs,
        order: vec![None; needs.len()],
        lowest: vec![0; needs.len()],
        open: Vec::new(),
        found: Vec::new(),
    };
    for start in 0..needs.len() {
        if walk.order[start].is_none() {
            walk.visit(start);
        }
    }
    walk.found
}

struct Walk<'a> {
    needs: &'a [Vec<usize>],
    /// When each was met.
    order: Vec<Option<usize>>,
    /// The earliest met that each leads to, among those that are open.
    lowest: Vec<usize>,
    /// Those whose set is not known yet.
    open: Vec<usize>,
    found: Vec<Vec<usize>>,
}

impl Walk<'_> {
    fn visit(&mut self, at: usize) {
        let now = self.order.iter().flatten().count();
        self.order[at] = Some(now);
        self.lowest[at] = now;
        self.open.push(at);
        for need in &self.needs[at] {
            match self.order[*need] {
                None => {
                    self.visit(*need);
                    self.lowest[at] = self.lowest[at].min(self.lowest[*need]);
                }
                Some(order) if self.open.contains(need) => {
                    self.lowest[at] = self.lowest[at].min(order);
                }
                Some(_) => {}
            }
        }
        if self.lowest[at] == now {
            let first = self.open.iter().position(|open| *open == at);
            let set = self.open.split_off(first.expect("it was opened above"));
            self.found.push(set);
        }
    }
}
