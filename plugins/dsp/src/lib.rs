//! The kernels of Segue's reference plugins, shared with benches and static programs.
//!
//! In: slices of planar `f32` audio and plain numbers with their unit in the name.
//! Out: slices of audio, or measurements as plain values.
//!
//! Nothing here knows a host or a plugin. Nothing allocates after construction, locks, reads a
//! clock or keeps a thread-local, so every `process` and `feed` may run on the audio thread.
//! Results never depend on how a stream is divided into blocks, to the last bit. Flushing
//! denormals is the caller's part: set the floating-point mode before calling.

#![forbid(unsafe_code)]

pub mod biquad;
pub mod decibel;
pub mod eq;
pub mod gain;
pub mod levels;
pub mod loudness;
pub mod sum;
pub mod true_peak;
