//! Chain: stages from the command line, written as a configuration.
//!
//! In: texts like `segue.gain gain_db=-6`. Out: the text of a configuration, one table per stage,
//! which is then read like any other, so that mistakes are found and shown as in a file.
//!
//! Pure.

use std::collections::BTreeMap;

use crate::config::limits::{PARAMS_MAX, STAGES_MAX};

/// What messages call the text.
pub(super) const NAME: &str = "--stage";

/// Why a text is no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChainError {
    /// There is nothing in it.
    #[error("--stage is empty, expected a component and its values, as in 'segue.gain gain_db=-6'")]
    Empty,
    /// A word is no value.
    #[error("--stage '{stage}' has `{word}`, expected NAME=VALUE, as in gain_db=-6")]
    NoValue {
        /// The text.
        stage: String,
        /// The word.
        word: String,
    },
    /// A name cannot be one.
    #[error(
        "--stage '{stage}' has the name `{name}`, expected `a-z`, `0-9` and `_`, or for a row of \
             parameters a number between, as in band.1.gain_db"
    )]
    Name {
        /// The text.
        stage: String,
        /// The name.
        name: String,
    },
    /// A quote does not end.
    #[error("--stage '{stage}' has a quote that does not end")]
    Quote {
        /// The text.
        stage: String,
    },
    /// There are more than a configuration may have.
    #[error("{found} stages, expected at most {max}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
}

/// A configuration of these stages, each reading the one before.
pub(super) fn text(stages: &[String]) -> Result<String, ChainError> {
    if stages.len() > STAGES_MAX {
        let (found, max) = (stages.len(), STAGES_MAX);
        return Err(ChainError::TooMany { found, max });
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut text = String::new();
    for stage in stages {
        let stage = TypedStage::read(stage)?;
        let id = stage.id(&mut taken);
        text.push_str(&stage.write(&id));
    }
    Ok(text)
}

/// One stage, as it was typed.
#[derive(Debug, Default)]
struct TypedStage {
    component: String,
    id: Option<String>,
    /// Keys of the stage itself, with TOML values.
    keys: Vec<(String, String)>,
    /// Parameters, with TOML values.
    params: Vec<(String, String)>,
    /// Rows of alike parameters, by name; the rows by number from 1.
    groups: BTreeMap<String, BTreeMap<usize, Vec<(String, String)>>>,
    /// Settings, with TOML values.
    settings: Vec<(String, String)>,
}

impl TypedStage {
    fn read(text: &str) -> Result<Self, ChainError> {
        let mut words = words(text)?.into_iter();
        let component = words.next().ok_or(ChainError::Empty)?;
        let mut stage = Self {
            component,
            ..Self::default()
        };
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                let stage = text.to_owned();
                return Err(ChainError::NoValue { stage, word });
            };
            if !stage.take(name, value) {
                return Err(ChainError::Name {
                    stage: text.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
        Ok(stage)
    }

    /// Takes a value; says whether the name can be one.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let parts: Vec<_> = name.split('.').collect();
        if !parts.iter().all(|part| is_plain(part)) {
            return false;
        }
        match parts[..] {
            ["id"] => self.id = Some(value.to_owned()),
            ["on_error"] => self.keys.push((name.to_owned(), quoted(value))),
            ["settings", name] => self.settings.push((name.to_owned(), setting(value))),
            [name] => self.params.push((name.to_owned(), scalar(value))),
            [group, number, member] => {
                let number = number.parse().ok();
                let number = number.filter(|number| (1..=PARAMS_MAX).contains(number));
                let Some(number) = number else {
                    return false;
                };
                let rows = self.groups.entry(group.to_owned()).or_default();
                let row = rows.entry(number).or_default();
                row.push((member.to_owned(), scalar(value)));
            }
            _ => return false,
        }
        true
    }

    /// The id that was typed, or one after the component; a number makes it unique.
    fn id(&self, taken: &mut BTreeMap<String, usize>) -> String {
        if let Some(id) = &self.id {
            return id.clone();
        }
        let name = self.component.rsplit(['/', '.']).next().unwrap_or_default();
        let times = taken.entry(name.to_owned()).or_default();
        *times += 1;
        match *times {
            1 => name.to_owned(),
            times => format!("{name}-{times}"),
        }
    }

    fn write(&self, id: &str) -> String {
        let (id, component) = (quoted(id), quoted(&self.component));
        let mut text = format!("[[stage]]\nid = {id}\ncomponent = {component}\n");
        for (key, value) in &self.keys {
            text.push_str(&format!("{key} = {value}\n"));
        }
        for (name, value) in &self.params {
            text.push_str(&format!("params.{name} = {value}\n"));
        }
        for (name, rows) in &self.groups {
            let last = rows.keys().last().copied().unwrap_or(0);
            text.push_str(&format!("params.{name} = [\n"));
            for number in 1..=last {
                let row = rows.get(&number).map_or(&[][..], Vec::as_slice);
                text.push_str(&format!("  {},\n", inline(row)));
            }
            text.push_str("]\n");
        }
        for (name, value) in &self.settings {
            text.push_str(&format!("settings.{name} = {value}\n"));
        }
        text
    }
}

/// The words of a text: white space parts them, single or double quotes keep it.
fn words(text: &str) -> Result<Vec<String>, ChainError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (_, plain) => word.get_or_insert_default().push(plain),
        }
    }
    if quote.is_some() {
        let stage = text.to_owned();
        return Err(ChainError::Quote { stage });
    }
    words.extend(word);
    Ok(words)
}

