//! Mp4: which part of an MP4 file's audio is meant to be heard.
//!
//! In: boxes, read from any place. Out: how many frames to leave out in front, and how many follow.
//! Encoders put frames in front that a decoder needs to get going, and fill up the last block; the
//! edit list says what is between. Sources: ISO/IEC 14496-12 (8.6.5, 8.6.6).
//!
//! Bounded: what is not a box within its parent ends the walk.

use std::io;

/// The most boxes that are looked at in one parent. Files have about ten.
const BOXES_MAX: usize = 1024;

/// The most edits that are read.
const EDITS_MAX: u32 = 64;

/// The most bytes that a file can have.
const FILE_BYTES_MAX: u64 = i64::MAX as u64;

/// The part that is meant to be heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Frames in front that are left out.
    pub(crate) skip_frames: u64,
    /// Frames after them; `None` where nobody says.
    pub(crate) frames: Option<u64>,
}

/// Fills bytes from a place of the file.
pub(crate) trait Bytes {
    /// The same as [`std::io::Read::read_exact`], from `at` on.
    fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

/// A box: its type and where its content is.
#[derive(Debug, Clone, Copy)]
struct Part {
    kind: [u8; 4],
    start: u64,
    end: u64,
}

/// Reads from one file.
struct Walk<'a, B> {
    bytes: &'a B,
}

/// The edit of the first audio track of a file of so many bytes, in frames of `sample_rate_hz`;
/// `None` where nothing says.
pub(crate) fn edit(bytes: &impl Bytes, length: u64, sample_rate_hz: u32) -> Option<Edit> {
    let walk = Walk { bytes };
    let whole = Part {
        kind: *b"file",
        start: 0,
        end: length,
    };
    let movie = walk.find(whole, b"moov")?;
    let (movie_scale, _) = walk.times(walk.find(movie, b"mvhd")?)?;
    let audio = walk.parts(movie).into_iter().find(|part| {
        let handler = walk.path(*part, &[b"mdia", b"hdlr"]);
        let kind = handler.and_then(|handler| walk.array(handler.start + 8));
        &part.kind == b"trak" && kind == Some(*b"soun")
    })?;
    let (scale, media) = walk.times(walk.path(audio, &[b"mdia", b"mdhd"])?)?;
    let (segment, media_time) = walk.edits(walk.path(audio, &[b"edts", b"elst"])?)?;
    let in_frames = |units: u64| scaled(units, u64::from(sample_rate_hz), scale);
    let left = media.checked_sub(media_time).filter(|left| *left > 0);
    let edited = (segment > 0).then(|| scaled(segment, scale, movie_scale));
    // An edit is as exact as the movie's clock, which often ticks in milliseconds.
    let tick = scale / movie_scale + 1;
    let units = match (left, edited) {
        (Some(left), Some(edited)) if edited.abs_diff(left) > tick => Some(edited.min(left)),
        (left, edited) => left.or(edited),
    };
    Some(Edit {
        skip_frames: in_frames(media_time),
        frames: units.map(in_frames),
    })
}

/// How long a file of `length` bytes says that it is: longer where it was cut off in its media.
pub(crate) fn announced_bytes(bytes: &impl Bytes, length: u64) -> u64 {
    let walk = Walk { bytes };
    let mut at = 0;
    for _ in 0..BOXES_MAX {
        match walk.part(at, FILE_BYTES_MAX) {
            Some(part) if part.end <= length => at = part.end,
            Some(part) if &part.kind == b"mdat" && part.end < FILE_BYTES_MAX => return part.end,
            Some(_) | None => break,
        }
    }
    length
}

/// What iTunes says of the same in a tag: hexadecimal numbers, of which the second to the fourth
/// are frames in front, behind and between.
pub(crate) fn edit_of_tag(text: &str) -> Option<Edit> {
    let numbers: Vec<u64> = text
        .split_ascii_whitespace()
        .take(4)
        .map(|number| u64::from_str_radix(number, 16).ok())
        .collect::<Option<_>>()?;
    let [_, skip_frames, _, frames] = numbers[..] else {
        return None;
    };
    Some(Edit {
        skip_frames,
        frames: (frames > 0).then_some(frames),
    })
}

/// `units` of one clock in units of another, to the nearest.
fn scaled(units: u64, into: u64, from: u64) -> u64 {
    let (units, into, from) = (u128::from(units), u128::from(into), u128::from(from));
    u64::try_from((units * into + from / 2) / from).unwrap_or(u64::MAX)
}

