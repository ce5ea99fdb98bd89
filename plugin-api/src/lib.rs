//! Write audio plugins for the Segue host: four traits, one macro, a stable ABI.
//!
//! A plugin is a crate of type `cdylib` with one or more components. What a component does is
//! one of four traits: [`AudioProcessor`], [`AudioAnalyzer`], [`QualityMetric`],
//! [`DecisionEngine`]. [`export!`] makes the crate a plugin: it writes the manifest into a
//! section of the library at compile time and adapts the traits to the [ABI](abi).
//!
//! ```
//! use segue_plugin::prelude::*;
//!
//! /// Warmth from a tube: a soft curve behind a gain.
//! #[derive(Params)]
//! struct Tube {
//!     /// Gain before the curve.
//!     #[param(unit = "dB", range = 0.0..=24.0, default = 6.0, smooth_ms = 10.0)]
//!     drive_db: Smoothed,
//! }
//!
//! impl AudioProcessor for Tube {
//!     fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
//!         let drive = self.drive_db.gains(context); // one linear gain per frame
//!         audio.map(|frame, sample| (sample * drive[frame]).tanh());
//!         Ok(Status::Continue)
//!     }
//! }
//!
//! let mut tube = segue_plugin::testing::processor::<Tube>().mono(48_000).activate()?;
//! let out = tube.process(&[&[0.0, 0.1]])?;
//! assert_eq!(out[0][0], 0.0);
//! assert!((out[0][1] - (0.1f32 * 1.995).tanh()).abs() < 1e-3);
//! # Ok::<(), Refusal>(())
//! ```
//!
//! Nothing an author writes needs `unsafe`, and nothing of the host's source. A plugin built once
//! loads in every host of the same ABI major, whatever compiler built either.
//!
//! [`AudioProcessor`]: processor::AudioProcessor
//! [`AudioAnalyzer`]: observer::AudioAnalyzer
//! [`QualityMetric`]: observer::QualityMetric
//! [`DecisionEngine`]: decision::DecisionEngine

// The derive macros name this crate; its own tests and examples are within it.
extern crate self as segue_plugin;

pub mod abi;
pub mod audio;
pub mod context;
pub mod decision;
pub mod declare;
#[macro_use]
pub mod export;
pub mod fault;
mod format;
pub mod layout;
pub mod link;
pub mod manifest;
pub mod observer;
pub mod params;
pub mod prelude;
pub mod processor;
pub mod services;
pub mod setup;
pub mod state;
pub mod testing;
