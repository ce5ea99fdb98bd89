//! Values: parameters and settings as a file gives them, before any component has seen them.
//!
//! In: what the reader found under `params` and `settings`. Out: numbers, labels and texts with
//! their places, in the order of the file; groups flattened to ids as the wire knows them.
//!
//! Pure. Which ids, units and ranges there are is checked by higher floors against a manifest.

use crate::config::source::{Span, Spanned};

/// The parameters of one component, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamValues {
    /// Each parameter or group, by its name.
    pub entries: Vec<(Spanned<String>, Spanned<ParamValue>)>,
}

/// The value of one parameter, or of a group of alike ones.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// A number or a label.
    One(Scalar),
    /// A row of alike parameters; the first table is number 1.
    Group(Vec<Spanned<ParamValues>>),
}

/// One parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A finite number in the parameter's unit.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// The label of a choice.
    Label(String),
}

/// One parameter with its whole id.
#[derive(Debug, Clone, PartialEq)]
pub struct FlatParam {
    /// The id on the wire: `band.1.frequency_hz`.
    pub id: String,
    /// Where its name is written.
    pub name: Span,
    /// Its value, and where that is written.
    pub value: Spanned<Scalar>,
}

impl ParamValues {
    /// Every parameter with its whole id: members of groups are `group.number.member`, numbered
    /// from 1.
    #[must_use]
    pub fn flat(&self) -> Vec<FlatParam> {
        let mut flat = Vec::new();
        self.collect("", &mut flat);
        flat
    }

    /// Sets one parameter or group, whatever it was before.
    pub fn set(&mut self, name: Spanned<String>, value: Spanned<ParamValue>) {
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => *entry = (name, value),
            None => self.entries.push((name, value)),
        }
    }

    /// How many values there are, members of groups counted one by one.
    #[must_use]
    pub fn count(&self) -> usize {
        let counts = self.entries.iter().map(|(_, value)| match &value.value {
            ParamValue::One(_) => 1,
            ParamValue::Group(rows) => rows.iter().map(|row| row.value.count()).sum(),
        });
        counts.sum()
    }

    fn collect(&self, before: &str, flat: &mut Vec<FlatParam>) {
        for (name, value) in &self.entries {
            let id = format!("{before}{}", name.value);
            match &value.value {
                ParamValue::One(scalar) => flat.push(FlatParam {
                    id,
                    name: name.span,
                    value: Spanned::new(scalar.clone(), value.span),
                }),
                // The reader takes no group within a group, so this goes one level deep.
                ParamValue::Group(rows) => rows.iter().enumerate().for_each(|(at, row)| {
                    row.value.collect(&format!("{id}.{}.", at + 1), flat);
                }),
            }
        }
    }
}

/// The settings of one component, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingValues {
    /// Each setting, by its name.
    pub entries: Vec<(Spanned<String>, Spanned<SettingValue>)>,
}

/// The value of one setting. Whether a text is a path, the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text, or a path as it is written.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// A list of texts.
    List(Vec<Spanned<String>>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::SourceId;

    fn at<T>(value: T) -> Spanned<T> {
        Spanned::new(value, Span::new(SourceId::FILE, 0..0))
    }

    fn one(name: &str, number: f64) -> (Spanned<String>, Spanned<ParamValue>) {
        (
            at(name.to_owned()),
            at(ParamValue::One(Scalar::Number(number))),
        )
    }

    fn check(params: &ParamValues, expected: &[(&str, f64)]) {
        let flat = params.flat();
        let found: Vec<_> = flat
            .iter()
            .map(|param| match param.value.value {
                Scalar::Number(number) => (param.id.as_str(), number),
                _ => panic!("only numbers here"),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn members_of_a_group_are_numbered_from_one() {
        let row = |members| at(ParamValues { entries: members });
        let band = ParamValue::Group(vec![row(vec![one("q", 1.0)]), row(vec![one("q", 2.0)])]);
        let params = ParamValues {
            entries: vec![one("mix", 0.5), (at("band".to_owned()), at(band))],
        };
        check(
            &params,
            &[("mix", 0.5), ("band.1.q", 1.0), ("band.2.q", 2.0)],
        );
        assert_eq!(params.count(), 3);
    }

    #[test]
    fn what_is_set_again_stays_in_its_place() {
        let mut params = ParamValues {
            entries: vec![one("mix", 0.5), one("gain_db", 1.0)],
        };
        for (name, value) in [one("mix", 0.7), one("q", 2.0)] {
            params.set(name, value);
        }
        check(&params, &[("mix", 0.7), ("gain_db", 1.0), ("q", 2.0)]);
    }
}