fn is_plain(name: &str) -> bool {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    !name.is_empty() && name.bytes().all(plain)
}

/// A parameter's value: a number, yes or no, or a label.
fn scalar(value: &str) -> String {
    if matches!(value, "true" | "false") {
        return value.to_owned();
    }
    let number: Option<f64> = value.parse().ok();
    match number.filter(|number| number.is_finite()) {
        // Written anew, since TOML has neither `.5` nor `5.`.
        Some(number) => format!("{number:?}"),
        None => quoted(value),
    }
}

/// A setting's value: a whole number, yes or no, or a text.
fn setting(value: &str) -> String {
    if matches!(value, "true" | "false") {
        return value.to_owned();
    }
    let number: Option<i64> = value.parse().ok();
    number.map_or_else(|| quoted(value), |number| number.to_string())
}

fn inline(row: &[(String, String)]) -> String {
    let pairs: Vec<_> = row
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;
    use crate::config::values::Scalar;
    use proptest::prelude::*;

    fn chain(stages: &[&str]) -> Result<String, ChainError> {
        let stages: Vec<_> = stages.iter().map(|stage| (*stage).to_owned()).collect();
        text(&stages)
    }

    fn check(stages: &[&str], expected: &str) {
        let text = chain(stages).unwrap_or_else(|error| error.to_string());
        assert_eq!(text, expected);
    }

    #[test]
    fn a_stage_becomes_a_table() {
        check(
            &[
                "segue.gain gain_db=-6",
                "segue.gain",
                "acme.warmth/tube id=t on_error=mute on=true",
            ],
            "[[stage]]\nid = \"gain\"\ncomponent = \"segue.gain\"\nparams.gain_db = -6.0\n\
             [[stage]]\nid = \"gain-2\"\ncomponent = \"segue.gain\"\n\
             [[stage]]\nid = \"t\"\ncomponent = \"acme.warmth/tube\"\non_error = \"mute\"\n\
             params.on = true\n",
        );
    }

    #[test]
    fn rows_of_parameters_are_numbered_from_one() {
        check(
            &["segue.filters/eq band.3.type=peak band.1.q=.5 band.3.gain_db=+3"],
            "[[stage]]\nid = \"eq\"\ncomponent = \"segue.filters/eq\"\nparams.band = [\n  \
             { q = 0.5 },\n  {  },\n  { type = \"peak\", gain_db = 3.0 },\n]\n",
        );
    }

    #[test]
    fn quotes_keep_spaces_and_settings_keep_their_type() {
        check(
            &["a.b settings.model='my model.bin' settings.size=3 settings.name=\"it's\""],
            "[[stage]]\nid = \"b\"\ncomponent = \"a.b\"\nsettings.model = \"my model.bin\"\n\
             settings.size = 3\nsettings.name = \"it's\"\n",
        );
    }

    #[test]
    fn what_is_no_stage_is_explained() {
        check(
            &[" "],
            "--stage is empty, expected a component and its values, as in 'segue.gain gain_db=-6'",
        );
        check(
            &["a.b x"],
            "--stage 'a.b x' has `x`, expected NAME=VALUE, as in gain_db=-6",
        );
        check(
            &["a.b x='1"],
            "--stage 'a.b x='1' has a quote that does not end",
        );
        check(
            &["a.b band.0.q=1"],
            "--stage 'a.b band.0.q=1' has the name `band.0.q`, expected `a-z`, `0-9` and `_`, or \
             for a row of parameters a number between, as in band.1.gain_db",
        );
        assert!(chain(&["a.b band.99999999.q=1"]).is_err());
    }

    #[test]
    fn the_text_reads_as_what_was_typed() {
        let text = chain(&["a.b x=1e3 y=high-pass"]).unwrap();
        let config = parse(&text, Path::new(NAME), &[]).unwrap();
        let flat = config.stages[0].part.params.flat();
        let values: Vec<_> = flat.into_iter().map(|param| param.value.value).collect();
        assert_eq!(
            values,
            [
                Scalar::Number(1000.0),
                Scalar::Label("high-pass".to_owned())
            ]
        );
    }

    proptest! {
        #[test]
        fn whatever_is_typed_cannot_leave_its_place(typed in "\\PC{0,60}", value in "\\PC{0,20}") {
            for stage in [typed.clone(), format!("a.b x={typed}"), format!("a.b settings.x='{value}'")] {
                if let Ok(text) = text(&[stage]) {
                    let table: toml::Table = toml::from_str(&text).unwrap();
                    prop_assert_eq!(table.keys().collect::<Vec<_>>(), ["stage"]);
                }
            }
        }
    }
}
