//! Id3: tags of ID3 where no decoder looks for them: of version 2 in chunks of WAV and AIFF files, of
//! version 1 behind the last frame of an MP3 file.
//!
//! In: the bytes of a chunk, or the last of a file. Out: the tags that nothing has said yet.

use std::io::Cursor;

use symphonia::core::io::MediaSourceStream;
use symphonia::core::io::MediaSourceStreamOptions;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::meta::MetadataReader;
use symphonia::default::meta::Id3v2Reader;

use crate::io::compressed::tags::Said;
use crate::io::foreign::contained;
use crate::io::metadata::Metadata;

/// The longest chunk of tags that is read: one cover fits. Pictures are no tags and are not kept.
pub(crate) const BYTES_MAX: u32 = 4 * 1024 * 1024;

/// The names of such chunks.
pub(crate) const CHUNKS: [&[u8; 4]; 2] = [b"id3 ", b"ID3 "];

/// Bytes of a tag of version 1.
pub(crate) const LAST_BYTES: usize = 128;

/// The texts of a tag of version 1: where they begin, their bytes, and their keys.
const LAST_TEXTS: [(usize, usize, &str); 5] = [
    (3, 30, "title"),
    (33, 30, "artist"),
    (63, 30, "album"),
    (93, 4, "date"),
    (97, 28, "comment"),
];

/// Adds the tags of version 1, where the last bytes of a file are some. The genre is a number in a
/// list that everybody extends in another way, and is not taken.
pub(crate) fn read_last(last: &[u8; LAST_BYTES], metadata: &mut Metadata) {
    if !last.starts_with(b"TAG") {
        return;
    }
    let mut found = Metadata::default();
    for (at, bytes, key) in LAST_TEXTS {
        let text = &last[at..at + bytes];
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(bytes);
        // Latin-1, in which every byte means something.
        let text: String = text[..end].iter().copied().map(char::from).collect();
        if !text.trim().is_empty() {
            found.push(key, text.trim());
        }
    }
    if let [0, track @ 1..=u8::MAX] = last[125..127] {
        found.push("tracknumber", &track.to_string());
    }
    metadata.add_missing(&found);
}

/// Adds the tags of a chunk under keys that are not there yet; programs that write both this chunk
/// and one of the format's own say the same in both.
pub(crate) fn read(content: Vec<u8>, metadata: &mut Metadata) {
    let revision = contained(|| {
        let stream = Box::new(Cursor::new(content));
        let stream = MediaSourceStream::new(stream, MediaSourceStreamOptions::default());
        let mut reader = Id3v2Reader::try_new(stream, MetadataOptions::default())?;
        Ok(reader.read_all()?.revision)
    });
    let Ok(revision) = revision else {
        return metadata.leave_out(1);
    };
    let mut said = Said::default();
    said.add(&revision);
    metadata.add_missing(&said.metadata);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::proptest;

    use super::*;

    /// A tag with these text frames.
    fn tag(frames: &[(&str, &str)]) -> Vec<u8> {
        let mut content = Vec::new();
        for (id, text) in frames {
            content.extend(id.as_bytes());
            content.extend((text.len() as u32 + 1).to_be_bytes());
            content.extend([0, 0, 3]); // No flags; UTF-8.
            content.extend(text.as_bytes());
        }
        let size = content.len() as u8;
        [&b"ID3\x04\0\0\0\0"[..], &[size >> 7, size & 0x7f], &content].concat()
    }

    #[test]
    fn tags_are_added_where_nothing_was_said() {
        let mut metadata = Metadata::default();
        metadata.push("title", "First");
        let content = tag(&[("TIT2", "Second"), ("TPE1", "Somebody"), ("TPE1", "Else")]);
        read(content, &mut metadata);
        let tags = metadata.tags().iter();
        let tags: Vec<_> = tags.map(|tag| (&*tag.key, &*tag.value)).collect();
        assert_eq!(tags[0], ("title", "First"));
        assert!(tags.contains(&("artist", "Somebody")), "{tags:?}");
        assert!(!tags.contains(&("title", "Second")), "{tags:?}");
    }

    #[test]
    fn the_last_bytes_of_a_file_say_what_nothing_else_said() {
        let mut last = [b' '; LAST_BYTES];
        last[..13].copy_from_slice(b"TAGShort\0text");
        last[33..37].copy_from_slice(b"Caf\xe9");
        last[93..97].copy_from_slice(b"1999");
        last[125..127].copy_from_slice(&[0, 7]);
        let mut metadata = Metadata::default();
        metadata.push("date", "2000");
        read_last(&last, &mut metadata);
        let tags = metadata.tags().iter();
        let tags: Vec<_> = tags.map(|tag| (&*tag.key, &*tag.value)).collect();
        let expected = [
            ("date", "2000"),
            ("title", "Short"),
            ("artist", "Caf\u{e9}"),
            ("tracknumber", "7"),
        ];
        assert_eq!(tags, expected);
        read_last(&[0; LAST_BYTES], &mut metadata);
        assert_eq!(metadata.tags().len(), 4);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
            read([&b"ID3\x04\0\0\0\0\x01\x40"[..], &bytes].concat(), &mut Metadata::default());
        }
    }
}
