//! Tests of the module above: see there what comes in and goes out.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::proptest;

use super::*;

/// A whole header: 48 kHz, so many channels and bits, and one more block.
fn bytes(channels: u8, bits: u8, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut stream_info = [0; STREAM_INFO_BYTES];
    stream_info[..4].copy_from_slice(&[0, 16, 16, 0]);
    stream_info[10..14].copy_from_slice(&[0x0b, 0xb8, (channels - 1) << 1, (bits - 1) << 4]);
    stream_info[12] |= (bits - 1) >> 4;
    let size = &(content.len() as u32).to_be_bytes()[1..];
    let first = [STREAM_INFO, 0, 0, STREAM_INFO_BYTES as u8];
    [
        b"fLaC",
        &first[..],
        &stream_info,
        &[LAST | kind],
        size,
        content,
    ]
    .concat()
}

/// The content of a block of tags.
fn comment(entries: &[&str]) -> Vec<u8> {
    let mut content = b"\x02\0\0\0me".to_vec();
    content.extend((entries.len() as u32).to_le_bytes());
    for entry in entries {
        content.extend((entry.len() as u32).to_le_bytes());
        content.extend(entry.as_bytes());
    }
    content
}

fn check(channels: u8, mask: &str, expected: (Layout, Option<Notice>)) {
    let entry = format!("WAVEFORMATEXTENSIBLE_CHANNEL_MASK={mask}");
    let bytes = bytes(channels, 16, VORBIS_COMMENT, &comment(&[&entry]));
    let header = read(&mut &bytes[..]).unwrap();
    assert_eq!(header.format.layout(), expected.0);
    assert_eq!(header.notices, Vec::from_iter(expected.1));
}

#[test]
fn a_tag_names_other_positions_if_they_fit() {
    let ignored = |mask, channels| Some(Notice::MaskIgnored { mask, channels });
    check(2, "0x30", (Layout::positions(0x30), None));
    check(4, "0X107", (Layout::positions(0x107), None));
    check(2, "0x0", (Layout::discrete(2), None));
    check(2, "0x7", (Layout::STEREO, ignored(7, 2)));
    check(6, "5.1", (Layout::SURROUND_5_1, None));
}

#[test]
fn samples_of_more_than_24_bits_are_said_to_be_rounded() {
    for (bits, expected) in [(24, 0), (25, 1), (32, 1)] {
        let bytes = bytes(2, bits, VORBIS_COMMENT, &comment(&[]));
        assert_eq!(
            read(&mut &bytes[..]).unwrap().notices.len(),
            expected,
            "{bits}"
        );
    }
}

#[test]
fn tags_that_are_none_are_counted() {
    let mut content = comment(&["TITLE=x", "nothing", "ARTIST=y"]);
    content[6] = 200; // So many are declared.
    let bytes = bytes(1, 8, VORBIS_COMMENT, &content);
    let header = read(&mut &bytes[..]).unwrap();
    assert_eq!(header.metadata.tags().len(), 2);
    assert_eq!(header.notices, [Notice::TagsLeftOut { count: 198 }]);
}

#[test]
fn pictures_are_passed_over_and_the_frames_come_next() {
    let mut bytes = bytes(2, 16, 6, &[0; 100_000]);
    bytes.extend(b"frames");
    let mut input = &bytes[..];
    let header = read(&mut input).unwrap();
    assert_eq!(header.metadata.tags(), []);
    assert_eq!(header.notices, [Notice::PicturesLeftOut { count: 1 }]);
    assert_eq!(input, b"frames");
}

#[test]
fn a_header_without_an_end_is_given_up() {
    let mut bytes = bytes(2, 16, 1, &[]);
    bytes[42] = 1; // Not the last block after all.
    for _ in 0..200 {
        bytes.extend([1, 0, 0, 0]);
    }
    let error = read(&mut &bytes[..]).unwrap_err();
    assert!(matches!(error, FlacError::TooLong { .. }), "{error}");
}

proptest! {
    #[test]
    fn any_tags_are_read_without_a_panic(content in vec(any::<u8>(), 0..100)) {
        let bytes = bytes(2, 16, VORBIS_COMMENT, &content);
        prop_assert!(read(&mut &bytes[..]).is_ok());
    }
}
