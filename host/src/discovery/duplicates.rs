//! Duplicates: files that say they are the same version of the same plugin.
//!
//! In: what a scan found. Out: which file stands behind which, and whether they really are the
//! same. Only files in question are hashed, and only if their sizes agree.

use std::collections::HashMap;
use std::io;

use crate::discovery::Entry;
use crate::discovery::class::{Class, FoundPlugin};
use crate::discovery::file;
use crate::discovery::hash::{ContentHash, content_hash};
use crate::discovery::registry::Registry;
use crate::system::files;

/// A file that says it is the same version of the same plugin as one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The place among the entries of the file that wins.
    pub first: usize,
    /// The place among the entries of the file that is passed over.
    pub later: usize,
    /// Whether the two are the same.
    pub content: ContentMatch,
}

/// Whether two files hold the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentMatch {
    /// Byte by byte: nobody needs to hear of it.
    Same,
    /// One of them claims a name that is not its own.
    Different,
    /// One of them could not be read again to compare them.
    Unknown,
}

/// Finds the ready files that say they are what an earlier one is already.
pub(crate) fn find(entries: &[Entry], registry: &mut Registry) -> Vec<Duplicate> {
    let mut firsts = HashMap::new();
    let mut duplicates = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let Class::Ready(found) = &entry.class else {
            continue;
        };
        let first = *firsts
            .entry((&found.manifest.id, &found.manifest.version))
            .or_insert(at);
        if first != at {
            duplicates.push(Duplicate {
                first,
                later: at,
                content: compare(&entries[first], entry, registry),
            });
        }
    }
    duplicates
}

fn compare(first: &Entry, later: &Entry, registry: &mut Registry) -> ContentMatch {
    let (Some(one), Some(other)) = (first.class.found(), later.class.found()) else {
        return ContentMatch::Unknown; // Only plugins are compared.
    };
    if one.stamp == other.stamp {
        return ContentMatch::Same; // Two names of one file.
    }
    if one.stamp.size_bytes != other.stamp.size_bytes {
        return ContentMatch::Different;
    }
    match (hash(first, one, registry), hash(later, other, registry)) {
        (Ok(one), Ok(other)) if one == other => ContentMatch::Same,
        (Ok(_), Ok(_)) => ContentMatch::Different,
        _ => ContentMatch::Unknown,
    }
}

/// The content of a file, which is read only if nobody knows it.
fn hash(entry: &Entry, found: &FoundPlugin, registry: &mut Registry) -> io::Result<ContentHash> {
    let known = found
        .hash
        .or_else(|| registry.hash(&entry.path, &found.stamp));
    if let Some(hash) = known {
        return Ok(hash);
    }
    let (mut file, stamp) = file::open(files::here(), entry.path.as_os_str())?;
    if stamp != found.stamp {
        return Err(io::Error::other("it changed while it was looked at"));
    }
    let hash = content_hash(&mut file)?;
    registry.set_hash(&entry.path, &stamp, hash);
    Ok(hash)
}
