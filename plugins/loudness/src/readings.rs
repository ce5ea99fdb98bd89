//! Readings: what the metric gives, and in which order.
//!
//! In: what the meter knows. Out: declared readings set, those that are not known yet left out.
//!
//! Source: ITU-R BS.1770-5 (weighting, gating, true peak), EBU Tech 3341 (momentary, short-term,
//! maxima), EBU Tech 3342 (range).

use segue_dsp::decibel::{SILENCE_DB, at_least_silence};
use segue_dsp::loudness::{Loudness, PeakLevels};
use segue_plugin::prelude::*;

/// The declared readings. No direction is better: a programme has a target, not a limit.
pub(crate) const READINGS: [ReadingDecl; 10] = [
    lufs(
        "momentary_lufs",
        "Loudness of the last 400 ms; BS.1770-5, EBU Tech 3341.",
    ),
    lufs(
        "short_term_lufs",
        "Loudness of the last 3 s; BS.1770-5, EBU Tech 3341.",
    ),
    lufs(
        "integrated_lufs",
        "Gated loudness of the programme so far; BS.1770-5, Annex 1. No value while nothing is \
         louder than -70 LUFS.",
    ),
    ReadingDecl::new(
        "range_lu",
        "LU",
        "Loudness range of the programme so far; EBU Tech 3342. It means little in the first \
         minute.",
    )
    .within(0.0, f64::MAX),
    lufs(
        "momentary_max_lufs",
        "The largest momentary loudness so far; EBU Tech 3341.",
    ),
    lufs(
        "short_term_max_lufs",
        "The largest short-term loudness so far; EBU Tech 3341.",
    ),
    peak(
        "true_peak_dbtp",
        "dBTP",
        "True peak of all channels: of the last 100 ms, at the end of the whole stream; \
         BS.1770-5, Annex 2.",
    ),
    peak(
        "sample_peak_dbfs",
        "dBFS",
        "The largest sample of all channels: of the last 100 ms, at the end of the whole stream.",
    ),
    peak(
        "true_peak_max_dbtp",
        "dBTP",
        "True peak of all channels so far; BS.1770-5, Annex 2.",
    ),
    peak(
        "channel_true_peak_dbtp",
        "dBTP",
        "True peak of each channel: of the last 100 ms, at the end of the whole stream; \
         BS.1770-5, Annex 2.",
    )
    .per_channel(),
];

const MOMENTARY: usize = 0;
const SHORT_TERM: usize = 1;
const INTEGRATED: usize = 2;
const RANGE: usize = 3;
const MOMENTARY_MAX: usize = 4;
const SHORT_TERM_MAX: usize = 5;
const TRUE_PEAK: usize = 6;
const SAMPLE_PEAK: usize = 7;
const TRUE_PEAK_MAX: usize = 8;
const CHANNEL_TRUE_PEAK: usize = 9;

/// What of the programme was heard in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) momentary: bool,
    pub(crate) short_term: bool,
}

impl Heard {
    /// After so many frames: 400 ms make a momentary value, 3 s a short-term one.
    pub(crate) fn of(frames: u64, sample_rate_hz: u32) -> Self {
        let rate = u64::from(sample_rate_hz);
        Self {
            momentary: frames * 10 >= rate * 4,
            short_term: frames >= rate * 3,
        }
    }
}

/// Sets the loudness of this moment.
pub(crate) fn write_moment(readings: &mut Readings<'_>, loudness: &Loudness, heard: Heard) {
    if heard.momentary {
        readings.set(MOMENTARY, at_least_silence(loudness.momentary_lufs));
    }
    if heard.short_term {
        readings.set(SHORT_TERM, at_least_silence(loudness.short_term_lufs));
    }
}

/// Sets what is known of the programme as a whole.
pub(crate) fn write_programme(readings: &mut Readings<'_>, loudness: &Loudness, heard: Heard) {
    if loudness.integrated_lufs.is_finite() {
        readings.set(INTEGRATED, loudness.integrated_lufs);
    }
    if heard.momentary {
        readings.set(MOMENTARY_MAX, at_least_silence(loudness.momentary_max_lufs));
    }
    if heard.short_term {
        readings.set(RANGE, loudness.range_lu);
        readings.set(
            SHORT_TERM_MAX,
            at_least_silence(loudness.short_term_max_lufs),
        );
    }
    readings.set(TRUE_PEAK_MAX, at_least_silence(loudness.true_peak_dbtp));
}

/// Sets the peaks of a stretch, channel by channel.
pub(crate) fn write_peaks(readings: &mut Readings<'_>, peaks: impl Iterator<Item = PeakLevels>) {
    let (mut true_peak_dbtp, mut sample_peak_dbfs) = (SILENCE_DB, SILENCE_DB);
    for (channel, peaks) in peaks.enumerate() {
        let channel_dbtp = at_least_silence(peaks.true_peak_dbtp);
        readings.set_channel(CHANNEL_TRUE_PEAK, channel, channel_dbtp);
        true_peak_dbtp = true_peak_dbtp.max(channel_dbtp);
        sample_peak_dbfs = sample_peak_dbfs.max(peaks.sample_peak_dbfs);
    }
    readings.set(TRUE_PEAK, true_peak_dbtp);
    readings.set(SAMPLE_PEAK, sample_peak_dbfs);
}

const fn lufs(id: &'static str, doc: &'static str) -> ReadingDecl {
    ReadingDecl::new(id, "LUFS", doc).within(SILENCE_DB, f64::MAX)
}

const fn peak(id: &'static str, unit: &'static str, doc: &'static str) -> ReadingDecl {
    ReadingDecl::new(id, unit, doc).within(SILENCE_DB, f64::MAX)
}
