//! Event: something that happened while a session ran, told at once.

use serde::{Deserialize, Serialize};

use crate::observe::priority::PriorityReport;
use crate::observe::receipt::Receipt;
use crate::observe::stall::StallSide;

/// What a session tells while it runs. Positions are stream time, in frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A plugin was probed, which takes a moment the first time.
    Probed {
        /// The plugin with its version.
        plugin: String,
    },
    /// The session begins.
    Started {
        /// How many frames will come, where the input says so.
        frames: Option<u64>,
        /// Frames per second.
        sample_rate_hz: u32,
    },
    /// So many frames are done.
    Progress {
        /// Frames of the input processed so far.
        frames: u64,
    },
    /// A stage failed; what its `on_error` says is heard.
    Fault {
        /// The stage.
        stage: String,
        /// Where.
        position_frames: u64,
        /// What it said.
        text: String,
    },
    /// The fallback of a stage failed and is not asked again.
    FallbackFault {
        /// The stage.
        stage: String,
        /// Where.
        position_frames: u64,
        /// What it said.
        text: String,
    },
    /// A new instance of a stage that had failed is heard.
    Returned {
        /// The stage.
        stage: String,
        /// Where it is heard alone.
        position_frames: u64,
    },
    /// A change of the running pipeline came to its end.
    Changed {
        /// How it went.
        receipt: Box<Receipt>,
    },
    /// A tap or a decision failed and is not asked again.
    ObserverFault {
        /// The tap or decision.
        id: String,
        /// Where.
        position_frames: u64,
        /// What it said.
        text: String,
    },
    /// A plugin left a note from `process`.
    Note {
        /// The stage.
        stage: String,
        /// Where.
        position_frames: u64,
        /// Its text.
        text: String,
        /// Its number.
        #[cfg_attr(test, schemars(with = "Option<f64>"))]
        value: f64,
    },
    /// A decision engine wants people to know something.
    Alert {
        /// The decision.
        decide: String,
        /// Where.
        position_frames: u64,
        /// Why.
        reason: String,
    },
    /// Whether the thread that keeps the pace of the stream has real-time priority.
    Priority {
        /// What became of the wish.
        report: PriorityReport,
    },
    /// The stream, which is to go on at its own pace, does not.
    StallBegan {
        /// Who is waited for.
        side: StallSide,
        /// Since when, as RFC 3339 in UTC.
        since: String,
        /// The first frame that is late.
        position_frames: u64,
    },
    /// It goes on, at its pace.
    StallEnded {
        /// Who was waited for.
        side: StallSide,
        /// How late that frame was.
        lasted_ns: u64,
        /// The first frame that was late.
        position_frames: u64,
    },
    /// Something about the input or output that people should know.
    Notice {
        /// The sentence.
        text: String,
    },
    /// A follower of the control socket read too slowly: so many events are missing before the next.
    Dropped {
        /// How many.
        count: u64,
    },
    /// The session is over.
    Finished {
        /// Frames processed.
        frames: u64,
    },
}

/// Who is told. Called on the session's own threads, never on the audio thread.
pub trait EventSink: Send + Sync {
    /// Takes one event; must not block for long.
    fn event(&self, event: Event);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy)]
pub struct NoSink;

impl EventSink for NoSink {
    fn event(&self, _: Event) {}
}
