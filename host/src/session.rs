//! Session: one run of a pipeline over one stream, from start to stop.
//!
//! In: a checked configuration, the plugins found on disk, an input and an output.
//! Out: the processed stream, events while it runs, and a report.
//!
//! The way of a run: [`Catalogue`] scans and resolves; [`bind`] holds the configuration against
//! the manifests; admission opens the chosen binaries ([`open`], once for all sessions of a
//! pipeline); [`Instances`] are created and activated;
//! the plan of their network becomes an engine; [`run`] moves the stream through it.

mod bind;
mod borders;
mod build;
mod candidacy;
mod candidate;
mod catalogue;
mod changes;
mod conductor;
mod context;
mod control;
mod counters;
mod decision_points;
mod degraded;
mod ended;
mod error;
mod export;
mod generations;
mod ingredients;
mod instance;
mod marks;
mod observers;
mod open;
mod optional;
mod pace;
mod player;
mod request;
mod restart;
mod run;
mod running_stages;
mod stalls;
mod start;
mod subscribers;
mod terms;
mod values;
mod wires;

pub use crate::pipeline::Timed;
pub use crate::process::calls::CallWatch;
pub use bind::{Bindings, Bound, bind, bind_at};
pub use build::Instances;
pub use catalogue::{Catalogue, Choice};
pub use changes::{Applied, Reread};
pub use conductor::control_ends;
pub use ended::Ended;
pub use error::SessionError;
pub use export::process;
pub use open::{Opening, Plugins, open};
pub use optional::choose;
pub use player::Flow;
pub use request::{Company, Request};
pub use run::Pace;
pub use start::{AudioEnd, Embedding, begin};
pub use start::{Input, Outcome, Output, StreamPart, output_key, run};
pub use terms::NonFinite;
