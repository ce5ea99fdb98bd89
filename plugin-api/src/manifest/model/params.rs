//! Params: the parameters of a component, as declared and as the wire counts them.
//!
//! In: parameters and groups. Out: one row of parameters with full ids, in the order of
//! `declare::param_count`: a group's first instance whole, then its second.

use crate::declare::{ParamChange, ParamLimit};
use crate::manifest::model::Component;
use crate::params::nearest;

/// One parameter that can change while the component runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// The name in files, the unit last.
    pub id: String,
    /// One or more sentences for people.
    pub doc: String,
    /// The unit of the value as people read it, or empty.
    pub unit: String,
    /// The least value that is accepted, in the unit.
    pub min: f64,
    /// The greatest value that is accepted, in the unit.
    pub max: f64,
    /// The value when nothing is said; a choice's index.
    pub default: f64,
    /// The labels, in order of their values; empty for a number.
    pub choices: Vec<String>,
    /// How a change is smoothed, in milliseconds; 0 when it takes effect at once.
    pub smooth_ms: f64,
    /// What a change of it takes.
    pub change: ParamChange,
    /// What bounds a value beside its range.
    pub limit: ParamLimit,
}

impl Param {
    /// What a value has to lie below at a sample rate, beside its range; `None` where nothing
    /// bounds it there. Thread: any.
    #[must_use]
    pub fn below(&self, sample_rate_hz: u32) -> Option<f64> {
        match self.limit {
            ParamLimit::Range => None,
            ParamLimit::BelowHalfRate => Some(f64::from(sample_rate_hz) / 2.0),
        }
    }

    /// The nearest value that the parameter can have; `None` for NaN. Thread: any.
    #[must_use]
    pub fn clamp(&self, value: f64) -> Option<f64> {
        nearest([self.min, self.max], self.choices.len(), value)
    }

    /// The value of the choice of that label. Thread: any.
    #[must_use]
    pub fn choice(&self, label: &str) -> Option<f64> {
        let index = self.choices.iter().position(|choice| choice == label)?;
        u32::try_from(index).ok().map(f64::from)
    }

    /// The label that belongs to `value`; `None` for numbers and beyond the last. Thread: any.
    #[must_use]
    pub fn label(&self, value: f64) -> Option<&str> {
        let mut labels = (0_u32..).map(f64::from).zip(&self.choices);
        labels
            .find(|(index, _)| *index == value.round())
            .map(|(_, label)| label.as_str())
    }
}

/// A parameter, or a row of alike parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamEntry {
    /// One parameter with an id of its own.
    One(Param),
    /// Several instances of the same parameters.
    Group(ParamGroup),
}

impl ParamEntry {
    /// The name of the parameter or of the group in files.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::One(param) => &param.id,
            Self::Group(group) => &group.id,
        }
    }

    /// How many parameters it is on the wire.
    #[must_use]
    pub fn width(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Group(group) => u32::from(group.count) * group.members.len() as u32,
        }
    }
}

/// A row of alike parameters: the bands of an equalizer.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamGroup {
    /// The name in files, where the row is an array of tables.
    pub id: String,
    /// One or more sentences for people.
    pub doc: String,
    /// How many instances there are.
    pub count: u16,
    /// The parameters that each member of the group has.
    pub members: Vec<Param>,
}

/// One parameter as the wire counts it.
#[derive(Debug, Clone, PartialEq)]
pub struct FlatParam<'a> {
    /// Its index on the wire.
    pub index: u32,
    /// Its full id: `gain_db`, or `band.1.gain_db` where groups count from 1.
    pub id: String,
    /// What the manifest says about it.
    pub param: &'a Param,
}

impl Component {
    /// How many parameters it has on the wire. Thread: any.
    #[must_use]
    pub fn param_count(&self) -> u32 {
        self.entries.iter().map(ParamEntry::width).sum()
    }

    /// Every parameter in wire order, groups taken apart. Thread: any; allocates the ids.
    pub fn params(&self) -> impl Iterator<Item = FlatParam<'_>> {
        let all = self
            .entries
            .iter()
            .flat_map(|entry| (0..entry.width()).filter_map(|inside| flat(entry, inside)));
        (0..)
            .zip(all)
            .map(|(index, (id, param))| FlatParam { index, id, param })
    }

    /// The parameter at a wire index. Thread: any; allocates the id.
    #[must_use]
    pub fn param_at(&self, index: u32) -> Option<FlatParam<'_>> {
        let mut inside = index;
        for entry in &self.entries {
            if inside < entry.width() {
                let (id, param) = flat(entry, inside)?;
                return Some(FlatParam { index, id, param });
            }
            inside -= entry.width();
        }
        None
    }

    /// The parameter of a full id. Thread: any; allocates the id.
    #[must_use]
    pub fn param(&self, id: &str) -> Option<FlatParam<'_>> {
        let (first, rest) = match id.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (id, None),
        };
        let mut start = 0;
        for entry in &self.entries {
            if entry.id() == first {
                return self.param_at(start + inside(entry, rest)?);
            }
            start += entry.width();
        }
        None
    }
}

/// The full id and the parameter at a place inside an entry.
fn flat(entry: &ParamEntry, inside: u32) -> Option<(String, &Param)> {
    match entry {
        ParamEntry::One(param) => (inside == 0).then(|| (param.id.clone(), param)),
        ParamEntry::Group(group) => {
            let width = group.members.len() as u32;
            let member = group.members.get(inside.checked_rem(width)? as usize)?;
            let number = inside / width + 1;
            Some((format!("{}.{number}.{}", group.id, member.id), member))
        }
    }
}

/// The place inside an entry that the rest of an id, `1.gain_db` or nothing, names.
fn inside(entry: &ParamEntry, rest: Option<&str>) -> Option<u32> {
    match entry {
        ParamEntry::One(_) => rest.is_none().then_some(0),
        ParamEntry::Group(group) => {
            let (number, member) = rest?.split_once('.')?;
            let instance: u32 = number.parse().ok()?;
            // `+1` and `01` would be second names of the same parameter.
            if !(1..=u32::from(group.count)).contains(&instance) || instance.to_string() != number {
                return None;
            }
            let member = group.members.iter().position(|param| param.id == member)?;
            Some((instance - 1) * group.members.len() as u32 + member as u32)
        }
    }
}
