//! The binary: hands the command line, and the ways to render a report, to the library.
//!
//! In: the arguments and the environment of the process. Out: its exit code.

use std::time::Instant;

use segue::cli;
use segue::report;

#[expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; each call goes on to the system's, counted"
)]
mod allocator;

/// Counts what the host itself does on the heap, beside what plugins report of theirs.
#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

fn main() {
    let born = Instant::now();
    let renderers = cli::Renderers {
        text: report::text,
        json: report::json,
        profile_text: report::profile::text,
        histogram_text: report::profile::histograms,
        receipt_line: report::receipt::essence,
        receipt_text: report::receipt::text,
        batch_text: report::batch::text,
        batch_json: report::batch::json,
    };
    cli::main(born, renderers)
}
