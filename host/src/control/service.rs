//! Service: what a service manager is told while a session runs: ready, reloading, alive, ending.
//!
//! In: the session's events, and what it was asked for. Out: messages, at `Type=notify` of
//! systemd those that it waits for. "Alive" is said only while the stream goes on or somebody
//! paused it: a host that hangs is started again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::control::error::ControlError;
use crate::control::mail::Mail;
use crate::observe::{Event, EventSink};
use crate::process::start;
use crate::swap::ask::Command;
use crate::threads::{prepare_to_wait, wait_for_end};

/// The shortest wait between two signs of life: more would be work for nothing.
const BEAT_MIN: Duration = Duration::from_millis(10);

/// Tells the service manager; what it does not take is lost. Must not wait.
type Tell = Box<dyn Fn(&[NotifyState<'_>]) + Send + Sync>;

/// A session as its service manager sees it.
pub struct Service {
    tell: Tell,
    is_ready: AtomicBool,
    is_paused: AtomicBool,
    is_over: AtomicBool,
    position_frames: AtomicU64,
    /// The position at the last sign of life.
    seen_frames: AtomicU64,
}

/// A reload under way; it is over when this is dropped.
pub struct Reloading<'s>(&'s Service);

/// The thread that gives signs of life. Dropping it ends it.
pub struct Beat {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// One that tells through this.
    pub fn new(tell: impl Fn(&[NotifyState<'_>]) + Send + Sync + 'static) -> Self {
        Self {
            tell: Box::new(tell),
            is_ready: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            position_frames: AtomicU64::new(0),
            seen_frames: AtomicU64::new(u64::MAX),
        }
    }

    /// That of this process, if a service manager started it (`NOTIFY_SOCKET`).
    #[must_use]
    pub fn of_process() -> Option<Self> {
        start::variable("NOTIFY_SOCKET").filter(|socket| !socket.is_empty())?;
        let mail = Mail::start(|message| {
            let _ = sd_notify::notify(&[NotifyState::Custom(message)]);
        });
        match mail {
            Ok(mail) => Some(Self::new(move |states| mail.send(states))),
            Err(error) => {
                tracing::warn!("the service manager is told nothing: {error}");
                None
            }
        }
    }

    /// How often the service manager of this process wants a sign of life, if it does.
    #[must_use]
    pub fn watchdog() -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }

    /// Says that the configuration is being reloaded, until the answer is dropped.
    pub fn reloading(&self) -> Reloading<'_> {
        let mut states = vec![NotifyState::Reloading];
        // Without a clock the service manager takes the time at which it hears of it.
        states.extend(NotifyState::monotonic_usec_now().ok());
        (self.tell)(&states);
        Reloading(self)
    }

    /// Takes note of what the session was asked for and did.
    pub fn heard(&self, command: &Command) {
        match command {
            Command::Pause => {
                self.is_paused.store(true, Ordering::Release);
                (self.tell)(&[NotifyState::Status("paused")]);
            }
            Command::Resume => {
                self.is_paused.store(false, Ordering::Release);
                (self.tell)(&[NotifyState::Status("running")]);
            }
            Command::Status
            | Command::Swap(_)
            | Command::Set { .. }
            | Command::Bypass { .. }
            | Command::Reload(_)
            | Command::Edit { .. }
            | Command::Rollback { .. }
            | Command::Reset { .. }
            | Command::Save
            | Command::Stop => {}
        }
    }

    /// Gives a sign of life if there is one to give; returns whether there was.
    pub fn beat(&self) -> bool {
        let now = self.position_frames.load(Ordering::Acquire);
        let before = self.seen_frames.swap(now, Ordering::AcqRel);
        let is_alive = now != before
            || self.is_paused.load(Ordering::Acquire)
            || self.is_over.load(Ordering::Acquire);
        if is_alive {
            (self.tell)(&[NotifyState::Watchdog]);
        }
        is_alive
    }

    fn advance(&self, frames: u64) {
        self.position_frames.store(frames, Ordering::Release);
        if !self.is_ready.swap(true, Ordering::AcqRel) {
            (self.tell)(&[NotifyState::Ready, NotifyState::Status("running")]);
        }
    }

    fn finish(&self) {
        if !self.is_over.swap(true, Ordering::AcqRel) {
            (self.tell)(&[NotifyState::Stopping, NotifyState::Status("ending")]);
        }
    }
}

impl EventSink for Service {
    fn event(&self, event: Event) {
        match event {
            Event::Progress { frames } => self.advance(frames),
            Event::Finished { .. } => self.finish(),
            Event::Changed { receipt } => {
                let (action, stage) = (&receipt.action, &receipt.stage);
                let text = format!("running; {action} of {stage}: {}", receipt.verdict);
                // One line: a line break would begin another message.
                let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
                (self.tell)(&[NotifyState::Status(&text)]);
            }
            _ => {}
        }
    }
}

impl Drop for Reloading<'_> {
    fn drop(&mut self) {
        (self.0.tell)(&[NotifyState::Ready]);
    }
}

