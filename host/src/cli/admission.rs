//! Admission: who opens plugins, and the helper process that tries them first.
//!
//! In: the folders of the user, and this very program as the helper. Out: an `Admission`; and,
//! where the program is the helper, its exit.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use crate::admission::{self, Admission, AdmissionFolders, Helper};
use crate::cli::exit::Exit;
use crate::cli::{HELPER, Shell};
use crate::observe::EventSink;
use crate::system::processes;

/// The admission of this user. Its helper is the program by the descriptor it runs from, so that a
/// program that was replaced meanwhile is not taken for it.
pub(super) fn admission(shell: &Shell, events: Arc<dyn EventSink>) -> Admission {
    let environment = &shell.environment;
    let cache = environment.cache();
    let places = AdmissionFolders {
        store: cache.join("store"),
        cache,
        state: environment.state(),
    };
    let helper = processes::program().map(|program| Helper {
        program,
        arguments: vec![HELPER.into()],
    });
    Admission::new(places, helper, events)
}

/// Is the helper process.
pub(super) fn serve(arguments: &[OsString]) -> Exit {
    match admission::serve(arguments.iter().cloned()) {
        ExitCode::SUCCESS => Exit::Done,
        _ => Exit::Misused,
    }
}
