//! The layouts of every wire type, held to a file: the wire grows at its ends or not at all.
//!
//! Methods and functions are added behind those that are there, and the ABI's minor is raised
//! with them. Any other change breaks plugins that are out there, and fails here.

#![cfg(target_pointer_width = "64")]

#[path = "../../tests/src/golden.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the tests of the whole product use this file too, and all of it"
)]
mod golden;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{Display, Write};
use std::path::Path;

use abi_stable::type_layout::{TLData, TLField, TLFields, TLFunction, TypeLayout};
use segue_plugin::abi::ABI_VERSION;
use segue_plugin::abi::root::root_layout;

/// How the file is written anew.
const COMMAND: &str = "SEGUE_GOLDEN=write cargo test -p segue-plugin --test golden_layout";

/// Starts the line of a table of functions, which may grow at its end.
const TABLE: &str = "table ";

/// How far a type's name goes into what it consists of; one less, and two have the same name.
const NAME_DEPTH: usize = 2;

#[test]
fn the_wire_is_what_the_golden_file_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout.golden");
    let today = Wire::today();
    if golden::is_to_be_written() {
        bless(&path, &today);
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let golden = Wire::parse(&golden);
    let changes = golden.changes(&today);
    assert!(
        golden == today,
        "the wire is not what {} says:\n{}\n\n{}",
        path.display(),
        golden.differences(&today),
        advice(&changes)
    );
}

/// What is to be done about a change.
fn advice(changes: &[String]) -> String {
    if changes.is_empty() {
        return format!(
            "It only grew at its ends, which plugins that are out there do not notice. Raise the \
             minor of ABI_VERSION and write the file anew:\n    {COMMAND}"
        );
    }
    format!(
        "Plugins that are out there would call the wrong functions or read the wrong bytes:\n{}\n\
         Take it back: methods and functions come at the end, with defaults; further data hangs \
         on `extension`. Only when no release speaks ABI {ABI_VERSION} yet, delete the file and \
         write it anew:\n    {COMMAND}",
        changes.join("\n")
    )
}

/// Writes the file anew, unless that would hide a change that breaks plugins.
fn bless(path: &Path, today: &Wire) {
    if let Ok(golden) = std::fs::read_to_string(path) {
        let golden = Wire::parse(&golden);
        let changes = golden.changes(today);
        assert!(changes.is_empty(), "{}", advice(&changes));
        assert!(
            golden == *today || golden.abi != today.abi,
            "the wire grew, so the minor of ABI_VERSION has to grow with it"
        );
    }
    std::fs::write(path, today.to_text()).expect("the tests' folder can be written to");
}

/// Every wire type by its name, line by line; the first line says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wire {
    abi: String,
    types: BTreeMap<String, Vec<String>>,
}

impl Wire {
    /// What this build speaks.
    fn today() -> Self {
        let mut types = BTreeMap::new();
        let mut seen = Vec::new();
        let mut waiting = VecDeque::from([root_layout()]);
        while let Some(layout) = waiting.pop_front() {
            let id = layout.get_utypeid();
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let lines = describe(layout, &mut waiting);
            if is_plain(layout) {
                continue; // What it is made of stands wherever it is used.
            }
            let name = name(layout);
            let before = types.insert(name.clone(), lines.clone());
            let same = before.as_ref().is_none_or(|before| *before == lines);
            assert!(
                same,
                "two types are called {name}: {before:?} and {lines:?}"
            );
        }
        let abi = ABI_VERSION.to_string();
        Self { abi, types }
    }

    fn to_text(&self) -> String {
        let mut text = format!("plugin ABI {}\n", self.abi);
        for (name, lines) in &self.types {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{name}\n    {}\n", lines.join("\n    "));
        }
        text
    }

    fn parse(text: &str) -> Self {
        let mut blocks = text.trim_end().split("\n\n");
        let abi = blocks.next().unwrap_or_default();
        let types = blocks.filter_map(|block| {
            let mut lines = block.lines().map(|line| line.trim().to_owned());
            Some((lines.next()?, lines.collect()))
        });
        Self {
            abi: abi.trim_start_matches("plugin ABI ").to_owned(),
            types: types.collect(),
        }
    }

    /// What became of the types of `self` that plugins which know only them would stumble over.
    fn changes(&self, later: &Self) -> Vec<String> {
        let change = |(name, lines): (&String, &Vec<String>)| {
            let Some(now) = later.types.get(name) else {
                return Some(format!("    {name} is gone"));
            };
            let is_table = lines[0].starts_with(TABLE) && now[0].starts_with(TABLE);
            let kept = if is_table {
                now[1..].starts_with(&lines[1..])
            } else {
                now == lines
            };
            (!kept).then(|| format!("    {name} is another"))
        };
        self.types.iter().filter_map(change).collect()
    }

    /// Every line that is only on one side.
    fn differences(&self, later: &Self) -> String {
        let (before, after) = (self.to_text(), later.to_text());
        let only = |text: &str, other: &str, sign: char| {
            let other: Vec<_> = other.lines().collect();
            let lines = text.lines().filter(|line| !other.contains(line));
            lines.map(|line| format!("  {sign} {line}\n")).collect()
        };
        let (gone, new): (String, String) =
            (only(&before, &after, '-'), only(&after, &before, '+'));
        gone + &new
    }
}

/// What a type is called: by its place in this crate, or by its name and what it consists of,
/// since those of `abi_stable` and `std` keep quiet about some of what they are generic over.
fn name(layout: &TypeLayout) -> String {
    name_within(layout, NAME_DEPTH)
}

