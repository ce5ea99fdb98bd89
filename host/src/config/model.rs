//! Model: a configuration as the rest of the host reads it.
//!
//! In: checked entries with defaults filled in. Out: plain values with ids as types, each with
//! the place it was written at, so that higher floors can point at what they find wrong.
//!
//! Pure. What has to be known about a component (its parameters, its layouts) is not looked at.

use std::path::PathBuf;
use std::time::Duration;

use segue_media::audio::Layout;
use semver::VersionReq;

use crate::config::mistake::Mistakes;
use crate::config::source::{SourceId, Sources, Span, Spanned};
use crate::config::units::{Bytes, Share};
use crate::config::values::{ParamValues, SettingValues};
use crate::config::words::{
    Act, Convert, Dither, OnError, OutputBits, Realtime, Reload, SwapState, SwapTail, Tail, Trust,
    Watch,
};
use crate::id::{ComponentAddress, DecideId, Node, PluginId, StageId, TapId};

/// A whole configuration: one file, one pipeline. Owned by its session; read on control threads.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[pipeline]`.
    pub pipeline: Pipeline,
    /// `[host]`.
    pub host: Host,
    /// `[stream]`.
    pub stream: StreamConfig,
    /// `[plugins]`.
    pub plugins: PluginsConfig,
    /// `[[stage]]`, in the order of the file.
    pub stages: Vec<StageConfig>,
    /// Stages of the file that the pipeline runs without, in the order in which they were given up;
    /// none where the file was just read.
    pub left_out: Vec<LeftOut>,
    /// `[[tap]]`, in the order of the file.
    pub taps: Vec<Tap>,
    /// `[[decide]]`, in the order of the file.
    pub decides: Vec<Decide>,
    /// The folder that relative paths of settings start at.
    pub folder: PathBuf,
    /// The texts that all places point into.
    pub(super) sources: Sources,
    /// The checked entries, for `check --resolved`.
    pub(super) entries: crate::config::entries::Entries,
}

impl Config {
    /// The texts that all places point into.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The text of the file, without a byte-order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.sources.get(SourceId::FILE).text
    }

    /// An empty collector for what higher floors find wrong with this configuration.
    #[must_use]
    pub fn mistakes(&self) -> Mistakes {
        Mistakes::new(self.sources.clone())
    }

    /// Whether what is written for a key of a table had a mistake, so that its absence means nothing.
    #[must_use]
    pub fn is_spoiled(&self, table: &str, key: &str) -> bool {
        self.entries.table(table).is_spoiled(&[key])
    }

    /// The stage with this id.
    #[must_use]
    pub fn stage(&self, id: &StageId) -> Option<&StageConfig> {
        self.stages.iter().find(|stage| stage.id.value == *id)
    }
}

/// What the pipeline is called.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The name in logs and metrics; `None` means the name of the file.
    pub name: Option<Spanned<String>>,
}

/// How the host behaves, whatever it runs.
#[derive(Debug, Clone)]
pub struct Host {
    /// When an edited configuration is applied.
    pub reload: Spanned<Reload>,
    /// How much memory all plugins may hold together; `None` means no limit.
    pub memory_max: Option<Spanned<Bytes>>,
    /// How many threads process; 0 is one per core.
    pub threads: Spanned<u32>,
    /// Whether the thread that processes asks for real-time priority, at the pace of the stream.
    pub realtime: Spanned<Realtime>,
}

/// Where audio comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamPort {
    /// A file; relative paths have been made to start at the configuration file.
    File(PathBuf),
    /// Standard input or output.
    Pipe,
}

/// What goes in and out, and in which steps.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// Where audio comes from; `None` means that the command line says.
    pub input: Option<Spanned<StreamPort>>,
    /// Where audio goes to; `None` means that the command line says.
    pub output: Option<Spanned<StreamPort>>,
    /// How the samples of the output are stored; `None` means as those of the input.
    pub output_bits: Option<Spanned<OutputBits>>,
    /// Whether samples that are rounded to 8 or 16 bits get noise first.
    pub dither: Spanned<Dither>,
    /// Whether an existing output is replaced.
    pub overwrite: Spanned<bool>,
    /// The session's rate in Hz; `None` means the input's.
    pub sample_rate_hz: Option<Spanned<u32>>,
    /// The channels of the session's input; `None` means the input's own.
    pub layout: Option<Spanned<Layout>>,
    /// What happens to an input of another rate or layout.
    pub convert: Spanned<Convert>,
    /// How many frames a step has.
    pub block_frames: Spanned<u32>,
    /// Whose output is the pipeline's: the last stage where the file does not say, and the input
    /// where there is no stage. The place is that of the key, or of the stage's id.
    pub from: Spanned<Node>,
    /// What happens to what still sounds at the end.
    pub tail: Spanned<Tail>,
    /// Latency in reserve at the output, in frames.
    pub latency_reserve_frames: Spanned<u32>,
    /// How many frames lie between two decisions.
    pub decide_every_frames: Spanned<u32>,
}

