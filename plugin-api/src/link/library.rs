//! Library: an open library whose layout was checked, and the instances it makes.

use std::path::Path;
use std::sync::Arc;

use abi_stable::std_types::{RResult, RSlice, RStr};

use crate::abi::root::{Header, HeaderError, RootRef};
use crate::abi::setup::{
    RawActivation, RawHeap, RawMode, RawParam, RawRefusal, RawSetting, RawSettingKind, RawSetup,
    RawSource,
};
use crate::abi::status::RawStatus;
use crate::declare::Layout;
use crate::fault::Refusal;
use crate::link::hooks::{self, Hooks};
use crate::link::services::{self, Services};
use crate::link::{Decision, Observer, Processor};
use crate::setup::{Format, Mode};

/// The most bytes kept of a text that comes from a plugin: a few sentences.
const TEXT_BYTES_MAX: usize = 4096;

/// The functions of one open library.
#[derive(Clone, Copy)]
pub struct Library {
    root: RootRef,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Library")
    }
}

/// What an instance is created with.
#[derive(Debug, Clone, Default)]
pub struct Creation<'a> {
    /// The id of its stage, tap or decision.
    pub name: &'a str,
    /// The folder the plugin was found in.
    pub resource_dir: Option<&'a Path>,
    /// Settings by id, checked against the manifest.
    pub settings: &'a [Setting],
    /// Initial values by wire index, checked against the manifest.
    pub params: &'a [(u32, f64)],
}

/// A setting with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its id in the manifest.
    pub id: String,
    /// What the file gives it.
    pub value: SettingValue,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text as the file has it.
    Text(String),
    /// A path, made absolute by the folder of its file.
    Path(String),
    /// A whole number within the declared range.
    Integer(i64),
    /// Yes or no: `true` or `false` in the file.
    Boolean(bool),
    /// A list of texts, in the order of the file.
    List(Vec<String>),
}

/// What an instance is activated with.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// Rate and channels of the main input.
    pub format: Format,
    /// The longest block that `process` is called with, in frames.
    pub frames_max: u32,
    /// At which pace the instance is called.
    pub mode: Mode,
    /// The layouts of the further inputs.
    pub sidechains: &'a [Layout],
    /// What a decision engine reads: tap id, ids of its readings, channels.
    pub sources: &'a [(String, Vec<String>, usize)],
}

impl Library {
    /// The functions behind a header, after the check that makes the calls sound.
    ///
    /// # Errors
    /// One sentence about what does not fit.
    pub fn check(header: &'static Header) -> Result<Self, HeaderError> {
        header.check().map(|root| Self { root })
    }

    /// Gives the library the host's functions: once, before everything else.
    #[must_use]
    pub fn attach<H: Hooks>(&self, token: u64) -> RawStatus {
        self.root.attach()(hooks::table::<H>(), token)
    }

