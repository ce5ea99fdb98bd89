//! Machine: which machine the code of a library is for.
//!
//! In: what a file says of itself. Out: its name, and whether this host could run it.

use std::fmt;

use serde::{Deserialize, Serialize};

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
