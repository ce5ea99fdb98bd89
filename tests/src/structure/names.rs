//! Names: which file of a crate defines what a path names.
//!
//! In: the files of a crate. Out: for a path in one of them, the file where the thing is defined:
//! imports, modules and names that are passed on are followed to their end.

use std::collections::{BTreeMap, BTreeSet};

use super::crates::{Crate, Kind};
use super::file::{Import, Named, Reach};

/// How often a name may be passed on before the search is given up; a circle of `use` would not end.
const STEPS_MAX: usize = 16;

/// The files that a file needs, and what it names of each.
pub(super) type Needs = BTreeMap<usize, BTreeSet<String>>;

/// The modules of a crate.
#[derive(Debug)]
pub(super) struct Names<'a> {
    modules: BTreeMap<Vec<String>, Module<'a>>,
}

/// One module: a file, or one inside a file.
#[derive(Debug, Default)]
struct Module<'a> {
    /// Which file it stands in.
    file: usize,
    types: BTreeSet<&'a str>,
    imports: Vec<&'a Import>,
}

/// What a path came to.
enum Found {
    Module(Vec<String>),
    Item(usize),
}

/// What a path is read as where a module and an item have one name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Module,
    Item,
}

impl<'a> Names<'a> {
    /// Learns the modules of a crate.
    pub(super) fn of(of: &'a Crate) -> Self {
        let mut names = Self {
            modules: BTreeMap::new(),
        };
        for (number, file) in of.files.iter().enumerate() {
            if file.kind == Kind::Tests {
                continue;
            }
            names.module(&file.module, number);
            for named in &file.parsed.types {
                let module = names.module(&place(&file.module, named), number);
                module.types.extend(named.words.last().map(String::as_str));
            }
            for import in &file.parsed.imports {
                let module = names.module(&place(&file.module, &import.target), number);
                module.imports.push(import);
            }
        }
        names
    }

    fn module(&mut self, place: &[String], file: usize) -> &mut Module<'a> {
        let fresh = Module {
            file,
            ..Module::default()
        };
        self.modules.entry(place.to_vec()).or_insert(fresh)
    }

    /// The file that defines what a path of a file's module names; nothing if that is a module, or
    /// stands in another crate.
    pub(super) fn file(&self, module: &[String], path: &Named) -> Option<usize> {
        let place = place(module, path);
        match self.resolve(&place, &path.words, Sense::Item, STEPS_MAX)? {
            Found::Item(file) => Some(file),
            Found::Module(_) => None,
        }
    }

    /// The file of a type that a path names, where a name that no import explains is one of the
    /// module itself.
    pub(super) fn file_of_type(&self, module: &[String], path: &Named) -> Option<usize> {
        let own = || {
            let own = self.modules.get(&place(module, path))?;
            let alone = path.words.len() == 1 && own.types.contains(path.words[0].as_str());
            alone.then_some(own.file)
        };
        own().or_else(|| self.file(module, path))
    }

    fn resolve(
        &self,
        place: &[String],
        words: &[String],
        as_a: Sense,
        steps: usize,
    ) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = words.split_first()?;
        let up = &place[..place.len().saturating_sub(1)];
        match first.as_str() {
            "crate" => self.walk(&[], rest, as_a, steps),
            "self" => self.walk(place, rest, as_a, steps),
            "super" => self.walk(up, rest, as_a, steps),
            _ => {
                let sense = if rest.is_empty() { as_a } else { Sense::Module };
                let start = self.member(place, first, sense, steps)?;
                self.onward(start, rest, as_a, steps)
            }
        }
    }

    /// Goes down from a module.
    fn walk(&self, place: &[String], words: &[String], as_a: Sense, steps: usize) -> Option<Found> {
        let Some((first, rest)) = words.split_first() else {
            return Some(Found::Module(place.to_vec()));
        };
        let sense = if rest.is_empty() { as_a } else { Sense::Module };
        let found = self.member(place, first, sense, steps);
        let own = || Some(Found::Item(self.modules.get(place)?.file));
        self.onward(found.or_else(own)?, rest, as_a, steps)
    }

    fn onward(&self, from: Found, rest: &[String], as_a: Sense, steps: usize) -> Option<Found> {
        match from {
            Found::Module(module) => self.walk(&module, rest, as_a, steps),
            Found::Item(file) => Some(Found::Item(file)), // A variant, or a function of a type.
        }
    }

    /// What a name alone is in a module: one of its modules, or what it imports.
    fn member(&self, place: &[String], name: &str, as_a: Sense, steps: usize) -> Option<Found> {
        let child = [place, &[name.to_owned()]].concat();
        let is_module = self.modules.contains_key(&child);
        if is_module && as_a == Sense::Module {
            return Some(Found::Module(child));
        }
        let module = self.modules.get(place)?;
        let named = |import: &&&Import| import.name.as_deref() == Some(name);
        let imports = module.imports.iter().filter(named);
        let mut found =
            imports.filter_map(|import| self.resolve(place, &import.target.words, as_a, steps));
        let through_glob = || {
            let globs = module.imports.iter().filter(|import| import.name.is_none());
            globs
                .filter_map(|glob| self.through_glob(place, glob, name, steps))
                .next()
        };
        let child = || is_module.then(|| Found::Module(child.clone()));
        found.next().or_else(through_glob).or_else(child)
    }

    /// What a name is in a module all of whose names are imported.
    fn through_glob(
        &self,
        place: &[String],
        glob: &Import,
        name: &str,
        steps: usize,
    ) -> Option<Found> {
        match self.resolve(place, &glob.target.words, Sense::Module, steps)? {
            Found::Item(_) => None, // The variants of an enumeration.
            Found::Module(from) => {
                let module = self.modules.get(&from)?;
                if module.types.contains(name) {
                    return Some(Found::Item(module.file));
                }
                self.member(&from, name, Sense::Item, steps.checked_sub(1)?)
            }
        }
    }

    /// Which files a file needs: those that define what it uses. What it only passes on is used by
    /// those who ask for it.
    pub(super) fn needs(&self, of: &Crate, file: usize) -> Needs {
        let file = &of.files[file];
        let used: BTreeSet<_> = file
            .parsed
            .paths
            .iter()
            .map(|path| &path.words[0])
            .collect();
        let is_used = |import: &&Import| {
            import.reach == Reach::Here
                || import.name.as_ref().is_some_and(|name| used.contains(name))
        };
        let imports = file.parsed.imports.iter().filter(is_used);
        let imports = imports.map(|import| &import.target);
        let paths = file.parsed.paths.iter().filter(|path| path.words.len() > 1);
        let mut needs = Needs::new();
        for path in imports.chain(paths) {
            if let Some(other) = self.file(&file.module, path) {
                needs
                    .entry(other)
                    .or_default()
                    .insert(path.words.join("::"));
            }
        }
        needs
    }
}

/// The module that something in a file stands in.
fn place(module: &[String], named: &Named) -> Vec<String> {
    [module, &named.inside].concat()
}
