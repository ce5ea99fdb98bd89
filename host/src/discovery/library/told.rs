//! Told: what reading a file told, whichever format it has.
//!
//! In: where a manifest lies. Out: its bytes, and the words for everything that a reader finds.

use std::borrow::Cow;

use segue_plugin::manifest::MANIFEST_BYTES_MAX;
use serde::{Deserialize, Serialize, Serializer};

use crate::discovery::file::FilePiece;
use crate::discovery::machine::Machine;
use crate::discovery::reasons::NotAPlugin;

/// The section that holds the manifest; in a Mach-O file the segment's name comes before.
pub(super) const SECTION: &[u8] = b".segue";

/// What reading a file told, whichever host reads it. This is what the registry keeps, and lends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Told<'a> {
    /// It is no plugin.
    Not(NotAPlugin),
    /// It starts like a library, and then makes no sense.
    Damaged(#[serde(borrow)] Cow<'a, str>),
    /// It is a library with a manifest.
    Plugin {
        machine: Machine,
        /// A library that it wants to find beside itself.
        #[serde(borrow)]
        sibling: Option<Cow<'a, str>>,
        /// The bytes of the manifest's section, not looked at yet.
        #[serde(borrow, serialize_with = "at_once")]
        manifest: Cow<'a, [u8]>,
    },
}

/// Writes bytes at once instead of one by one.
fn at_once<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl From<object::read::Error> for Told<'_> {
    fn from(error: object::read::Error) -> Self {
        Self::Damaged(error.to_string().into())
    }
}

/// The bytes of the manifest's section, whose length is checked before they are read.
pub(super) fn manifest_at(
    file: FilePiece<'_>,
    offset: u64,
    size_bytes: u64,
) -> Result<Cow<'static, [u8]>, Told<'static>> {
    if size_bytes > MANIFEST_BYTES_MAX as u64 {
        let reason = format!(
            "its manifest's section has {size_bytes} bytes, expected at most {MANIFEST_BYTES_MAX}"
        );
        return Err(Told::Damaged(reason.into()));
    }
    match object::ReadRef::read_bytes_at(file, offset, size_bytes) {
        Ok(bytes) => Ok(bytes.to_vec().into()),
        Err(()) => {
            let reason = format!(
                "its manifest should lie {size_bytes} bytes from byte {offset} on, past its end"
            );
            Err(Told::Damaged(reason.into()))
        }
    }
}
