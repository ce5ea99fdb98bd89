//! Built in: components that are linked into the host instead of opened from a library.
//!
//! They go through the same adapters and the same trait objects: only the opening is left out. For
//! hosts with components of their own, for tests and for benches.

use std::sync::Arc;

use crate::decision::DecisionEngine;
use crate::export::{create_analyzer, create_decision, create_metric, create_processor};
use crate::fault::Refusal;
use crate::link::decision::Decision;
use crate::link::library::{Creation, with_setup};
use crate::link::observer::Observer;
use crate::link::processor::Processor;
use crate::link::services::Services;
use crate::observer::{AudioAnalyzer, QualityMetric};
use crate::processor::AudioProcessor;

/// A processor of a type that is linked in.
///
/// # Errors
/// What the component says.
pub fn processor<T: AudioProcessor>(
    creation: &Creation<'_>,
    services: Arc<dyn Services>,
) -> Result<Processor, Refusal> {
    with_setup(creation, services, create_processor::<T>).map(Processor::new)
}

/// An analyzer of a type that is linked in.
///
/// # Errors
/// What the component says.
pub fn analyzer<T: AudioAnalyzer>(
    creation: &Creation<'_>,
    services: Arc<dyn Services>,
) -> Result<Observer, Refusal> {
    with_setup(creation, services, create_analyzer::<T>).map(Observer::new)
}

/// A metric of a type that is linked in.
///
/// # Errors
/// What the component says.
pub fn metric<T: QualityMetric>(
    creation: &Creation<'_>,
    services: Arc<dyn Services>,
) -> Result<Observer, Refusal> {
    with_setup(creation, services, create_metric::<T>).map(Observer::new)
}

/// A decision engine of a type that is linked in.
///
/// # Errors
/// What the component says.
pub fn decision<T: DecisionEngine>(
    creation: &Creation<'_>,
    services: Arc<dyn Services>,
) -> Result<Decision, Refusal> {
    with_setup(creation, services, create_decision::<T>).map(Decision::new)
}
