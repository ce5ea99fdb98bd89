//! Declare: what a component says about itself, as constants.
//!
//! In: what the author writes in trait constants, `#[derive(Params)]` and `export!`.
//! Out: one `PluginDecl`, from which the manifest is encoded at compile time and which the
//! running code uses too, so that the two cannot disagree.
//!
//! Everything here is `Copy`, `'static` and usable in constants: no code of a plugin runs to
//! find out what it is.

mod reading;

pub use crate::layout::{Layout, Layouts, SPEAKER_NAMES};

/// What a component does: the kind decides which of the four traits it implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Audio to audio, and named outputs.
    Processor,
    /// Audio to features: it describes a signal and leaves it as it is.
    Analyzer,
    /// Reference and signal to readings.
    Metric,
    /// Observations to actions: it reads what taps find, and asks for changes.
    Decision,
}

impl Kind {
    /// Every kind, in the order of the manifest's numbers.
    pub const ALL: [Self; 4] = [
        Self::Processor,
        Self::Analyzer,
        Self::Metric,
        Self::Decision,
    ];

    /// The word for it in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Analyzer => "analyzer",
            Self::Metric => "metric",
            Self::Decision => "decision",
        }
    }
}

/// A length of time in the stream: a latency, a tail, or the distance between two readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Span {
    /// So many frames at every sample rate.
    Frames(u32),
    /// So many seconds; the frames follow from the sample rate.
    Seconds(f64),
    /// Known only once the component is activated with its parameters and settings.
    Varies,
}

/// Whether a component may run on the audio thread of a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealTime {
    /// `process` never allocates, frees, locks or calls the system.
    Safe,
    /// As `Safe`, but for the first call on each thread.
    WarmsUp,
    /// Runs off line and in workers only.
    Offline,
}

/// Whether the output depends on how the host cuts the stream into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockInvariance {
    /// The same samples for every division of the stream, bit for bit.
    Invariant,
    /// May differ from one block size to another.
    Varies,
}

/// What a processor needs and promises, known without running it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capabilities {
    /// The channel layouts it accepts, and what comes out.
    pub layouts: Layouts,
    /// How far its output lags behind its input; `activate` gives the exact frames.
    pub latency: Span,
    /// How long it sounds after its input ended; `activate` gives the exact frames.
    pub tail: Span,
    /// Whether it may run at the pace of the stream: see [`RealTime`].
    pub real_time: RealTime,
    /// Whether blocks of another size give the same samples.
    pub blocks: BlockInvariance,
    /// How many sidechain inputs it can take.
    pub sidechains: u8,
    /// The schema of the running state it saves, 0 when it saves none.
    pub state_schema: u32,
}

impl Capabilities {
    /// Any layout, out as it came in, no latency, no tail, no state, safe on the audio thread.
    pub const DEFAULT: Self = Self {
        layouts: Layouts::Any,
        latency: Span::Frames(0),
        tail: Span::Frames(0),
        real_time: RealTime::Safe,
        blocks: BlockInvariance::Invariant,
        sidechains: 0,
        state_schema: 0,
    };
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// One automatable parameter: a number, or one of several labelled choices.
///
/// On the wire a value is an `f64` in the plain unit; a choice is its index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamDecl {
    /// The name in files and on the command line, `[a-z0-9_]+`, the unit last: `gain_db`.
    pub id: &'static str,
    /// One or more sentences for people.
    pub doc: &'static str,
    /// The unit, `dB`, `Hz`, `ms`, or empty.
    pub unit: &'static str,
    /// The least value that is accepted, in the unit.
    pub min: f64,
    /// The greatest value that is accepted, in the unit.
    pub max: f64,
    /// The value when nothing is said; a choice's index.
    pub default: f64,
    /// The labels, in order of their values; empty for a number.
    pub choices: &'static [&'static str],
    /// How a change is smoothed, in milliseconds; 0 when it takes effect at once.
    pub smooth_ms: f64,
    /// What a change of it takes.
    pub change: ParamChange,
    /// What bounds a value beside its range.
    pub limit: ParamLimit,
}

