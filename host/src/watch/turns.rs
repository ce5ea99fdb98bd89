//! Turns: the thread that looks at files again and again.
//!
//! In: places, hints when to look. Out: calls of `tell`, each with all that came to rest together.
//! Between two looks nothing is opened; only a file that changed and came to rest is read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::discovery::FILES_MAX;
use crate::watch::hints::{Hint, SystemWatches};
use crate::watch::ledger::{Ledger, Pace};
use crate::watch::places::WatchedPlaces;
use crate::watch::reading::{self, WatchNews};
use crate::watch::{Changed, Tell};

/// The most that is read to learn what was there from the beginning, in bytes: some hundreds of
/// plugins, half a second of work. A file past it counts as changed when somebody touches it.
const BEGINNING_BYTES_MAX: u64 = 256 << 20;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// How long a file has to be left alone before it is read. Copies that pause for longer are
    /// told by what they read as: cut off.
    pub(super) settle: Duration,
    /// How long news waits for other files that are still moving.
    pub(super) hold_max: Duration,
    /// The least time between two looks, however many hints there are.
    pub(super) look_gap: Duration,
    /// The most: some changes give no hint.
    pub(super) look_every: Duration,
}

impl Timing {
    /// As sessions have it. A look costs about a microsecond a file.
    pub(super) const USUAL: Self = Self {
        settle: Duration::from_millis(500),
        hold_max: Duration::from_secs(2),
        look_gap: Duration::from_millis(200),
        look_every: Duration::from_secs(2),
    };
}

/// What the thread works with.
pub(super) struct WatchThread {
    places: WatchedPlaces,
    hints: SystemWatches,
    incoming: Receiver<Hint>,
    is_over: Arc<AtomicBool>,
    tell: Tell,
    timing: Timing,
    ledger: Ledger<WatchNews>,
    start: Instant,
    looked_at: Duration,
    look_at: Duration,
    is_trouble_told: bool,
}

/// What a thread is started with.
pub(super) struct WatcherParts {
    pub(super) places: WatchedPlaces,
    pub(super) hints: SystemWatches,
    pub(super) incoming: Receiver<Hint>,
    pub(super) is_over: Arc<AtomicBool>,
    pub(super) tell: Tell,
    pub(super) timing: Timing,
}

impl WatchThread {
    /// Takes what is there now as what was there before.
    pub(super) fn new(parts: WatcherParts) -> Self {
        let timing = parts.timing;
        let mut turns = Self {
            places: parts.places,
            hints: parts.hints,
            incoming: parts.incoming,
            is_over: parts.is_over,
            tell: parts.tell,
            timing,
            ledger: Ledger::new(Pace {
                settle: timing.settle,
                hold_max: timing.hold_max,
                files_max: 2 * FILES_MAX,
            }),
            start: Instant::now(),
            looked_at: Duration::ZERO,
            look_at: timing.look_gap,
            is_trouble_told: false,
        };
        turns.hints.follow(turns.places.watched());
        for (path, stamp) in turns.places.look() {
            turns.ledger.begin(path, stamp);
        }
        turns
    }

    /// Looks until it is told to stop.
    pub(super) fn run(mut self) {
        self.learn();
        while !self.is_over() {
            self.wait();
            if self.now() >= self.look_at {
                self.look();
            }
            for path in self.ledger.due(self.now()) {
                if self.is_over() {
                    return;
                }
                self.read(&path);
            }
            self.speak();
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Learns the content of what was there from the beginning, so that a file that is written
    /// again with the same content is no news.
    fn learn(&mut self) {
        let mut left = BEGINNING_BYTES_MAX;
        for path in self.ledger.unread() {
            if self.is_over() {
                return;
            }
            let size = reading::stamp(&path).map_or(0, |stamp| stamp.size_bytes);
            if size > left {
                continue;
            }
            left -= size;
            if let Some((stamp, content)) = reading::content(&path) {
                self.ledger.remember(&path, stamp, content);
            }
        }
    }

    /// Waits for a hint, or until there is something to do without one.
    fn wait(&mut self) {
        let now = self.now();
        let next = self
            .ledger
            .next()
            .map_or(self.look_at, |at| at.min(self.look_at));
        match self.incoming.recv_timeout(next.saturating_sub(now)) {
            Ok(hint) => self.heed(hint),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.is_over.store(true, Ordering::Release),
        }
        while let Ok(hint) = self.incoming.try_recv() {
            self.heed(hint);
        }
    }

    fn heed(&mut self, hint: Hint) {
        let paths = match hint {
            Hint::Stop => return,
            Hint::Changed(paths) => paths,
        };
        let now = self.now();
        let mut concerning = paths.iter().filter(|path| self.places.concerns(path));
        let is_reason = paths.is_empty() || concerning.next().is_some();
        for path in &paths {
            self.ledger.touched(path, now);
            self.hints.renew(path);
        }
        if is_reason {
            let soon = now.max(self.looked_at + self.timing.look_gap);
            self.look_at = self.look_at.min(soon);
        }
    }

    fn look(&mut self) {
        self.hints.follow(self.places.watched()); // First, so that nothing falls in between.
        let seen = self.places.look();
        let now = self.now();
        self.ledger.looked(&seen, now);
        self.looked_at = now;
        self.look_at = now + self.timing.look_every;
    }

    fn read(&mut self, path: &Path) {
        let read = match self.places.is_config(path) {
            true => reading::config(path),
            false => reading::library(path),
        };
        let now = self.now();
        self.ledger.judged(path, read.stamp, read.verdict, now);
    }

    /// Tells what is to be told.
    fn speak(&mut self) {
        let mut changed = Changed::default();
        for news in self.ledger.take(self.now()) {
            match news {
                WatchNews::Library(library) => changed.libraries.push(*library),
                WatchNews::Objection(text) => changed.notices.push(text),
                WatchNews::Config => changed.config = true,
            }
        }
        if let (Some(why), false) = (self.hints.trouble(), self.is_trouble_told) {
            changed.notices.push(polling(why, self.timing.look_every));
            self.is_trouble_told = true;
        }
        if changed != Changed::default() {
            (self.tell)(changed);
        }
    }
}

/// What people should know where the system gives no hints.
fn polling(why: &str, every: Duration) -> String {
    let seconds = every.as_secs_f64();
    format!(
        "changed files are found by looking every {seconds} s: the system does not tell of \
         changes in every folder ({why}); `sysctl fs.inotify` has its limits"
    )
}
