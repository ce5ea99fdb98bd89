//! Generations: what a report says of an open library.
//!
//! In: a generation. Out: plain values.

use crate::loading::Generation;
use crate::observe::GenerationReport;

/// What one library costs and did.
pub(super) fn generation(generation: &Generation) -> GenerationReport {
    let usage = generation.usage();
    GenerationReport {
        plugin: usage.plugin,
        version: usage.version,
        hash: usage.hash.to_string(),
        size_bytes: usage.size_bytes,
        heap_peak_bytes: usage.heap.map(|heap| heap.peak_bytes),
        panics: usage.panics,
        logs_dropped: usage.logs_dropped,
    }
}
