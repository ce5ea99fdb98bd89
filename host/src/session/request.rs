//! Request: what a session is asked to do.
//!
//! In: nothing. Out: the words in which a caller asks for a session.

use std::sync::Arc;
use std::time::Instant;

use segue_media::io::Stop;

use crate::config::model::Config;
use crate::observe::{EventSink, Pace};
use crate::pipeline::Timed as TimedBlocks;
use crate::process::calls::CallWatch;
use crate::provenance::Content;
use crate::session::changes::{Applied, Reread};
use crate::session::open::Plugins;
use crate::session::start::{Input, Output};
use crate::session::terms::NonFinite;
use crate::swap::ask::{Requests, Timed};

/// What a run is asked to do.
pub struct Request {
    /// The pipeline that runs.
    pub config: Arc<Config>,
    /// Its plugins, shared with every other session of it.
    pub plugins: Arc<Plugins>,
    /// What comes in: a file, a pipe, or generated noise.
    pub input: Input,
    /// Where it goes; `None` is nowhere: the pipeline is measured only.
    pub output: Option<Output>,
    /// The content of the input, where keys are wanted; it is read ahead of the run.
    pub content: Option<Content>,
    /// Whether other sessions use the same libraries.
    pub company: Company,
    /// Whether the run keeps the pace of the stream or goes as fast as it can.
    pub pace: Pace,
    /// Which blocks are timed; at the pace of the stream all of them may be.
    pub timed: TimedBlocks,
    /// What to do about samples that are not finite.
    pub non_finite: NonFinite,
    /// Receives what happens: progress, failures, readings, receipts. Never called by the audio
    /// end.
    pub events: Arc<dyn EventSink>,
    /// Raised to a signal's number when the run has to end.
    pub stop: Stop,
    /// When the process started: how long the first block took is counted from there.
    pub born: Instant,
    /// What is asked of it while it runs, if anybody can ask.
    pub requests: Option<Requests>,
    /// What is to change at places of the stream.
    pub timeline: Vec<Timed>,
    /// How its configuration is read again; `None` where there is no file.
    pub reread: Option<Reread>,
    /// Who is told when its configuration becomes another.
    pub applied: Option<Applied>,
    /// Where others see which stage its thread is calling.
    pub watch: CallWatch,
}

impl Request {
    /// Where the output goes, as people know it; empty where it goes nowhere.
    pub(super) fn output_path(&self) -> String {
        let output = self.output.as_ref();
        output.map_or_else(String::new, |output| output.path.display().to_string())
    }
}

/// Whether other sessions use the same libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// None does: what libraries took and did belongs to this session.
    Alone,
    /// Some do: what libraries took and did is told once for all, by [`Plugins::generations`].
    Shared,
}
