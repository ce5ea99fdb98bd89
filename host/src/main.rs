//! The binary: hands the command line to the library.
//!
//! In: the arguments and the environment of the process. Out: its exit code.

use std::time::Instant;

use segue::cli;

#[expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; each call goes on to the system's, counted"
)]
mod allocator;

/// Counts what the host itself does on the heap, beside what plugins report of theirs.
#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

fn main() {
    cli::main(Instant::now())
}
