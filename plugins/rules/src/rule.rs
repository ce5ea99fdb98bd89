//! Rule: one limit of one reading, wherever a source has that reading.
//!
//! In: the readings of all sources. Out: the episodes of each, and the sentence about a breach.

use crate::episode::{Episode, Side};
use segue_plugin::prelude::*;

/// The limits that there are, by the parameters that hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    PeakMax,
    LoudnessMax,
    LoudnessMin,
    ClippedMax,
    Above,
    Below,
}

impl Limit {
    pub(crate) const ALL: [Self; 6] = [
        Self::PeakMax,
        Self::LoudnessMax,
        Self::LoudnessMin,
        Self::ClippedMax,
        Self::Above,
        Self::Below,
    ];

    /// The parameter that holds it.
    pub(crate) const fn param(self) -> &'static str {
        match self {
            Self::PeakMax => "peak_max_dbtp",
            Self::LoudnessMax => "loudness_max_lufs",
            Self::LoudnessMin => "loudness_min_lufs",
            Self::ClippedMax => "clipped_max",
            Self::Above => "above",
            Self::Below => "below",
        }
    }

    /// The reading that it bounds; `None` for the one that the setting `reading` names.
    pub(crate) const fn reading(self) -> Option<&'static str> {
        match self {
            Self::PeakMax => Some("true_peak_dbtp"),
            Self::LoudnessMax | Self::LoudnessMin => Some("short_term_lufs"),
            Self::ClippedMax => Some("clipped_samples"),
            Self::Above | Self::Below => None,
        }
    }

    pub(crate) const fn side(self) -> Side {
        match self {
            Self::PeakMax | Self::LoudnessMax | Self::ClippedMax | Self::Above => Side::Above,
            Self::LoudnessMin | Self::Below => Side::Below,
        }
    }
}

/// A limit, and where its reading comes from.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) limit: Limit,
    /// The reading's id; empty where the setting `reading` names none.
    pub(crate) reading: String,
    pub(crate) watched: Vec<Watched>,
    /// Whether people were told that the limit was set live and has no reading.
    pub(crate) told_missing: bool,
}

/// The reading in one source.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) source: usize,
    pub(crate) source_id: String,
    pub(crate) reading: usize,
    /// One for each channel; a reading of the whole signal uses the first.
    pub(crate) episodes: Vec<Episode>,
    /// Whether the reading has a value per channel, as its values have shown.
    pub(crate) per_channel: bool,
}

impl Rule {
    /// The rule of a limit, in every source that has its reading.
    pub(crate) fn new(limit: Limit, named: &str, activation: &Activation<'_>) -> Self {
        let reading = limit.reading().unwrap_or(named);
        let watched = |(source, at): (usize, Source<'_>)| {
            let found = at.readings().position(|id| id == reading)?;
            Some(Watched {
                source,
                source_id: at.id().to_owned(),
                reading: found,
                episodes: vec![Episode::Calm; at.channels().max(1)],
                per_channel: false,
            })
        };
        Self {
            limit,
            reading: reading.to_owned(),
            watched: activation
                .sources()
                .enumerate()
                .filter_map(watched)
                .collect(),
            told_missing: false,
        }
    }

    /// Where the reading comes from, if it is this rule's.
    pub(crate) fn watched(&mut self, source: usize, reading: usize) -> Option<&mut Watched> {
        let found = |watched: &&mut Watched| watched.source == source && watched.reading == reading;
        self.watched.iter_mut().find(found)
    }
}

/// A breach, as people are told about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breach<'a> {
    pub(crate) source: &'a str,
    pub(crate) reading: &'a str,
    pub(crate) channel: Option<usize>,
    pub(crate) value: f64,
    pub(crate) frame: u64,
    pub(crate) limit: Limit,
    pub(crate) limit_value: f64,
    pub(crate) since_frame: u64,
}

impl Breach<'_> {
    /// The sentence: which reading, its value, its limit, since when.
    pub(crate) fn sentence(&self) -> String {
        let Self {
            source,
            reading,
            frame,
            since_frame,
            ..
        } = self;
        let channel = self
            .channel
            .map_or(String::new(), |at| format!(" of channel {}", at + 1));
        let side = match self.limit.side() {
            Side::Above => "above",
            Side::Below => "below",
        };
        // A general rule is named by what it does: "above 12", not "above above = 12".
        let limit = match self.limit.reading() {
            Some(_) => format!("{} = {}", self.limit.param(), number(self.limit_value)),
            None => number(self.limit_value),
        };
        let value = number(self.value);
        format!(
            "{source}: {reading}{channel} is {value} at frame {frame}, {side} {limit} since frame \
             {since_frame}"
        )
    }
}

/// A number with as many digits as people read.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.001 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.3}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_people_read() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-0.9, "-0.9"),
            (1e9, "1000000000"),
            (-23.04, "-23.04"),
            (0.123_456, "0.123"),
            (-0.000_012_3, "-1.23e-5"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
