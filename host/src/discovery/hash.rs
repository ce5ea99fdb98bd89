//! Hash: what names the content of a library.
//!
//! In: a file. Out: the SHA-256 of all its bytes.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::discovery::file::LIBRARY_BYTES_MAX;

/// How much is hashed between two reads, in bytes: large enough that system calls do not count.
const CHUNK_BYTES: usize = 64 << 10;

/// The SHA-256 of a library: one content, one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Hashes what is left to read of `file`. Thread: any but audio.
///
/// # Errors
/// What the system says, and `FileTooLarge` past the largest library.
pub fn content_hash(file: &mut File) -> io::Result<ContentHash> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = LIBRARY_BYTES_MAX;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok(ContentHash(hasher.finalize().into())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        left = left
            .checked_sub(read as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        hasher.update(&chunk[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn check(content: &[u8], expected: &str) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        assert_eq!(content_hash(&mut file).unwrap().to_string(), expected);
    }

    #[test]
    fn the_examples_of_the_standard_come_out() {
        // FIPS 180-4, appendix B.1; and a million times `a`, which takes more than one chunk.
        check(
            b"abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
        let million = vec![b'a'; 1_000_000];
        check(
            &million,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        );
    }
}