    /// The manifest that the code carries, to be compared with the file's.
    #[must_use]
    pub fn manifest(&self) -> &'static [u8] {
        self.root.manifest()().as_slice()
    }

    /// What the library's counting allocator saw; zeros where there is none.
    #[must_use]
    pub fn heap(&self) -> RawHeap {
        self.root.heap()()
    }

    /// Creates the processor of that index in the manifest.
    ///
    /// # Errors
    /// What the component says.
    pub fn processor(
        &self,
        index: u32,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Processor, Refusal> {
        with_setup(creation, services, |setup| {
            open(self.root.processor()(index, setup)).map(Processor::new)
        })
    }

    /// Creates the analyzer of that index in the manifest.
    ///
    /// # Errors
    /// What the component says.
    pub fn analyzer(
        &self,
        index: u32,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Observer, Refusal> {
        with_setup(creation, services, |setup| {
            open(self.root.analyzer()(index, setup)).map(Observer::new)
        })
    }

    /// Creates the metric of that index in the manifest.
    ///
    /// # Errors
    /// What the component says.
    pub fn metric(
        &self,
        index: u32,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Observer, Refusal> {
        with_setup(creation, services, |setup| {
            open(self.root.metric()(index, setup)).map(Observer::new)
        })
    }

    /// Creates the decision engine of that index in the manifest.
    ///
    /// # Errors
    /// What the component says.
    pub fn decision(
        &self,
        index: u32,
        creation: &Creation<'_>,
        services: Arc<dyn Services>,
    ) -> Result<Decision, Refusal> {
        with_setup(creation, services, |setup| {
            open(self.root.decision()(index, setup)).map(Decision::new)
        })
    }
}

/// A plain result from one that crossed the boundary.
pub(crate) fn open<R>(result: RResult<R, RawRefusal>) -> Result<R, Refusal> {
    match result {
        RResult::ROk(value) => Ok(value),
        RResult::RErr(refusal) => Err(Refusal::with(refusal.code, bounded(refusal.text.as_str()))),
    }
}

/// A text of a plugin, cut where it is longer than anyone reads.
pub(super) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

pub(super) fn with_setup<R>(
    creation: &Creation<'_>,
    services: Arc<dyn Services>,
    make: impl FnOnce(RawSetup<'_>) -> R,
) -> R {
    let lists: Vec<Vec<RStr<'_>>> = creation
        .settings
        .iter()
        .map(|setting| texts(setting.value.list()))
        .collect();
    let settings: Vec<RawSetting<'_>> = creation
        .settings
        .iter()
        .zip(&lists)
        .map(|(setting, list)| raw(setting, list))
        .collect();
    let params: Vec<RawParam> = creation
        .params
        .iter()
        .map(|&(index, value)| RawParam { index, value })
        .collect();
    let folder = creation
        .resource_dir
        .map(Path::to_string_lossy)
        .unwrap_or_default();
    make(RawSetup {
        host: services::object(services),
        name: RStr::from_str(creation.name),
        resource_dir: RStr::from_str(&folder),
        settings: RSlice::from_slice(&settings),
        params: RSlice::from_slice(&params),
        extension: std::ptr::null(),
    })
}

impl SettingValue {
    fn list(&self) -> &[String] {
        match self {
            Self::List(items) => items,
            Self::Text(_) | Self::Path(_) | Self::Integer(_) | Self::Boolean(_) => &[],
        }
    }
}

fn texts(items: &[String]) -> Vec<RStr<'_>> {
    items.iter().map(|item| RStr::from_str(item)).collect()
}

fn raw<'a>(setting: &'a Setting, list: &'a [RStr<'a>]) -> RawSetting<'a> {
    let (kind, integer, text) = match &setting.value {
        SettingValue::Text(text) => (RawSettingKind::TEXT, 0, text.as_str()),
        SettingValue::Path(text) => (RawSettingKind::PATH, 0, text.as_str()),
        SettingValue::Integer(integer) => (RawSettingKind::INTEGER, *integer, ""),
        SettingValue::Boolean(yes) => (RawSettingKind::BOOLEAN, i64::from(*yes), ""),
        SettingValue::List(_) => (RawSettingKind::LIST, 0, ""),
    };
    RawSetting {
        id: RStr::from_str(&setting.id),
        kind,
        integer,
        text: RStr::from_str(text),
        list: RSlice::from_slice(list),
    }
}

impl Start<'_> {
    /// Lends the wire's form of this to `body`.
    pub(super) fn with_raw<R>(&self, body: impl FnOnce(&RawActivation<'_>) -> R) -> R {
        let mode = match self.mode {
            Mode::Offline => RawMode::OFFLINE,
            Mode::RealTime => RawMode::REAL_TIME,
        };
        let sidechains: Vec<_> = self
            .sidechains
            .iter()
            .map(|layout| (*layout).into())
            .collect();
        let readings: Vec<_> = self.sources.iter().map(|(_, ids, _)| texts(ids)).collect();
        let sources: Vec<_> = self
            .sources
            .iter()
            .zip(&readings)
            .map(|((id, _, channels), readings)| RawSource {
                id: RStr::from_str(id),
                readings: RSlice::from_slice(readings),
                channels: *channels as u32,
            })
            .collect();
        let mut raw = RawActivation::new(self.format.raw(), self.frames_max, mode);
        raw.sidechains = RSlice::from_slice(&sidechains);
        raw.sources = RSlice::from_slice(&sources);
        body(&raw)
    }
}
