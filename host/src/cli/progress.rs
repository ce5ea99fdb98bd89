//! Progress: what a session tells while it runs, for people.
//!
//! In: events. Out: lines on standard error, or records of the log at `--log json`; on a terminal
//! a bar below them. A flood of one kind of event is cut short.

mod bar;
mod stall;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::cli::arguments::LogFormat;
use crate::cli::progress::bar::bar;
use crate::cli::terminal::{Amount, Terminal, clear_bar, say, set_bar};
use crate::cli::text::{clean, entry};
use crate::config::render::Color;
use crate::observe::{ChangeVerdict, Event, EventSink, PriorityReport, PriorityState, Receipt};
use crate::report::receipt::essence;
use crate::session::Pace;

/// How long a run has to take before a bar appears: a shorter one would only flicker.
pub(super) const BAR_AFTER: Duration = Duration::from_millis(300);

/// How often the bar is drawn a second.
pub(super) const BAR_HZ: u8 = 10;

/// How many notes of plugins are shown; a plugin may leave one in every block.
const NOTES_MAX: u32 = 20;

/// How many alerts are shown; the report keeps more.
const ALERTS_MAX: u32 = 20;

/// How many failures of stages, and returns of them, are shown.
const TURNS_MAX: u32 = 20;

/// Takes the events of one session.
pub(super) struct ProgressSink {
    terminal: Terminal,
    /// What lines begin with: the file, where many are under way.
    prefix: String,
    pace: Pace,
    sample_rate_hz: AtomicU32,
    notes: AtomicU32,
    alerts: AtomicU32,
    turns: AtomicU32,
    stalls: AtomicU32,
    started: Mutex<Option<Started>>,
}

/// A stream under way, until its bar is there.
struct Started {
    at: Instant,
    frames: Option<u64>,
    bar: Option<ProgressBar>,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Something is not as it should be.
    Warning,
    /// Good to know.
    Note,
    /// Only for those who ask for more.
    Detail,
}

impl ProgressSink {
    /// For one session on this terminal.
    pub(super) fn new(terminal: Terminal) -> Self {
        Self::of_file(terminal, String::new())
    }

    /// For one of many sessions: lines begin with this.
    pub(super) fn of_file(terminal: Terminal, prefix: String) -> Self {
        Self {
            terminal,
            prefix,
            pace: Pace::Fast,
            sample_rate_hz: AtomicU32::new(0),
            notes: AtomicU32::new(0),
            alerts: AtomicU32::new(0),
            turns: AtomicU32::new(0),
            stalls: AtomicU32::new(0),
            started: Mutex::new(None),
        }
    }

