//! Speaker: how much a channel counts, by where its loudspeaker stands.
//!
//! In: the speaker positions of a layout. Out: a weight for each channel.
//!
//! Source: ITU-R BS.1770-5, Annex 1, table 3 (5.1 channels) and Annex 3 (any position): 1.41 for
//! speakers within 30 degrees of the listener's height and 60 to 120 degrees to the side, 1.0 for
//! all others, and low-frequency effects not at all.

/// How much the energy of a channel counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelWeight {
    /// As it is.
    Full,
    /// 1.41 times, about +1.5 dB: surround speakers at the sides.
    Surround,
    /// Not at all: low-frequency effects.
    Excluded,
}

/// A speaker position, in the order of WAVEFORMATEXTENSIBLE, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of the format and say it all"
)]
pub enum Speaker {
    FrontLeft,
    FrontRight,
    FrontCenter,
    LowFrequency,
    BackLeft,
    BackRight,
    FrontLeftOfCenter,
    FrontRightOfCenter,
    BackCenter,
    SideLeft,
    SideRight,
    TopCenter,
    TopFrontLeft,
    TopFrontCenter,
    TopFrontRight,
    TopBackLeft,
    TopBackCenter,
    TopBackRight,
    /// No position is known.
    Discrete,
}

impl ChannelWeight {
    /// The weight of one speaker of a layout. Any thread.
    ///
    /// Back left and right are the surrounds of a layout that has no side speakers (110 degrees,
    /// as in 5.1), and stand behind the listener in one that has (135 degrees, as in 7.1).
    #[must_use]
    pub fn of(speaker: Speaker, layout: &[Speaker]) -> Self {
        let has_sides = || {
            layout
                .iter()
                .any(|other| matches!(other, Speaker::SideLeft | Speaker::SideRight))
        };
        match speaker {
            Speaker::LowFrequency => Self::Excluded,
            Speaker::SideLeft | Speaker::SideRight => Self::Surround,
            Speaker::BackLeft | Speaker::BackRight if !has_sides() => Self::Surround,
            _ => Self::Full,
        }
    }

    /// The factor of the channel's energy.
    pub(super) fn factor(self) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::Surround => 1.41,
            Self::Excluded => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layout: &[Speaker], expected: &str) {
        let letter = |speaker: &Speaker| match ChannelWeight::of(*speaker, layout) {
            ChannelWeight::Full => '1',
            ChannelWeight::Surround => 's',
            ChannelWeight::Excluded => '-',
        };
        assert_eq!(layout.iter().map(letter).collect::<String>(), expected);
    }

    #[test]
    fn layouts_are_weighted_by_position() {
        use Speaker::{
            BackCenter, BackLeft, BackRight, Discrete, FrontCenter, FrontLeft, FrontRight,
            LowFrequency, SideLeft, SideRight, TopFrontLeft,
        };
        check(&[FrontCenter], "1");
        check(&[FrontLeft, FrontRight], "11");
        check(
            &[
                FrontLeft,
                FrontRight,
                FrontCenter,
                LowFrequency,
                BackLeft,
                BackRight,
            ],
            "111-ss",
        );
        check(
            &[
                FrontLeft,
                FrontRight,
                FrontCenter,
                LowFrequency,
                SideLeft,
                SideRight,
            ],
            "111-ss",
        );
        check(
            &[FrontLeft, BackLeft, BackRight, SideLeft, SideRight],
            "111ss",
        );
        check(&[BackCenter, TopFrontLeft, Discrete], "111");
    }
}
