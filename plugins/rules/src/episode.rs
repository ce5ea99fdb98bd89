//! Episode: the life of one breach of a limit.
//!
//! In: where each value stands, and its frame. Out: whether it is time to act.
//!
//! Pure: time comes in as frames of the stream.

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Beyond the limit.
    Beyond,
    /// Within the limit, by less than the hysteresis.
    Between,
    /// Back by the hysteresis or more.
    Back,
}

/// On which side of a limit it is breached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// By values greater than the limit.
    Above,
    /// By values less than the limit.
    Below,
}

impl Side {
    /// Where `value` stands to `limit`; the hysteresis is not negative.
    ///
    /// NaN, no value, is between: it begins nothing and ends nothing.
    pub(crate) fn place(self, value: f64, limit: f64, hysteresis: f64) -> Place {
        let (beyond, back) = match self {
            Self::Above => (value > limit, value <= limit - hysteresis),
            Self::Below => (value < limit, value >= limit + hysteresis),
        };
        match (beyond, back) {
            (true, _) => Place::Beyond,
            (false, true) => Place::Back,
            (false, false) => Place::Between,
        }
    }
}

/// What is known of a limit and the values that it bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Episode {
    /// All is well.
    #[default]
    Calm,
    /// The limit is breached, and nothing was done about it yet.
    Breached {
        /// The frame of the first value beyond the limit.
        since_frame: u64,
    },
    /// It was acted upon; nothing more is done until values are back.
    Done,
}

impl Episode {
    /// The episode after one more value.
    pub(crate) fn after(self, place: Place, frame: u64) -> Self {
        match (self, place) {
            (Self::Calm, Place::Beyond) => Self::Breached { since_frame: frame },
            (Self::Calm, Place::Between | Place::Back) => Self::Calm,
            (Self::Breached { .. } | Self::Done, Place::Beyond | Place::Between) => self,
            (Self::Breached { .. } | Self::Done, Place::Back) => Self::Calm,
        }
    }

    /// Since which frame the limit is breached, if that is long enough ago to act at `frame`.
    pub(crate) fn due(self, frame: u64, hold_frames: u64) -> Option<u64> {
        match self {
            Self::Breached { since_frame } => {
                (frame.saturating_sub(since_frame) >= hold_frames).then_some(since_frame)
            }
            Self::Calm | Self::Done => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Place::{Back, Between, Beyond};

    #[test]
    fn a_value_on_the_limit_is_within_it() {
        let check = |side: Side, value: f64, expected| {
            assert_eq!(side.place(value, -1.0, 0.5), expected, "{side:?} {value}");
        };
        check(Side::Above, -0.9, Beyond);
        check(Side::Above, -1.0, Between);
        check(Side::Above, -1.4, Between);
        check(Side::Above, -1.5, Back);
        check(Side::Below, -1.1, Beyond);
        check(Side::Below, -1.0, Between);
        check(Side::Below, -0.5, Back);
        check(Side::Above, f64::NAN, Between);
        check(Side::Below, f64::NAN, Between);
        assert_eq!(Side::Above.place(3.0, 3.0, 0.0), Back);
        assert_eq!(Side::Below.place(3.0, 3.0, 0.0), Back);
    }

    #[test]
    fn a_breach_lasts_until_values_are_back() {
        let breached = Episode::Breached { since_frame: 5 };
        let check = |from: Episode, place, expected| {
            assert_eq!(from.after(place, 5), expected, "{from:?} {place:?}");
        };
        check(Episode::Calm, Beyond, breached);
        check(Episode::Calm, Between, Episode::Calm);
        check(Episode::Calm, Back, Episode::Calm);
        let earlier = Episode::Breached { since_frame: 1 };
        check(earlier, Beyond, earlier);
        check(earlier, Between, earlier);
        check(earlier, Back, Episode::Calm);
        check(Episode::Done, Beyond, Episode::Done);
        check(Episode::Done, Between, Episode::Done);
        check(Episode::Done, Back, Episode::Calm);
    }
}
