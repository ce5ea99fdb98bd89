//! Panics, faults and breaks promises, wherever it is told to.
//!
//! Left alone, every component behaves: a probe finds nothing, and the pipeline meets the trouble.

mod decision;
mod misbehaves;
mod mortal;
mod observers;
mod panics;
mod trouble;

use segue_plugin::export;

use decision::PanickingDecision;
use misbehaves::Misbehaves;
use mortal::Mortal;
use observers::{PanickingAnalyzer, PanickingMetric};
use panics::Panics;

export! {
    id: "test.faulty",
    components: [
        Panics as "panics",
        Misbehaves as "misbehaves",
        Mortal as "mortal",
        PanickingAnalyzer as "panicking-analyzer",
        PanickingMetric as "panicking-metric",
        PanickingDecision as "panicking-decision",
    ]
}
