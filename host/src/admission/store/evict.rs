//! Evict: keeps the store within its bounds.
//!
//! In: the store's folder, and what must stay. Out: the same without what was used longest ago.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::debug;

use crate::admission::hex;
use crate::admission::store::copy::PARTIAL_PREFIX;
use crate::admission::store::kept::{STAMP_ENDING, stamp_name};
use crate::admission::store::{Store, hash_of, name_of};
use crate::discovery::ContentHash;
use crate::system::files::{self, FileFacts, Links};

/// The most bytes of all copies: a thousand plugins of a megabyte.
pub(in crate::admission) const STORE_BYTES_MAX: u64 = 1 << 30;

/// The most names read of the folder.
const NAMES_MAX: usize = 65_536;

/// What was used so short a time ago stays, whatever the bound says: another process may be
/// between its probe and its opening.
const IN_USE_FOR: Duration = Duration::from_secs(60);

/// A copy that is still partial after so long belongs to nobody any more.
const PARTIAL_FOR: Duration = Duration::from_secs(3600);

/// A copy that may go.
struct Copy {
    used: SystemTime,
    size_bytes: u64,
    hash: ContentHash,
    name: String,
}

impl Store {
    /// Removes what was used longest ago until the rest fits; never what `keeps` says stays.
    ///
    /// Whatever cannot be read or removed is left to the next time.
    pub(in crate::admission) fn evict(&self, now: SystemTime, keeps: impl Fn(ContentHash) -> bool) {
        let mut copies = self.copies(now);
        copies.sort_by_key(|copy| copy.used);
        let mut total_bytes: u64 = copies.iter().map(|copy| copy.size_bytes).sum();
        let fresh = |copy: &Copy| now.duration_since(copy.used).unwrap_or_default() < IN_USE_FOR;
        for copy in copies {
            if total_bytes <= self.bytes_max {
                return;
            }
            if fresh(&copy) || keeps(copy.hash) {
                continue;
            }
            // Another process may have removed it just now.
            let _ = files::remove_at(&self.folder, &copy.name);
            let _ = files::remove_at(&self.folder, stamp_name(copy.hash));
            total_bytes -= copy.size_bytes;
            debug!(hash = %copy.hash, "removed from the store");
        }
    }

    /// Every copy; partial ones that nobody completes any more are removed on the way.
    fn copies(&self, now: SystemTime) -> Vec<Copy> {
        let Ok(folder) = files::names(&self.folder) else {
            return Vec::new();
        };
        let names = folder.take(NAMES_MAX).flatten();
        let names = names.filter_map(|name| name.into_string().ok());
        names.filter_map(|name| self.copy_of(name, now)).collect()
    }

    fn copy_of(&self, name: String, now: SystemTime) -> Option<Copy> {
        let about = files::about_at(&self.folder, &name, Links::Themselves).ok()?;
        let used = modified(&about);
        if name.starts_with(PARTIAL_PREFIX) {
            if now.duration_since(used).unwrap_or_default() > PARTIAL_FOR {
                let _ = files::remove_at(&self.folder, &name);
            }
            return None;
        }
        if let Some(hash) = name.strip_suffix(STAMP_ENDING).and_then(hex::hash) {
            // Its copy was removed by hand: a copy gets its name before its stamp.
            if files::about_at(&self.folder, name_of(hash), Links::Themselves).is_err() {
                let _ = files::remove_at(&self.folder, &name);
            }
            return None;
        }
        let hash = hash_of(&name)?;
        let stamp = files::about_at(&self.folder, stamp_name(hash), Links::Themselves);
        Some(Copy {
            used: stamp.map_or(used, |stamp| modified(&stamp)),
            size_bytes: about.size_bytes,
            hash,
            name,
        })
    }
}

fn modified(about: &FileFacts) -> SystemTime {
    let (seconds, nanoseconds) = about.modified;
    let moment = Duration::new(u64::try_from(seconds).unwrap_or(0), nanoseconds);
    UNIX_EPOCH.checked_add(moment).unwrap_or(UNIX_EPOCH)
}
