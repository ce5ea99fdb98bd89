//! Builder: format, parameters and settings of a component under test.

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RResult, RSlice, RStr, RVec};

use crate::abi::host::{RawHost, RawHost_TO, RawHostBox, RawRequest};
use crate::abi::object::{RawAnalyzerBox, RawDecisionBox, RawMetricBox, RawProcessorBox};
use crate::abi::setup::{
    RawActivation, RawLayout, RawMode, RawParam, RawRefusal, RawSetting, RawSettingKind, RawSetup,
    RawSource,
};
use crate::declare::{Layout, ParamItem};
use crate::fault::Refusal;
use crate::params::index_of;
use crate::setup::Format;

/// What a component is created and activated with in a test. Mono at 48 kHz, blocks of at most
/// 4,096 frames, unless told otherwise.
#[derive(Debug)]
pub struct Bench<B> {
    pub(super) plan: Plan,
    open: fn(&Plan) -> Result<B, Refusal>,
}

/// The plan of a bench, before it is built.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) format: Format,
    pub(super) frames_max: u32,
    pub(super) mode: RawMode,
    pub(super) sidechains: Vec<Layout>,
    pub(super) params: Vec<(String, f64)>,
    pub(super) settings: Vec<(String, Value)>,
    pub(super) sources: Vec<(String, Vec<String>)>,
}

#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Path(String),
    Integer(i64),
    Boolean(i64),
    List(Vec<String>),
}

impl<B> Bench<B> {
    pub(super) fn with(open: fn(&Plan) -> Result<B, Refusal>) -> Self {
        Self {
            plan: Plan {
                format: Format {
                    sample_rate_hz: 48_000,
                    layout: Layout::MONO,
                },
                frames_max: 4096,
                mode: RawMode::OFFLINE,
                sidechains: Vec::new(),
                params: Vec::new(),
                settings: Vec::new(),
                sources: Vec::new(),
            },
            open,
        }
    }

    /// One channel at this sample rate.
    #[must_use]
    pub fn mono(self, sample_rate_hz: u32) -> Self {
        self.format(Layout::MONO, sample_rate_hz)
    }

    /// Two channels at this sample rate.
    #[must_use]
    pub fn stereo(self, sample_rate_hz: u32) -> Self {
        self.format(Layout::STEREO, sample_rate_hz)
    }

    /// Any layout at this sample rate.
    #[must_use]
    pub fn format(mut self, layout: Layout, sample_rate_hz: u32) -> Self {
        self.plan.format = Format {
            sample_rate_hz,
            layout,
        };
        self
    }

    /// The longest block.
    #[must_use]
    pub fn frames_max(mut self, frames: usize) -> Self {
        self.plan.frames_max = frames as u32;
        self
    }

    /// At the pace of the stream instead of off line.
    #[must_use]
    pub fn real_time(mut self) -> Self {
        self.plan.mode = RawMode::REAL_TIME;
        self
    }

    /// A further input of this layout.
    #[must_use]
    pub fn sidechain(mut self, layout: Layout) -> Self {
        self.plan.sidechains.push(layout);
        self
    }

    /// An initial value of a parameter, by its full id.
    #[must_use]
    pub fn param(mut self, id: &str, value: f64) -> Self {
        self.plan.params.push((id.to_owned(), value));
        self
    }

    /// A text setting.
    #[must_use]
    pub fn text(self, id: &str, text: &str) -> Self {
        self.setting(id, Value::Text(text.to_owned()))
    }

    /// A path setting.
    #[must_use]
    pub fn path(self, id: &str, path: &str) -> Self {
        self.setting(id, Value::Path(path.to_owned()))
    }

    /// An integer setting.
    #[must_use]
    pub fn integer(self, id: &str, integer: i64) -> Self {
        self.setting(id, Value::Integer(integer))
    }

    /// A boolean setting.
    #[must_use]
    pub fn boolean(self, id: &str, boolean: bool) -> Self {
        self.setting(id, Value::Boolean(i64::from(boolean)))
    }

    /// A list setting.
    #[must_use]
    pub fn list(self, id: &str, items: &[&str]) -> Self {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        self.setting(id, Value::List(items))
    }

    /// A tap that a decision engine reads, with the ids of its readings.
    #[must_use]
    pub fn source(mut self, id: &str, readings: &[&str]) -> Self {
        let readings = readings.iter().map(|id| (*id).to_owned()).collect();
        self.plan.sources.push((id.to_owned(), readings));
        self
    }

    /// Creates and activates the component.
    ///
    /// # Errors
    /// What the component says, and parameters that it does not have.
    pub fn activate(self) -> Result<B, Refusal> {
        (self.open)(&self.plan)
    }

    fn setting(mut self, id: &str, value: Value) -> Self {
        self.plan.settings.push((id.to_owned(), value));
        self
    }
}

