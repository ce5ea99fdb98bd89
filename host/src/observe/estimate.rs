//! Estimate: what a run was expected to cost and to get wrong, and what it did, as plain values.

use serde::Serialize;

/// What is expected of a stage, or was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageCost {
    /// E: the share of its blocks in which something else was heard in its place, 0 to 1.
    pub error: f64,
    /// T: nanoseconds of processing per second of stream.
    pub ns_per_stream_second: f64,
    /// M: bytes of heap it holds; null where its library is not metered.
    pub held_bytes: Option<f64>,
}

/// A stage's costs before and after.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageEstimate {
    /// From earlier runs, before this one began; null where there were none.
    pub estimated: Option<StageCost>,
    /// In this run; null where no call was timed.
    pub found: Option<StageCost>,
}

/// What is expected of a whole pipeline, or was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TotalCost {
    /// `E_final`: how likely a block was not made by every stage of the pipeline, 0 to 1, as if
    /// stages failed independently of each other.
    pub error: f64,
    /// `T_total`: nanoseconds of processing per second of stream, the host's own among them.
    pub ns_per_stream_second: f64,
    /// `M_peak`: the most memory the process holds, in bytes; null where nobody knows.
    pub peak_memory_bytes: Option<u64>,
}

/// A pipeline's costs before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TotalEstimate {
    /// How many stages were known from earlier runs; only with all of them there is an estimate.
    pub stages_known: u64,
    /// From earlier runs, before this one began.
    pub estimated: Option<TotalCost>,
    /// In this run; null where no block was timed.
    pub found: Option<TotalCost>,
}
