//! System: what the operating system is asked for, where the standard library does not ask.
//!
//! In: descriptors, names, numbers. Out: plain values of the host's own, and `io::Error`. Nothing of
//! the libraries that make the calls goes out, so that another system is another file here.
//!
//! What a call is for is decided above; here is no policy. A file for each concern: `files` what is
//! reached from an open folder, `streams` descriptors and waiting for them, `processes` this process
//! and its children, `people` users, `faults` signals of a fault and the end of the process,
//! `scheduler` the priority of a thread, `screens` the size of a terminal.

#[expect(
    unsafe_code,
    reason = "signals and the end of the process are handled by functions of the C library"
)]
pub mod faults;
pub mod files;
pub mod people;
pub mod processes;
#[expect(
    unsafe_code,
    reason = "scheduling policies are set by functions of the C library"
)]
pub mod scheduler;
pub mod screens;
pub mod streams;
