//! Numbers: a checkout, counted.
//!
//! In: its crates. Out: what the table and the JSON of the command show.

use std::collections::BTreeMap;

use super::circles::{self, Circle};
use super::crates::{Crate, File, Kind};
use super::names::Names;

/// What the house allows: lines of a function, values it takes, functions of a type.
const LINES_MAX: usize = 40;
const PARAMETERS_MAX: usize = 4;
const METHODS_MAX: usize = 40;

/// A checkout, counted.
#[derive(Debug)]
pub struct Structure {
    /// Each top folder of `host/src` and each other crate, then all together.
    pub rooms: Vec<Room>,
    /// Functions with more lines of code than a function may have, the longest first.
    pub long: Vec<Function>,
    /// Functions that take more values than they may, the most first.
    pub wide: Vec<Function>,
    /// Types with more functions than they may have, the most first.
    pub methods: Vec<Methods>,
    /// Files that need each other.
    pub circles: Vec<Circle>,
    /// Names that several types of one crate have, by the folder of the crate and the name, and the
    /// files that define them.
    pub names: BTreeMap<(String, String), Vec<String>>,
}

/// One room.
#[derive(Debug, Default, Clone)]
pub struct Room {
    /// `session`, or the folder of a crate.
    pub name: String,
    /// Its files, without those of tests.
    pub files: usize,
    /// Lines of code outside tests: neither blank nor a comment.
    pub lines: usize,
    /// Lines of code of its unit tests.
    pub test_lines: usize,
    /// The length of each function in lines of code, the shortest first.
    pub functions: Vec<usize>,
    /// Functions that take too many values.
    pub wide: usize,
    /// Uses of `Result` whose error is a `String`.
    pub text_errors: usize,
}

impl Room {
    /// The length that a share of the functions does not exceed; 0 where there are none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> usize {
        let last = self.functions.len().saturating_sub(1);
        let at = (last * percent).div_ceil(100);
        self.functions.get(at).copied().unwrap_or_default()
    }

    /// Functions with more lines than they may have.
    #[must_use]
    pub fn long(&self) -> usize {
        self.functions
            .iter()
            .filter(|lines| **lines > LINES_MAX)
            .count()
    }

    fn add(&mut self, file: &File) {
        let parsed = &file.parsed;
        self.test_lines += parsed.test_lines;
        if file.kind == Kind::Tests {
            self.test_lines += parsed.lines;
            return;
        }
        self.files += 1;
        self.lines += parsed.lines;
        self.text_errors += parsed.text_errors;
        let functions = &parsed.functions;
        self.functions
            .extend(functions.iter().map(|function| function.lines));
        let wide = functions
            .iter()
            .filter(|function| function.parameters > PARAMETERS_MAX);
        self.wide += wide.count();
    }
}

/// A function that is too much of something.
#[derive(Debug)]
pub struct Function {
    /// How much.
    pub count: usize,
    /// Its name, after its type.
    pub name: String,
    /// The file it stands in.
    pub path: String,
}

/// A type that can do much.
#[derive(Debug)]
pub struct Methods {
    /// How many functions its `impl` blocks have, in all files together.
    pub count: usize,
    /// Its name.
    pub name: String,
    /// The file that defines it.
    pub path: String,
    /// How many files have such a block.
    pub files: usize,
}

/// Counts crates.
pub(super) fn of(crates: &[Crate]) -> Structure {
    let files = || {
        crates
            .iter()
            .flat_map(|of| &of.files)
            .filter(|file| file.kind == Kind::Code)
    };
    let functions = |limit: usize, count: fn(&super::file::Body) -> usize| {
        let all = files().flat_map(|file| {
            let functions = file.parsed.functions.iter();
            functions.map(move |function| Function {
                count: count(function),
                name: function.name.clone(),
                path: file.path.clone(),
            })
        });
        let mut found: Vec<_> = all.filter(|function| function.count > limit).collect();
        found.sort_by(|one, other| {
            other
                .count
                .cmp(&one.count)
                .then_with(|| one.name.cmp(&other.name))
        });
        found
    };
    Structure {
        rooms: rooms(crates),
        long: functions(LINES_MAX, |function| function.lines),
        wide: functions(PARAMETERS_MAX, |function| function.parameters),
        methods: methods(crates),
        circles: circles::of(crates),
        names: meanings(crates),
    }
}

/// Every room, and all of them together.
fn rooms(crates: &[Crate]) -> Vec<Room> {
    let mut rooms: Vec<Room> = Vec::new();
    let mut all = Room::default();
    for of in crates {
        for file in &of.files {
            let name = room(of, file);
            let at = rooms.iter().position(|room| room.name == name);
            let at = at.unwrap_or_else(|| {
                rooms.push(Room {
                    name,
                    ..Room::default()
                });
                rooms.len() - 1
            });
            rooms[at].add(file);
            all.add(file);
        }
    }
    rooms.sort_by(|one, other| one.name.cmp(&other.name));
    all.name = "all".to_owned();
    rooms.push(all);
    for room in &mut rooms {
        room.functions.sort_unstable();
    }
    rooms
}

/// The room of a file: in the host its top folder, elsewhere the crate.
fn room(of: &Crate, file: &File) -> String {
    match file.module.first() {
        Some(first) if of.folder == "host" => format!("host: {first}"),
        _ => of.folder.clone(),
    }
}

/// Types with too many functions.
fn methods(crates: &[Crate]) -> Vec<Methods> {
    let mut found = Vec::new();
    for of in crates {
        let names = Names::of(of);
        let mut counts: BTreeMap<(usize, &str), (usize, usize)> = BTreeMap::new();
        for file in of.files.iter().filter(|file| file.kind == Kind::Code) {
            for (named, count) in &file.parsed.methods {
                let owner = names.file_of_type(&file.module, named);
                let (Some(owner), Some(name)) = (owner, named.words.last()) else {
                    continue; // A type of another crate.
                };
                let sum = counts.entry((owner, name)).or_default();
                *sum = (sum.0 + count, sum.1 + 1);
            }
        }
        let many = counts
            .into_iter()
            .filter(|(_, (count, _))| *count > METHODS_MAX);
        found.extend(many.map(|((owner, name), (count, files))| Methods {
            count,
            name: name.to_owned(),
            path: of.files[owner].path.clone(),
            files,
        }));
    }
    found.sort_by_key(|methods| std::cmp::Reverse(methods.count));
    found
}

/// Names that more than one type of a crate has.
fn meanings(crates: &[Crate]) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for of in crates {
        for file in of.files.iter().filter(|file| file.kind == Kind::Code) {
            for name in file
                .parsed
                .types
                .iter()
                .filter_map(|named| named.words.last())
            {
                let key = (of.folder.clone(), name.clone());
                found.entry(key).or_default().push(file.path.clone());
            }
        }
    }
    found.retain(|_, paths| paths.len() > 1);
    found
}
