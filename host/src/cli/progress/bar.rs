//! Bar: how far a run is, drawn below everything else.
//!
//! In: how long the stream is, where that is known, and its pace. Out: something that moves on a
//! terminal.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::cli::progress::BAR_HZ;
use crate::cli::terminal::screen;
use crate::session::Pace;

/// A bar where the length is known, else something that turns.
pub(super) fn bar(frames: Option<u64>, sample_rate_hz: u32, pace: Pace) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(frames, screen::target(BAR_HZ));
    styled(bar, sample_rate_hz, pace)
}

fn styled(bar: ProgressBar, sample_rate_hz: u32, pace: Pace) -> ProgressBar {
    let template = match bar.length() {
        Some(_) => "{bar:32} {percent:>3} %  {stream}  {speed}  {rest} left",
        None => "{spinner} {stream}  {speed}",
    };
    let rate = f64::from(sample_rate_hz.max(1));
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style
        .with_key(
            "stream",
            move |state: &ProgressState, out: &mut dyn Write| {
                let _ = write!(out, "{:.1} s", state.pos() as f64 / rate);
            },
        )
        .with_key(
            "speed",
            move |state: &ProgressState, out: &mut dyn Write| {
                let elapsed = state.elapsed().as_secs_f64().max(1e-9);
                let speed = state.pos() as f64 / rate / elapsed;
                let _ = write!(out, "{speed:.0} × real time");
            },
        )
        .with_key("rest", move |state: &ProgressState, out: &mut dyn Write| {
            let frames = state.len().unwrap_or(0).saturating_sub(state.pos());
            let stream = frames as f64 / rate;
            let rest = match pace {
                // What it took until now has pauses in it, and a beginning before the first frame.
                Pace::RealTime => stream,
                Pace::Fast => {
                    let done = (state.pos() as f64 / rate).max(1e-9);
                    stream * state.elapsed().as_secs_f64() / done
                }
            };
            let rest = Duration::try_from_secs_f64(rest).unwrap_or(Duration::MAX);
            let _ = write!(out, "{:#}", HumanDuration(rest));
        });
    bar.set_style(style.progress_chars("━╸ "));
    bar
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;

    /// Keeps what is drawn.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is drawn of ten minutes once so many seconds of them were played in so many.
    #[track_caller]
    fn check(pace: Pace, played: u64, took: Duration, expected: &str) {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let bar = ProgressBar::with_draw_target(Some(600 * 48_000), target);
        let bar = styled(bar, 48_000, pace).with_elapsed(took);
        bar.set_position(played * 48_000);
        bar.force_draw();
        let drawn = paper.0.lock().unwrap().clone();
        assert!(drawn.trim_end().ends_with(expected), "{drawn}");
    }

    #[test]
    fn the_rest_takes_as_long_as_it_plays_at_the_pace_of_the_stream() {
        check(Pace::RealTime, 0, Duration::from_millis(300), " 10m left");
        check(Pace::RealTime, 555, Duration::from_secs(556), " 45s left");
        // Nor does a pause make it longer.
        check(Pace::RealTime, 555, Duration::from_secs(5_560), " 45s left");
    }

    #[test]
    fn the_rest_takes_as_long_as_its_like_did_where_nothing_waits() {
        check(Pace::Fast, 300, Duration::from_secs(30), " 30s left");
    }
}
