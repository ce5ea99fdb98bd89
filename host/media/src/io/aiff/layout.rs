//! Layout: the channel layout chunk, which AIFF and CAF share.
//!
//! In: the content of a `CHAN` chunk. Out: a speaker for each channel. Layouts that have a number
//! of their own are listed as far as their speakers have a place in WAVE.

/// The layout is a mask of speakers, the same bits as in WAVE.
const BY_MASK: u32 = 1 << 16;

/// The layout is a list of descriptions.
const BY_DESCRIPTION: u32 = 0;

/// Bytes of a description: label, flags, three coordinates.
const DESCRIPTION_BYTES: usize = 20;

/// Labels from 1 to this one are the bits of WAVE's mask, from 0 on.
const LABEL_MAX: u32 = 18;

/// Layouts by number, each with the bits of its speakers in the order of the file.
///
/// 0 L, 1 R, 2 C, 3 LFE, 4 Ls, 5 Rs, 6 Lc, 7 Rc, 8 Cs, 9 and 10 the sides.
const NUMBERED: [(u32, &[u8]); 22] = [
    (100, &[2]),
    (101, &[0, 1]),
    (108, &[0, 1, 4, 5]),
    (109, &[0, 1, 4, 5, 2]),
    (110, &[0, 1, 4, 5, 2, 8]),
    (113, &[0, 1, 2]),
    (114, &[2, 0, 1]),
    (115, &[0, 1, 2, 8]),
    (116, &[2, 0, 1, 8]),
    (117, &[0, 1, 2, 4, 5]),
    (118, &[0, 1, 4, 5, 2]),
    (119, &[0, 2, 1, 4, 5]),
    (120, &[2, 0, 1, 4, 5]),
    (121, &[0, 1, 2, 3, 4, 5]),
    (122, &[0, 1, 4, 5, 2, 3]),
    (123, &[0, 2, 1, 4, 5, 3]),
    (124, &[2, 0, 1, 4, 5, 3]),
    (125, &[0, 1, 2, 3, 4, 5, 8]),
    (126, &[0, 1, 2, 3, 4, 5, 6, 7]),
    (127, &[2, 6, 7, 0, 1, 4, 5, 3]),
    (131, &[0, 1, 8]),
    (133, &[0, 1, 3]),
];

/// The speakers of a layout chunk, a bit for each channel; `None` where it names none that WAVE
/// has.
pub(crate) fn speakers(content: &[u8], channels: u16) -> Option<Vec<u32>> {
    let word = |at: usize| {
        let bytes = content.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (tag, mask, descriptions) = (word(0)?, word(4)?, word(8)?);
    let speakers: Vec<u32> = match tag {
        BY_MASK => (0..32)
            .map(|bit| 1 << bit)
            .filter(|bit| mask & bit != 0)
            .collect(),
        BY_DESCRIPTION => (0..descriptions.min(u32::from(channels)) as usize)
            .map(|at| word(12 + at * DESCRIPTION_BYTES).and_then(by_label))
            .collect::<Option<_>>()?,
        _ => {
            let known = NUMBERED.iter().find(|(number, _)| *number == tag >> 16)?;
            known.1.iter().map(|bit| 1 << bit).collect()
        }
    };
    (speakers.len() == usize::from(channels)).then_some(speakers)
}

/// The content of a layout chunk for a mask of speakers.
pub(crate) fn content(mask: u32) -> Vec<u8> {
    [BY_MASK, mask, 0].map(u32::to_be_bytes).concat()
}

fn by_label(label: u32) -> Option<u32> {
    (1..=LABEL_MAX).contains(&label).then(|| 1 << (label - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[u32], channels: u16, expected: Option<&[u32]>) {
        let content: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let found = speakers(&content, channels);
        assert_eq!(found.as_deref(), expected, "{words:?}");
        for length in 0..content.len().min(12) {
            assert_eq!(speakers(&content[..length], channels), None);
        }
    }

    #[test]
    fn masks_descriptions_and_numbers_name_speakers() {
        check(&[BY_MASK, 0b1011, 0], 3, Some(&[1, 2, 8]));
        check(&[BY_MASK, 0b1011, 0], 2, None);
        check(&[121 << 16 | 6, 0, 0], 6, Some(&[1, 2, 4, 8, 16, 32]));
        check(&[119 << 16 | 5, 0, 0], 5, Some(&[1, 4, 2, 16, 32]));
        check(&[119 << 16 | 5, 0, 0], 4, None);
        check(&[999 << 16 | 2, 0, 0], 2, None);
        let described = [0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        check(&described, 2, Some(&[2, 1]));
        check(&[0, 0, 2, 99, 0, 0, 0, 0, 1, 0, 0, 0, 0], 2, None);
        check(&[0, 0, u32::MAX, 2, 0, 0, 0, 0], 2, None);
    }

    #[test]
    fn a_mask_that_is_written_is_read_back() {
        assert_eq!(speakers(&content(0b11_0011), 4), Some(vec![1, 2, 16, 32]));
    }
}
