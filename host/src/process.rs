//! Process: what there is once in a process, whatever it runs.
//!
//! In: the streams, the folder and the environment that the process was started with. Out: all
//! three kept apart from what foreign code in the process does to them; and last words, where
//! foreign code ends the process. Beside them what tests make scarce.

pub mod calls;
#[expect(
    unsafe_code,
    reason = "signals and the end of the process are handled by functions of the C library"
)]
pub mod ending;
pub mod note;
pub mod scarce;
pub mod standard;
pub mod start;
