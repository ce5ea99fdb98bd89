//! Testing: run a component without host or library, through the same adapters.
//!
//! In: a type that implements one of the traits. Out: its output for plain vectors of samples.
//! Everything passes through the wire types, so that a test sees what a host will see: blocks
//! cut at parameter changes, panics caught, calls in the wrong state refused.
//!
//! ```
//! use segue_plugin::prelude::*;
//!
//! #[derive(Params)]
//! struct Half;
//!
//! impl AudioProcessor for Half {
//!     fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
//!         audio.map(|_, sample| sample / 2.0);
//!         Ok(Status::Continue)
//!     }
//! }
//!
//! let mut half = segue_plugin::testing::processor::<Half>().mono(48_000).activate()?;
//! assert_eq!(half.process(&[&[1.0, -0.5]])?, [[0.5, -0.25]]);
//! # Ok::<(), Refusal>(())
//! ```

mod builder;
mod decision;
mod observer;
mod processor;

pub use builder::Bench;
pub use decision::DecisionBench;
pub use observer::ObserverBench;
pub use processor::ProcessorBench;

use crate::decision::DecisionEngine;
use crate::observer::{AudioAnalyzer, QualityMetric};
use crate::processor::AudioProcessor;

/// A bench for a processor.
#[must_use]
pub fn processor<T: AudioProcessor>() -> Bench<ProcessorBench<T>> {
    Bench::new()
}

/// A bench for an analyzer.
#[must_use]
pub fn analyzer<T: AudioAnalyzer>() -> Bench<ObserverBench> {
    Bench::with(observer::analyzer::<T>)
}

/// A bench for a metric.
#[must_use]
pub fn metric<T: QualityMetric>() -> Bench<ObserverBench> {
    Bench::with(observer::metric::<T>)
}

/// A bench for a decision engine.
#[must_use]
pub fn decision<T: DecisionEngine>() -> Bench<DecisionBench> {
    Bench::with(decision::open::<T>)
}
