//! Bar: how far a run is, drawn below everything else.
//!
//! In: how long the stream is, where that is known. Out: something that moves on a terminal.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::progress::BAR_HZ;
use crate::cli::terminal::screen;

/// A bar where the length is known, else something that turns.
pub(super) fn bar(frames: Option<u64>, sample_rate_hz: u32) -> ProgressBar {
    let target = screen::target(BAR_HZ);
    let bar = ProgressBar::with_draw_target(frames, target);
    let template = match frames {
        Some(_) => "{bar:32} {percent:>3} %  {stream}  {speed}  {eta} left",
        None => "{spinner} {stream}  {speed}",
    };
    let rate = f64::from(sample_rate_hz.max(1));
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style
        .with_key(
            "stream",
            move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{:.1} s", state.pos() as f64 / rate);
            },
        )
        .with_key(
            "speed",
            move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let elapsed = state.elapsed().as_secs_f64().max(1e-9);
                let _ = write!(
                    out,
                    "{:.0} × real time",
                    state.pos() as f64 / rate / elapsed
                );
            },
        );
    bar.set_style(style.progress_chars("━╸ "));
    bar
}
