//! Wire: the registry as bytes.
//!
//! In: records. Out: a head (magic, version, checksum) and the records one after the other; and
//! back, if head and checksum agree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use crate::discovery::class::NotAPlugin;
use crate::discovery::hash::ContentHash;
use crate::discovery::library::{Machine, Told};
use crate::discovery::registry::Record;
use crate::discovery::stamp::Stamp;

/// What a registry starts with.
const MAGIC: [u8; 8] = *b"SEGUEREG";

/// Raised whenever a record would be read, or would have been made, in another way.
const VERSION: u32 = 1;

/// Magic, version and checksum.
const HEAD_BYTES: usize = 20;

/// One record as it is written.
#[derive(Serialize, Deserialize)]
struct WireRecord<'a> {
    #[serde(borrow, serialize_with = "bytes")]
    path: &'a [u8],
    stamp: Stamp,
    hash: Option<ContentHash>,
    #[serde(borrow)]
    told: WireTold<'a>,
}

#[derive(Serialize, Deserialize)]
enum WireTold<'a> {
    Not(NotAPlugin),
    Damaged(&'a str),
    Plugin {
        machine: Machine,
        sibling: Option<Cow<'a, str>>,
        #[serde(borrow, serialize_with = "bytes")]
        manifest: &'a [u8],
    },
}

/// Writes bytes at once instead of one by one.
fn bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Writes as many records as fit into `bytes_max`, in the order of their paths.
pub(super) fn encode(records: &HashMap<PathBuf, Record>, bytes_max: usize) -> Vec<u8> {
    let mut records: Vec<_> = records.iter().collect();
    records.sort_by_key(|(path, _)| *path);
    let mut bytes = vec![0; HEAD_BYTES];
    for (path, record) in records {
        let record = WireRecord {
            path: path.as_os_str().as_bytes(),
            stamp: record.stamp,
            hash: record.hash,
            told: to_wire(&record.told),
        };
        let before = bytes.len();
        bytes = postcard::to_extend(&record, bytes).expect("a vector takes whatever is written");
        if bytes.len() > bytes_max {
            bytes.truncate(before);
            break;
        }
    }
    let sum = checksum(&bytes[HEAD_BYTES..]);
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..HEAD_BYTES].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Reads what `encode` wrote; `None` for anything else.
pub(super) fn decode(bytes: &[u8], records_max: usize) -> Option<HashMap<PathBuf, Record>> {
    let (head, mut rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let head = head
        .strip_prefix(&MAGIC)?
        .strip_prefix(&VERSION.to_le_bytes())?;
    if head != checksum(rest).to_le_bytes() {
        return None;
    }
    let mut records = HashMap::new();
    while !rest.is_empty() && records.len() < records_max {
        let (record, after) = postcard::take_from_bytes::<WireRecord<'_>>(rest).ok()?;
        rest = after;
        let path = PathBuf::from(OsStr::from_bytes(record.path));
        let told = from_wire(record.told);
        let (stamp, hash) = (record.stamp, record.hash);
        records.insert(path, Record { stamp, hash, told });
    }
    Some(records)
}

fn to_wire(told: &Told) -> WireTold<'_> {
    match told {
        Told::Not(reason) => WireTold::Not(*reason),
        Told::Damaged(reason) => WireTold::Damaged(reason),
        Told::Plugin {
            machine,
            sibling,
            manifest,
        } => WireTold::Plugin {
            machine: *machine,
            sibling: sibling.as_deref().map(Cow::Borrowed),
            manifest,
        },
    }
}

fn from_wire(told: WireTold<'_>) -> Told {
    match told {
        WireTold::Not(reason) => Told::Not(reason),
        WireTold::Damaged(reason) => Told::Damaged(reason.to_owned()),
        WireTold::Plugin {
            machine,
            sibling,
            manifest,
        } => Told::Plugin {
            machine,
            sibling: sibling.map(Cow::into_owned),
            manifest: manifest.to_vec(),
        },
    }
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
    use crate::discovery::library::Format;
    use proptest::collection::{hash_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    fn told() -> impl Strategy<Value = Told> {
        let plugin = (any::<u32>(), option::of(".*"), vec(any::<u8>(), 0..100));
        let plugin = plugin.prop_map(|(code, sibling, manifest)| Told::Plugin {
            machine: Machine {
                format: Format::Pe,
                code,
                address_bits: 32,
            },
            sibling,
            manifest,
        });
        prop_oneof![
            Just(Told::Not(NotAPlugin::NoManifest)),
            ".*".prop_map(Told::Damaged),
            plugin,
        ]
    }

    fn records() -> impl Strategy<Value = HashMap<PathBuf, Record>> {
        let path = vec(1..=u8::MAX, 1..30).prop_map(|path| OsStr::from_bytes(&path).into());
        let stamp = (any::<[u64; 3]>(), any::<(i64, u32)>(), any::<(i64, u32)>());
        let stamp = stamp.prop_map(|([device, inode, size_bytes], modified, changed)| Stamp {
            device,
            inode,
            size_bytes,
            modified,
            changed,
        });
        let hash = option::of(any::<[u8; 32]>().prop_map(ContentHash));
        let record = (stamp, hash, told());
        let record = record.prop_map(|(stamp, hash, told)| Record { stamp, hash, told });
        hash_map(path, record, 0..8)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in records()) {
            let bytes = encode(&records, usize::MAX);
            prop_assert_eq!(decode(&bytes, 100), Some(records));
        }

        #[test]
        fn a_damaged_registry_is_none(records in records(), at: prop::sample::Index, bit in 0..8) {
            let mut bytes = encode(&records, usize::MAX);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(decode(&bytes, 100), None);
        }

        #[test]
        fn a_cut_registry_is_none(records in records(), at: prop::sample::Index) {
            let bytes = encode(&records, usize::MAX);
            prop_assert_eq!(decode(&bytes[..at.index(bytes.len())], 100), None);
        }

        #[test]
        fn noise_behind_a_good_head_does_no_harm(noise in vec(any::<u8>(), 0..300)) {
            let mut bytes = encode(&HashMap::new(), usize::MAX);
            bytes[12..].copy_from_slice(&checksum(&noise).to_le_bytes());
            bytes.extend(noise);
            if let Some(records) = decode(&bytes, 3) {
                prop_assert!(records.len() <= 3);
            }
        }

        #[test]
        fn no_more_is_written_than_there_is_room_for(records in records(), room in 20..400_usize) {
            let bytes = encode(&records, room);
            prop_assert!(bytes.len() <= room);
            let kept = decode(&bytes, 100).unwrap();
            prop_assert!(kept.iter().all(|(path, record)| records[path] == *record));
        }
    }
}
