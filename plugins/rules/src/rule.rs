//! Rule: one limit of one reading, wherever a source has that reading.
//!
//! In: the readings of all sources. Out: the episodes of each, and the sentence about a breach.

use crate::episode::{Episode, Place, Side};
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
    watched: Vec<Watched>,
    /// Whether people were told that the limit was set live and has no reading.
    pub(crate) told_missing: bool,
}

/// The reading in one source.
#[derive(Clone, Debug)]
struct Watched {
    source: usize,
    source_id: String,
    reading: usize,
    /// One for each channel; a reading of the whole signal uses the first.
    episodes: Vec<Episode>,
    /// Whether the reading has a value per channel, as its values have shown.
    per_channel: bool,
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

    /// Whether no source has its reading.
    pub(crate) fn is_blind(&self) -> bool {
        self.watched.is_empty()
    }

    /// Learns whether the reading has a value per channel, before anything is said about one.
    pub(crate) fn learn_channels(&mut self, at: &Reading) {
        if let Some(watched) = find(&mut self.watched, at) {
            watched.per_channel |= at.channel > 0;
        }
    }

    /// Takes one value; returns the sentence about a breach that it is time to act upon.
    pub(crate) fn observe(&mut self, at: &Reading, bounds: &Bounds) -> Option<String> {
        let limit = self.limit;
        let watched = find(&mut self.watched, at)?;
        let episode = watched.episodes.get_mut(at.channel)?;
        let place = bounds.place(limit, at.value);
        *episode = episode.after(place, at.position_frames);
        let since_frame = episode.due(at.position_frames, bounds.hold_frames)?;
        let (Place::Beyond, Some(limit_value)) = (place, bounds.limit) else {
            return None;
        };
        let breach = Breach {
            source: &watched.source_id,
            reading: &self.reading,
            channel: watched.per_channel.then_some(at.channel),
            value: at.value,
            frame: at.position_frames,
            limit,
            limit_value,
            since_frame,
        };
        Some(breach.sentence())
    }

    /// Remembers that what `observe` said was acted upon.
    pub(crate) fn acted(&mut self, at: &Reading) {
        let watched = find(&mut self.watched, at);
        if let Some(episode) = watched.and_then(|watched| watched.episodes.get_mut(at.channel)) {
            *episode = Episode::Done;
        }
    }

    /// Forgets every breach.
    pub(crate) fn reset(&mut self) {
        for watched in &mut self.watched {
            watched.episodes.fill(Episode::Calm);
        }
    }
}

/// What a rule holds its reading to at the moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// `None` where the limit is off.
    pub(crate) limit: Option<f64>,
    pub(crate) hysteresis: f64,
    pub(crate) hold_frames: u64,
}

impl Bounds {
    fn place(&self, limit: Limit, value: f64) -> Place {
        match self.limit {
            Some(bound) => limit.side().place(value, bound, self.hysteresis),
            None => Place::Back,
        }
    }
}

/// A breach, as people are told about it.
#[derive(Clone, Copy, Debug)]
struct Breach<'a> {
    source: &'a str,
    reading: &'a str,
    channel: Option<usize>,
    value: f64,
    frame: u64,
    limit: Limit,
    limit_value: f64,
    since_frame: u64,
}

impl Breach<'_> {
    /// The sentence: which reading, its value, its limit, since when.
    fn sentence(&self) -> String {
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

/// Where the value comes from, if it is one of the reading that is watched.
fn find<'a>(watched: &'a mut [Watched], at: &Reading) -> Option<&'a mut Watched> {
    let found =
        |watched: &&mut Watched| watched.source == at.source && watched.reading == at.reading;
    watched.iter_mut().find(found)
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