/// Where plugins are found, and which versions will do.
#[derive(Debug, Clone)]
pub struct PluginsConfig {
    /// Folders that are searched first, in this order.
    pub paths: Vec<Spanned<PathBuf>>,
    /// Single libraries.
    pub files: Vec<Spanned<PathBuf>>,
    /// Whether folders are searched.
    pub discover: Spanned<bool>,
    /// What a changed library does.
    pub watch: Spanned<Watch>,
    /// Which libraries may be opened.
    pub trust: Spanned<Trust>,
    /// Which versions of a plugin will do, in the order of the file.
    pub require: Vec<(Spanned<PluginId>, Spanned<VersionReq>)>,
}

/// A component with all that is given to it: what stages, taps and decisions share.
#[derive(Debug, Clone)]
pub struct PartConfig {
    /// The component that does the work.
    pub component: Spanned<ComponentAddress>,
    /// Its parameters, not yet held against a manifest.
    pub params: ParamValues,
    /// Its settings, not yet held against a manifest.
    pub settings: SettingValues,
    /// Where the table begins.
    pub span: Span,
}

/// A place in the pipeline.
#[derive(Debug, Clone)]
pub struct StageConfig {
    /// Its name.
    pub id: Spanned<StageId>,
    /// What fills it.
    pub part: PartConfig,
    /// What it reads, at least one: from `after`, or the stage above, or `input` for the first.
    /// The place of what is not written is that of the stage's id.
    pub inputs: Vec<Spanned<Node>>,
    /// Further inputs, by the names that the component gives them.
    pub sidechains: Vec<(Spanned<String>, Spanned<Node>)>,
    /// Whether the pipeline runs without it where it cannot be had.
    pub optional: Spanned<bool>,
    /// What is heard when it fails.
    pub on_error: Spanned<OnError>,
    /// The component that is heard with `on_error = "fallback"`.
    pub fallback: Option<Spanned<ComponentAddress>>,
    /// When a new instance is tried after a failure; `None` means never.
    pub restart: Option<Restart>,
    /// What it may use.
    pub budget: BudgetConfig,
    /// How a new instance takes over while the audio runs.
    pub swap: SwapConfig,
}

impl StageConfig {
    /// The fallback, where `on_error` says that it is heard.
    #[must_use]
    pub fn fallback_in_use(&self) -> Option<&Spanned<ComponentAddress>> {
        let fallback = self.fallback.as_ref();
        fallback.filter(|_| self.on_error.value == OnError::Fallback)
    }
}

/// When a new instance is tried after a failure. Times are of the stream.
#[derive(Debug, Clone)]
pub struct Restart {
    /// How many instances are tried before the stage is given up.
    pub attempts: Spanned<u32>,
    /// The wait before the first attempt; it doubles with each.
    pub delay: Spanned<Duration>,
    /// The longest wait.
    pub delay_max: Spanned<Duration>,
}

/// What a stage may use; `None` means no limit.
#[derive(Debug, Clone)]
pub struct BudgetConfig {
    /// The share of a block's duration that processing it may take.
    pub time: Option<Spanned<Share>>,
    /// The memory that its instance may hold.
    pub memory: Option<Spanned<Bytes>>,
}

/// A stage that the pipeline runs without: what it would read is passed on.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// Its name.
    pub id: StageId,
    /// What would fill it.
    pub component: ComponentAddress,
    /// What it would read.
    pub inputs: Vec<Spanned<Node>>,
    /// Why it was left out, in a sentence.
    pub reason: String,
}

/// How a new instance takes over.
#[derive(Debug, Clone)]
pub struct SwapConfig {
    /// How long old and new are heard together.
    pub fade: Spanned<Duration>,
    /// What the new instance starts from.
    pub state: Spanned<SwapState>,
    /// What becomes of what still sounds in the old instance.
    pub tail: Spanned<SwapTail>,
    /// How long what was heard before stays at hand, in stream time; zero keeps none.
    pub rollback: Spanned<Duration>,
}

/// A place where an analyzer or metric listens.
#[derive(Debug, Clone)]
pub struct Tap {
    /// Its name.
    pub id: Spanned<TapId>,
    /// What listens.
    pub part: PartConfig,
    /// Where it listens: the pipeline's output where the file does not say.
    pub from: Spanned<Node>,
    /// What a metric compares with.
    pub reference: Option<Spanned<Node>>,
}

/// What a decision reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readable {
    /// The readings or features of a tap.
    Tap(TapId),
    /// The outputs of a stage.
    Stage(StageId),
}

/// A decision engine in its place.
#[derive(Debug, Clone)]
pub struct Decide {
    /// Its name.
    pub id: Spanned<DecideId>,
    /// The engine.
    pub part: PartConfig,
    /// What it reads, at least one.
    pub reads: Vec<Spanned<Readable>>,
    /// What it may do.
    pub may: Vec<Spanned<Act>>,
    /// Whether what it would do is recorded only.
    pub dry_run: Spanned<bool>,
}
