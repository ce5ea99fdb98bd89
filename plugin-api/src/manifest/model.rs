//! Model: a manifest as its readers use it, owned and checked.
//!
//! In: what `Manifest::read` found in bytes. Out: plain values, and the parameters of a component
//! in wire order under their full ids.

mod params;

use std::fmt;

use semver::{Version, VersionReq};

use crate::declare::{
    Better, BlockInvariance, Heap, Kind, Need, PanicStrategy, Per, RealTime, Reference,
    SettingKind, Span,
};
use crate::layout::Layout;
use crate::manifest::header::Header;

pub use params::{FlatParam, Param, ParamEntry, ParamGroup};

/// One plugin, as its library tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Which ABI it speaks; `check_host` says whether this host can load it.
    pub header: Header,
    /// The plugin's id, `acme.warmth`.
    pub id: String,
    /// The plugin's name for people, one line.
    pub name: String,
    /// The plugin's semantic version.
    pub version: Version,
    /// Who makes the plugin, one line.
    pub vendor: String,
    /// The license as an SPDX expression.
    pub license: String,
    /// What the plugin is for, one line.
    pub doc: String,
    /// The compiler that built it.
    pub rustc: String,
    /// The target triple it was built for.
    pub target: String,
    /// Whether a panic can be caught inside it.
    pub panic: PanicStrategy,
    /// Whether its heap is counted.
    pub heap: Heap,
    /// The other plugins that it uses.
    pub requires: Vec<Require>,
    /// Ids that it takes the place of.
    pub replaces: Vec<String>,
    /// What it provides, in the order of the plugin's own numbers.
    pub components: Vec<Component>,
    /// Components of kinds that this version does not know.
    pub unknown_components: Vec<UnknownComponent>,
}

impl Manifest {
    /// The component of that name. Thread: any.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components
            .iter()
            .find(|component| component.name == name)
    }
}

/// Another plugin that one plugin uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// The id of the other plugin.
    pub id: String,
    /// Which versions of the other plugin will do.
    pub version: VersionReq,
    /// Whether the plugin can do without.
    pub need: Need,
}

/// A component of a kind that came after this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownComponent {
    /// Its place among the plugin's components, from 0.
    pub index: u32,
    /// The component's name, `tube`.
    pub name: String,
    /// The number of its kind, which this host does not know.
    pub kind: u8,
}

/// What a manifest says about one component.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its place among the plugin's components, from 0, unknown kinds counted.
    pub index: u32,
    /// Whether it processes, listens, compares or decides.
    pub kind: Kind,
    /// The part of its address after the slash.
    pub name: String,
    /// What the component is for, one line.
    pub doc: String,
    /// Its parameters and groups of parameters, in wire order.
    pub entries: Vec<ParamEntry>,
    /// What files may set once, before activation.
    pub settings: Vec<Setting>,
    /// Its outputs, in wire order.
    pub outputs: Vec<Output>,
    /// The events it publishes, in wire order.
    pub events: Vec<Event>,
    /// The events it wants to hear, as `plugin/component:event`.
    pub subscribes: Vec<String>,
    /// What it needs and promises.
    pub capabilities: Capabilities,
    /// Features or readings, in wire order.
    pub readings: Vec<Reading>,
    /// The distance between two readings.
    pub hop: Span,
    /// Whether it compares the signal with a reference.
    pub reference: Reference,
}

impl Component {
    /// The setting of that id. Thread: any.
    #[must_use]
    pub fn setting(&self, id: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.id == id)
    }
}

/// What a component needs and promises, known without running it.
#[derive(Debug, Clone, PartialEq)]
pub struct Capabilities {
    /// The channel layouts it accepts, and what comes out.
    pub layouts: Layouts,
    /// How far its output lags behind its input.
    pub latency: Span,
    /// How long it sounds after its input ended.
    pub tail: Span,
    /// Whether it may run at the pace of the stream.
    pub real_time: RealTime,
    /// Whether blocks of another size give the same samples.
    pub blocks: BlockInvariance,
    /// How many sidechain inputs it can take.
    pub sidechains: u8,
    /// The schema of the running state it saves, 0 when it saves none.
    pub state_schema: u32,
}

/// Which layouts a component accepts, and what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layouts {
    /// Any, and the output has the input's.
    Any,
    /// One of these, and the output has the input's.
    Same(Vec<Layout>),
    /// Pairs of input and output.
    Pairs(Vec<(Layout, Layout)>),
}

impl Layouts {
    /// What comes out when `input` goes in, or `None` if it is not accepted. Thread: any.
    ///
    /// Where several pairs start with one input, the first counts.
    #[must_use]
    pub fn output(&self, input: Layout) -> Option<Layout> {
        match self {
            Self::Any => Some(input),
            Self::Same(layouts) => layouts.contains(&input).then_some(input),
            Self::Pairs(pairs) => pairs
                .iter()
                .find(|(from, _)| *from == input)
                .map(|(_, to)| *to),
        }
    }
}

impl fmt::Display for Layouts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = match self {
            Self::Any => vec!["any".to_owned()],
            Self::Same(layouts) => layouts.iter().map(ToString::to_string).collect(),
            Self::Pairs(pairs) => pairs
                .iter()
                .map(|(from, to)| format!("{from} to {to}"))
                .collect(),
        };
        formatter.pad(&words.join(", "))
    }
}

/// Something given at creation that is not a number to automate.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The setting's name in files.
    pub id: String,
    /// One or more sentences for people.
    pub doc: String,
    /// What it holds, and its bounds.
    pub value: SettingKind,
    /// Whether the component can be created without it.
    pub need: Need,
}

/// A number that a processor writes once per block.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The name, the unit last.
    pub id: String,
    /// One or more sentences for people.
    pub doc: String,
    /// The unit of the value as people read it, or empty.
    pub unit: String,
    /// The least value, possibly -∞.
    pub min: f64,
    /// The greatest value, possibly ∞.
    pub max: f64,
}

/// Something that happens in the stream and that others may subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The reading's name in files and reports.
    pub id: String,
    /// One or more sentences for people.
    pub doc: String,
    /// The unit of the number it carries, or empty.
    pub unit: String,
}

/// A feature of an analyzer, or a reading of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The name, the unit last.
    pub id: String,
    /// One or more sentences for people, with the source of the formula.
    pub doc: String,
    /// The unit of the value as people read it, or empty.
    pub unit: String,
    /// The least value, possibly -∞.
    pub min: f64,
    /// The greatest value, possibly ∞.
    pub max: f64,
    /// One value in all, or one per channel.
    pub per: Per,
    /// Which direction of the value is the better one.
    pub better: Better,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_say_what_comes_out() {
        let up = Layouts::Pairs(vec![(Layout::MONO, Layout::STEREO)]);
        assert_eq!(up.output(Layout::MONO), Some(Layout::STEREO));
        assert_eq!(up.output(Layout::STEREO), None);
        assert_eq!(up.to_string(), "mono to stereo");
        let same = Layouts::Same(vec![Layout::MONO, Layout::discrete(8)]);
        assert_eq!(same.output(Layout::discrete(8)), Some(Layout::discrete(8)));
        assert_eq!(same.output(Layout::STEREO), None);
        assert_eq!(same.to_string(), "mono, discrete(8)");
        assert_eq!(
            Layouts::Any.output(Layout::SURROUND_5_1),
            Some(Layout::SURROUND_5_1)
        );
    }
}
