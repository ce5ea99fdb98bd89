//! Layout: which channels a signal has.
//!
//! In: speaker positions in the order of WAVEFORMATEXTENSIBLE, or just a number of channels.
//! Out: a [`Layout`] of eight bytes that files, manifests and the wire share. A crate of its own, so
//! that what reads files need not know what a plugin is, nor a plugin what a file is. Pure.

use std::fmt;

/// The most channels of a signal.
pub const CHANNELS_MAX: u16 = 64;

/// Speaker names by bit of the mask, as in WAVEFORMATEXTENSIBLE's `dwChannelMask`.
pub const SPEAKER_NAMES: [&str; 18] = [
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR",
    "TBL", "TBC", "TBR",
];

/// The ordered channels of a signal: speaker positions, or `discrete(n)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Speaker positions, one bit each; 0 for channels without a position.
    mask: u32,
    /// How many channels; the number of bits where there are positions.
    channels: u16,
}

impl Layout {
    /// One channel, which stands in front in the middle.
    pub const MONO: Self = Self::positions(0b100);
    /// Front left and front right.
    pub const STEREO: Self = Self::positions(0b11);
    /// FL FR FC LFE BL BR.
    pub const SURROUND_5_1: Self = Self::positions(0b11_1111);

    /// Channels at the speaker positions of `mask`, in the order of its bits.
    ///
    /// # Panics
    /// When the mask is empty or has bits beyond the 18 known positions; for masks from outside
    /// there is [`Layout::from_parts`].
    #[must_use]
    pub const fn positions(mask: u32) -> Self {
        match Self::from_parts(mask, mask.count_ones() as u16) {
            Some(layout) => layout,
            None => panic!("a channel mask has 1 to 18 bits, from front left to top back right"),
        }
    }

    /// `channels` channels without positions.
    ///
    /// # Panics
    /// When there are none or more than 64; for numbers from outside there is
    /// [`Layout::from_parts`].
    #[must_use]
    pub const fn discrete(channels: u16) -> Self {
        match Self::from_parts(0, channels) {
            Some(layout) => layout,
            None => panic!("a signal has 1 to 64 channels"),
        }
    }

    /// The layout that is usual for so many channels: mono, stereo, else discrete.
    #[must_use]
    pub const fn usual(channels: u16) -> Option<Self> {
        match channels {
            1 => Some(Self::MONO),
            2 => Some(Self::STEREO),
            _ => Self::from_parts(0, channels),
        }
    }

    /// The layout of a mask and a number of channels that come from outside.
    ///
    /// Returns `None` for no or over 64 channels, for unknown positions, and when mask and
    /// number disagree.
    #[must_use]
    pub const fn from_parts(mask: u32, channels: u16) -> Option<Self> {
        let known = mask >> SPEAKER_NAMES.len() == 0;
        let agree = mask == 0 || mask.count_ones() == channels as u32;
        if known && agree && channels >= 1 && channels <= CHANNELS_MAX {
            Some(Self { mask, channels })
        } else {
            None
        }
    }

    /// How many channels the layout has, 1 to 64.
    #[must_use]
    pub const fn channels(self) -> usize {
        self.channels as usize
    }

    /// The speaker positions, one bit each; 0 for a discrete layout.
    #[must_use]
    pub const fn mask(self) -> u32 {
        self.mask
    }

    /// The name of one channel: its speaker position, or its number from 1.
    #[must_use]
    pub fn channel_name(self, channel: usize) -> String {
        (0..SPEAKER_NAMES.len())
            .filter(|bit| self.mask >> bit & 1 == 1)
            .nth(channel)
            .map_or_else(
                || (channel + 1).to_string(),
                |bit| SPEAKER_NAMES[bit].to_owned(),
            )
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MONO => formatter.write_str("mono"),
            Self::STEREO => formatter.write_str("stereo"),
            Self::SURROUND_5_1 => formatter.write_str("5.1"),
            Self { mask: 0, channels } => write!(formatter, "discrete({channels})"),
            _ => {
                let names: Vec<_> = (0..self.channels())
                    .map(|at| self.channel_name(at))
                    .collect();
                formatter.write_str(&names.join("+"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_that_disagrees_with_the_number_is_refused() {
        assert_eq!(Layout::from_parts(0b11, 3), None);
        assert_eq!(Layout::from_parts(1 << 18, 1), None);
        assert_eq!(Layout::from_parts(0, 0), None);
        assert_eq!(Layout::from_parts(0, 65), None);
        assert_eq!(Layout::from_parts(0b11, 2), Some(Layout::STEREO));
    }

    #[test]
    fn channels_are_named_in_the_order_of_their_bits() {
        let names: Vec<_> = (0..6)
            .map(|at| Layout::SURROUND_5_1.channel_name(at))
            .collect();
        assert_eq!(names, ["FL", "FR", "FC", "LFE", "BL", "BR"]);
        assert_eq!(Layout::discrete(3).channel_name(2), "3");
        assert_eq!(Layout::discrete(3).to_string(), "discrete(3)");
    }
}
