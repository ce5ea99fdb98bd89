//! Builder: format, parameters and settings of a component under test.

use std::path::Path;
use std::sync::Arc;

use crate::declare::{Layout, ParamItem};
use crate::fault::Refusal;
use crate::link::{CallStatus, Creation, NoServices, Services, Setting, SettingValue, Start};
use crate::params::index_of;
use crate::setup::{Format, Mode};

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
    pub(super) mode: Mode,
    pub(super) sidechains: Vec<Layout>,
    pub(super) params: Vec<(String, f64)>,
    pub(super) settings: Vec<Setting>,
    /// Id, ids of its readings, channels.
    pub(super) sources: Vec<(String, Vec<String>, usize)>,
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
                mode: Mode::Offline,
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

    /// Sets the longest block that the component is activated for, in frames.
    #[must_use]
    pub fn frames_max(mut self, frames: usize) -> Self {
        self.plan.frames_max = frames as u32;
        self
    }

    /// At the pace of the stream instead of off line.
    #[must_use]
    pub fn real_time(mut self) -> Self {
        self.plan.mode = Mode::RealTime;
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

    /// Gives a setting a text.
    #[must_use]
    pub fn text(self, id: &str, text: &str) -> Self {
        self.setting(id, SettingValue::Text(text.to_owned()))
    }

    /// Gives a setting a path, as it would stand in a file.
    #[must_use]
    pub fn path(self, id: &str, path: &str) -> Self {
        self.setting(id, SettingValue::Path(path.to_owned()))
    }

    /// Gives a setting a whole number.
    #[must_use]
    pub fn integer(self, id: &str, integer: i64) -> Self {
        self.setting(id, SettingValue::Integer(integer))
    }

    /// Gives a setting yes or no.
    #[must_use]
    pub fn boolean(self, id: &str, boolean: bool) -> Self {
        self.setting(id, SettingValue::Boolean(boolean))
    }

    /// Gives a setting a list of texts.
    #[must_use]
    pub fn list(self, id: &str, items: &[&str]) -> Self {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        self.setting(id, SettingValue::List(items))
    }

    /// A tap that a decision engine reads, with the ids of its readings.
    #[must_use]
    pub fn source(mut self, id: &str, readings: &[&str]) -> Self {
        let readings = readings.iter().map(|id| (*id).to_owned()).collect();
        let channels = self.plan.format.layout.channels();
        self.plan.sources.push((id.to_owned(), readings, channels));
        self
    }

    /// Creates and activates the component.
    ///
    /// # Errors
    /// What the component says, and parameters that it does not have.
    pub fn activate(self) -> Result<B, Refusal> {
        (self.open)(&self.plan)
    }

    fn setting(mut self, id: &str, value: SettingValue) -> Self {
        let id = id.to_owned();
        self.plan.settings.push(Setting { id, value });
        self
    }
}

impl Plan {
    /// Creates with this plan's settings and parameters.
    pub(super) fn create<R>(
        &self,
        items: &[ParamItem],
        make: impl FnOnce(&Creation<'_>, Arc<dyn Services>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let index = |(id, value): &(String, f64)| match index_of(items, id) {
            Some(index) => Ok((index, *value)),
            None => Err(Refusal::new(format!("there is no parameter {id}"))),
        };
        let params = self
            .params
            .iter()
            .map(index)
            .collect::<Result<Vec<_>, _>>()?;
        let creation = Creation {
            name: "under-test",
            resource_dir: Some(Path::new(".")),
            settings: &self.settings,
            params: &params,
        };
        make(&creation, Arc::new(NoServices))
    }

    /// What it is activated with.
    pub(super) fn start(&self) -> Start<'_> {
        Start {
            format: self.format,
            frames_max: self.frames_max,
            mode: self.mode,
            sidechains: &self.sidechains,
            sources: &self.sources,
        }
    }
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
pub(super) fn failed(text: &str, status: CallStatus) -> Refusal {
    let text = if text.is_empty() {
        status.code.name()
    } else {
        text
    };
    Refusal::with(status.code, text)
}
