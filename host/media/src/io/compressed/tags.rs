//! Tags: what a compressed file says in words, under the keys that the rest of the host uses.
//!
//! In: tags as the reader found them. Out: the same under the names of Vorbis comments.

use symphonia::core::formats::FormatReader;
use symphonia::core::meta::MetadataRevision;
use symphonia::core::meta::RawValue;
use symphonia::core::meta::StandardTag;
use symphonia::core::meta::Tag;

use crate::io::compressed::mp4::Edit;
use crate::io::compressed::mp4::edit_of_tag;
use crate::io::metadata::Metadata;

/// The name of the tag in which iTunes says which frames are to be heard.
const ITUNES_EDIT: &str = "iTunSMPB";

/// What the tags of a file say.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// In words.
    pub(crate) metadata: Metadata,
    /// About the frames that are to be heard.
    pub(crate) edit: Option<Edit>,
}

/// Takes all tags of a reader.
pub(crate) fn tags(reader: &mut dyn FormatReader) -> Said {
    let mut said = Said::default();
    let mut log = reader.metadata();
    loop {
        if let Some(revision) = log.current() {
            said.add(revision);
        }
        if log.pop().is_none() {
            return said;
        }
    }
}

impl Said {
    /// Takes the tags of one place in a file.
    pub(crate) fn add(&mut self, revision: &MetadataRevision) {
        let of_tracks = revision
            .per_track
            .iter()
            .flat_map(|track| &track.metadata.tags);
        let pictures = revision.media.visuals.len() as u64;
        self.metadata.leave_out_pictures(pictures);
        for tag in revision.media.tags.iter().chain(of_tracks) {
            if tag.raw.key.ends_with(ITUNES_EDIT) {
                self.edit = edit_of_tag(&tag.raw.value.to_string());
            } else if !matches!(tag.raw.value, RawValue::Binary(_) | RawValue::Flag) {
                let key = key(tag);
                self.metadata.push(&key, &tag.raw.value.to_string());
            }
        }
    }
}

/// The name of a tag: the one that all formats share, or the file's own.
fn key(tag: &Tag) -> String {
    let shared = tag.std.as_ref().and_then(|shared| {
        Some(match shared {
            StandardTag::TrackTitle(_) => "title",
            StandardTag::Artist(_) => "artist",
            StandardTag::Album(_) => "album",
            StandardTag::AlbumArtist(_) => "albumartist",
            StandardTag::ReleaseDate(_)
            | StandardTag::RecordingDate(_)
            | StandardTag::ReleaseYear(_)
            | StandardTag::RecordingYear(_) => "date",
            StandardTag::Genre(_) => "genre",
            StandardTag::Comment(_) => "comment",
            StandardTag::TrackNumber(_) => "tracknumber",
            StandardTag::Composer(_) => "composer",
            StandardTag::Copyright(_) => "copyright",
            StandardTag::Encoder(_) => "encoder",
            _ => return None,
        })
    });
    shared.map_or_else(|| tag.raw.key.clone(), str::to_owned)
}
