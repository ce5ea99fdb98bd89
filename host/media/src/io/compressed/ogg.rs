//! Ogg: how a file ends: whose page is the last, and whether it is whole.
//!
//! In: the last bytes of a file. Out: what they say of all of it. Source: RFC 3533, section 6.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// The longest page: a head, as many lengths as it can have, and as many bytes as those can say.
const PAGE_BYTES_MAX: usize = HEAD_BYTES + 255 + 255 * 255;

/// Bytes of a page up to its lengths.
const HEAD_BYTES: usize = 27;

/// How every page begins.
const SIGNATURE: &[u8] = b"OggS";

/// Marks the last page of a stream.
const IS_LAST: u8 = 4;

/// How a file ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OggEnd {
    /// Whose page is the last; `None` where there is none.
    serial: Option<u32>,
    /// Whether that page is cut off, or not the last of its stream.
    pub(crate) is_cut: bool,
}

/// How a file of so many bytes ends; what cannot be read is told when it is read from the start.
pub(crate) fn end(file: &File, bytes: u64) -> OggEnd {
    let mut end = vec![0; PAGE_BYTES_MAX.min(usize::try_from(bytes).unwrap_or(usize::MAX))];
    let start = bytes - end.len() as u64;
    match file.read_exact_at(&mut end, start) {
        Ok(()) => OggEnd::of(&end),
        Err(_) => OggEnd::default(),
    }
}

impl OggEnd {
    /// How a file ends whose last bytes are these; tags may stand behind the last page.
    fn of(end: &[u8]) -> Self {
        let is_start = |window: &[u8]| window == SIGNATURE;
        let Some(at) = end.windows(SIGNATURE.len()).rposition(is_start) else {
            return Self::default();
        };
        let page = &end[at..];
        let serial = page.get(14..18).and_then(|serial| serial.first_chunk());
        Self {
            serial: serial.map(|serial| u32::from_le_bytes(*serial)),
            is_cut: is_cut(page).unwrap_or(true),
        }
    }

    /// Whether the last page belongs to another stream than this one: then what is known of the
    /// length of one says nothing of the length of all.
    pub(crate) fn is_of_another(&self, serial: u32) -> bool {
        self.serial.is_some_and(|last| last != serial)
    }
}

/// Whether a page is cut off, or not the last of its stream; `None` where it has not even a head.
fn is_cut(page: &[u8]) -> Option<bool> {
    let lengths = usize::from(*page.get(HEAD_BYTES - 1)?);
    let lengths = page.get(HEAD_BYTES..HEAD_BYTES + lengths)?;
    let content: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    let bytes = HEAD_BYTES + lengths.len() + content;
    Some(page.len() < bytes || page[5] & IS_LAST == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(serial: u32, flags: u8, content: usize) -> Vec<u8> {
        let mut page = SIGNATURE.to_vec();
        page.resize(HEAD_BYTES, 0);
        page[5] = flags;
        page[14..18].copy_from_slice(&serial.to_le_bytes());
        page[26] = 1;
        page.push(content as u8);
        page.resize(page.len() + content, 0x55);
        page
    }

    #[test]
    fn the_last_page_says_whose_it_is_and_whether_it_is_whole() {
        let check = |file: &[u8], serial: Option<u32>, is_cut: bool| {
            assert_eq!(OggEnd::of(file), OggEnd { serial, is_cut });
        };
        let whole = [page(7, 0, 30), page(9, IS_LAST, 40)].concat();
        check(&whole, Some(9), false);
        check(&[&whole[..], b"TAG and more"].concat(), Some(9), false);
        check(&whole[..whole.len() - 1], Some(9), true);
        check(&whole[..58 + 20], Some(9), true);
        check(&whole[..58 + 10], None, true);
        check(&whole[..58], Some(7), true);
        check(b"OggS", None, true);
        check(b"", None, false);
        assert!(OggEnd::of(&whole).is_of_another(7) && !OggEnd::of(&whole).is_of_another(9));
    }
}
