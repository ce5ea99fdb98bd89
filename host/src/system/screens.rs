//! Screens: how wide a terminal is.
//!
//! In: a stream that may lead to one. Out: its columns.

use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// The columns of the terminal behind a stream; `None` where there is none, or it does not say.
pub fn columns(stream: impl AsFd) -> Option<u16> {
    let size = tcgetwinsize(stream).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}
