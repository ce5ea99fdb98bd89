//! Calls: which stage each thread is calling, so that last words can name it, and a call that does
//! not come back.
//!
//! In: the names of calls, made before they are needed, and a mark around each call. Out: what the
//! thread that asks is calling, without a lock and without memory: a signal handler may ask. And
//! what a thread that is watched is calling, and since when, for who watches it; the clock is that
//! of the watcher, and the thread pays one store a call.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// The most names that are kept; each stays until the process ends. More stages than that are
/// called under the name of none.
const NAMES_MAX: usize = 4096;

/// The names, by number. Written once each; read without a lock.
static NAMES: [OnceLock<Box<str>>; NAMES_MAX] = [const { OnceLock::new() }; NAMES_MAX];

/// How many names there are; held while one is added.
static COUNT: Mutex<usize> = Mutex::new(0);

/// What is free to show the calls of a thread, of sessions that are over.
static FREE: Mutex<Vec<&'static ShownCall>> = Mutex::new(Vec::new());

/// The bits of a call's number in what is shown; above them calls are counted.
const NUMBER_BITS: u32 = 32;

thread_local! {
    static NOW: Cell<CallName> = const { Cell::new(CallName::NONE) };
    static SHOWN: Cell<Option<&'static ShownCall>> = const { Cell::new(None) };
}

/// What one thread is calling, and how many calls there were: alone in its cache lines.
#[repr(align(128))]
struct ShownCall(AtomicU64);

impl ShownCall {
    /// A call begins or is over. Real-time safe; one thread at a time.
    #[inline]
    fn enter(&self, call: CallName) {
        let count = (self.0.load(Ordering::Relaxed) >> NUMBER_BITS).wrapping_add(1);
        let shown = count << NUMBER_BITS | u64::from(call.0);
        self.0.store(shown, Ordering::Relaxed);
    }

    /// The number of the call.
    fn number(&self) -> u32 {
        self.0.load(Ordering::Relaxed) as u32
    }
}

/// The name of a call, as a number that costs nothing to hand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallName(u32);

impl Default for CallName {
    fn default() -> Self {
        Self::NONE
    }
}

impl CallName {
    /// No call.
    pub const NONE: Self = Self(u32::MAX);

    /// The call of this name: the one that is known, or a new one. Takes a lock and memory.
    /// Thread: any but audio.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = NAMES.iter().take(*count);
        let known = known.position(|own| own.get().is_some_and(|own| **own == *name));
        if let Some(number) = known {
            return Self(number as u32);
        }
        let Some(free) = NAMES.get(*count) else {
            return Self::NONE;
        };
        free.get_or_init(|| name.into());
        *count += 1;
        Self(*count as u32 - 1)
    }

    /// The same call, from its number.
    #[must_use]
    pub const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// From here on this thread is in this call. Real-time safe.
    #[inline]
    pub fn enter(self) {
        match SHOWN.get() {
            Some(shown) => shown.enter(self),
            None => NOW.set(self),
        }
    }
}

/// A place where others see what a thread is calling. Clones see the same.
#[derive(Clone)]
pub struct CallWatch(Arc<CallBoard>);

struct CallBoard {
    shown: &'static ShownCall,
    /// What was seen last, and when first.
    seen: Mutex<(u64, Instant)>,
}

/// A call that was seen more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingCall {
    /// Its name: the stage, with its component and version.
    pub call: &'static str,
    /// When it was seen first.
    pub since: Instant,
    /// Which one it is of all calls of the thread.
    pub number: u64,
}

/// Calls of this thread are shown until this is dropped.
pub struct ShownHere(Option<&'static ShownCall>);

impl Default for CallWatch {
    fn default() -> Self {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        // It stays until the process ends: a thread that never comes back may hold it.
        let new = || &*Box::leak(Box::new(ShownCall(AtomicU64::new(0))));
        let shown = free.pop().unwrap_or_else(new);
        shown.enter(CallName::NONE);
        let seen = (shown.0.load(Ordering::Relaxed), Instant::now());
        Self(Arc::new(CallBoard {
            shown,
            seen: Mutex::new(seen),
        }))
    }
}

impl CallWatch {
    /// Shows the calls of this thread here from now on; of no other thread at the same time.
    /// Real-time safe.
    #[must_use]
    pub fn here(&self) -> ShownHere {
        ShownHere(SHOWN.replace(Some(self.0.shown)))
    }

    /// The call that the thread is in, if it was seen in it before; the clock begins with the look
    /// that sees it first. Takes a lock. Thread: any but audio.
    #[must_use]
    pub fn look(&self, now: Instant) -> Option<StandingCall> {
        let shown = self.0.shown.0.load(Ordering::Relaxed);
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != shown {
            *seen = (shown, now);
            return None;
        }
        let name = NAMES.get(shown as u32 as usize)?.get()?;
        Some(StandingCall {
            call: name,
            since: seen.1,
            number: shown >> NUMBER_BITS,
        })
    }
}

impl Drop for CallBoard {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(self.shown);
    }
}

impl Drop for ShownHere {
    fn drop(&mut self) {
        SHOWN.set(self.0);
    }
}

/// The name of what this thread is calling. Real-time safe, and fit for a signal handler.
#[must_use]
pub fn now() -> Option<&'static str> {
    let number = match SHOWN.try_with(Cell::get).ok()? {
        Some(shown) => shown.number(),
        None => NOW.try_with(Cell::get).ok()?.0,
    };
    Some(NAMES.get(number as usize)?.get()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_thread_is_in_the_call_that_it_entered_last() {
        let (one, other) = (CallName::named("one"), CallName::named("other"));
        assert_eq!(CallName::named("one"), one);
        assert_ne!(one, other);
        assert_eq!(now(), None);
        other.enter();
        one.enter();
        assert_eq!(now(), Some("one"));
        let elsewhere = std::thread::spawn(now).join().unwrap();
        assert_eq!(elsewhere, None);
        CallName::NONE.enter();
        assert_eq!(now(), None);
    }

    #[test]
    fn a_call_that_does_not_come_back_is_seen_with_its_beginning() {
        let (call, watch) = (CallName::named("slow"), CallWatch::default());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watch.look(at(0)), None);
        call.enter();
        assert_eq!(watch.look(at(1)), None, "its calls are not shown");
        let showing = watch.here();
        call.enter();
        assert_eq!(watch.look(at(2)), None, "it is seen the first time");
        let standing = watch.look(at(3)).unwrap();
        assert_eq!((standing.call, standing.since), ("slow", at(2)));
        CallName::NONE.enter();
        call.enter();
        assert_eq!(watch.clone().look(at(4)), None, "it is another call");
        assert_eq!(watch.look(at(5)).unwrap().since, at(4));
        CallName::NONE.enter();
        assert_eq!((watch.look(at(6)), watch.look(at(7))), (None, None));
        drop(showing);
        call.enter();
        assert_eq!(watch.look(at(8)), None);
        CallName::NONE.enter();
    }
}
