//! Mach-O: the libraries of Apple's systems, single or several in one file.
//!
//! In: pieces of a file that starts as Mach-O files do. Out: what it says of itself.

use object::macho;
use object::read::macho::{FatArch, MachHeader, MachOFatFile, Section, Segment};
use object::{Endianness, FileKind};

use crate::discovery::file::FilePiece;
use crate::discovery::library::told::{Told, manifest_at};
use crate::discovery::machine::{Format, Machine};
use crate::discovery::reasons::NotAPlugin;

/// The segment and the section that hold the manifest.
const PLACE: (&[u8], &[u8]) = (b"__DATA", b"__segue");

/// The most architectures in one file; there are not that many.
const ARCHITECTURES_MAX: usize = 16;

pub(super) fn read<Mach: MachHeader>(file: FilePiece<'_>) -> Result<Told<'static>, Told<'static>> {
    let header = Mach::parse(file, 0)?;
    let endian = header.endian()?;
    if ![macho::MH_DYLIB, macho::MH_BUNDLE].contains(&header.filetype(endian)) {
        return Err(Told::Not(NotAPlugin::NotShared));
    }
    let mut commands = header.load_commands(endian, file, 0)?;
    while let Some(command) = commands.next()? {
        let Some((segment, sections)) = Mach::Segment::from_command(command)? else {
            continue;
        };
        let sections = segment.sections(endian, sections)?;
        let mut named = sections.iter();
        if let Some(section) = named.find(|one| (one.segment_name(), one.name()) == PLACE) {
            let (offset, size_bytes) = (section.offset(endian), section.size(endian));
            return Ok(Told::Plugin {
                machine: Machine {
                    format: Format::MachO,
                    code: header.cputype(endian).0,
                    address_bits: if header.is_type_64() { 64 } else { 32 },
                },
                manifest: manifest_at(file, offset.into(), size_bytes.into())?,
                sibling: None,
            });
        }
    }
    Err(Told::Not(NotAPlugin::NoManifest))
}

/// Reads the part for this host, or the first plugin if none is.
pub(super) fn read_fat<Fat: FatArch>(file: FilePiece<'_>) -> Result<Told<'static>, Told<'static>> {
    let fat = MachOFatFile::<Fat>::parse(file)?;
    let (mut plugin, mut error) = (None, None);
    for part in fat.arches().iter().take(ARCHITECTURES_MAX) {
        let (offset, size_bytes) = part.file_range();
        let part = file.part(offset, size_bytes);
        let told = match FileKind::parse(part) {
            Ok(FileKind::MachO32) => read::<macho::MachHeader32<Endianness>>(part),
            Ok(FileKind::MachO64) => read::<macho::MachHeader64<Endianness>>(part),
            _ => Err(Told::Damaged("a part of it is no Mach-O file".into())),
        };
        match told {
            Ok(Told::Plugin { machine, .. }) if machine.is_ours() => return told,
            Ok(told) => plugin = plugin.or(Some(told)),
            Err(told) => error = error.or(Some(told)),
        }
    }
    match (plugin, error) {
        (Some(told), _) => Ok(told),
        (None, Some(told)) => Err(told),
        (None, None) => Err(Told::Not(NotAPlugin::NoManifest)),
    }
}