impl<B: Bytes> Walk<'_, B> {
    /// The boxes within a box.
    fn parts(&self, parent: Part) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = parent.start;
        while parts.len() < BOXES_MAX {
            let Some(part) = self.part(at, parent.end) else {
                break;
            };
            at = part.end;
            parts.push(part);
        }
        parts
    }

    /// The box that begins at `at` and ends before `end`.
    fn part(&self, at: u64, end: u64) -> Option<Part> {
        let [a, b, c, d, kind @ ..] = self.array::<8>(at)?;
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        let (head, size) = match size {
            0 => (8, end.checked_sub(at)?),
            1 => (16, u64::from_be_bytes(self.array(at + 8)?)),
            size => (8, size),
        };
        let part = Part {
            kind,
            start: at + head,
            end: at.checked_add(size)?,
        };
        (part.start <= part.end && part.end <= end).then_some(part)
    }

    fn find(&self, parent: Part, kind: &[u8; 4]) -> Option<Part> {
        let parts = self.parts(parent).into_iter();
        parts.into_iter().find(|part| &part.kind == kind)
    }

    fn path(&self, parent: Part, kinds: &[&[u8; 4]]) -> Option<Part> {
        kinds
            .iter()
            .try_fold(parent, |part, kind| self.find(part, kind))
    }

    /// Units a second, and how many units, of a header of a movie or of media.
    fn times(&self, header: Part) -> Option<(u64, u64)> {
        let [version, ..] = self.array::<4>(header.start)?;
        let (scale, duration) = if version == 1 {
            (
                self.array(header.start + 20)?,
                u64::from_be_bytes(self.array(header.start + 24)?),
            )
        } else {
            let duration = u32::from_be_bytes(self.array(header.start + 16)?);
            (self.array(header.start + 12)?, u64::from(duration))
        };
        let scale = u64::from(u32::from_be_bytes(scale));
        (scale > 0).then_some((scale, duration))
    }

    /// How long the edit is, in units of the movie, and where in the media it begins. A list of
    /// several edits has a beginning only.
    fn edits(&self, list: Part) -> Option<(u64, u64)> {
        let [version, ..] = self.array::<4>(list.start)?;
        let count = u32::from_be_bytes(self.array(list.start + 4)?).min(EDITS_MAX);
        let mut found: Option<(u64, u64)> = None;
        for at in 0..u64::from(count) {
            let (segment, media_time) = if version == 1 {
                let at = list.start + 8 + at * 20;
                let media_time = i64::from_be_bytes(self.array(at + 8)?);
                (u64::from_be_bytes(self.array(at)?), media_time)
            } else {
                let at = list.start + 8 + at * 12;
                let segment = u32::from_be_bytes(self.array(at)?);
                let media_time = i32::from_be_bytes(self.array(at + 4)?);
                (u64::from(segment), i64::from(media_time))
            };
            // A negative time is an edit without media.
            if let Ok(media_time) = u64::try_from(media_time) {
                found = match found {
                    None => Some((segment, media_time)),
                    Some((_, first)) => Some((0, first)),
                };
            }
        }
        found
    }

    fn array<const BYTES: usize>(&self, at: u64) -> Option<[u8; BYTES]> {
        let mut array = [0; BYTES];
        self.bytes.fill(at, &mut array).ok()?;
        Some(array)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::proptest;

    use super::*;

    impl Bytes for Vec<u8> {
        fn fill(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
            let from = self.get(usize::try_from(at).unwrap_or(usize::MAX)..);
            let from = from.and_then(|from| from.get(..into.len()));
            into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }
    }

    fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [&size[..], kind, content].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A movie that ticks in milliseconds, with one edit of the first audio track.
    fn movie(segment: u32, media_time: u32, media: u32) -> Vec<u8> {
        let handler = |kind: &[u8; 4]| part(b"hdlr", &[&words(&[0, 0])[..], kind].concat());
        let header = part(b"mdhd", &words(&[0, 0, 0, 44_100, media]));
        let track = |kind: &[u8; 4]| {
            let edits = part(b"elst", &words(&[0, 1, segment, media_time, 0x1_0000]));
            let media = part(b"mdia", &[header.clone(), handler(kind)].concat());
            part(b"trak", &[part(b"edts", &edits), media].concat())
        };
        let clock = part(b"mvhd", &words(&[0, 0, 0, 1_000, 0]));
        let moov = part(b"moov", &[clock, track(b"vide"), track(b"soun")].concat());
        [part(b"ftyp", b"M4A "), moov].concat()
    }

    fn check(segment: u32, media_time: u32, media: u32, expected: (u64, Option<u64>)) {
        let file = movie(segment, media_time, media);
        let found = edit(&file, file.len() as u64, 44_100).unwrap();
        assert_eq!((found.skip_frames, found.frames), expected);
        for length in 0..file.len() {
            assert_eq!(edit(&file[..length].to_vec(), length as u64, 44_100), None);
        }
    }

    #[test]
    fn an_edit_is_as_exact_as_the_media_where_they_agree() {
        check(226, 1024, 11_024, (1024, Some(10_000))); // 226.76 ms, cut.
        check(227, 1024, 11_024, (1024, Some(10_000))); // Rounded.
        check(200, 1024, 11_264, (1024, Some(8_820))); // Shorter: the edit counts.
        check(0, 2112, 11_264, (2112, Some(9_152)));
        check(900, 1024, 11_024, (1024, Some(10_000))); // Longer than there is.
        check(100, 1024, 0, (1024, Some(4_410))); // In fragments the header knows no length.
    }

    #[test]
    fn a_file_that_is_cut_in_its_media_says_how_long_it_was() {
        let file = [movie(226, 1024, 11_024), part(b"mdat", &[0; 500])].concat();
        let whole = file.len() as u64;
        assert_eq!(announced_bytes(&file, whole), whole);
        let cut = file[..file.len() - 100].to_vec();
        assert_eq!(announced_bytes(&cut, whole - 100), whole);
        let endless = [
            part(b"ftyp", b"M4A "),
            b"\0\0\0\0mdat".to_vec(),
            vec![0; 99],
        ]
        .concat();
        let length = endless.len() as u64;
        assert_eq!(announced_bytes(&endless, length), length);
    }

    #[test]
    fn the_tag_of_itunes_says_the_same() {
        let text = " 00000000 00000840 000001C0 0000000000002710 00000000 00000000";
        let edit = edit_of_tag(text).unwrap();
        assert_eq!((edit.skip_frames, edit.frames), (2112, Some(10_000)));
        for text in ["", "0 840 1c0", "0 x 1 2"] {
            assert_eq!(edit_of_tag(text), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_changed_are_walked_to_an_end(changes in vec((0_usize..400, any::<u8>()), 1..8)) {
            let mut file = movie(226, 1024, 11_024);
            let length = file.len();
            for (at, byte) in changes {
                file[at % length] = byte;
            }
            edit(&file, length as u64, 44_100);
        }
    }
}
