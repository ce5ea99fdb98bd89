//! PE: the libraries of Windows.
//!
//! In: pieces of a file that starts as PE files do. Out: what it says of itself.

use object::LittleEndian;
use object::pe::{IMAGE_FILE_DLL, ImageDosHeader};
use object::read::pe::ImageNtHeaders;

use crate::discovery::file::FilePiece;
use crate::discovery::library::told::{SECTION, Told, manifest_at};
use crate::discovery::machine::{Format, Machine};
use crate::discovery::reasons::NotAPlugin;

pub(super) fn read<Pe: ImageNtHeaders>(
    file: FilePiece<'_>,
) -> Result<Told<'static>, Told<'static>> {
    let dos = ImageDosHeader::parse(file)?;
    let mut offset = dos.nt_headers_offset().into();
    let (headers, _) = Pe::parse(file, &mut offset)?;
    let header = headers.file_header();
    if !header
        .characteristics
        .get(LittleEndian)
        .contains(IMAGE_FILE_DLL)
    {
        return Err(Told::Not(NotAPlugin::NotShared));
    }
    let sections = headers.sections(file, offset)?;
    let mut named = sections
        .iter()
        .filter(|section| section.raw_name() == SECTION);
    let Some(section) = named.next() else {
        return Err(Told::Not(NotAPlugin::NoManifest));
    };
    let (offset, size_bytes) = section.pe_file_range();
    Ok(Told::Plugin {
        machine: Machine {
            format: Format::Pe,
            code: header.machine.get(LittleEndian).0.into(),
            address_bits: if headers.is_type_64() { 64 } else { 32 },
        },
        manifest: manifest_at(file, offset.into(), size_bytes.into())?,
        sibling: None,
    })
}
