//! The kernels of Segue's reference plugins, shared with benches and static programs.
//!
//! In: slices of planar `f32` audio and plain numbers with their unit in the name.
//! Out: slices of audio, or measurements as plain values.
//!
//! Nothing here knows a host or a plugin. Nothing allocates after construction, locks, reads a
//! clock or keeps a thread-local, so every `process` and `feed` may run on the audio thread.
//! Results never depend on how a stream is divided into blocks, to the last bit. Flushing
//! denormals is the caller's part: set the floating-point mode before calling.
//!
//! ```
//! use segue_dsp::biquad::{Band, Coefficients, Shape};
//! use segue_dsp::eq::Cascade;
//! use segue_dsp::levels::{FullScale, LevelMeter};
//!
//! let band = Band { shape: Shape::HighPass, frequency_hz: 80.0, q: 0.7071 };
//! let mut filter = Cascade::new(&[Coefficients::design(&band, 48_000.0)?])?;
//! let mut block = [0.5; 48_000]; // One second of nothing but offset.
//! filter.process_in_place(&mut block);
//!
//! let mut meter = LevelMeter::new(FullScale::Float);
//! meter.feed(&block[24_000..]);
//! assert!(meter.levels().peak < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod biquad;
pub mod cpu;
pub mod decibel;
pub mod delay;
pub mod dynamics;
pub mod eq;
pub mod fidelity;
pub mod gain;
mod lanes;
pub mod levels;
pub mod loudness;
mod stretch;
pub mod sum;
pub mod true_peak;
