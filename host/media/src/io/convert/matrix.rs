//! Matrix: which channel of one layout is heard how loud in which of another.
//!
//! In: two layouts. Out: gains, by the rules below, or nothing where there is no rule.
//!
//! - Downmix follows ITU-R BS.775-3, table 2: the centre goes to left and right at 0.7071, each
//!   surround to its side at 0.7071, the low-frequency channel is left out. Nothing is scaled
//!   afterwards: a sum may be over full scale.
//! - Mono is the mean of the stereo downmix, so that two equal channels stay what they are (the
//!   recommendation's own mono is 3 dB louder). Mono becomes stereo at full level on both sides,
//!   so that back and forth nothing changes; where there is a centre, it is the centre.
//! - Positions that the other side has too are passed as they are; those that nothing feeds are
//!   silent. Back and side surrounds stand in for each other.
//! - As many channels with other positions, or with none: each stays in its place.
//! - 3, 4, 5, 6 or 8 channels without positions are taken as WAVE files order them: FL FR FC, quad,
//!   FL FR FC BL BR, 5.1, 7.1.
//!
//! Pure.

use std::f32::consts::FRAC_1_SQRT_2;

use segue_layout::{Layout, SPEAKER_NAMES};

/// Which channels of the input an output channel is made of, each with its gain.
pub(super) type Terms = Vec<(usize, f32)>;

/// Gains from one layout to another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    /// One row for each channel of the output.
    pub(super) rows: Vec<Terms>,
    /// As what the input was taken, where its channels have no positions.
    pub(super) taken_as: Option<Layout>,
}

const FL: usize = 0;
const FR: usize = 1;
const FC: usize = 2;

/// Front left and front right.
const FRONT: u32 = 0b11;

/// Where a position goes that the other layout does not have: the first line whose targets it has,
/// else the last one, on from there. -3 dB is 0.7071.
const FOLDS: [&[&[(&str, f32)]]; SPEAKER_NAMES.len()] = {
    const M3: f32 = FRAC_1_SQRT_2;
    [
        &[&[]],                                       // FL: every target has it
        &[&[]],                                       // FR: the same
        &[&[("FL", M3), ("FR", M3)]],                 // FC
        &[&[]],                                       // LFE
        &[&[("SL", 1.0)], &[("FL", M3)]],             // BL
        &[&[("SR", 1.0)], &[("FR", M3)]],             // BR
        &[&[("FL", M3), ("FC", M3)], &[("FL", 1.0)]], // FLC
        &[&[("FR", M3), ("FC", M3)], &[("FR", 1.0)]], // FRC
        &[
            &[("BL", M3), ("BR", M3)],
            &[("SL", M3), ("SR", M3)],
            &[("FL", 0.5), ("FR", 0.5)],
        ], // BC
        &[&[("BL", 1.0)], &[("FL", M3)]],             // SL
        &[&[("BR", 1.0)], &[("FR", M3)]],             // SR
        &[&[("FL", 0.5), ("FR", 0.5)]],               // TC
        &[&[("FL", M3)]],                             // TFL
        &[&[("FC", M3)], &[("FL", 0.5), ("FR", 0.5)]], // TFC
        &[&[("FR", M3)]],                             // TFR
        &[&[("BL", M3)], &[("SL", M3)], &[("FL", 0.5)]], // TBL
        &[&[("BC", M3)], &[("FL", 0.5), ("FR", 0.5)]], // TBC
        &[&[("BR", M3)], &[("SR", M3)], &[("FR", 0.5)]], // TBR
    ]
};

impl Matrix {
    /// The gains from one layout to another; `None` where there is no rule.
    pub(super) fn between(from: Layout, to: Layout) -> Option<Self> {
        if from.channels() == to.channels() && (from.mask() == 0 || to.mask() == 0 || from == to) {
            return Some(Self::straight(from.channels()));
        }
        let taken_as = match from.mask() {
            0 => Some(conventional(from.channels())?),
            _ => None,
        };
        let source = taken_as.unwrap_or(from);
        let rows = match to {
            Layout::MONO => mean(&rows(source, Layout::STEREO)),
            _ if source == Layout::MONO => spread(to)?,
            _ if to.mask() & FRONT == FRONT => rows(source, to),
            _ => return None,
        };
        Some(Self { rows, taken_as })
    }

    fn straight(channels: usize) -> Self {
        Self {
            rows: (0..channels).map(|channel| vec![(channel, 1.0)]).collect(),
            taken_as: None,
        }
    }
}

/// How WAVE files order so many channels that say nothing of themselves.
const fn conventional(channels: usize) -> Option<Layout> {
    Some(Layout::positions(match channels {
        1 => 0b100,
        2 => 0b11,
        3 => 0b111,
        4 => 0b11_0011,
        5 => 0b11_0111,
        6 => 0b11_1111,
        8 => 0b110_0011_1111,
        _ => return None,
    }))
}

/// Mono in a layout of speakers.
fn spread(to: Layout) -> Option<Vec<Terms>> {
    let speakers: Vec<_> = bits(to).collect();
    let fed: &[usize] = match (speakers.contains(&FC), to.mask() & FRONT == FRONT) {
        (true, _) => &[FC],
        (false, true) => &[FL, FR],
        (false, false) => return None,
    };
    let row = |bit: &usize| match fed.contains(bit) {
        true => vec![(0, 1.0)],
        false => Terms::new(),
    };
    Some(speakers.iter().map(row).collect())
}

