//! Pipeline: blocks into blocks.
//!
//! In: a `Network` of stages and taps, and activated instances. Out: a `Schedule` made by control
//! code, and an `Engine` that runs it block by block; the audio thread runs engines and nothing
//! else.
//!
//! The way of a block: the session lends a stretch of input and of output to
//! [`Engine::process`]; the engine walks the schedule's flat list of steps; each stage reads one
//! place and writes another; what happened is left in counters and in a ring, to be read on the
//! control thread.

mod block;
mod budget;
mod call;
mod candidate;
mod cells;
mod change;
mod decay;
mod delay;
mod engine;
mod exchange;
mod fade_in;
mod failed;
mod fallback;
mod fault;
mod feed;
mod gauges;
mod held_audio;
mod history;
mod loaded_schedule;
mod network;
mod param_events;
mod placed_instance;
mod rings;
mod schedule;
mod stage;
mod stage_event;
mod store;
mod substitute;
mod swapped;
pub mod transition;

pub use block::{Lent, OutputUse, SIDECHAINS_MAX};
pub use budget::{Breach, Budget, BudgetUse};
pub use candidate::{CandidateSetup, Handoff, LatencyGrowth, PlannedFade, StageCandidate};
pub(crate) use cells::Published;
pub use change::{Change, Reschedule, ScheduleFade};
pub use decay::Decay;
pub use delay::DelayLine;
pub use engine::{Engine, Stopped, Timed};
pub use exchange::{Arrival, Departure, SavedState, StateRequest};
pub use fade_in::Fade;
pub use failed::FailedInstance;
pub use fault::{Fault, FaultKind, OnError, failure_kind};
pub use feed::{Chunk, FEED_FRAMES, Feed, Feeds};
pub use gauges::{EngineGauges, OutputValues, StageGauges, StageSound};
pub use history::{History, HistoryFrames, HistoryShape, PastInput, PastOutput};
pub use loaded_schedule::LoadedSchedule;
pub use network::{Cycle, Network, ReadBy, Source, TapWiring, Wiring};
pub use placed_instance::{Occupant, Shape};
pub use rings::{Rings, StageRecord};
pub use schedule::{Gate, LineKey, LineSpec, Origin, Place, Reader, Schedule, Step};
pub use stage::{Stage, StageCounters, StageSetup, StageState};
pub use stage_event::{StageEvent, StageEventKind};
pub(crate) use store::{view, view_mut};
pub use substitute::SubstituteFrames;
pub use swapped::{HandoffRefusal, Progress, Reversal, SwapDone, SwapMethod};
pub use transition::{Floors, Graph, Laid, Refused, Transition, change, in_series, lay, moved};
