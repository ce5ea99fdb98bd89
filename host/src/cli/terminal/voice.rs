//! Voice: standard error, written by a thread of its own once a session may run.
//!
//! In: texts, whole, from any thread. Out: the same on standard error, in their order. Nobody who
//! says something waits for whoever reads it: what finds no room is counted, and the count is said
//! as soon as somebody reads again. Before the thread is there, texts are written at once.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use segue_media::utc;
use serde_json::json;

use crate::cli::arguments::LogFormat;
use crate::process::standard;
use crate::threads::prepare_to_wait;

/// How many texts may wait: the receipts of a large reload.
const TEXTS_MAX: usize = 4_096;

/// How many bytes of them may wait.
const BYTES_MAX: usize = 1024 * 1024;

/// How many texts may wait for a bar to be drawn all the same: where nobody reads, its pictures
/// would take the place of words.
const DRAWN_MAX: usize = 8;

/// How long the end of the process waits for whoever reads.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How often the end looks for room.
const LOOK: Duration = Duration::from_millis(5);

/// The thread, once it was started.
static VOICE: OnceLock<Voice> = OnceLock::new();

/// What waits, and what did not find room.
static WAITING: WaitingText = WaitingText {
    texts: AtomicUsize::new(0),
    bytes: AtomicUsize::new(0),
    left_out: AtomicU64::new(0),
};

struct Voice {
    queue: SyncSender<VoiceJob>,
    /// Whether the last wait for whoever reads was in vain: then no further one is tried.
    is_unread: AtomicBool,
}

struct WaitingText {
    texts: AtomicUsize,
    bytes: AtomicUsize,
    left_out: AtomicU64,
}

enum VoiceJob {
    Text(String),
    /// All before this was written.
    All(SyncSender<()>),
}

/// From here on standard error is written by a thread of its own. Thread: main.
///
/// # Errors
/// When the system gives no thread; then texts are written where they are said, as before.
pub(in crate::cli) fn start(log: LogFormat) -> io::Result<()> {
    if VOICE.get().is_some() {
        return Ok(());
    }
    // One more for what was left out, and one for the mark of the end.
    let (queue, said) = sync_channel(TEXTS_MAX + 2);
    thread::Builder::new()
        .name("voice".to_owned())
        .spawn(move || {
            prepare_to_wait();
            write_all(&said, log);
        })?;
    VOICE.get_or_init(|| Voice {
        queue,
        is_unread: AtomicBool::new(false),
    });
    Ok(())
}

/// Says a text. Returns at once; a text without room is left out and counted. Thread: any.
pub(in crate::cli) fn write(text: String) {
    match VOICE.get() {
        Some(voice) => voice.offer(text),
        // There is no place left to complain about standard error.
        None => drop(standard::error().write_all(text.as_bytes())),
    }
}

/// Draws a picture that the next one replaces: it is left out where words wait. Thread: any.
pub(in crate::cli) fn draw(picture: String) {
    if WAITING.texts.load(Ordering::Relaxed) <= DRAWN_MAX {
        write(picture);
    }
}

/// Waits until everything that was said is written, but no longer than a second in all.
pub(in crate::cli) fn flush() {
    let Some(voice) = VOICE.get() else {
        return;
    };
    if !voice.is_unread.load(Ordering::Relaxed) && !voice.is_through(Instant::now() + LAST_WAIT) {
        voice.is_unread.store(true, Ordering::Relaxed);
    }
}

impl Voice {
    fn offer(&self, text: String) {
        let bytes = text.len();
        let texts_before = WAITING.texts.fetch_add(1, Ordering::Relaxed);
        let bytes_before = WAITING.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = texts_before < TEXTS_MAX && bytes_before + bytes <= BYTES_MAX;
        if !has_room || self.queue.try_send(VoiceJob::Text(text)).is_err() {
            written(bytes);
            WAITING.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether all that waits is written before `end`.
    fn is_through(&self, end: Instant) -> bool {
        let (done, all_done) = sync_channel(1);
        let mut mark = VoiceJob::All(done);
        while let Err(TrySendError::Full(back)) = self.queue.try_send(mark) {
            mark = back;
            if Instant::now() >= end {
                return false;
            }
            thread::sleep(LOOK);
        }
        let left = end.saturating_duration_since(Instant::now());
        all_done.recv_timeout(left).is_ok()
    }
}

/// The thread: it waits for whoever reads standard error.
fn write_all(said: &Receiver<VoiceJob>, log: LogFormat) {
    for said in said {
        match said {
            VoiceJob::Text(text) => {
                let _ = standard::error().write_all(text.as_bytes());
                written(text.len());
                if WAITING.texts.load(Ordering::Relaxed) == 0 {
                    tell_left_out(log);
                }
            }
            VoiceJob::All(done) => {
                tell_left_out(log);
                let _ = done.try_send(());
            }
        }
    }
}

/// Says how many were left out; they came after all that waited.
fn tell_left_out(log: LogFormat) {
    let left_out = WAITING.left_out.swap(0, Ordering::Relaxed);
    if left_out > 0 {
        let _ = standard::error().write_all(told(left_out, log).as_bytes());
    }
}

fn written(bytes: usize) {
    WAITING.texts.fetch_sub(1, Ordering::Relaxed);
    WAITING.bytes.fetch_sub(bytes, Ordering::Relaxed);
}

/// How many were left out, as everything is said here. Not by `tracing`, whose first line on a
/// thread takes a lock of the system's loader: a constructor that does not come back holds it.
fn told(left_out: u64, log: LogFormat) -> String {
    let what = match left_out {
        1 => "1 message was".to_owned(),
        count => format!("{count} messages were"),
    };
    let text = format!("{what} left out here: nobody read standard error");
    match log {
        LogFormat::Text => format!("notice: {text}\n"),
        LogFormat::Json => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let line = json!({
                "timestamp": utc(since.map_or(0, |since| since.as_secs())),
                "level": "WARN",
                "fields": { "message": text, "left_out": left_out },
                "target": "segue",
            });
            format!("{line}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_said_in_the_form_of_the_log() {
        let text = told(1, LogFormat::Text);
        assert_eq!(
            text,
            "notice: 1 message was left out here: nobody read standard error\n"
        );
        let line = told(7, LogFormat::Json);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["fields"]["left_out"], 7);
    }
}