fn name_within(layout: &TypeLayout, depth: usize) -> String {
    let name = one_line(&layout.full_type());
    if layout.package() == "segue-plugin" {
        return format!("{}::{name}", layout.mod_path());
    }
    let fields = layout
        .get_fields()
        .into_iter()
        .flat_map(|fields| fields.iter());
    let parts = fields.chain(layout.phantom_fields().iter());
    let parts: Vec<_> = parts
        .filter(|_| depth > 0)
        .map(|field| name_within(field.layout(), depth - 1))
        .collect();
    if parts.is_empty() {
        name
    } else {
        format!("{name}{{{}}}", parts.join(", "))
    }
}

/// The lines of one type; the types that it consists of are added to `waiting`.
fn describe(
    layout: &'static TypeLayout,
    waiting: &mut VecDeque<&'static TypeLayout>,
) -> Vec<String> {
    let shape = format!("size {} align {}", layout.size(), layout.alignment());
    let mut lines = match layout.data() {
        TLData::Primitive(primitive) => vec![format!("{primitive:?} {shape}")],
        TLData::Opaque => vec![format!("opaque {shape}")],
        TLData::Struct { fields } => described("struct", &shape, fields, waiting),
        TLData::Union { fields } => described("union", &shape, fields, waiting),
        TLData::PrefixType(prefix) => {
            let mut lines = described("table", &shape, prefix.fields, waiting);
            lines.insert(1, format!("always there: {}", prefix.first_suffix_field));
            lines
        }
        TLData::Enum(choices) => {
            let mut lines = described("enum", &shape, choices.fields, waiting);
            let names: Vec<_> = choices.variant_names_iter().collect();
            lines.push(format!(
                "cases: {} {:?}",
                names.join(", "),
                choices.discriminants
            ));
            lines
        }
    };
    lines.extend(layout.phantom_fields().iter().map(|field| {
        let line = line(&field, waiting);
        format!("checked with it: {line}")
    }));
    lines
}

/// Numbers, pointers and markers: their names say everything.
fn is_plain(layout: &TypeLayout) -> bool {
    matches!(layout.data(), TLData::Primitive(_)) || layout.name() == "PhantomData"
}

fn described(
    what: &str,
    shape: &str,
    fields: TLFields,
    waiting: &mut VecDeque<&'static TypeLayout>,
) -> Vec<String> {
    let mut lines = vec![format!("{what} {shape}")];
    lines.extend(fields.iter().map(|field| line(&field, waiting)));
    lines
}

/// One field with its type, and the signatures of the functions in it.
fn line(field: &TLField, waiting: &mut VecDeque<&'static TypeLayout>) -> String {
    let mut line = format!("{}: {}", field.name(), name(field.layout()));
    waiting.push_back(field.layout());
    for function in field.function_range() {
        // Writing to a string cannot fail.
        let _ = write!(line, " = {}", signature(&function));
        waiting.extend(function.param_type_layouts.iter().map(|get| get()));
        waiting.extend(function.return_type_layout().map(|get| get()));
    }
    line
}

/// What a function takes and gives, and which lifetimes are tied to which.
fn signature(function: &TLFunction) -> String {
    let params = function.param_type_layouts.iter().map(|get| name(get()));
    let params = params.collect::<Vec<_>>().join(", ");
    let answer = function
        .return_type_layout()
        .map_or_else(|| "()".to_owned(), |get| name(get()));
    let lifetimes = function.paramret_lifetime_indices;
    let lifetimes = lifetimes.as_slice().iter().map(|pair| format!("{pair:?}"));
    let lifetimes = lifetimes.collect::<Vec<_>>().join(" ");
    let tied = if lifetimes.is_empty() { "" } else { " tied " };
    format!("fn({params}) -> {answer}{tied}{lifetimes}")
}

/// Every stretch of space made one blank: `abi_stable` breaks lines and pads.
fn one_line(text: &impl Display) -> String {
    let text = text.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

mod rules {
    use super::*;

    const BEFORE: &str = "plugin ABI 1.0\n\nRoot\n    table size 8 align 8\n    a: fn()\n\n\
                          Raw\n    struct size 4 align 4\n    x: u32\n";

    fn check(after: &str, expected: &[&str]) {
        let (before, after) = (Wire::parse(BEFORE), Wire::parse(after));
        assert_eq!(before.changes(&after), expected);
    }

    #[test]
    fn what_is_written_is_read() {
        let today = Wire::today();
        assert_eq!(Wire::parse(&today.to_text()), today);
        assert!(today.types.len() > 50, "{}", today.types.len());
    }

    #[test]
    fn a_table_may_grow_at_its_end() {
        check(
            &BEFORE
                .replace("size 8", "size 16")
                .replace("a: fn()", "a: fn()\n    b: fn()"),
            &[],
        );
    }

    #[test]
    fn a_table_that_changes_elsewhere_is_another() {
        let is_another = ["    Root is another"];
        check(
            &BEFORE.replace("a: fn()", "b: fn()\n    a: fn()"),
            &is_another,
        );
        check(&BEFORE.replace("a: fn()", "a: fn(u32)"), &is_another);
        check(&BEFORE.replace("    a: fn()\n", ""), &is_another);
    }

    #[test]
    fn what_is_passed_by_value_never_changes() {
        let is_another = ["    Raw is another"];
        check(&BEFORE.replace("x: u32", "x: u32\n    y: u32"), &is_another);
        check(&BEFORE.replace("x: u32", "y: u32"), &is_another);
        check(&BEFORE.replace("size 4", "size 8"), &is_another);
        check(&BEFORE.replace("Raw\n", "Other\n"), &["    Raw is gone"]);
    }
}
