//! Table: the numbers of a checkout, for people and for programs.
//!
//! In: the numbers. Out: text of at most 100 columns, or JSON.

use std::fmt;

use serde_json::{Value, json};

use super::circles::Circle;
use super::numbers::{Function, Room, Structure};

/// What stands above the rooms.
const HEAD: &str = "\
                             lines of code    functions: their lines      more than      text
room                 files    code    tests  count  med  p90  max  40 lines  4 values  errors";

impl Structure {
    /// The circles that go through several folders, then those that stay in one.
    #[must_use]
    pub fn circles_by_reach(&self) -> (Vec<&Circle>, Vec<&Circle>) {
        self.circles
            .iter()
            .partition(|circle| circle.folders.len() > 1)
    }

    /// The numbers for programs; every length of a function is left to the table.
    #[must_use]
    pub fn json(&self) -> Value {
        let (across, within) = self.circles_by_reach();
        let methods = self.methods.iter();
        let methods = methods.map(
            |of| json!({ "count": of.count, "name": of.name, "path": of.path, "files": of.files }),
        );
        let names = self.names.iter();
        let names =
            names.map(|((of, name), paths)| json!({ "crate": of, "name": name, "paths": paths }));
        json!({
            "rooms": self.rooms.iter().map(room).collect::<Vec<_>>(),
            "long_functions": functions(&self.long),
            "wide_functions": functions(&self.wide),
            "types_with_many_methods": methods.collect::<Vec<_>>(),
            "circles_across_folders": circles_json(&across),
            "circles_within_a_folder": circles_json(&within),
            "names_of_several_types": names.collect::<Vec<_>>(),
        })
    }
}

fn room(room: &Room) -> Value {
    json!({
        "name": room.name,
        "files": room.files,
        "lines": room.lines,
        "test_lines": room.test_lines,
        "functions": room.functions.len(),
        "function_lines_median": room.percentile(50),
        "function_lines_p90": room.percentile(90),
        "long_functions": room.long(),
        "wide_functions": room.wide,
        "text_errors": room.text_errors,
    })
}

fn functions(functions: &[Function]) -> Vec<Value> {
    let functions = functions.iter();
    let one = |of: &Function| json!({ "count": of.count, "name": of.name, "path": of.path });
    functions.map(one).collect()
}

fn circles_json(circles: &[&Circle]) -> Vec<Value> {
    let one = |circle: &&Circle| {
        let needs = circle.needs.iter();
        let needs =
            needs.map(|need| json!({ "from": need.from, "to": need.to, "names": need.names }));
        let needs: Vec<_> = needs.collect();
        json!({ "files": circle.files, "folders": circle.folders, "needs": needs })
    };
    circles.iter().map(one).collect()
}

impl fmt::Display for Structure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rooms(out)?;
        list(out, "Functions of more than 40 lines of code", &self.long)?;
        list(out, "Functions that take more than four values", &self.wide)?;
        heading(out, "Types with more than 40 functions", self.methods.len())?;
        for of in &self.methods {
            let (count, files) = (of.count, of.files);
            writeln!(
                out,
                "{count:>5}  {} in {files} blocks ({})",
                of.name, of.path
            )?;
        }
        let (across, within) = self.circles_by_reach();
        circles(out, "Import circles through several folders", &across)?;
        circles(out, "Import circles within a folder", &within)?;
        heading(
            out,
            "Names that several types of a crate have",
            self.names.len(),
        )?;
        for ((of, name), paths) in &self.names {
            writeln!(out, "{:>5}  {name} ({of})", paths.len())?;
        }
        Ok(())
    }
}

impl Structure {
    fn rooms(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{HEAD}")?;
        for room in &self.rooms {
            let max = room.functions.last().copied().unwrap_or_default();
            writeln!(
                out,
                "{:<20} {:>5} {:>7} {:>8} {:>6} {:>4} {:>4} {:>4} {:>9} {:>9} {:>7}",
                room.name,
                room.files,
                room.lines,
                room.test_lines,
                room.functions.len(),
                room.percentile(50),
                room.percentile(90),
                max,
                room.long(),
                room.wide,
                room.text_errors,
            )?;
        }
        Ok(())
    }
}

fn heading(out: &mut fmt::Formatter<'_>, title: &str, count: usize) -> fmt::Result {
    writeln!(out, "\n{title}: {count}")
}

fn list(out: &mut fmt::Formatter<'_>, title: &str, functions: &[Function]) -> fmt::Result {
    heading(out, title, functions.len())?;
    for function in functions {
        writeln!(
            out,
            "{:>5}  {} ({})",
            function.count, function.name, function.path
        )?;
    }
    Ok(())
}

fn circles(out: &mut fmt::Formatter<'_>, title: &str, circles: &[&Circle]) -> fmt::Result {
    heading(out, title, circles.len())?;
    for circle in circles {
        writeln!(
            out,
            "{:>5}  files, at home in {}",
            circle.files.len(),
            circle.folders.join(", ")
        )?;
        for file in &circle.files {
            writeln!(out, "         {file}")?;
        }
    }
    Ok(())
}
