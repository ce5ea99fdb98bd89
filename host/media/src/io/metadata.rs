//! Metadata: what a file says about its audio in words.
//!
//! In: tags of a header, bounded here. Out: keys and values that the output's header can repeat.
//! The layout of channels is not here but in the format.

use crate::io::notice::Notice;

/// The most tags kept of one input. Music has about ten.
const TAGS_MAX: usize = 128;

/// The longest tag kept, key and value, in bytes: lyrics fit, pictures do not.
const TAG_BYTES_MAX: usize = 16 * 1024;

/// The most bytes of all tags together. They stand in front of the audio and in memory.
const TAGS_BYTES_MAX: usize = 128 * 1024;

/// One thing said about the audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What is said, in the words of Vorbis comments and in lower case: `artist`, `title`.
    pub key: String,
    /// How it is: any text.
    pub value: String,
}

/// What a file says about its audio.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    tags: Vec<Tag>,
    bytes: usize,
    left_out: u64,
    pictures: u64,
}

impl Metadata {
    /// The tags, in the order of the file.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// How many tags were left out because they were too many or too long, or no text.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What is to be said when tags or pictures were left out.
    pub fn notices(&self) -> impl Iterator<Item = Notice> + use<> {
        let (tags, pictures) = (self.left_out, self.pictures);
        let tags = (tags > 0).then_some(Notice::TagsLeftOut { count: tags });
        let pictures = (pictures > 0).then_some(Notice::PicturesLeftOut { count: pictures });
        tags.into_iter().chain(pictures)
    }

    /// Adds a tag, or counts it as left out when there is no room for it or nothing in it.
    pub fn push(&mut self, key: &str, value: &str) {
        let bytes = key.len() + value.len();
        let room = self.tags.len() < TAGS_MAX
            && bytes <= TAG_BYTES_MAX
            && self.bytes + bytes <= TAGS_BYTES_MAX;
        if room && !key.is_empty() {
            self.bytes += bytes;
            self.tags.push(Tag {
                key: key.to_ascii_lowercase(),
                value: value.to_owned(),
            });
        } else {
            self.leave_out(1);
        }
    }

    /// Adds the tags of another place in the file whose keys this one has not.
    pub(crate) fn add_missing(&mut self, other: &Self) {
        let known = self.tags.len();
        for tag in &other.tags {
            if self.tags[..known].iter().all(|own| own.key != tag.key) {
                self.push(&tag.key, &tag.value);
            }
        }
        self.leave_out(other.left_out);
        self.leave_out_pictures(other.pictures);
    }

    /// Counts pictures, which are not kept.
    pub fn leave_out_pictures(&mut self, count: u64) {
        self.pictures = self.pictures.saturating_add(count);
    }

    /// Counts tags that could not even be read.
    pub fn leave_out(&mut self, count: u64) {
        self.left_out = self.left_out.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_beyond_the_bounds_are_counted_and_not_kept() {
        let mut metadata = Metadata::default();
        metadata.push("ARTIST", "Somebody");
        metadata.push("", "nothing");
        metadata.push("lyrics", &"x".repeat(TAG_BYTES_MAX));
        assert_eq!(metadata.left_out(), 2);
        assert_eq!(metadata.tags()[0].key, "artist");
        for _ in 0..200 {
            metadata.push("comment", "again");
        }
        assert_eq!(
            (metadata.tags().len(), metadata.left_out()),
            (TAGS_MAX, 2 + 200 - 127)
        );
    }

    #[test]
    fn the_bytes_of_all_tags_are_bounded() {
        let mut metadata = Metadata::default();
        for _ in 0..20 {
            metadata.push("k", &"x".repeat(TAG_BYTES_MAX - 1));
        }
        assert_eq!((metadata.tags().len(), metadata.left_out()), (8, 12));
    }
}
