//! Library: what an ELF, PE or Mach-O file says of itself, read as data.
//!
//! In: pieces of a file. Out: its machine, its manifest's bytes, and what it needs from beside it;
//! or why it is no library. Nothing is opened, mapped or run.

mod elf;
mod macho;
mod pe;

use std::borrow::Cow;
use std::fmt;

use object::FileKind;
use segue_plugin::manifest::MANIFEST_BYTES_MAX;
use serde::{Deserialize, Serialize, Serializer};

use crate::discovery::class::NotAPlugin;
use crate::discovery::file::Piece;

/// The section that holds the manifest; in a Mach-O file the segment's name comes before.
const SECTION: &[u8] = b".segue";

/// The kinds of library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Linux and most other systems: `.so`.
    Elf,
    /// Windows: `.dll`.
    Pe,
    /// Apple's systems: `.dylib`.
    MachO,
}

/// What kind of machine the code of a library is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Machine {
    /// The kind of library.
    pub format: Format,
    /// The number of the architecture in that format.
    pub code: u32,
    /// The width of its addresses, 32 or 64 bit.
    pub address_bits: u8,
}

impl Machine {
    /// The architecture under the name that Rust gives it; `None` for one we have no word for.
    #[must_use]
    pub fn architecture(self) -> Option<&'static str> {
        match (self.format, self.code, self.address_bits) {
            (Format::Elf, 62, _) | (Format::Pe, 0x8664, _) | (Format::MachO, 0x0100_0007, _) => {
                Some("x86_64")
            }
            (Format::Elf, 183, _) | (Format::Pe, 0xaa64, _) | (Format::MachO, 0x0100_000c, _) => {
                Some("aarch64")
            }
            (Format::Elf, 3, _) | (Format::Pe, 0x014c, _) => Some("x86"),
            (Format::Elf, 40, _) => Some("arm"),
            (Format::Elf, 243, 64) => Some("riscv64"),
            (Format::Elf, 243, _) => Some("riscv32"),
            (Format::Elf, 21, _) => Some("powerpc64"),
            (Format::Elf, 22, 64) => Some("s390x"),
            (Format::Elf, 258, 64) => Some("loongarch64"),
            _ => None,
        }
    }

    /// Whether this host could run such code, as far as the file tells.
    pub(crate) fn is_ours(self) -> bool {
        let format = match std::env::consts::OS {
            "windows" => Format::Pe,
            "macos" | "ios" => Format::MachO,
            _ => Format::Elf,
        };
        self.format == format
            && u32::from(self.address_bits) == usize::BITS
            && self.architecture() == Some(std::env::consts::ARCH)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            Format::Elf => "ELF",
            Format::Pe => "PE",
            Format::MachO => "Mach-O",
        };
        let bits = self.address_bits;
        match self.architecture() {
            Some(architecture) => write!(formatter, "{format}, {architecture}, {bits} bit"),
            None => write!(formatter, "{format}, machine {:#x}, {bits} bit", self.code),
        }
    }
}

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

/// Reads what a file says of itself.
pub(crate) fn read(file: Piece<'_>) -> Told<'static> {
    let Ok(kind) = FileKind::parse(file) else {
        return Told::Not(NotAPlugin::NoLibrary);
    };
    let told = match kind {
        FileKind::Elf32 => elf::read::<object::elf::FileHeader32<object::Endianness>>(file),
        FileKind::Elf64 => elf::read::<object::elf::FileHeader64<object::Endianness>>(file),
        FileKind::Pe32 => pe::read::<object::pe::ImageNtHeaders32>(file),
        FileKind::Pe64 => pe::read::<object::pe::ImageNtHeaders64>(file),
        FileKind::MachO32 => macho::read::<object::macho::MachHeader32<object::Endianness>>(file),
        FileKind::MachO64 => macho::read::<object::macho::MachHeader64<object::Endianness>>(file),
        FileKind::MachOFat32 => macho::read_fat::<object::macho::FatArch32>(file),
        FileKind::MachOFat64 => macho::read_fat::<object::macho::FatArch64>(file),
        _ => Err(Told::Not(NotAPlugin::NoLibrary)),
    };
    told.unwrap_or_else(|told| told)
}

/// The bytes of the manifest's section, whose length is checked before they are read.
fn manifest_at(
    file: Piece<'_>,
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
