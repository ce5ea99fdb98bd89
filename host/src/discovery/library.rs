//! Library: what an ELF, PE or Mach-O file says of itself, read as data.
//!
//! In: pieces of a file. Out: its machine, its manifest's bytes, and what it needs from beside it;
//! or why it is no library. Nothing is opened, mapped or run.

mod elf;
mod macho;
mod pe;
mod told;

use object::FileKind;

use crate::discovery::file::FilePiece;
use crate::discovery::reasons::NotAPlugin;

pub(crate) use told::Told;

/// Reads what a file says of itself.
pub(crate) fn read(file: FilePiece<'_>) -> Told<'static> {
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
