//! Cells: memory that one thread writes while others read.
//!
//! In: what the writer says. Out: the same on any other thread, a moment old, without waiting. What
//! goes through here can be run with the cells of a model instead, which tries every order of two
//! threads.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Cells that two threads share: those of the standard library, or those of a model.
pub(crate) trait Cells {
    /// One sample, as bits.
    type Sample;
    /// A count of frames.
    type Count;

    fn sample() -> Self::Sample;
    fn count() -> Self::Count;
    /// Relaxed.
    fn load(sample: &Self::Sample) -> u32;
    /// Relaxed.
    fn store(sample: &Self::Sample, bits: u32);
    fn load_count(count: &Self::Count, ordering: Ordering) -> u64;
    fn store_count(count: &Self::Count, frames: u64, ordering: Ordering);
    fn fence(ordering: Ordering);
}

/// The cells of the standard library.
#[derive(Debug)]
pub(crate) struct Atomics;

impl Cells for Atomics {
    type Sample = AtomicU32;
    type Count = AtomicU64;

    fn sample() -> AtomicU32 {
        AtomicU32::new(0)
    }

    fn count() -> AtomicU64 {
        AtomicU64::new(0)
    }

    fn load(sample: &AtomicU32) -> u32 {
        sample.load(Ordering::Relaxed)
    }

    fn store(sample: &AtomicU32, bits: u32) {
        sample.store(bits, Ordering::Relaxed);
    }

    fn load_count(count: &AtomicU64, ordering: Ordering) -> u64 {
        count.load(ordering)
    }

    fn store_count(count: &AtomicU64, frames: u64, ordering: Ordering) {
        count.store(frames, ordering);
    }

    fn fence(ordering: Ordering) {
        fence(ordering);
    }
}

/// A number that one thread says and others read: who sees it sees all that its writer did before.
#[derive(Debug)]
pub(crate) struct Published<C: Cells = Atomics> {
    number: C::Count,
}

impl<C: Cells> Published<C> {
    /// Zero. Allocates nothing.
    pub(crate) fn new() -> Self {
        Self { number: C::count() }
    }

    /// Thread: any. Real-time safe.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        C::load_count(&self.number, Ordering::Acquire)
    }

    /// Thread: the one that writes. Real-time safe.
    #[inline]
    pub(crate) fn set(&self, number: u64) {
        C::store_count(&self.number, number, Ordering::Release);
    }
}

impl<C: Cells> Default for Published<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// The cells of the model, which tries every order of two threads.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Modelled;

#[cfg(test)]
impl Cells for Modelled {
    type Sample = loom::sync::atomic::AtomicU32;
    type Count = loom::sync::atomic::AtomicU64;

    fn sample() -> Self::Sample {
        loom::sync::atomic::AtomicU32::new(0)
    }

    fn count() -> Self::Count {
        loom::sync::atomic::AtomicU64::new(0)
    }

    fn load(sample: &Self::Sample) -> u32 {
        sample.load(Ordering::Relaxed)
    }

    fn store(sample: &Self::Sample, bits: u32) {
        sample.store(bits, Ordering::Relaxed);
    }

    fn load_count(count: &Self::Count, ordering: Ordering) -> u64 {
        count.load(ordering)
    }

    fn store_count(count: &Self::Count, frames: u64, ordering: Ordering) {
        count.store(frames, ordering);
    }

    fn fence(ordering: Ordering) {
        loom::sync::atomic::fence(ordering);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn who_sees_a_number_sees_what_was_done_before_it_and_never_an_older_one_later() {
        loom::model(|| {
            let shared = Arc::new((Modelled::count(), Published::<Modelled>::new()));
            let writing = Arc::clone(&shared);
            let writer = loom::thread::spawn(move || {
                for number in 1..=2 {
                    Modelled::store_count(&writing.0, number, Ordering::Relaxed);
                    writing.1.set(number);
                }
            });
            let (before, published) = &*shared;
            let seen = published.get();
            assert!(Modelled::load_count(before, Ordering::Relaxed) >= seen);
            assert!(published.get() >= seen);
            writer.join().unwrap();
            assert_eq!(published.get(), 2);
        });
    }
}
