//! Export: from the traits that authors write to the objects that cross the boundary.
//!
//! In: types that implement the SDK's traits, and the words of `export!`.
//! Out: a manifest in its section, the header symbol, and adapters in which nothing unwinds.
//!
//! Authors use [`export!`](crate::export!) alone; the rest is public because macros need it.

#![expect(
    unsafe_code,
    reason = "drops in place after a caught panic, and a global allocator that counts"
)]

mod component;
mod decision;
mod guard;
mod heap;
mod hooks;
mod log;
#[macro_use]
mod macros;
mod observer;
mod plugin;
mod processor;

pub use component::{Component, Factory, OfAnalyzer, OfDecision, OfMetric, OfProcessor, named};
pub use heap::Meter;
pub use plugin::{Plugin, root};

pub(crate) use component::{create_analyzer, create_decision, create_metric, create_processor};
