//! Prelude: everything an author's file needs, in one line.

pub use crate::audio::{Audio, Io};
pub use crate::context::Context;
pub use crate::decision::{Actions, DecisionEngine, Observation, Reading};
pub use crate::declare::{
    Better, BlockInvariance, Capabilities, EventDecl, Layout, Layouts, Need, OutputDecl, Per,
    ReadingDecl, RealTime, Reference, SettingDecl, SettingKind, Span,
};
pub use crate::export;
pub use crate::fault::{Fault, Refusal, Status};
pub use crate::observer::{AudioAnalyzer, Heard, QualityMetric, Readings};
pub use crate::params::{Choices, Params, Smoothed};
pub use crate::processor::AudioProcessor;
pub use crate::services::{Host, HostedObserver, HostedProcessor};
pub use crate::setup::{Activation, Format, Mode, Setup, Source, Timing};
pub use crate::state::{StateReader, StateWriter};
