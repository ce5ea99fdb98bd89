//! Speakers: what each channel of a layout weighs.
//!
//! In: a channel layout. Out: the weights of ITU-R BS.1770-5, one for each channel.

use segue_dsp::loudness::{ChannelWeight, Speaker};
use segue_plugin::prelude::*;

/// The positions in the order of the layout's bits, which is that of WAVEFORMATEXTENSIBLE.
const SPEAKERS: [Speaker; 18] = [
    Speaker::FrontLeft,
    Speaker::FrontRight,
    Speaker::FrontCenter,
    Speaker::LowFrequency,
    Speaker::BackLeft,
    Speaker::BackRight,
    Speaker::FrontLeftOfCenter,
    Speaker::FrontRightOfCenter,
    Speaker::BackCenter,
    Speaker::SideLeft,
    Speaker::SideRight,
    Speaker::TopCenter,
    Speaker::TopFrontLeft,
    Speaker::TopFrontCenter,
    Speaker::TopFrontRight,
    Speaker::TopBackLeft,
    Speaker::TopBackCenter,
    Speaker::TopBackRight,
];

/// The weight of each channel. Channels without a position count as they are.
pub(crate) fn weights(layout: Layout) -> Vec<ChannelWeight> {
    let at = |bit: &usize| layout.mask() >> bit & 1 == 1;
    let mut speakers: Vec<_> = (0..SPEAKERS.len())
        .filter(at)
        .map(|bit| SPEAKERS[bit])
        .collect();
    speakers.resize(layout.channels(), Speaker::Discrete);
    speakers
        .iter()
        .map(|speaker| ChannelWeight::of(*speaker, &speakers))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrounds_count_more_and_low_frequencies_not_at_all() {
        use ChannelWeight::{Excluded, Full, Surround};
        assert_eq!(weights(Layout::MONO), [Full]);
        assert_eq!(
            weights(Layout::SURROUND_5_1),
            [Full, Full, Full, Excluded, Surround, Surround]
        );
        assert_eq!(weights(Layout::discrete(6)), [Full; 6]);
        // 7.1: with speakers at the sides, those at the back are behind the listener.
        let with_sides = Layout::positions(0b110_0011_1111);
        assert_eq!(
            weights(with_sides),
            [Full, Full, Full, Excluded, Full, Full, Surround, Surround]
        );
    }

    #[test]
    fn every_position_has_its_own_name() {
        for (bit, speaker) in SPEAKERS.iter().enumerate() {
            let name = format!("{speaker:?}").replace("Of", "");
            let letters: String = name.chars().filter(char::is_ascii_uppercase).collect();
            let short = Layout::positions(1 << bit).channel_name(0);
            // LFE is the one that is not the initials of what it is called here.
            assert!(
                letters == short || name == "LowFrequency" && short == "LFE",
                "{name} {short}"
            );
        }
    }
}
