//! Screen: the terminal on standard error, as the progress bar draws on it.
//!
//! In: what to draw. Out: escape sequences, on the stream that no plugin writes to; none of it waits
//! for a terminal that was stopped.

use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

use crate::cli::terminal::{COLUMNS, voice};
use crate::process::standard;
use crate::system::screens;

/// Where a bar is drawn, so many times a second.
pub(in crate::cli) fn target(hz: u8) -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::<Screen>::default(), hz)
}

/// What is drawn until it is flushed.
#[derive(Debug, Default)]
struct Screen(Mutex<String>);

impl Screen {
    fn draw(&self, text: &str) -> io::Result<()> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.push_str(text);
        Ok(())
    }

    /// Moves the cursor by so many places; none is no movement, and no sequence of its own.
    fn step(&self, count: usize, way: char) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let mut text = String::new();
        let _ = write!(text, "\u{1b}[{count}{way}");
        self.draw(&text)
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        screens::columns(standard::error()).unwrap_or(COLUMNS as u16)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.draw(s)?;
        self.draw("\n")
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.draw(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        voice::draw(drawn);
        Ok(())
    }
}