/// What bounds the values of a parameter beside its range, which is the same in every session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamLimit {
    /// Nothing but the range does.
    Range,
    /// The session's sample rate: a value has to lie below half of it, as a filter's frequency has
    /// to. The host refuses other values in files and from people, by name and number; a decision's
    /// or a curve's reach the component, which applies the nearest that it can.
    BelowHalfRate,
}

/// What a change of a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamChange {
    /// It is applied to the running instance.
    Live,
    /// Latency or layout may change: the host swaps the stage for itself.
    Reactivates,
}

/// A parameter, or a row of alike parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamItem {
    /// One parameter with an id of its own.
    One(ParamDecl),
    /// `count` times the same parameters, addressed `id.1.member` to `id.count.member`.
    Group(GroupDecl),
}

/// A row of alike parameters: the bands of an equalizer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupDecl {
    /// The name in files, where the row is an array of tables.
    pub id: &'static str,
    /// One or more sentences for people.
    pub doc: &'static str,
    /// How many members of the group there are, numbered from 1 on.
    pub count: u16,
    /// What each consists of; groups do not nest.
    pub members: &'static [ParamItem],
}

/// The number of parameters on the wire: groups count all their members.
#[must_use]
pub const fn param_count(items: &[ParamItem]) -> u32 {
    let mut count = 0;
    let mut at = 0;
    while at < items.len() {
        count += match items[at] {
            ParamItem::One(_) => 1,
            ParamItem::Group(group) => group.count as u32 * group.members.len() as u32,
        };
        at += 1;
    }
    count
}

/// Something given at creation that is not a number to automate: a file, a text, a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SettingDecl {
    /// The name in files, `[a-z0-9_]+`.
    pub id: &'static str,
    /// One or more sentences for people.
    pub doc: &'static str,
    /// What it holds, its bounds and its default.
    pub value: SettingKind,
    /// Whether the component can be created without it.
    pub need: Need,
}

/// Whether something has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without it there is no component.
    Required,
    /// The component does without it.
    Optional,
}

/// The type of a setting with its bounds, which the host checks before the plugin sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SettingKind {
    /// Text of at most so many bytes.
    Text {
        /// The most bytes.
        bytes_max: u32,
    },
    /// A path; relative ones start at the configuration file. The host does not open it.
    Path,
    /// An integer between the two, both included.
    Integer {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// Yes or no: `true` or `false` in files.
    Boolean,
    /// A list of texts, within bounds.
    List {
        /// The most entries.
        items_max: u32,
        /// The most bytes of each.
        bytes_max: u32,
    },
}

/// A number that a processor writes once per block: gain reduction, say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutputDecl {
    /// The name, `[a-z0-9_]+`, the unit last.
    pub id: &'static str,
    /// One or more sentences for people.
    pub doc: &'static str,
    /// The unit of the value as people read it, or empty.
    pub unit: &'static str,
    /// The least value that is accepted, in the unit.
    pub min: f64,
    /// The greatest value that is accepted, in the unit.
    pub max: f64,
}

/// Something that happens in the stream and that others may subscribe to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventDecl {
    /// The setting's name in files, `[a-z0-9_-]+`.
    pub id: &'static str,
    /// One or more sentences for people.
    pub doc: &'static str,
    /// The unit of the number it carries, or empty.
    pub unit: &'static str,
}

/// A feature of an analyzer, or a reading of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadingDecl {
    /// The name, `[a-z0-9_]+`, the unit last: `peak_dbfs`.
    pub id: &'static str,
    /// One or more sentences for people, with the source of the formula.
    pub doc: &'static str,
    /// The unit of the value as people read it, or empty.
    pub unit: &'static str,
    /// The least value that it can have.
    pub min: f64,
    /// The greatest value that it can have.
    pub max: f64,
    /// One value in all, or one per channel.
    pub per: Per,
    /// Which direction is better; analyzers say `Neither`.
    pub better: Better,
}

