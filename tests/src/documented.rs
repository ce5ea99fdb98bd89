//! Documented: whether what the product says is what its JSON Schemas say.
//!
//! In: the name of a schema in `docs/schema`, and a value that came out. Out: nothing, or a panic
//! that names every place where they differ.

use std::path::Path;

use serde_json::Value;

use crate::schema::{Reader, Unlisted};

/// Holds a value to the schema of that name.
///
/// # Panics
/// Where the value is not what the schema says, or has more than the schema lists.
#[track_caller]
pub fn check(name: &str, value: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
    let text = std::fs::read_to_string(folder.join(name).with_extension("json"));
    let schema: Value = text
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .expect("the schema is there and is JSON");
    let reader = Reader {
        schema: &schema,
        unlisted: Unlisted::Refused,
    };
    let objections = reader.objections(value);
    assert!(objections.is_empty(), "{name}: {objections:#?}");
}
