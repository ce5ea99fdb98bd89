//! Session: one run of a pipeline over one stream, from start to stop.
//!
//! In: a checked configuration, the plugins found on disk, an input and an output.
//! Out: the processed stream, events while it runs, and a report.
//!
//! The way of a run: [`Catalogue`] scans and resolves; [`bind`] holds the configuration against
//! the manifests; admission opens the chosen binaries ([`open`], once for all sessions of a
//! pipeline); [`Instances`] are created and activated;
//! the plan of their network becomes an engine; [`run`] moves the stream through it.

pub mod batch;
mod bind;
mod borders;
mod build;
mod candidate;
mod cast;
mod catalogue;
mod changes;
mod content;
mod degraded;
mod error;
mod estimate;
mod export;
mod forecast;
mod history;
mod key;
mod machine;
mod observers;
mod open;
mod optional;
mod recipe;
mod restart;
mod run;
mod start;
mod subscribers;
mod takes;
mod values;
mod wires;

pub use crate::pipeline::Timed;
pub use bind::{Bindings, Bound, bind};
pub use build::Instances;
pub use catalogue::{Catalogue, Choice};
pub use changes::{Applied, Reread};
pub use content::Content;
pub use error::SessionError;
pub use export::process;
pub use key::Key;
pub use open::{Opening, Plugins, open};
pub use optional::choose;
pub use run::{Ended, NonFinite, Pace};
pub use start::{Company, Input, Outcome, Output, Part, Request, output_key, run};
