//! Reading: features and readings declared in a line each.
//!
//! In: id, unit and documentation. Out: a `ReadingDecl`, open at both ends, one for the whole
//! signal, neither direction better, unless more is said.

use crate::declare::{Better, Per, ReadingDecl};

impl ReadingDecl {
    /// One value for the whole signal, of any size, neither direction better.
    ///
    /// ```
    /// use segue_plugin::prelude::*;
    ///
    /// const READINGS: &[ReadingDecl] = &[
    ///     ReadingDecl::new("snr_db", "dB", "Signal to noise: 10 lg of signal by noise power.")
    ///         .better(Better::Higher),
    ///     ReadingDecl::new("clipped", "samples", "Samples at full scale.")
    ///         .per_channel()
    ///         .within(0.0, f64::MAX),
    /// ];
    /// assert_eq!(READINGS[1].per, Per::Channel);
    /// ```
    #[must_use]
    pub const fn new(id: &'static str, unit: &'static str, doc: &'static str) -> Self {
        Self {
            id,
            doc,
            unit,
            min: f64::MIN,
            max: f64::MAX,
            per: Per::Signal,
            better: Better::Neither,
        }
    }

    /// The same with one value for each channel.
    #[must_use]
    pub const fn per_channel(self) -> Self {
        Self {
            per: Per::Channel,
            ..self
        }
    }

    /// The same with a least and a greatest value.
    #[must_use]
    pub const fn within(self, min: f64, max: f64) -> Self {
        Self { min, max, ..self }
    }

    /// The same with a better direction.
    #[must_use]
    pub const fn better(self, better: Better) -> Self {
        Self { better, ..self }
    }
}
