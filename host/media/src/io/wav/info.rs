//! Info: tags in a WAV file, a `LIST` chunk of type `INFO`.
//!
//! In: the bytes of the chunk, or tags. Out: the tags, or the bytes.

use crate::io::metadata::Metadata;
use crate::io::metadata::Tag;

/// Chunk ids and the keys that Vorbis comments have for the same.
const KEYS: [(&str, &str); 17] = [
    ("INAM", "title"),
    ("IART", "artist"),
    ("IPRD", "album"),
    ("ICRD", "date"),
    ("IGNR", "genre"),
    ("ICMT", "comment"),
    ("ITRK", "tracknumber"),
    ("IPRT", "tracknumber"),
    ("ICOP", "copyright"),
    ("ISFT", "encoder"),
    ("IMUS", "composer"),
    ("IENG", "engineer"),
    ("IPRO", "producer"),
    ("ILNG", "language"),
    ("IKEY", "keywords"),
    ("ISBJ", "subject"),
    ("ITCH", "encoded-by"),
];

/// Adds the tags of a `LIST` chunk's content; one of another type has none.
pub(crate) fn read(list: &[u8], metadata: &mut Metadata) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else {
        return;
    };
    while let Some((head, content)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let size = u32::from_le_bytes(size) as usize;
        let Some(value) = content.get(..size) else {
            metadata.leave_out(1);
            return;
        };
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(size);
        metadata.push(&key(&text(&[a, b, c, d])), &text(&value[..end]));
        rest = content.get(size.next_multiple_of(2)..).unwrap_or_default();
    }
}

/// The whole `LIST` chunk for these tags; empty where WAV has a place for none.
pub(crate) fn chunk(metadata: &Metadata) -> Vec<u8> {
    let mut content = b"INFO".to_vec();
    for Tag { key, value } in metadata.tags() {
        let Some(id) = id(key) else {
            continue;
        };
        content.extend(id);
        content.extend((value.len() as u32 + 1).to_le_bytes());
        content.extend(value.as_bytes());
        content.push(0);
        if content.len() % 2 == 1 {
            content.push(0);
        }
    }
    if content.len() == 4 {
        return Vec::new();
    }
    let size = (content.len() as u32).to_le_bytes();
    [b"LIST", &size[..], &content].concat()
}

/// The key for a chunk id: the known one, or the id itself.
fn key(id: &str) -> String {
    let known = KEYS.iter().find(|(known, _)| *known == id);
    known.map_or(id, |(_, key)| key).to_owned()
}

/// The chunk id for a key, where there is one.
pub(crate) fn id(key: &str) -> Option<[u8; 4]> {
    let known = KEYS.iter().find(|(_, known)| *known == key);
    let id = known.map_or(key, |(id, _)| id).to_ascii_uppercase();
    let id: [u8; 4] = id.as_bytes().try_into().ok()?;
    (id[0] == b'I' && id.iter().all(u8::is_ascii_alphanumeric)).then_some(id)
}

/// UTF-8 where it is, else Latin-1, in which every byte means something.
fn text(bytes: &[u8]) -> String {
    let utf_8 = str::from_utf8(bytes).map(str::to_owned);
    utf_8.unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    fn tags(list: &[u8]) -> Metadata {
        let mut metadata = Metadata::default();
        read(list, &mut metadata);
        metadata
    }

    proptest! {
        #[test]
        fn tags_that_wav_knows_come_back(values in vec("[^\0]{0,30}", 0..9)) {
            let mut metadata = Metadata::default();
            for (value, key) in values.iter().zip(["title", "artist", "album", "date", "genre", "ixyz"]) {
                metadata.push(key, value);
            }
            let chunk = chunk(&metadata);
            prop_assert_eq!(chunk.len() % 2, 0);
            prop_assert_eq!(tags(chunk.get(8..).unwrap_or_default()), metadata);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
            tags(&[b"INFO", &bytes[..]].concat());
        }
    }

    #[test]
    fn a_tag_longer_than_its_chunk_is_left_out() {
        let metadata = tags(b"INFOINAM\x02\0\0\0hiIART\xff\xff\xff\xffwho");
        assert_eq!((metadata.tags().len(), metadata.left_out()), (1, 1));
    }

    #[test]
    fn text_that_is_not_utf_8_is_latin_1() {
        assert_eq!(
            tags(b"INFOINAM\x04\0\0\0caf\xe9").tags()[0].value,
            "caf\u{e9}"
        );
    }

    #[test]
    fn keys_without_a_place_in_wav_are_not_written() {
        let mut metadata = Metadata::default();
        metadata.push("replaygain_track_gain", "-6 dB");
        assert!(chunk(&metadata).is_empty());
    }
}
