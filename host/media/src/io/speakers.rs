//! Speakers: channels in the order of a file, and in the order of WAVE that the host has inside.
//!
//! In: one speaker for each channel, as bits of `dwChannelMask`. Out: the layout, and which channel
//! of the file stands where in it.
//!
//! Pure.

use crate::audio::Layout;

/// Channels that are to be put in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arranged {
    /// What stands where.
    pub(crate) layout: Layout,
    /// For each channel of the layout the one of the file; empty where that is the same order.
    pub(crate) order: Vec<usize>,
}

impl Arranged {
    /// Channels that already stand as the layout says.
    pub(crate) const fn as_they_are(layout: Layout) -> Self {
        Self {
            layout,
            order: Vec::new(),
        }
    }

    /// One speaker, a single bit, for each channel of the file; `None` when a speaker is unknown
    /// or stands twice.
    pub(crate) fn of(speakers: &[u32]) -> Option<Self> {
        let mask = speakers.iter().fold(0, |mask, speaker| mask | speaker);
        let layout = Layout::from_parts(mask, u16::try_from(speakers.len()).ok()?)?;
        let is_single = speakers.iter().all(|speaker| speaker.count_ones() == 1);
        if !is_single {
            return None;
        }
        let mut order: Vec<usize> = (0..speakers.len()).collect();
        order.sort_by_key(|channel| speakers[*channel]);
        if order.is_sorted() {
            order.clear();
        }
        Some(Self { layout, order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_put_in_the_order_of_the_bits() {
        let (left, right, centre, low) = (1, 2, 4, 8);
        let arranged = Arranged::of(&[left, centre, right, low]).unwrap();
        assert_eq!(arranged.layout, Layout::positions(0b1111));
        assert_eq!(arranged.order, [0, 2, 1, 3]);
        let as_they_are = Arranged::of(&[left, right, centre]).unwrap();
        assert_eq!(as_they_are, Arranged::as_they_are(Layout::positions(0b111)));
    }

    #[test]
    fn speakers_that_stand_twice_or_are_unknown_are_no_layout() {
        for speakers in [&[1, 1][..], &[1, 3], &[1 << 20], &[0], &[]] {
            assert_eq!(Arranged::of(speakers), None, "{speakers:?}");
        }
    }
}