/// Every position of one layout, folded into those of the other.
fn rows(from: Layout, to: Layout) -> Vec<Terms> {
    let targets: Vec<_> = bits(to).collect();
    let mut rows = vec![Terms::new(); targets.len()];
    for (channel, bit) in bits(from).enumerate() {
        let mut folded = Vec::new();
        fold(bit, 1.0, &targets, &mut folded);
        for (at, gain) in folded {
            rows[at].push((channel, gain));
        }
    }
    rows
}

/// Where a position is heard, by places among `targets`, which front left and right belong to.
fn fold(bit: usize, gain: f32, targets: &[usize], into: &mut Vec<(usize, f32)>) {
    if let Some(at) = targets.iter().position(|target| *target == bit) {
        into.push((at, gain));
        return;
    }
    let there = |(name, _): &(&str, f32)| targets.contains(&bit_of(name));
    let lines = FOLDS[bit];
    let line = lines.iter().find(|line| line.iter().all(there));
    for (name, by) in line.or(lines.last()).copied().unwrap_or_default() {
        fold(bit_of(name), gain * by, targets, into);
    }
}

/// Both rows at half their gain.
fn mean(stereo: &[Terms]) -> Vec<Terms> {
    let mut mono = Terms::new();
    for (channel, gain) in stereo.iter().flatten() {
        match mono.iter_mut().find(|(known, _)| known == channel) {
            Some((_, sum)) => *sum += gain / 2.0,
            None => mono.push((*channel, gain / 2.0)),
        }
    }
    mono.sort_by_key(|(channel, _)| *channel);
    vec![mono]
}

fn bits(layout: Layout) -> impl Iterator<Item = usize> {
    (0..SPEAKER_NAMES.len()).filter(move |bit| layout.mask() >> bit & 1 == 1)
}

fn bit_of(name: &str) -> usize {
    let bit = SPEAKER_NAMES.iter().position(|known| *known == name);
    bit.expect("the table names speakers that there are")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::LayoutName;

    const M3: f32 = FRAC_1_SQRT_2;
    const LFE: usize = 3;

    fn layout(name: &str) -> Layout {
        name.parse::<LayoutName>().unwrap().0
    }

    fn check(from: &str, to: &str, expected: &[&[(usize, f32)]]) {
        let matrix = Matrix::between(layout(from), layout(to));
        let rows = matrix.unwrap_or_else(|| panic!("{from} to {to}")).rows;
        assert_eq!(rows.len(), expected.len(), "{from} to {to}");
        for (found, expected) in rows.iter().zip(expected) {
            let near =
                |((a, x), (b, y)): (&(usize, f32), &(usize, f32))| a == b && (x - y).abs() < 1e-6;
            let equal = found.len() == expected.len() && found.iter().zip(*expected).all(near);
            assert!(equal, "{from} to {to}: {found:?}, expected {expected:?}");
        }
    }

    #[test]
    fn surround_becomes_stereo_as_the_recommendation_says() {
        let stereo: &[&[_]] = &[&[(0, 1.0), (2, M3), (4, M3)], &[(1, 1.0), (2, M3), (5, M3)]];
        check("5.1", "stereo", stereo);
        check("FL+FR+FC+LFE+SL+SR", "stereo", stereo);
        check("discrete(6)", "stereo", stereo);
        check(
            "quad",
            "stereo",
            &[&[(0, 1.0), (2, M3)], &[(1, 1.0), (3, M3)]],
        );
    }

    #[test]
    fn mono_and_stereo_go_back_and_forth_unchanged() {
        check("mono", "stereo", &[&[(0, 1.0)], &[(0, 1.0)]]);
        check("stereo", "mono", &[&[(0, 0.5), (1, 0.5)]]);
        let mono = [(0, 0.5), (1, 0.5), (2, M3), (4, M3 / 2.0), (5, M3 / 2.0)];
        check("5.1", "mono", &[&mono]);
    }

    #[test]
    fn what_both_have_is_passed_and_the_rest_is_silent() {
        let silent: &[(usize, f32)] = &[];
        let wide = [&[(0, 1.0)][..], &[(1, 1.0)], silent, silent, silent, silent];
        check("stereo", "5.1", &wide);
        let centre = [silent, silent, &[(0, 1.0)], silent, silent, silent];
        check("mono", "5.1", &centre);
        check(
            "quad",
            "FL+FR+SL+SR",
            &[&[(0, 1.0)], &[(1, 1.0)], &[(2, 1.0)], &[(3, 1.0)]],
        );
        check("stereo", "discrete(2)", &[&[(0, 1.0)], &[(1, 1.0)]]);
    }

    #[test]
    fn where_nothing_says_what_goes_where_there_is_no_rule() {
        for (from, to) in [
            ("discrete(7)", "stereo"),
            ("discrete(16)", "mono"),
            ("stereo", "discrete(3)"),
            ("stereo", "BL+BR+BC"),
            ("mono", "LFE+BL"),
        ] {
            assert_eq!(
                Matrix::between(layout(from), layout(to)),
                None,
                "{from} to {to}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_speaker_but_the_low_frequency_one_is_heard(
            from in 1u32..1 << 18,
            to in 0u32..1 << 18,
        ) {
            let (from, to) = (Layout::positions(from), Layout::positions(to | FRONT));
            let matrix = Matrix::between(from, to).unwrap();
            prop_assert_eq!(matrix.rows.len(), to.channels());
            for (channel, bit) in bits(from).enumerate() {
                let terms = matrix.rows.iter().flatten().filter(|(from, _)| *from == channel);
                let power: f32 = terms.map(|(_, gain)| gain * gain).sum();
                let left_out = bit == LFE && to.mask() >> LFE & 1 == 0;
                prop_assert_eq!(power > 0.2, !left_out, "{} in {}", SPEAKER_NAMES[bit], to);
            }
        }
    }
}