/// How many values a reading has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// One for the whole signal.
    Signal,
    /// One value for each channel of the signal.
    Channel,
}

impl Per {
    /// How many values that is in a signal of so many channels.
    #[must_use]
    pub const fn values(self, channels: usize) -> usize {
        match self {
            Self::Signal => 1,
            Self::Channel => channels,
        }
    }
}

/// Which direction of a reading is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Neither is better: the value describes.
    Neither,
    /// The higher the better: a signal-to-noise ratio.
    Higher,
    /// The lower the better: a distortion.
    Lower,
}

/// One component, as the manifest tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComponentDecl {
    /// Which of the four traits it implements.
    pub kind: Kind,
    /// The part of its address after the slash, `[a-z0-9-]+`.
    pub name: &'static str,
    /// What it is for; the first paragraph of its type's documentation.
    pub doc: &'static str,
    /// Its parameters, in wire order.
    pub params: &'static [ParamItem],
    /// What files may set once, before activation.
    pub settings: &'static [SettingDecl],
    /// Its outputs, in wire order; processors only.
    pub outputs: &'static [OutputDecl],
    /// The events it publishes, in wire order.
    pub events: &'static [EventDecl],
    /// The events it wants to hear, as `plugin/component:event`; not for processors.
    pub subscribes: &'static [&'static str],
    /// What it needs and promises; analyzers and metrics use layouts and real-time class.
    pub capabilities: Capabilities,
    /// Features or readings, in wire order; analyzers and metrics only.
    pub readings: &'static [ReadingDecl],
    /// The distance between two readings; `Varies` where it has none.
    pub hop: Span,
    /// Whether it compares the signal with a reference; metrics only.
    pub reference: Reference,
}

/// What a metric does with a reference signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// It looks at the signal alone.
    Unused,
    /// It cannot do without: where the other is missing, the plugin is not loaded.
    Required,
}

/// Another plugin that this one uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequireDecl {
    /// The id of the other plugin, `acme.warmth`.
    pub id: &'static str,
    /// Which versions will do, in Cargo's syntax.
    pub version: &'static str,
    /// Whether this plugin can do without.
    pub need: Need,
}

/// One plugin, as the manifest tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PluginDecl {
    /// The plugin's id, `acme.warmth`: a vendor and a name, for ever the same.
    pub id: &'static str,
    /// The plugin's name for people, one line.
    pub name: &'static str,
    /// The plugin's semantic version, `1.2.3`.
    pub version: &'static str,
    /// Who makes the plugin, one line.
    pub vendor: &'static str,
    /// The license as an SPDX expression, `MIT OR Apache-2.0`.
    pub license: &'static str,
    /// What the plugin is for, one line.
    pub doc: &'static str,
    /// The oldest host ABI it can do with.
    pub min_host: crate::abi::AbiVersion,
    /// The compiler that built it.
    pub rustc: &'static str,
    /// The target triple it was built for.
    pub target: &'static str,
    /// Whether a panic can be caught inside it.
    pub panic: PanicStrategy,
    /// Whether its heap is counted.
    pub heap: Heap,
    /// The other plugins that it uses, each with the versions that will do.
    pub requires: &'static [RequireDecl],
    /// Ids that it takes the place of.
    pub replaces: &'static [&'static str],
    /// The components that it provides, each under a name of its own.
    pub components: &'static [ComponentDecl],
}

/// What a panic does in a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanicStrategy {
    /// It unwinds and is caught inside the plugin.
    Unwind,
    /// It ends the process: such a library runs only in a worker.
    Abort,
}

/// Whether a library's heap is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heap {
    /// The macro's allocator counts every call.
    Metered,
    /// The author brought another allocator; tables show `–`.
    Unmetered,
}
