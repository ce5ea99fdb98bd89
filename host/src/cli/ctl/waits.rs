//! Waits: what an answer waits for that does not come at once, told to people.
//!
//! In: the socket of a session that was asked for a change, and how long its answer took so far. Out:
//! one line on standard error, from a thread of its own, where the stream stands; else nothing.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::cli::arguments::LogFormat;
use crate::cli::shell::Shell;
use crate::cli::terminal::{Amount, say};
use crate::cli::text::{clean, seconds};
use crate::control::Client;
use crate::control::protocol::Order;
use crate::observe::{SessionState, StallSide, Status, Waiting};
use crate::swap::ask::Command;

/// How long an answer may take until people are told what it waits for: most are there sooner.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// An answer that is waited for, until this is dropped.
pub(super) struct Wait {
    /// The thread hears of its end.
    _is_over: Sender<()>,
}

impl Wait {
    /// From now on, where an order changes something and somebody wants to know.
    pub(super) fn begin(shell: &Shell, order: &Order, path: &Path) -> Self {
        let (is_over, over) = channel();
        if is_change(order) && shell.terminal.amount != Amount::Quiet {
            let (path, log) = (path.to_owned(), shell.terminal.log);
            // Without a thread nobody is told, and the answer comes all the same.
            let _ = thread::Builder::new()
                .name("waits".to_owned())
                .spawn(move || tell(&path, log, &over));
        }
        Self { _is_over: is_over }
    }
}

/// Whether what is asked for may wait for the stream.
const fn is_change(order: &Order) -> bool {
    match order {
        Order::Hello | Order::Events => false,
        Order::Ask(command) => match command {
            Command::Status | Command::Pause | Command::Resume | Command::Stop => false,
            Command::Swap(_)
            | Command::Set { .. }
            | Command::Bypass { .. }
            | Command::Reload(_)
            | Command::Edit { .. }
            | Command::Rollback { .. }
            | Command::Reset { .. }
            | Command::Save => true,
        },
    }
}

/// Says what is waited for once it took long, unless the answer is there.
fn tell(path: &Path, log: LogFormat, over: &Receiver<()>) {
    if over.recv_timeout(TOLD_AFTER) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let status = ask(path);
    let is_over = over.recv_timeout(Duration::ZERO) != Err(RecvTimeoutError::Timeout);
    let Some(text) = status
        .filter(|_| !is_over)
        .and_then(|status| words(status.state, status.waiting))
    else {
        return;
    };
    match log {
        LogFormat::Json => tracing::info!(event = "waits", "{text}"),
        LogFormat::Text => say(&clean(&format!("{text}\n"))),
    }
}

/// How the session is, by another connection: the first one waits.
fn ask(path: &Path) -> Option<Box<Status>> {
    let mut client = Client::connect(path).ok()?;
    client.ask(&Order::Ask(Command::Status), "").ok()?.status
}

/// Why nothing goes on; `None` where the stream does.
fn words(state: SessionState, waiting: Option<Waiting>) -> Option<String> {
    if state == SessionState::Paused {
        let text = "the session is paused: what is asked for comes about once `segue ctl resume` \
                    lets it go on";
        return Some(text.to_owned());
    }
    let Waiting { side, waited_ns } = waiting?;
    let whom = match side {
        StallSide::Input => "whoever writes its input",
        StallSide::Output => "the reader of its output",
        StallSide::Taps | StallSide::Host => side.words(),
    };
    Some(format!(
        "the stream waits for {whom} since {}: what is asked for comes about once it goes on",
        seconds(waited_ns)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: SessionState, side: Option<StallSide>, expected: Option<&str>) {
        let waited_ns = 12_000_000_000;
        let waiting = side.map(|side| Waiting { side, waited_ns });
        assert_eq!(words(state, waiting).as_deref(), expected);
    }

    #[test]
    fn whoever_keeps_a_stream_standing_is_named() {
        use SessionState::{Paused, Running};
        check(Running, None, None);
        check(
            Running,
            Some(StallSide::Output),
            Some(
                "the stream waits for the reader of its output since 12.00 s: what is asked for comes \
                 about once it goes on",
            ),
        );
        check(
            Running,
            Some(StallSide::Host),
            Some(
                "the stream waits for the host itself since 12.00 s: what is asked for comes about \
                 once it goes on",
            ),
        );
        let paused = "the session is paused: what is asked for comes about once `segue ctl resume` \
                      lets it go on";
        check(Paused, Some(StallSide::Input), Some(paused));
    }
}
