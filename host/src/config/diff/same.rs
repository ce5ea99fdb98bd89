//! Same: whether two values of a file mean the same, wherever and in whatever order they stand.
//!
//! Pure.

use std::collections::BTreeMap;

use crate::config::diff::value;
use crate::config::entries::{Entries, Value};
use crate::config::source::Spanned;
use crate::config::values::{ParamValues, Scalar, SettingValue, SettingValues};

/// Named values by their names.
fn map<T: Clone>(pairs: &[(Spanned<String>, Spanned<T>)]) -> BTreeMap<String, T> {
    let pairs = pairs.iter();
    pairs.map(|(name, of)| (value(name), value(of))).collect()
}

/// Every parameter by its whole id.
pub(super) fn params(params: &ParamValues) -> BTreeMap<String, Scalar> {
    let flat = params.flat().into_iter();
    flat.map(|param| (param.id, param.value.value)).collect()
}

/// Every setting by its name.
pub(super) fn settings(settings: &SettingValues) -> BTreeMap<String, SettingValue> {
    map(&settings.entries)
}

/// Whether two values mean the same. The order of a list does mean something, since it is the
/// order of a search.
pub(super) fn same_values(before: Option<&Spanned<Value>>, after: Option<&Spanned<Value>>) -> bool {
    let (before, after) = match (before, after) {
        (None, None) => return true,
        (Some(before), Some(after)) => (&before.value, &after.value),
        (None, Some(only)) | (Some(only), None) => return is_nothing(&only.value),
    };
    match (before, after) {
        (Value::Table(before), Value::Table(after)) => same_tables(before, after),
        (Value::Tables(before), Value::Tables(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(before, after)| same_tables(before, after))
        }
        (Value::Map(before), Value::Map(after)) => map(before) == map(after),
        (Value::Params(before), Value::Params(after)) => params(before) == params(after),
        (Value::Settings(before), Value::Settings(after)) => settings(before) == settings(after),
        (before, after) => before == after,
    }
}

/// Whether a value says what its absence says.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => pairs.is_empty(),
        Value::Params(params) => params.count() == 0,
        Value::Settings(settings) => settings.entries.is_empty(),
        Value::Tables(tables) => tables.is_empty(),
        _ => false,
    }
}

/// Whether two tables mean the same.
pub(super) fn same_tables(before: &Entries, after: &Entries) -> bool {
    let names = before.named().chain(after.named()).map(|(name, _)| name);
    let mut names = names.collect::<Vec<_>>().into_iter();
    names.all(|name| same_values(before.get(name), after.get(name)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    /// Whether a stage with these lines means the same as one with those.
    fn check(one: &str, other: &str, expected: bool) {
        let read = |lines: &str| {
            let head = "[[stage]]\nid = \"a\"\ncomponent = \"a.b\"\n";
            let text = format!("{head}{lines}\n");
            parse(&text, Path::new("f.toml"), &[]).unwrap()
        };
        let (one, other) = (read(one), read(other));
        assert_eq!(same_tables(&one.entries, &other.entries), expected);
        assert_eq!(same_tables(&other.entries, &one.entries), expected);
    }

    #[test]
    fn params_and_settings_mean_the_same_in_any_order_and_empty_ones_nothing() {
        check(
            "params = { x = 1, y = 2 }",
            "params = { y = 2.0, x = 1.0 }",
            true,
        );
        check("params.x = 1", "params.x = 2", false);
        check(
            "settings = { x = 1, y = true }",
            "settings = { y = true, x = 1 }",
            true,
        );
        check("settings.x = 1", "settings.x = 2", false);
        check("params = {}", "settings = {}", true);
        check("params = {}", "params.x = 1", false);
    }

    #[test]
    fn tables_mean_the_same_in_their_order() {
        let more = |id: &str| format!("[[stage]]\nid = \"{id}\"\ncomponent = \"a.b\"");
        check(&more("b"), &more("b"), true);
        check(&more("b"), &more("c"), false);
        check(&more("b"), "", false);
    }
}
