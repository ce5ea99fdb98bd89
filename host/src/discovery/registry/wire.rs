//! Wire: the registry as bytes.
//!
//! In: records. Out: a head (magic, version, checksum) and the records in the order of their
//! paths, which a reader finds its way through without copying any of them.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize, Serializer};

use crate::discovery::hash::ContentHash;
use crate::discovery::library::Told;
use crate::discovery::stamp::Stamp;

/// What a registry starts with.
const MAGIC: [u8; 8] = *b"SEGUEREG";

/// Raised whenever a record would be read, or would have been made, in another way.
const VERSION: u32 = 1;

/// Magic, version and checksum.
const HEAD_BYTES: usize = 20;

/// One file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record<'a> {
    /// Its absolute path.
    #[serde(borrow, serialize_with = "at_once")]
    pub(crate) path: Cow<'a, [u8]>,
    pub(crate) stamp: Stamp,
    pub(crate) hash: Option<ContentHash>,
    #[serde(borrow)]
    pub(crate) told: Told<'a>,
}

impl Record<'_> {
    /// The same, independent of the bytes it was read from.
    pub(super) fn into_owned(self) -> Record<'static> {
        Record {
            path: self.path.into_owned().into(),
            stamp: self.stamp,
            hash: self.hash,
            told: match self.told {
                Told::Not(reason) => Told::Not(reason),
                Told::Damaged(reason) => Told::Damaged(reason.into_owned().into()),
                Told::Plugin {
                    machine,
                    sibling,
                    manifest,
                } => Told::Plugin {
                    machine,
                    sibling: sibling.map(|sibling| sibling.into_owned().into()),
                    manifest: manifest.into_owned().into(),
                },
            },
        }
    }
}

/// Writes bytes at once instead of one by one.
fn at_once<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// A record as bytes.
pub(super) fn encode(record: &Record<'_>) -> Vec<u8> {
    postcard::to_stdvec(record).expect("a vector takes whatever is written")
}

/// The record that is all of `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Option<Record<'_>> {
    postcard::from_bytes(bytes).ok()
}

