//! The delay plugin: what was heard before, on purpose.
//!
//! `delay` repeats its input some time later, once or over and over; it is an effect, so it has no
//! latency. `latency` hands its input on later and reports that it does, so the host takes the
//! time out again: with it a branch is aligned with another by hand, or a pipeline's own alignment
//! is put to the test. Both take any channels, each for itself.
//!
//! **Memory.** Past samples are held in rings made at activation, four bytes a sample and at most
//! 64 MiB for all channels of an instance; what would need more is refused.

#![deny(unsafe_code)]

mod echo;
mod latency;
mod memory;
mod taps;

use echo::Echo;
use latency::Latency;
use segue_plugin::prelude::*;

export! {
    id: "segue.delay",
    name: "Delay",
    components: [Echo as "delay", Latency as "latency"]
}

#[cfg(test)]
mod tests;
