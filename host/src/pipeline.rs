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

mod crossfade;
mod delay;
mod engine;
mod fault;
mod feed;
mod network;
mod plan;
mod stage;
mod store;

pub use crossfade::Decay;
pub use delay::DelayLine;
pub use engine::{Engine, Lent, Rings, SIDECHAINS_MAX, StageRecord, Stopped};
pub use fault::{Fault, FaultKind, OnError};
pub use feed::{Chunk, FEED_FRAMES, Feed, Feeds};
pub use network::{Cycle, Network, Source, TapWiring, Wiring};
pub use plan::{DelaySpec, Place, Plan, Step};
pub use stage::{Stage, StageSetup, StageState};
