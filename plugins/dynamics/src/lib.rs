//! The dynamics plugin: a compressor, a gate and a look-ahead true-peak limiter.
//!
//! In: any channels; compressor and gate also a key, the first of their sidechains, which is
//! listened to instead of the signal. Out: the same channels times gains, the limiter's late by
//! its look-ahead. `segue_dsp::dynamics` has the formulas and their sources.
//!
//! **Changes.** Thresholds, ratios, gains and shares glide over 20 ms. Other times of compressor and
//! gate are faded to over 20 ms: a long release that became 0 at once would let go of all it holds
//! in one frame (`times`). The hold of a gate takes effect at once, which decides when it closes and not
//! how; so does the limiter's release, since its gain is a mean over the look-ahead in any case.
//! Another detector of a compressor is another level, which attack and release take it to. The
//! look-ahead decides the latency and changes with a new instance only.

#![deny(unsafe_code)]

mod common;
mod compressor;
mod gate;
mod limiter;
mod times;

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
