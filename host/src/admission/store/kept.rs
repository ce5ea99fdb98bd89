//! Kept: whether a copy is still what it was when it came.
//!
//! In: a content. Out: whether its copy is whole. Beside each copy lies the stamp that its file had
//! when its bytes were last hashed. Where the two differ, somebody or something touched the copy,
//! and its bytes are hashed again before anybody maps them. The stamp's own time says when the copy
//! was used last, so that using a copy does not change it.

use tracing::debug;

use crate::admission::store::{Store, name_of};
use crate::discovery::{ContentHash, Stamp, content_hash};
use crate::system::files;

/// How the name of a stamp ends.
pub(super) const STAMP_ENDING: &str = ".stamp";

/// The longest stamp, in bytes: seven numbers.
const STAMP_BYTES_MAX: u64 = 128;

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyState {
    /// Its bytes are those that its name says.
    Whole,
    /// There is none.
    Missing,
    /// It has other bytes.
    Changed,
}

impl Store {
    /// Looks whether the copy of that content has this length and its own bytes; if so it counts
    /// as used now.
    pub(super) fn kept(&self, hash: ContentHash, size_bytes: u64) -> CopyState {
        let Ok((mut file, _)) = self.folder.file(&name_of(hash)) else {
            return CopyState::Missing;
        };
        let Ok(about) = files::about(&file) else {
            return CopyState::Missing;
        };
        let stamp = Stamp::of(&about);
        if stamp.size_bytes != size_bytes {
            return CopyState::Changed;
        }
        if self.stamp_of(hash) == Some(stamp) {
            self.used(hash);
            return CopyState::Whole;
        }
        match content_hash(&mut file) {
            Ok(found) if found == hash => {
                self.keep_stamp(hash, &stamp);
                CopyState::Whole
            }
            Ok(_) | Err(_) => CopyState::Changed,
        }
    }

    /// Keeps the stamp of a copy whose bytes were hashed.
    pub(super) fn keep_stamp(&self, hash: ContentHash, stamp: &Stamp) {
        let bytes = postcard::to_stdvec(stamp).expect("a vector takes whatever is written");
        if let Err(error) = self.folder.replace(&stamp_name(hash), &bytes) {
            debug!(%hash, %error, "without its stamp the copy is hashed again the next time");
        }
    }

    fn stamp_of(&self, hash: ContentHash) -> Option<Stamp> {
        let bytes = self.folder.read(&stamp_name(hash), STAMP_BYTES_MAX).ok()?;
        postcard::from_bytes(&bytes).ok()
    }

    /// A copy counts as used now.
    fn used(&self, hash: ContentHash) {
        // If it is gone in this very moment, it goes a little earlier than others would.
        let _ = files::touch_at(&self.folder, stamp_name(hash));
    }
}

/// What the stamp of a content's copy is called.
pub(super) fn stamp_name(hash: ContentHash) -> String {
    format!("{hash}{STAMP_ENDING}")
}