/// Makes a whole of encoded records, in the order of their paths; those that do not fit into
/// `bytes_max` are left out.
pub(super) fn join<'a>(records: impl Iterator<Item = &'a [u8]>, bytes_max: usize) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_BYTES];
    for record in records {
        if bytes.len() + record.len() <= bytes_max {
            bytes.extend(record);
        }
    }
    let sum = checksum(&bytes[HEAD_BYTES..]);
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..HEAD_BYTES].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Where the records are in what `join` made, and where their paths; `None` for anything else,
/// and for more than `records_max` of them.
pub(super) fn split(bytes: &[u8], records_max: usize) -> Option<Vec<RecordPlace>> {
    let (head, mut rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let head = head
        .strip_prefix(&MAGIC)?
        .strip_prefix(&VERSION.to_le_bytes())?;
    if head != checksum(rest).to_le_bytes() {
        return None;
    }
    let mut places = Vec::new();
    while !rest.is_empty() {
        let start = bytes.len() - rest.len();
        let (path, _) = postcard::take_from_bytes::<&[u8]>(rest).ok()?;
        let (record, after) = postcard::take_from_bytes::<Record<'_>>(rest).ok()?;
        if places.len() == records_max || record.path != path {
            return None;
        }
        // The path comes first, behind its length.
        let path_at = start + length_bytes(path.len());
        rest = after;
        places.push(RecordPlace {
            path: path_at..path_at + path.len(),
            record: start..bytes.len() - rest.len(),
        });
    }
    let path = |place: &RecordPlace| &bytes[place.path.clone()];
    places
        .is_sorted_by(|left, right| path(left) < path(right))
        .then_some(places)
}

/// Where a record is among the bytes of a registry.
#[derive(Debug)]
pub(super) struct RecordPlace {
    pub(super) path: Range<usize>,
    pub(super) record: Range<usize>,
}

/// How many bytes a length takes: seven bits in each.
fn length_bytes(length: usize) -> usize {
    (length.max(1).ilog2() / 7 + 1) as usize
}

/// Tells a file that was damaged from one that was not; it is no protection against people, who
/// could write any registry they like into their own cache. FNV-1a over words instead of bytes.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    for word in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        sum = (sum ^ u64::from_le_bytes(padded)).wrapping_mul(0x0000_0100_0000_01b3);
        sum ^= sum >> 29; // Else the upper bits of a word would reach the upper bits only.
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::machine::{Format, Machine};
    use crate::discovery::reasons::NotAPlugin;
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    fn told() -> impl Strategy<Value = Told<'static>> {
        let plugin = (any::<u32>(), option::of(".*"), vec(any::<u8>(), 0..100));
        let plugin = plugin.prop_map(|(code, sibling, manifest)| Told::Plugin {
            machine: Machine {
                format: Format::Pe,
                code,
                address_bits: 32,
            },
            sibling: sibling.map(Cow::Owned),
            manifest: manifest.into(),
        });
        prop_oneof![
            Just(Told::Not(NotAPlugin::NoManifest)),
            ".*".prop_map(|reason| Told::Damaged(reason.into())),
            plugin,
        ]
    }

    fn records() -> impl Strategy<Value = Vec<Record<'static>>> {
        // Lengths of one and of two bytes.
        let path = vec(any::<u8>(), 0..300);
        let stamp = (any::<[u64; 3]>(), any::<(i64, u32)>(), any::<(i64, u32)>());
        let stamp = stamp.prop_map(|([device, inode, size_bytes], modified, changed)| Stamp {
            device,
            inode,
            size_bytes,
            modified,
            changed,
        });
        let hash = option::of(any::<[u8; 32]>().prop_map(ContentHash));
        btree_map(path, (stamp, hash, told()), 0..8).prop_map(|records| {
            let record = |(path, (stamp, hash, told)): (Vec<u8>, _)| Record {
                path: path.into(),
                stamp,
                hash,
                told,
            };
            records.into_iter().map(record).collect()
        })
    }

    fn joined(records: &[Record<'_>], bytes_max: usize) -> Vec<u8> {
        let encoded: Vec<_> = records.iter().map(encode).collect();
        join(encoded.iter().map(Vec::as_slice), bytes_max)
    }

    fn read(bytes: &[u8]) -> Option<Vec<Record<'_>>> {
        let places = split(bytes, 100)?;
        let record = |place: RecordPlace| {
            let record = decode(&bytes[place.record])?;
            assert_eq!(record.path, &bytes[place.path]);
            Some(record)
        };
        places.into_iter().map(record).collect()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in records()) {
            let bytes = joined(&records, usize::MAX);
            prop_assert_eq!(read(&bytes), Some(records));
        }

        #[test]
        fn a_damaged_registry_is_none(records in records(), at: prop::sample::Index, bit in 0..8) {
            let mut bytes = joined(&records, usize::MAX);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(read(&bytes), None);
        }

        #[test]
        fn a_cut_registry_is_none(records in records(), at: prop::sample::Index) {
            let bytes = joined(&records, usize::MAX);
            prop_assert_eq!(read(&bytes[..at.index(bytes.len())]), None);
        }

        #[test]
        fn noise_behind_a_good_head_does_no_harm(noise in vec(any::<u8>(), 0..300)) {
            let bytes = join([&noise[..]].into_iter(), usize::MAX);
            if let Some(places) = split(&bytes, 3) {
                prop_assert!(places.len() <= 3);
            }
        }

        #[test]
        fn no_more_is_written_than_there_is_room_for(records in records(), room in 20..600_usize) {
            let bytes = joined(&records, room);
            prop_assert!(bytes.len() <= room);
            prop_assert!(read(&bytes).unwrap().iter().all(|record| records.contains(record)));
        }
    }

    #[test]
    fn records_out_of_order_are_no_registry() {
        let record = |path: &'static [u8]| Record {
            path: path.into(),
            stamp: Stamp {
                device: 0,
                inode: 0,
                size_bytes: 0,
                modified: (0, 0),
                changed: (0, 0),
            },
            hash: None,
            told: Told::Not(NotAPlugin::Empty),
        };
        assert!(read(&joined(&[record(b"/a"), record(b"/b")], usize::MAX)).is_some());
        assert!(read(&joined(&[record(b"/b"), record(b"/a")], usize::MAX)).is_none());
        assert!(read(&joined(&[record(b"/a"), record(b"/a")], usize::MAX)).is_none());
    }
}
