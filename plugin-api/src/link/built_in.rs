//! Built in: components that are linked into the host instead of opened from a library.
//!
//! They go through the same adapters and the same trait objects: only the opening is left out. For
//! hosts with components of their own, for tests and for benches.

use std::sync::Arc;

use crate::export::create_processor;
use crate::fault::Refusal;
use crate::link::library::{Creation, with_setup};
use crate::link::processor::Processor;
use crate::link::services::Services;
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
