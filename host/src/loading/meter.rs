//! Meter: what plugins do on the heap, whose call it was, and what they log.
//!
//! In: the calls of every library's counting allocator, panic hook and `tracing`.
//! Out: counters of the current thread, read before and after a call; totals per library.
//!
//! The thread-locals live in the executable, with constant initial values and nothing to drop, so
//! that touching them never allocates: the audio thread may.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use segue_plugin::link::Hooks;

/// The most libraries that one process opens: each stays mapped until the process ends.
pub const GENERATIONS_MAX: usize = 256;

/// The bytes kept of a panic's text.
const PANIC_TEXT_BYTES: usize = 256;

/// Heap calls of one thread since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeapCounts {
    /// Calls that took memory.
    pub allocations: u64,
    /// Calls that gave memory back.
    pub frees: u64,
    /// Bytes taken less bytes given back; wraps below zero.
    pub net_bytes: i64,
}

impl HeapCounts {
    /// What happened between an earlier reading and this one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            allocations: self.allocations - earlier.allocations,
            frees: self.frees - earlier.frees,
            net_bytes: self.net_bytes.wrapping_sub(earlier.net_bytes),
        }
    }

    /// Calls of both kinds.
    #[must_use]
    pub const fn calls(self) -> u64 {
        self.allocations + self.frees
    }
}

thread_local! {
    static REAL_TIME: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static FREES: Cell<u64> = const { Cell::new(0) };
    static NET_BYTES: Cell<i64> = const { Cell::new(0) };
    static PANIC: Cell<([u8; PANIC_TEXT_BYTES], usize)> =
        const { Cell::new(([0; PANIC_TEXT_BYTES], 0)) };
}

#[expect(
    clippy::declare_interior_mutable_const,
    reason = "it fills the arrays below"
)]
const ZERO: AtomicU64 = AtomicU64::new(0);
static LOGS_DROPPED: [AtomicU64; GENERATIONS_MAX] = [ZERO; GENERATIONS_MAX];
static PANICS: [AtomicU64; GENERATIONS_MAX] = [ZERO; GENERATIONS_MAX];
static NAMES: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// The heap calls of this thread so far. Real-time safe.
#[must_use]
pub fn heap_counts() -> HeapCounts {
    HeapCounts {
        allocations: ALLOCATIONS.get(),
        frees: FREES.get(),
        net_bytes: NET_BYTES.get(),
    }
}

/// How many heap calls this thread made so far. Real-time safe, and cheaper than all the counts.
#[inline]
#[must_use]
pub fn heap_calls() -> u64 {
    ALLOCATIONS.get() + FREES.get()
}

/// Counts one allocation of this thread: for the executable's own allocator.
pub fn count_allocation(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    NET_BYTES.set(NET_BYTES.get().wrapping_add(bytes as i64));
}

/// Counts one free of this thread: for the executable's own allocator.
pub fn count_free(bytes: usize) {
    FREES.set(FREES.get() + 1);
    NET_BYTES.set(NET_BYTES.get().wrapping_sub(bytes as i64));
}

/// Marks this thread as being inside `process` until it is dropped.
#[derive(Debug)]
pub struct RealTimeScope(());

impl RealTimeScope {
    /// Enters. Real-time safe.
    #[must_use]
    pub fn enter() -> Self {
        REAL_TIME.set(true);
        Self(())
    }
}

impl Drop for RealTimeScope {
    fn drop(&mut self) {
        REAL_TIME.set(false);
    }
}

/// Whether this thread is inside `process`. Real-time safe.
#[must_use]
pub fn is_real_time() -> bool {
    REAL_TIME.get()
}

/// A library's number, under which it reports. `None` when there are too many.
pub(super) fn register(name: &str) -> Option<u64> {
    let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
    if names.len() >= GENERATIONS_MAX {
        return None;
    }
    names.push(name.to_owned());
    Some(names.len() as u64 - 1)
}

