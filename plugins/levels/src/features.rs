//! Features: what the meter gives, and in which order.
//!
//! In: the levels of one channel. Out: one number for each declared feature.
//!
//! Source: Python's `audioop` for all plain figures (`segue_dsp::levels` says how exactly they
//! agree); IEC 60027-3 for levels in dB, 20 lg of the plain figure.

use segue_dsp::decibel::{SILENCE_DB, at_least_silence, db_from_amplitude};
use segue_dsp::levels::Levels;
use segue_plugin::prelude::*;

/// Every feature has one value per channel. Their order is that of [`values`].
pub(crate) const FEATURES: [ReadingDecl; 12] = [
    plain(
        "peak",
        "The largest magnitude, full scale 1; `audioop.max`.",
    ),
    level(
        "peak_dbfs",
        "The largest magnitude in dB of full scale: 20 lg peak. Silence reads -200.",
    ),
    plain(
        "rms",
        "The root of the mean square, full scale 1; `audioop.rms` without the rounding of its own sum.",
    ),
    level(
        "rms_dbfs",
        "RMS in dB of full scale: 20 lg rms. A full-scale square wave is 0, a sine -3.01. \
         Silence reads -200.",
    ),
    signed(
        "average",
        "The mean of all samples, full scale 1; `audioop.avg`.",
    ),
    level(
        "dc_dbfs",
        "The DC offset in dB of full scale: 20 lg of the average's magnitude. None reads -200.",
    ),
    signed(
        "minimum",
        "The smallest sample, full scale 1; the first of `audioop.minmax`.",
    ),
    signed(
        "maximum",
        "The largest sample, full scale 1; the second of `audioop.minmax`.",
    ),
    plain(
        "peak_to_peak_max",
        "The largest step between neighbouring extremes, full scale 1, so up to 2; \
         `audioop.maxpp`.",
    ),
    plain(
        "peak_to_peak_average",
        "The mean step between neighbouring extremes, full scale 1; `audioop.avgpp`.",
    ),
    count(
        "zero_crossings",
        "",
        "How often a sample is negative and its neighbour is not; `audioop.cross`.",
    ),
    count(
        "clipped_samples",
        "samples",
        "Samples at full scale or beyond; the setting `source_bits` says where that is.",
    ),
];

/// The values of one channel in the order of [`FEATURES`]. NaN, no value, before the first frame.
pub(crate) fn values(levels: &Levels) -> [f64; FEATURES.len()] {
    if levels.frames == 0 {
        return [f64::NAN; FEATURES.len()];
    }
    let level_db = |amplitude| at_least_silence(db_from_amplitude(amplitude));
    [
        levels.peak,
        level_db(levels.peak),
        levels.rms,
        level_db(levels.rms),
        levels.average,
        level_db(levels.average),
        levels.minimum,
        levels.maximum,
        levels.peak_to_peak_max,
        levels.peak_to_peak_average,
        levels.zero_crossings as f64,
        levels.clipped_samples as f64,
    ]
}

const fn signed(id: &'static str, doc: &'static str) -> ReadingDecl {
    ReadingDecl::new(id, "", doc).per_channel()
}

const fn plain(id: &'static str, doc: &'static str) -> ReadingDecl {
    count(id, "", doc)
}

const fn count(id: &'static str, unit: &'static str, doc: &'static str) -> ReadingDecl {
    ReadingDecl::new(id, unit, doc)
        .per_channel()
        .within(0.0, f64::MAX)
}

const fn level(id: &'static str, doc: &'static str) -> ReadingDecl {
    ReadingDecl::new(id, "dBFS", doc)
        .per_channel()
        .within(SILENCE_DB, f64::MAX)
}
