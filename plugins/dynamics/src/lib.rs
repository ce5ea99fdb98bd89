//! The dynamics plugin: a compressor, a gate and a look-ahead true-peak limiter.
//!
//! In: any channels; compressor and gate also a key, the first of their sidechains, which is
//! listened to instead of the signal. Out: the same channels times gains, the limiter's late by
//! its look-ahead. `segue_dsp::dynamics` has the formulas and their sources.
//!
//! **Changes.** Thresholds, ratios, gains and shares glide over 20 ms. Times take effect at once,
//! which makes no step: what they smooth goes on from where it is. The look-ahead decides the
//! latency and changes with a new instance only.

#![deny(unsafe_code)]

mod common;
mod compressor;
mod gate;
mod limiter;

use compressor::Compressor;
use gate::Gate;
use limiter::Limiter;
use segue_plugin::prelude::*;

export! {
    id: "segue.dynamics",
    name: "Dynamics",
    components: [Compressor as "compressor", Gate as "gate", Limiter as "limiter"],
}

#[cfg(test)]
mod tests;
