//! Segue: an audio plugin host that changes its processors while the audio runs.
//!
//! Floors, highest first; a module imports only from floors below its own.

pub mod discovery;
pub mod id;
pub mod resolve;