impl Plan {
    /// Creates with this plan's settings and parameters.
    pub(super) fn create<R>(
        &self,
        items: &[ParamItem],
        make: impl FnOnce(RawSetup<'_>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let params = self.raw_params(items)?;
        let lists: Vec<Vec<RStr<'_>>> = self
            .settings
            .iter()
            .map(|(_, value)| value.list())
            .collect();
        let named = self.settings.iter().zip(&lists);
        let settings: Vec<_> = named
            .map(|((id, value), list)| value.raw(id, list))
            .collect();
        make(RawSetup {
            host: no_host(),
            name: RStr::from_str("under-test"),
            resource_dir: RStr::from_str("."),
            settings: RSlice::from_slice(&settings),
            params: RSlice::from_slice(&params),
            extension: std::ptr::null(),
        })
    }

    /// Activates with this plan's format.
    pub(super) fn activation<R>(
        &self,
        activate: impl FnOnce(&RawActivation<'_>) -> RResult<R, RawRefusal>,
    ) -> Result<R, Refusal> {
        let sidechains: Vec<RawLayout> = self.sidechains.iter().map(|at| (*at).into()).collect();
        let readings: Vec<_> = self.sources.iter().map(|(_, ids)| texts(ids)).collect();
        let sources: Vec<RawSource<'_>> = self
            .sources
            .iter()
            .zip(&readings)
            .map(|((id, _), readings)| RawSource {
                id: RStr::from_str(id),
                readings: RSlice::from_slice(readings),
                channels: self.format.layout.channels() as u32,
            })
            .collect();
        let mut raw = RawActivation::new(self.format.raw(), self.frames_max, self.mode);
        raw.sidechains = RSlice::from_slice(&sidechains);
        raw.sources = RSlice::from_slice(&sources);
        match activate(&raw) {
            RResult::ROk(value) => Ok(value),
            RResult::RErr(refusal) => Err(refusal.into()),
        }
    }

    fn raw_params(&self, items: &[ParamItem]) -> Result<Vec<RawParam>, Refusal> {
        let raw = |(id, value): &(String, f64)| match index_of(items, id) {
            Some(index) => Ok(RawParam {
                index,
                value: *value,
            }),
            None => Err(Refusal::new(format!("there is no parameter {id}"))),
        };
        self.params.iter().map(raw).collect()
    }
}

impl Value {
    fn list(&self) -> Vec<RStr<'_>> {
        match self {
            Self::List(items) => texts(items),
            Self::Text(_) | Self::Path(_) | Self::Integer(_) | Self::Boolean(_) => Vec::new(),
        }
    }

    fn raw<'a>(&'a self, id: &'a str, list: &'a [RStr<'a>]) -> RawSetting<'a> {
        let (kind, integer, text) = match self {
            Self::Text(text) => (RawSettingKind::TEXT, 0, text.as_str()),
            Self::Path(text) => (RawSettingKind::PATH, 0, text.as_str()),
            Self::Integer(integer) => (RawSettingKind::INTEGER, *integer, ""),
            Self::Boolean(integer) => (RawSettingKind::BOOLEAN, *integer, ""),
            Self::List(_) => (RawSettingKind::LIST, 0, ""),
        };
        RawSetting {
            id: RStr::from_str(id),
            kind,
            integer,
            text: RStr::from_str(text),
            list: RSlice::from_slice(list),
        }
    }
}

fn texts(items: &[String]) -> Vec<RStr<'_>> {
    items.iter().map(|item| RStr::from_str(item)).collect()
}

/// A host that has no other plugins.
struct NoHost;

const NO_OTHERS: &str = "a component under test has no other plugins";

impl RawHost for NoHost {
    fn processor(&self, _: RawRequest<'_>) -> RResult<RawProcessorBox, RawRefusal> {
        RResult::RErr(Refusal::new(NO_OTHERS).into())
    }
    fn analyzer(&self, _: RawRequest<'_>) -> RResult<RawAnalyzerBox, RawRefusal> {
        RResult::RErr(Refusal::new(NO_OTHERS).into())
    }
    fn metric(&self, _: RawRequest<'_>) -> RResult<RawMetricBox, RawRefusal> {
        RResult::RErr(Refusal::new(NO_OTHERS).into())
    }
    fn decision(&self, _: RawRequest<'_>) -> RResult<RawDecisionBox, RawRefusal> {
        RResult::RErr(Refusal::new(NO_OTHERS).into())
    }
}

fn no_host() -> RawHostBox {
    RawHost_TO::from_value(NoHost, TD_Opaque)
}

/// Samples of several channels in one allocation, channel after channel.
///
/// # Panics
/// When the channels have different lengths: a mistake in the test.
pub(super) fn planar(channels: &[&[f32]]) -> Vec<f32> {
    let frames = channels.first().map_or(0, |channel| channel.len());
    assert!(
        channels.iter().all(|channel| channel.len() == frames),
        "all channels of a block have the same length"
    );
    channels.concat()
}

/// The text of a failed call.
pub(super) fn failed(text: &str, status: crate::abi::status::RawStatus) -> Refusal {
    let text = if text.is_empty() {
        status.code.name()
    } else {
        text
    };
    Refusal::with(status.code, text)
}

/// The actions and values that cross the boundary as vectors of its own.
pub(super) fn vector<T>() -> RVec<T> {
    RVec::new()
}
