//! Bar: one bar for all files of a batch, on a terminal.
//!
//! In: what happens within each file, from several threads. Out: how far all of them are, drawn
//! below what is said; notes and failures of a file with its name in front.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::batch::Item;
use crate::cli::arguments::LogFormat;
use crate::cli::progress::{BAR_AFTER, BAR_HZ, ProgressSink};
use crate::cli::terminal::screen;
use crate::cli::terminal::{Amount, Terminal, set_bar};
use crate::cli::text::clean_path;
use crate::observe::{Event, EventSink};

/// What the bar is drawn from.
pub(super) struct BarState {
    terminal: Terminal,
    started: Instant,
    /// Bytes of each input that are done.
    done_bytes: Vec<AtomicU64>,
    files_done: AtomicU64,
    /// Stream time that is done, in microseconds.
    stream_us: AtomicU64,
    /// Bytes of all inputs that are not kept.
    total_bytes: AtomicU64,
    bar: Mutex<Option<ProgressBar>>,
}

/// Hears one file.
pub(super) struct FileEvents {
    shared: Arc<BarState>,
    at: usize,
    size_bytes: u64,
    progress: ProgressSink,
    sample_rate_hz: AtomicU32,
    frames: AtomicU64,
    frames_seen: AtomicU64,
}

impl BarState {
    /// For these files, none of them begun.
    pub(super) fn new(terminal: Terminal, items: &[Item]) -> Self {
        Self {
            terminal,
            started: Instant::now(),
            done_bytes: items.iter().map(|_| AtomicU64::new(0)).collect(),
            files_done: AtomicU64::new(0),
            stream_us: AtomicU64::new(0),
            total_bytes: AtomicU64::new(items.iter().map(|item| item.size_bytes).sum()),
            bar: Mutex::new(None),
        }
    }

    /// A file is over.
    pub(super) fn end(self: &Arc<Self>, at: usize, item: &Item) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
        self.advance(at, item.size_bytes);
    }

    /// A file is kept: it was no work, and says nothing about how long the work takes.
    pub(super) fn keep(&self, item: &Item) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
        let bytes = item.size_bytes;
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.total_bytes.fetch_sub(bytes, Ordering::Relaxed) - bytes;
        if let Some(bar) = &*bar {
            bar.set_length(left);
            bar.reset_eta();
        }
    }

    /// When the first file began.
    pub(super) const fn started(&self) -> Instant {
        self.started
    }

    /// So many bytes of a file are done.
    fn advance(self: &Arc<Self>, at: usize, bytes: u64) {
        let before = self.done_bytes[at].fetch_max(bytes, Ordering::Relaxed);
        let is_shown = self.terminal.err.is_terminal
            && self.terminal.amount != Amount::Quiet
            && self.terminal.log == LogFormat::Text;
        if !is_shown {
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if bar.is_none() && self.started.elapsed() >= BAR_AFTER {
            let new = self.bar();
            set_bar(new.clone());
            *bar = Some(new);
        } else if let Some(bar) = &*bar {
            bar.inc(bytes.saturating_sub(before));
        }
    }

    /// One bar for all files, as far as they are.
    fn bar(self: &Arc<Self>) -> ProgressBar {
        let target = screen::target(BAR_HZ);
        let total_bytes = self.total_bytes.load(Ordering::Relaxed);
        let bar = ProgressBar::with_draw_target(Some(total_bytes), target)
            .with_elapsed(self.started.elapsed());
        let template = "{bar:32} {percent:>3} %  {files}  {speed}  {eta} left";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let (of_files, of_speed) = (Arc::clone(self), Arc::clone(self));
        let style = style
            .with_key(
                "files",
                move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let done = of_files.files_done.load(Ordering::Relaxed);
                    let _ = write!(out, "{done} of {} files", of_files.done_bytes.len());
                },
            )
            .with_key(
                "speed",
                move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let seconds = of_speed.stream_us.load(Ordering::Relaxed) as f64 / 1e6;
                    let elapsed = state.elapsed().as_secs_f64().max(1e-9);
                    let _ = write!(out, "{:.0} × real time", seconds / elapsed);
                },
            );
        bar.set_style(style.progress_chars("━╸ "));
        let done = self.done_bytes.iter();
        bar.set_position(done.map(|bytes| bytes.load(Ordering::Relaxed)).sum());
        bar
    }
}

impl FileEvents {
    /// Hears the file of this place in the list.
    pub(super) fn new(shared: &Arc<BarState>, at: usize, item: &Item) -> Self {
        let prefix = format!("{}: ", clean_path(&item.input));
        Self {
            shared: Arc::clone(shared),
            at,
            size_bytes: item.size_bytes,
            progress: ProgressSink::of_file(shared.terminal, prefix),
            sample_rate_hz: AtomicU32::new(0),
            frames: AtomicU64::new(0),
            frames_seen: AtomicU64::new(0),
        }
    }

    /// So many frames of the file are done.
    fn advance(&self, frames: u64) {
        let rate = u64::from(self.sample_rate_hz.load(Ordering::Relaxed).max(1));
        let new = frames - self.frames_seen.swap(frames, Ordering::Relaxed).min(frames);
        let stream_us = new.saturating_mul(1_000_000) / rate;
        self.shared
            .stream_us
            .fetch_add(stream_us, Ordering::Relaxed);
        let total = self.frames.load(Ordering::Relaxed).max(1);
        let share = (frames as f64 / total as f64).min(1.0);
        let bytes = (self.size_bytes as f64 * share) as u64;
        self.shared.advance(self.at, bytes);
    }
}

impl EventSink for FileEvents {
    fn event(&self, event: Event) {
        match event {
            Event::Started {
                frames,
                sample_rate_hz,
            } => {
                self.sample_rate_hz.store(sample_rate_hz, Ordering::Relaxed);
                // Of unknown length: it counts when it is over.
                self.frames
                    .store(frames.unwrap_or(u64::MAX), Ordering::Relaxed);
            }
            Event::Progress { frames } => self.advance(frames),
            Event::Finished { .. } => {}
            event => self.progress.event(event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::Look;
    use crate::config::render::Color;

    fn item(size_bytes: u64) -> Item {
        Item {
            input: "in/a.wav".into(),
            relative: "a.wav".into(),
            output: None,
            size_bytes,
        }
    }

    #[test]
    fn what_is_kept_is_no_work() {
        let look = Look {
            color: Color::Plain,
            width: 80,
            is_terminal: true,
        };
        let terminal = Terminal {
            out: look,
            err: look,
            amount: Amount::Normal,
            log: LogFormat::Text,
        };
        let items = [item(100), item(20), item(3)];
        let shared = Arc::new(BarState::new(terminal, &items));
        shared.keep(&items[0]);
        let bar = shared.bar();
        assert_eq!((bar.length(), bar.position()), (Some(23), 0));
        *shared.bar.lock().unwrap() = Some(bar.clone());
        shared.keep(&items[1]);
        shared.end(2, &items[2]);
        assert_eq!((bar.length(), bar.position()), (Some(3), 3));
        assert_eq!(shared.files_done.load(Ordering::Relaxed), 3);
    }
}
