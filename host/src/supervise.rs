//! Supervise: what becomes of a stage that failed.
//!
//! In: what happened, with the stream time at which it did. Out: when a new instance is tried,
//! and when no more. Pure: no clock, no thread; time enters as frames of the stream.

mod life;

pub use life::{Attempts, Event, Life};
