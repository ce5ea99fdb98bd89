//! Json: what is wrong, for programs.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::check::Findings;
use crate::cli::exit::Exit;
use crate::config::mistake::{Mistake, Mistakes, Severity};

/// The version of the shape. Fields are only ever added.
const SCHEMA_VERSION: u32 = 1;

/// Every mistake with its place, and the conflict if there is one.
pub(super) fn text(path: &Path, findings: &Findings, exit: Exit) -> String {
    let mistakes = &findings.mistakes;
    let list: Vec<_> = mistakes.iter().map(|one| mistake(mistakes, one)).collect();
    let value = json!({
        "schema_version": SCHEMA_VERSION,
        "path": path.display().to_string(),
        "ok": exit == Exit::Done,
        "mistakes": list,
        "left_out": mistakes.left_out(),
        "conflict": findings.conflict.as_ref().map(ToString::to_string),
    });
    format!("{value:#}\n")
}

fn mistake(mistakes: &Mistakes, mistake: &Mistake) -> Value {
    let position = mistakes.position(mistake);
    json!({
        "severity": match mistake.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": mistake.message,
        "source": position.as_ref().map(|position| position.name.to_string()),
        "line": position.as_ref().map(|position| position.line),
        "column": position.as_ref().map(|position| position.column),
        "label": mistake.place.as_ref().map(|place| place.text.to_string()),
        "note": mistake.note.as_deref(),
        "help": mistake.help.as_deref(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn programs_read_every_mistake_with_its_place() {
        let text = "[stream]\nblok_frames = 1\ntail = \"drop\"\n";
        let mistakes = parse(text, Path::new("f.toml"), &[]).unwrap_err();
        let text = super::text(Path::new("f.toml"), &Findings::of(mistakes), Exit::Misused);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["ok"], false);
        assert_eq!(value["schema_version"], SCHEMA_VERSION);
        let first = &value["mistakes"][0];
        assert_eq!((&first["line"], &first["column"]), (&json!(2), &json!(1)));
        assert_eq!(value["mistakes"][1]["severity"], "error");
        assert_eq!(value["conflict"], Value::Null);
    }
}