/// Holds the lock of this file while `body` runs.
pub(super) fn with_lock<R>(body: impl FnOnce() -> R) -> R {
    let _held = NAMES.write().unwrap_or_else(PoisonError::into_inner);
    body()
}

/// How many panics were caught inside a library.
pub(super) fn panics(token: u64) -> u64 {
    count(&PANICS, token)
}

/// How many lines of a library's log were dropped because they came from `process`.
pub(super) fn logs_dropped(token: u64) -> u64 {
    count(&LOGS_DROPPED, token)
}

fn count(counters: &[AtomicU64], token: u64) -> u64 {
    counters
        .get(token as usize)
        .map_or(0, |counter| counter.load(Ordering::Relaxed))
}

fn raise(counters: &[AtomicU64], token: u64) {
    if let Some(counter) = counters.get(token as usize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What this host answers to every library.
pub(super) struct HostHooks;

impl Hooks for HostHooks {
    fn allocated(bytes: usize) {
        count_allocation(bytes);
    }

    fn freed(bytes: usize) {
        count_free(bytes);
    }

    fn is_real_time() -> bool {
        is_real_time()
    }

    fn log_level(_: u64) -> u32 {
        match tracing::level_filters::LevelFilter::current().into_level() {
            None => 0,
            Some(tracing::Level::ERROR) => 1,
            Some(tracing::Level::WARN) => 2,
            Some(tracing::Level::INFO) => 3,
            Some(tracing::Level::DEBUG) => 4,
            Some(tracing::Level::TRACE) => 5,
        }
    }

    fn log(token: u64, level: u32, target: &str, text: &str) {
        let names = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        let plugin = names.get(token as usize).map_or("?", String::as_str);
        match level {
            1 => tracing::error!(target: "plugin", plugin, at = target, "{text}"),
            2 => tracing::warn!(target: "plugin", plugin, at = target, "{text}"),
            3 => tracing::info!(target: "plugin", plugin, at = target, "{text}"),
            4 => tracing::debug!(target: "plugin", plugin, at = target, "{text}"),
            _ => tracing::trace!(target: "plugin", plugin, at = target, "{text}"),
        }
    }

    fn log_dropped(token: u64) {
        raise(&LOGS_DROPPED, token);
    }

    fn panicked(token: u64, text: &str) {
        raise(&PANICS, token);
        let bytes = text.floor_char_boundary(PANIC_TEXT_BYTES);
        let mut buffer = [0; PANIC_TEXT_BYTES];
        buffer[..bytes].copy_from_slice(&text.as_bytes()[..bytes]);
        PANIC.set((buffer, bytes));
    }

    fn take_panic(into: &mut [u8]) -> usize {
        let (buffer, bytes) = PANIC.replace(([0; PANIC_TEXT_BYTES], 0));
        let bytes = bytes.min(into.len());
        into[..bytes].copy_from_slice(&buffer[..bytes]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_charged_with_what_happened_in_between() {
        let before = heap_counts();
        HostHooks::allocated(100);
        HostHooks::freed(40);
        let during = heap_counts().since(before);
        assert_eq!(
            (during.allocations, during.frees, during.net_bytes),
            (1, 1, 60)
        );
    }

    #[test]
    fn the_real_time_mark_ends_with_its_scope() {
        assert!(!HostHooks::is_real_time());
        {
            let _scope = RealTimeScope::enter();
            assert!(HostHooks::is_real_time());
        }
        assert!(!HostHooks::is_real_time());
    }

    #[test]
    fn a_panic_text_is_cut_at_a_character_and_taken_once() {
        let long = format!("{}ä", "x".repeat(PANIC_TEXT_BYTES - 1));
        HostHooks::panicked(u64::MAX, &long);
        let mut buffer = [0; 512];
        assert_eq!(HostHooks::take_panic(&mut buffer), PANIC_TEXT_BYTES - 1);
        assert_eq!(HostHooks::take_panic(&mut buffer), 0);
    }
}
