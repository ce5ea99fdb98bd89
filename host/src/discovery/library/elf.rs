//! ELF: the libraries of Linux and its relatives.
//!
//! In: pieces of a file that starts as ELF files do. Out: what it says of itself.

use std::borrow::Cow;

use object::elf;
use object::read::elf::{FileHeader, SectionHeader, SectionTable};

use crate::discovery::file::FilePiece;
use crate::discovery::library::told::{SECTION, Told, manifest_at};
use crate::discovery::machine::{Format, Machine};
use crate::discovery::reasons::NotAPlugin;

/// What every system has, by the start of its name. A library may name `$ORIGIN` as one of the
/// folders to search and still need nothing but these, which do not lie there.
const OF_THE_SYSTEM: [&[u8]; 10] = [
    b"ld-linux",
    b"ld-musl",
    b"libc.",
    b"libdl.",
    b"libgcc_s.",
    b"libm.",
    b"libpthread.",
    b"librt.",
    b"libstdc++.",
    b"linux-vdso",
];

/// The longest name of a needed library in a sentence, in bytes.
const NAME_BYTES_MAX: usize = 128;

pub(super) fn read<Elf: FileHeader>(file: FilePiece<'_>) -> Result<Told<'static>, Told<'static>> {
    let header = Elf::parse(file)?;
    let endian = header.endian()?;
    if header.e_type(endian) != elf::ET_DYN {
        return Err(Told::Not(NotAPlugin::NotShared));
    }
    let sections = header.sections(endian, file)?;
    let Some(section) = manifest_section::<Elf>(&sections, endian) else {
        return Err(Told::Not(NotAPlugin::NoManifest));
    };
    let (offset, size_bytes) = section.file_range(endian).unwrap_or((0, 0));
    Ok(Told::Plugin {
        machine: Machine {
            format: Format::Elf,
            code: header.e_machine(endian).0.into(),
            address_bits: if header.is_type_64() { 64 } else { 32 },
        },
        manifest: manifest_at(file, offset, size_bytes)?,
        sibling: sibling::<Elf>(&sections, endian, file)?,
    })
}

/// Finds the section by its type before its name: most sections' names need not be read.
fn manifest_section<'data, Elf: FileHeader>(
    sections: &SectionTable<'data, Elf, FilePiece<'data>>,
    endian: Elf::Endian,
) -> Option<&'data Elf::SectionHeader> {
    let data = sections
        .iter()
        .filter(|section| section.sh_type(endian) == elf::SHT_PROGBITS);
    data.into_iter().find(|section| {
        sections
            .section_name(endian, section)
            .is_ok_and(|name| name == SECTION)
    })
}

/// The first library that this one wants and that the system does not have, if the folder of this
/// one is where it is to be looked for.
fn sibling<'data, Elf: FileHeader>(
    sections: &SectionTable<'data, Elf, FilePiece<'data>>,
    endian: Elf::Endian,
    file: FilePiece<'data>,
) -> Result<Option<Cow<'static, str>>, Told<'static>> {
    let dynamic = sections.dynamic_table(endian, file)?;
    let (mut looks_beside, mut needed) = (false, None);
    for entry in dynamic.iter() {
        match entry.tag {
            elf::DT_RUNPATH | elf::DT_RPATH => {
                let path = dynamic.string(entry)?;
                looks_beside |= path.windows(6).any(|part| part == b"ORIGIN");
            }
            elf::DT_NEEDED if needed.is_none() => {
                let name = dynamic.string(entry)?;
                let of_the_system = OF_THE_SYSTEM.iter().any(|start| name.starts_with(start));
                needed = (!of_the_system).then_some(name);
            }
            _ => {}
        }
    }
    let name = needed.filter(|_| looks_beside);
    Ok(name.map(|name| printable(&name[..name.len().min(NAME_BYTES_MAX)])))
}

/// A name from outside, without what could steer a terminal.
fn printable(name: &[u8]) -> Cow<'static, str> {
    name.escape_ascii().to_string().into()
}
