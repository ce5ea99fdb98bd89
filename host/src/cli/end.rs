//! End: how the process ends.
//!
//! In: what became of the command. Out: nothing; the process leaves its exit code behind.

use signal_hook::low_level;

use crate::cli::exit::Exit;
use crate::cli::printed;
use crate::cli::terminal::voice;
use crate::process::note;

/// Ends the process at once, as `_exit` does: what was printed is out, and no destructor of a
/// library that was opened runs.
pub(super) fn end(exit: Exit) -> ! {
    printed::flush();
    voice::flush();
    note::forget();
    low_level::exit(exit.code())
}
