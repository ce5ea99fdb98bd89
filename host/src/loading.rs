//! Loading: from a file in the private store to a checked generation, and from it to instances.
//!
//! In: a path that admission approved, with the hash and the manifest found there.
//! Out: a `Generation`, opened once in this process and never closed, and instances made from it,
//! or one sentence about what does not fit.
//!
//! The only module that opens libraries.

mod deadline;
mod error;
pub mod exercise;
mod generation;
pub mod meter;
mod opening;
mod services;

#[cfg(test)]
pub(crate) use deadline::starved;
pub use deadline::{CREATE_DEADLINE, Missed, Pending, begin, begin_with, within};
pub use error::LoadError;
pub use generation::{Approved, Generation, GenerationUse, resident};
pub use opening::open_in_time;
pub use services::Providers;

/// Holds every lock of this module while `body` runs, for tests that show that the audio thread
/// takes none.
#[doc(hidden)]
pub fn with_all_locks<R>(body: impl FnOnce() -> R) -> R {
    generation::with_lock(|| meter::with_lock(body))
}