    /// The same at this pace; else it is taken to go as fast as it can.
    pub(super) fn at(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Says one thing, if it matters enough.
    pub(super) fn line(&self, weight: Weight, label: &str, text: &str) {
        let is_wanted = match (self.terminal.amount, weight) {
            (Amount::Quiet, _) | (Amount::Normal, Weight::Detail) => false,
            (Amount::Normal | Amount::Verbose(_), _) => true,
        };
        let text = clean(&format!("{}{text}", self.prefix));
        match (self.terminal.log, weight) {
            (LogFormat::Json, Weight::Warning) => tracing::warn!(event = label, "{text}"),
            (LogFormat::Json, Weight::Detail) if !is_wanted => {
                tracing::debug!(event = label, "{text}");
            }
            (LogFormat::Json, _) => tracing::info!(event = label, "{text}"),
            (LogFormat::Text, _) if is_wanted => say(&self.drawn(weight, label, &text)),
            (LogFormat::Text, _) => {}
        }
    }

    fn drawn(&self, weight: Weight, label: &str, text: &str) -> String {
        let color = match weight {
            Weight::Warning => "1;33",
            Weight::Note | Weight::Detail => "1;36",
        };
        let plain = format!("{label}:");
        let drawn = match self.terminal.err.color {
            Color::Ansi => format!("\u{1b}[{color}m{plain}\u{1b}[0m"),
            Color::Plain => plain.clone(),
        };
        let width = self.terminal.err.line_width();
        let lines = entry(&plain, plain.len() + 1, text, width);
        lines.replacen(&plain, &drawn, 1)
    }

    /// One line about a change, with its receipt's essence.
    fn changed(&self, receipt: &Receipt) {
        let weight = match receipt.verdict {
            ChangeVerdict::Done => Weight::Note,
            _ => Weight::Warning,
        };
        let rate = self.sample_rate_hz.load(Ordering::Relaxed);
        let is_drawn = receipt.is_drawn() && self.terminal.log == LogFormat::Text;
        if !is_drawn {
            let text = essence(receipt, rate);
            self.line(weight, receipt.action.as_str(), &text);
            return;
        }
        let short = Receipt {
            reasons: vec!["the audio goes on as it was".to_owned()],
            mistakes: Vec::new(),
            ..receipt.clone()
        };
        let text = essence(&short, rate);
        self.line(weight, receipt.action.as_str(), &text);
        if self.terminal.amount != Amount::Quiet {
            // As it is drawn: the marks below a text stay where they belong.
            say(&clean(&format!("{}\n", receipt.reasons.join("\n"))));
        }
    }

    /// A place in the stream, as people read it.
    fn place(&self, frames: u64) -> String {
        moment(frames, self.sample_rate_hz.load(Ordering::Relaxed))
    }

    /// One line about what happened at a place of the stream.
    fn placed(&self, event: &Event, at: &str) {
        match event {
            Event::Fault { stage, text, .. } => {
                let text = format!("failed at {at}: {text}");
                self.turn(Weight::Warning, "fault", stage, &text);
            }
            Event::FallbackFault { stage, text, .. } => {
                let text = format!("has no fallback any more, it failed at {at}: {text}");
                self.turn(Weight::Warning, "fault", stage, &text);
            }
            Event::Returned { stage, .. } => {
                let text = format!("is heard again from {at} on");
                self.turn(Weight::Note, "restart", stage, &text);
            }
            Event::ObserverFault { id, text, .. } => {
                let text = format!("`{id}` failed at {at} and is not asked again: {text}");
                self.line(Weight::Warning, "fault", &text);
            }
            Event::Note {
                stage, text, value, ..
            } if self.has_room(&self.notes, NOTES_MAX, "notes of plugins") => {
                let text = format!("stage `{stage}` at {at}: {text} {value}");
                self.line(Weight::Note, "note", &text);
            }
            Event::Alert { decide, reason, .. }
                if self.has_room(&self.alerts, ALERTS_MAX, "alerts") =>
            {
                let text = format!("`{decide}` at {at}: {reason}");
                self.line(Weight::Warning, "alert", &text);
            }
            // Beyond what is shown, or without a place.
            _ => {}
        }
    }

    /// One line about a stage that failed or came back.
    fn turn(&self, weight: Weight, label: &str, stage: &str, text: &str) {
        if self.has_room(&self.turns, TURNS_MAX, "failures and restarts") {
            self.line(weight, label, &format!("stage `{stage}` {text}"));
        }
    }

    /// One line about real-time priority; that it was granted, only for those who ask for more.
    fn priority(&self, report: &PriorityReport) {
        let weight = match report.state {
            PriorityState::NotAsked | PriorityState::Granted => Weight::Detail,
            PriorityState::Refused | PriorityState::Lost => Weight::Note,
        };
        if let Some(text) = report.sentence() {
            self.line(weight, "priority", &text);
        }
    }

    /// Whether one more of a kind is shown; the first that is not, is said.
    pub(super) fn has_room(&self, count: &AtomicU32, max: u32, what: &str) -> bool {
        let before = count.fetch_add(1, Ordering::Relaxed);
        if before == max {
            self.line(
                Weight::Note,
                "note",
                &format!("further {what} are not shown"),
            );
        }
        before < max
    }

    fn start(&self, frames: Option<u64>, sample_rate_hz: u32) {
        self.sample_rate_hz.store(sample_rate_hz, Ordering::Relaxed);
        let is_shown = self.terminal.err.is_terminal
            && self.terminal.amount != Amount::Quiet
            && self.terminal.log == LogFormat::Text;
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = is_shown.then(|| Started {
            at: Instant::now(),
            frames,
            bar: None,
        });
    }

    fn advance(&self, frames: u64) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(started) = &mut *started else {
            return;
        };
        if started.bar.is_none() && started.at.elapsed() >= BAR_AFTER {
            let rate = self.sample_rate_hz.load(Ordering::Relaxed);
            let bar = bar(started.frames, rate, self.pace).with_elapsed(started.at.elapsed());
            set_bar(bar.clone());
            started.bar = Some(bar);
        }
        if let Some(bar) = &started.bar {
            bar.set_position(frames);
        }
    }
}

