//! Scarce: what the system does not give at a moment, where a test says so.
//!
//! In: what is about to be asked of the system. Out: nothing, and the system is asked; or the error
//! that it would answer with. A build with debug assertions looks into the folder that [`FOLDER`]
//! names: a file `process`, `disk` or `memory` there makes that scarce for as long as it lies there.
//! Any other build asks the system only.

use std::io;

/// The environment variable that names the folder.
pub const FOLDER: &str = "SEGUE_TEST_SCARCE";

/// What may be scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Another process.
    Process,
    /// Room on a disk.
    Disk,
    /// Memory for what is kept of a signal.
    Memory,
}

impl Resource {
    /// The file that makes it scarce.
    #[cfg(debug_assertions)]
    const fn file(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }

    /// What the system says where there is none.
    #[cfg(debug_assertions)]
    fn error(self) -> io::Error {
        // The numbers of EAGAIN, ENOSPC and ENOMEM, so that the words are those of the system.
        io::Error::from_raw_os_error(match self {
            Self::Process => 11,
            Self::Disk => 28,
            Self::Memory => 12,
        })
    }
}

/// Whether the system may be asked for it. Touches a folder. Thread: any but audio.
///
/// # Errors
/// It is scarce, as a test wants it.
#[cfg(debug_assertions)]
pub fn ask(resource: Resource) -> io::Result<()> {
    let folder = std::env::var_os(FOLDER).map(std::path::PathBuf::from);
    match folder.is_some_and(|folder| folder.join(resource.file()).exists()) {
        true => Err(resource.error()),
        false => Ok(()),
    }
}

/// Nothing is scarce.
///
/// # Errors
/// None.
#[cfg(not(debug_assertions))]
pub const fn ask(_: Resource) -> io::Result<()> {
    Ok(())
}