impl Beat {
    /// Gives signs of life twice in every such interval.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(service: Arc<Service>, interval: Duration) -> Result<Self, ControlError> {
        let (wake, woken) = channel();
        let every = (interval / 2).max(BEAT_MIN);
        let beat = move || {
            prepare_to_wait();
            while woken.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                service.beat();
            }
        };
        let spawned: io::Result<_> = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(beat);
        Ok(Self {
            wake: Some(wake),
            thread: Some(spawned.map_err(ControlError::Thread)?),
        })
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            wait_for_end(thread);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Told = Arc<Mutex<Vec<String>>>;

    fn service() -> (Service, Told) {
        let told = Told::default();
        let into = Arc::clone(&told);
        let service = Service::new(move |states| {
            let words: Vec<_> = states.iter().map(ToString::to_string).collect();
            let told = words.join(" ");
            let told = told
                .split_once("MONOTONIC_USEC=")
                .map_or(&*told, |(before, number)| {
                    assert!(number.parse::<u64>().unwrap() > 0);
                    before
                });
            into.lock().unwrap().push(told.trim_end().to_owned());
        });
        (service, told)
    }

    fn check(told: &Told, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()), expected);
    }

    #[test]
    fn ready_is_said_once_when_the_first_block_is_done() {
        let (service, told) = service();
        service.event(Event::Started {
            frames: None,
            sample_rate_hz: 48_000,
        });
        check(&told, &[]);
        service.event(Event::Progress { frames: 256 });
        check(&told, &["READY=1 STATUS=running"]);
        service.event(Event::Progress { frames: 512 });
        check(&told, &[]);
        service.event(Event::Finished { frames: 512 });
        service.event(Event::Finished { frames: 512 });
        check(&told, &["STOPPING=1 STATUS=ending"]);
    }

    #[test]
    fn a_reload_is_framed_by_two_messages() {
        let (service, told) = service();
        let reloading = service.reloading();
        check(&told, &["RELOADING=1"]);
        drop(reloading);
        check(&told, &["READY=1"]);
    }

    #[test]
    fn life_is_told_of_a_stream_that_goes_on_is_paused_or_is_over() {
        let (service, told) = service();
        service.event(Event::Progress { frames: 256 });
        assert!(service.beat());
        assert!(!service.beat(), "the stream stands still");
        service.event(Event::Progress { frames: 512 });
        assert!(service.beat());
        service.heard(&Command::Pause);
        assert!(service.beat() && service.beat());
        service.heard(&Command::Resume);
        assert!(!service.beat());
        service.event(Event::Finished { frames: 512 });
        assert!(service.beat() && service.beat());
        let beats = told.lock().unwrap();
        let beats = beats.iter().filter(|line| *line == "WATCHDOG=1");
        assert_eq!(beats.count(), 6);
    }
}
