//! Admission: who opens plugins, and the helper process that tries them first.

use std::ffi::OsString;

use crate::admission::Admission;
use crate::cli::Shell;
use crate::cli::exit::Exit;

/// The admission of this user, whose helper is this very program.
pub(super) fn admission(_: &Shell) -> Admission {
    Admission
}

/// Is the helper process.
pub(super) fn serve(_: &[OsString]) -> Exit {
    Exit::Misused
}
