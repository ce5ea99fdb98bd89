//! Dynamics: gains that follow the level of a signal.
//!
//! In: a key, which is the signal itself or another one, and what to do about its level.
//! Out: a gain for every frame, and the signal times it.
//!
//! Source: D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range Compressor Design - A
//! Tutorial and Analysis", Journal of the AES 60(6), 2012: feed-forward, in decibels, the level
//! goes through the static curve first and the reduction that comes out of it is smoothed. The
//! smoothing is their decoupled peak detector (equation 16) with one change: its second stage
//! smooths one direction only, so that attack and release are each exactly one pole and do not
//! add up. With x the reduction that the curve asks for, in a compressor:
//!
//! ```text
//! held     = max(x, keep_release held + (1 - keep_release) x)
//! smoothed = min(held, keep_attack smoothed + (1 - keep_attack) held)
//! keep     = exp(-1 / (time * sample rate))
//! ```
//!
//! A time is thus that of 63 % of the way in dB. The first stage spans the zero crossings of a
//! tone: over it the reduction stays within release's fall of half a period from the curve.
//!
//! Levels and gains are worked out for a register of frames at a time; only the recurrences run
//! frame by frame, in `f64`, where a slow release still moves at high sample rates. The division
//! into blocks changes no bit. Levels of vector instructions agree within 0.001 dB.
//!
//! **Huge numbers.** Whatever finite samples come, gains are finite and what comes out is finite.

mod ballistics;
mod chunk;
mod compressor;
mod gate;
mod limiter;
mod math;
mod state;
mod window;

pub use ballistics::Times;
pub use chunk::Control;
pub use compressor::{Compressor, CompressorControls, Detection};
pub use gate::{Gate, GateControls};
pub use limiter::{Limiter, LimiterShape, Peaks};
pub use state::{StateError, StateSink, StateSource};

/// The longest time of an attack, a release or an average, in ms: beyond it is a mistake.
pub const TIME_MS_MAX: f64 = 60_000.0;