impl EventSink for ProgressSink {
    fn event(&self, event: Event) {
        match event {
            Event::Probed { plugin } => self.line(Weight::Detail, "probed", &plugin),
            Event::Started {
                frames,
                sample_rate_hz,
            } => self.start(frames, sample_rate_hz),
            Event::Progress { frames } => self.advance(frames),
            Event::Changed { receipt } => self.changed(&receipt),
            Event::Priority { report } => self.priority(&report),
            Event::StallBegan { .. } | Event::StallEnded { .. } => self.stall(&event),
            Event::Notice { text } => self.line(Weight::Note, "notice", &text),
            Event::Dropped { .. } => {} // Said on the control socket alone.
            Event::Finished { .. } => clear_bar(),
            Event::Fault {
                position_frames: at,
                ..
            }
            | Event::FallbackFault {
                position_frames: at,
                ..
            }
            | Event::Returned {
                position_frames: at,
                ..
            }
            | Event::ObserverFault {
                position_frames: at,
                ..
            }
            | Event::Note {
                position_frames: at,
                ..
            }
            | Event::Alert {
                position_frames: at,
                ..
            } => self.placed(&event, &self.place(at)),
        }
    }
}

/// A place in the stream: in seconds where the rate is known, and as a frame.
fn moment(frames: u64, sample_rate_hz: u32) -> String {
    match sample_rate_hz {
        0 => format!("frame {frames}"),
        rate => format!("{:.3} s (frame {frames})", frames as f64 / f64::from(rate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::Look;

    fn progress(amount: Amount, is_terminal: bool) -> ProgressSink {
        let look = Look {
            color: Color::Plain,
            width: 80,
            is_terminal,
        };
        ProgressSink::new(Terminal {
            out: look,
            err: look,
            amount,
            log: LogFormat::Text,
        })
    }

    #[test]
    fn a_place_is_told_in_seconds_once_the_rate_is_known() {
        assert_eq!(moment(24_000, 48_000), "0.500 s (frame 24000)");
        assert_eq!(moment(7, 0), "frame 7");
    }

    #[test]
    fn a_flood_is_cut_short() {
        let progress = progress(Amount::Quiet, false);
        let shown = (0..100).filter(|_| progress.has_room(&progress.notes, NOTES_MAX, "notes"));
        assert_eq!(shown.count(), NOTES_MAX as usize);
    }

    #[test]
    fn a_line_says_what_it_is_and_ends_before_the_margin_of_a_terminal() {
        let long = "abcdefghi ".repeat(8);
        let on_terminal = progress(Amount::Normal, true);
        assert_eq!(
            on_terminal.drawn(Weight::Warning, "fault", &long),
            format!(
                "fault: {}\n       abcdefghi\n",
                "abcdefghi ".repeat(7).trim_end()
            )
        );
        let in_file = progress(Amount::Normal, false);
        assert_eq!(
            in_file.drawn(Weight::Warning, "fault", &long),
            format!("fault: {}\n", long.trim_end())
        );
    }
}
