//! Room: which tags an output has a place for.
//!
//! In: what an input says about its audio, and the format that is written. Out: what the format
//! cannot repeat.
//!
//! Pure.

use crate::io::aiff;
use crate::io::container::Container;
use crate::io::flac::header::MASK_KEY;
use crate::io::flac::write::is_key;
use crate::io::metadata::Metadata;
use crate::io::wav::info;

/// The most keys that a sentence names.
const NAMED_MAX: usize = 8;

/// One sentence about the tags that a format has no place for; `None` where it has one for all.
#[must_use]
pub fn tags_left_out(container: Container, metadata: &Metadata) -> Option<String> {
    let mut keys: Vec<&str> = Vec::new();
    for tag in metadata.tags() {
        let key = tag.key.as_str();
        // What FLAC has as a tag is the layout, which every output has in its own way.
        if key != MASK_KEY && !has_room(container, key) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    let more = keys.len().saturating_sub(NAMED_MAX);
    let named = keys.get(..NAMED_MAX).unwrap_or(&keys).join(", ");
    let named = match (keys.len(), more) {
        (0, _) => return None,
        (1, _) => format!("tag {named}, which is"),
        (_, 0) => format!("tags {named}, which are"),
        (_, more) => format!("tags {named} and {more} more, which are"),
    };
    Some(format!(
        "{} no place for the {named} left out",
        name(container)
    ))
}

fn has_room(container: Container, key: &str) -> bool {
    match container {
        Container::Wav => info::id(key).is_some(),
        Container::Aiff => aiff::TEXTS.iter().any(|(_, known)| *known == key),
        Container::Flac => is_key(key),
        Container::Raw(_) => false,
    }
}

const fn name(container: Container) -> &'static str {
    match container {
        Container::Wav => "WAV has",
        Container::Aiff => "AIFF has",
        Container::Flac => "FLAC has",
        Container::Raw(_) => "samples without a header have",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::encoding::ByteOrder;

    fn check(container: Container, keys: &[&str], expected: Option<&str>) {
        let mut metadata = Metadata::default();
        for key in keys {
            metadata.push(key, "x");
        }
        assert_eq!(tags_left_out(container, &metadata).as_deref(), expected);
    }

    #[test]
    fn what_has_no_place_is_named_once_and_no_more_than_a_few() {
        let usual = ["title", "artist", MASK_KEY];
        check(Container::Wav, &usual, None);
        check(Container::Aiff, &usual, None);
        check(Container::Flac, &["albumartist", MASK_KEY], None);
        check(
            Container::Wav,
            &["title", "albumartist"],
            Some("WAV has no place for the tag albumartist, which is left out"),
        );
        check(
            Container::Aiff,
            &["album", "title", "date", "album"],
            Some("AIFF has no place for the tags album, date, which are left out"),
        );
        check(
            Container::Raw(ByteOrder::Little),
            &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"],
            Some(
                "samples without a header have no place for the tags a, b, c, d, e, f, g, h and 2 \
                 more, which are left out",
            ),
        );
        check(
            Container::Flac,
            &["no=key"],
            Some("FLAC has no place for the tag no=key, which is left out"),
        );
    }
}
