//! Pipeline: blocks into blocks.
//!
//! In: a `Network` of stages and taps, and activated instances. Out: a `Plan` made by control
//! code, and an `Engine` that runs it block by block; the audio thread runs engines and nothing
//! else.
//!
//! The way of a block: the session lends a stretch of input and of output to
//! [`Engine::process`]; the engine walks the plan's flat list of steps; each stage reads one
//! place and writes another; what happened is left in counters and in a ring, to be read on the
//! control thread.

mod budget;
mod change;
mod course;
mod crossfade;
mod delay;
mod engine;
mod events;
mod exchange;
mod fault;
mod feed;
mod history;
mod hold;
mod loaded;
mod network;
mod plan;
mod seat;
mod spare;
mod stage;
mod store;
mod substitute;
mod swapped;
pub mod transition;
mod trial;

pub use budget::{Breach, Budget, BudgetUse};
pub use change::{Change, Passing, Reschedule};
pub use crossfade::{Decay, Fade};
pub use delay::DelayLine;
pub use engine::{Engine, Lent, Rings, SIDECHAINS_MAX, StageRecord, Stopped, Timed};
pub use exchange::{Arrival, Departure, Turn, TurnKind};
pub use fault::{Fault, FaultKind, OnError};
pub use feed::{Chunk, FEED_FRAMES, Feed, Feeds};
pub use history::{History, HistoryShape, PastInput, PastOutput};
pub use loaded::Loaded;
pub use network::{Cycle, Network, Source, TapWiring, Wiring};
pub use plan::{DelaySpec, Place, Plan, Step};
pub use seat::{Occupant, Shape};
pub use stage::{OutputUse, Stage, StageSetup, StageState};
pub use substitute::SubstituteFrames;
pub use swapped::{HandoffRefusal, Progress, Reversal, SwapDone, TakenOver};
pub use transition::{
    Floors, Gate, Graph, Laid, LineKey, LineSpec, Origin, Reader, Refused, Schedule, Transition,
    change, lay, moved,
};
pub use trial::{Growth, Handoff, Takeover, Trial, TrialSetup};
