//! Schema: what the values of this module look like as JSON, for other programs.
//!
//! In: the types. Out: `docs/schema/*.json`, which these tests hold to them.
//! `SEGUE_GOLDEN=write cargo test` writes the files anew.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::golden;
use crate::observe::{BatchReport, Event, Receipt, RunReport, Status};
use crate::schema::{Reader, Unlisted};

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
    folder.join(name).with_extension("json")
}

fn check<T: JsonSchema>(name: &str) {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).unwrap();
    golden::check(&path(name), &format!("{text}\n"));
}

#[test]
fn the_schemas_are_what_the_types_say() {
    check::<Status>("status");
    check::<Event>("event");
    check::<Receipt>("receipt");
    check::<RunReport>("report");
    check::<BatchReport>("batch");
}

#[test]
fn a_report_with_everything_in_it_is_what_its_schema_says() {
    let schema = std::fs::read(path("report")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let reader = Reader {
        schema: &schema,
        unlisted: Unlisted::Refused,
    };
    let full = include_str!("../report/golden/full.json");
    let mut report: Value = serde_json::from_str(full).unwrap();
    assert_eq!(reader.objections(&report), Vec::<String>::new());
    report["stages"][0]["on_error"] = "explode".into();
    report["stages"][0]["colour"] = "red".into();
    let found = reader.objections(&report);
    assert_eq!(found.len(), 2, "{found:?}");
}
