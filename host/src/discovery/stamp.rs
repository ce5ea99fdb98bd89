//! Stamp: what the file system says about a file without opening it.
//!
//! In: what the system says about it. Out: a value that is another one after every change of the file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::system::files::{FileFacts, FileTime};

/// How old the last change of a file has to be before its stamp stands for its content. Clocks of
/// file systems tick as slowly as every 2 s (FAT): two changes within a tick leave one stamp.
pub const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Identity, size and times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The device that holds the file.
    pub device: u64,
    /// The file's number on its device.
    pub inode: u64,
    /// How long it is.
    pub size_bytes: u64,
    /// When its content was last changed, if nobody set the time by hand.
    pub modified: FileTime,
    /// When anything about it was last changed, its times included.
    pub changed: FileTime,
}

impl Stamp {
    /// Takes what matters out of what the system says.
    pub(crate) const fn of(about: &FileFacts) -> Self {
        let (device, inode) = about.identity;
        Self {
            device,
            inode,
            size_bytes: about.size_bytes,
            modified: about.modified,
            changed: about.changed,
        }
    }

    /// Whether the last change is long enough before `now` for the stamp to stand for the content.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let Some(before) = now.checked_sub(SETTLED_AFTER) else {
            return false;
        };
        let Ok(since) = before.duration_since(UNIX_EPOCH) else {
            return false;
        };
        let Ok(seconds) = i64::try_from(since.as_secs()) else {
            return false;
        };
        self.modified.max(self.changed) <= (seconds, since.subsec_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(modified: FileTime, changed: FileTime, expected: bool) {
        let stamp = Stamp {
            device: 1,
            inode: 2,
            size_bytes: 3,
            modified,
            changed,
        };
        let now = UNIX_EPOCH + Duration::new(100, 500);
        assert_eq!(stamp.is_settled(now), expected, "{stamp:?}");
    }

    #[test]
    fn a_file_is_settled_two_seconds_after_its_last_change() {
        check((98, 500), (98, 500), true);
        check((98, 501), (0, 0), false);
        check((0, 0), (98, 501), false);
        check((101, 0), (0, 0), false); // From a clock that is ahead of ours.
        check((-1, 0), (0, 0), true);
    }
}
