//! Histogram: how long calls took, in buckets of constant relative width.
//!
//! Fixed memory, no allocation, one addition a value: the audio thread may record.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Buckets per doubling: values within 1/16 of each other share one, 6 % at worst.
const STEPS: usize = 16;

/// Doublings covered: from 1 ns to 2^40 ns, eighteen minutes. Longer counts as that.
const DOUBLINGS: usize = 40;

const BUCKETS: usize = STEPS * DOUBLINGS;

/// The bucket of all that is longer, too.
const LAST: usize = BUCKETS - 1;

/// At most one in so many durations is left out of a mean.
const INTERRUPTED_SHARE: u64 = 100;

/// Where it is longer than the median so many times.
const INTERRUPTED_TIMES: u64 = 4;

/// Counts of durations in nanoseconds.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Box<[u32; BUCKETS]>,
    count: u64,
    sum_ns: u64,
    max_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: Box::new([0; BUCKETS]),
            count: 0,
            sum_ns: 0,
            max_ns: 0,
        }
    }
}

impl Histogram {
    /// Counts one duration. Real-time safe.
    pub fn record(&mut self, nanoseconds: u64) {
        let bucket = &mut self.buckets[bucket(nanoseconds)];
        *bucket = bucket.saturating_add(1);
        self.count += 1;
        self.sum_ns = self.sum_ns.saturating_add(nanoseconds);
        self.max_ns = self.max_ns.max(nanoseconds);
    }

    /// How many durations were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    #[must_use]
    pub const fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// The longest, exactly.
    #[must_use]
    pub const fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The mean of all but the interrupted ones; 0 when nothing was counted.
    ///
    /// A call in which the system ran something else says nothing about its work, and one sample
    /// stands for many calls. Those that took more than four times the median count as interrupted
    /// where there is one of them, or one in a hundred; where there are more, that is how the work
    /// comes. Within 6 %, the width of a bucket.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        let limit_ns = self.quantile_ns(0.5).saturating_mul(INTERRUPTED_TIMES);
        let long = self.buckets().filter(|(up_to_ns, _)| *up_to_ns > limit_ns);
        let (long, long_ns) = long.fold((0, 0.0), |(count, sum_ns), (up_to_ns, held)| {
            (count + held, sum_ns + up_to_ns as f64 * held as f64)
        });
        let is_rare = long <= (self.count / INTERRUPTED_SHARE).max(1);
        let (left_out, left_out_ns) = if is_rare { (long, long_ns) } else { (0, 0.0) };
        let sum_ns = (self.sum_ns as f64 - left_out_ns).max(0.0);
        sum_ns / (self.count - left_out).max(1) as f64
    }

    /// The buckets that are not empty, the shortest first: the longest duration of each, and how
    /// many it holds. The last says the longest duration of all exactly.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let all = self.buckets.iter().enumerate();
        let some = all.filter(|(_, count)| **count > 0);
        some.map(|(index, count)| {
            let up_to_ns = match index {
                LAST => self.max_ns,
                _ => upper_ns(index).min(self.max_ns),
            };
            (up_to_ns, u64::from(*count))
        })
    }

    /// The duration that a share of all durations does not exceed; the upper end of its bucket.
    ///
    /// `share` from 0 to 1; 0 ns when nothing was counted.
    #[must_use]
    pub fn quantile_ns(&self, share: f64) -> u64 {
        let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return upper_ns(index).min(self.max_ns);
            }
        }
        self.max_ns
    }
}

/// The same, written by one thread and read by any while it grows. What is read was counted at
/// some moment, bucket by bucket; the writer takes no note of it.
#[derive(Debug)]
pub struct SharedHistogram {
    buckets: Box<[AtomicU32; BUCKETS]>,
    sum_ns: AtomicU64,
    max_ns: AtomicU64,
}

impl Default for SharedHistogram {
    fn default() -> Self {
        Self {
            buckets: Box::new([const { AtomicU32::new(0) }; BUCKETS]),
            sum_ns: AtomicU64::new(0),
            max_ns: AtomicU64::new(0),
        }
    }
}

impl SharedHistogram {
    /// Counts one duration. Thread: one at a time. Real-time safe.
    pub fn record(&self, nanoseconds: u64) {
        let bucket = &self.buckets[bucket(nanoseconds)];
        let count = bucket.load(Relaxed).saturating_add(1);
        let sum_ns = self.sum_ns.load(Relaxed).saturating_add(nanoseconds);
        self.max_ns.fetch_max(nanoseconds, Relaxed);
        self.sum_ns.store(sum_ns, Relaxed);
        bucket.store(count, Relaxed);
    }

    /// What was counted so far. Thread: any.
    #[must_use]
    pub fn read(&self) -> Histogram {
        let mut histogram = Histogram::default();
        for (into, bucket) in histogram.buckets.iter_mut().zip(&*self.buckets) {
            *into = bucket.load(Relaxed);
            histogram.count += u64::from(*into);
        }
        histogram.sum_ns = self.sum_ns.load(Relaxed);
        histogram.max_ns = self.max_ns.load(Relaxed);
        histogram
    }
}

/// The bucket of a duration: its highest bit, and the four bits below.
fn bucket(nanoseconds: u64) -> usize {
    let value = nanoseconds.max(1);
    let doubling = value.ilog2() as usize;
    let below = if doubling >= 4 {
        (value >> (doubling - 4)) as usize & (STEPS - 1)
    } else {
        (value << (4 - doubling)) as usize & (STEPS - 1)
    };
    (doubling * STEPS + below).min(BUCKETS - 1)
}

/// The longest duration of a bucket.
fn upper_ns(index: usize) -> u64 {
    let (doubling, below) = (index / STEPS, (index % STEPS) as u64);
    let start = (1u64 << doubling) as f64;
    let width = start / STEPS as f64;
    // The next bucket begins there.
    (start + width * (below + 1) as f64).ceil() as u64 - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quantile_is_at_most_a_sixteenth_too_high() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|value| histogram.record(value));
        for (share, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let answer = histogram.quantile_ns(share) as f64;
            assert!(
                answer >= exact && answer <= exact * (1.0 + 1.0 / 16.0) + 1.0,
                "{answer}"
            );
        }
        assert_eq!(histogram.max_ns(), 10_000);
        assert_eq!(histogram.sum_ns(), 50_005_000);
    }

    fn mean_of(values: impl IntoIterator<Item = u64>) -> f64 {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.record(value));
        histogram.mean_ns()
    }

    #[test]
    fn a_call_that_was_interrupted_is_in_no_mean() {
        assert_eq!(mean_of([]), 0.0);
        assert_eq!(mean_of([70_000]), 70_000.0);
        let mut calls = vec![3_000; 12];
        calls.push(70_000);
        assert_eq!(mean_of(calls), 3_000.0);
        // Two of a thousand, among ones that vary.
        let calls = (0..1_000).map(|call| match call {
            17 | 800 => 4_000_000,
            _ => 1_000 + call % 2 * 1_000,
        });
        assert!((mean_of(calls) / 1_500.0 - 1.0).abs() < 0.001);
    }

    #[test]
    fn work_that_comes_in_bursts_is_all_in_the_mean() {
        // An instance that works every eighth call, as a transform over eight blocks does.
        let calls = (0..800).map(|call| if call % 8 == 0 { 80_000 } else { 1_000 });
        assert_eq!(mean_of(calls), 10_875.0);
    }

    proptest! {
        #[test]
        fn what_is_shared_reads_as_what_is_not(values in prop::collection::vec(0..1u64 << 42, 0..99)) {
            let (mut own, shared) = (Histogram::default(), SharedHistogram::default());
            for value in values {
                own.record(value);
                shared.record(value);
            }
            let read = shared.read();
            prop_assert!(read.buckets().eq(own.buckets()));
            prop_assert_eq!((read.count(), read.sum_ns()), (own.count(), own.sum_ns()));
            prop_assert_eq!(read.quantile_ns(0.99), own.quantile_ns(0.99));
        }

        #[test]
        fn the_buckets_hold_every_value_once_and_rise(
            values in prop::collection::vec(prop_oneof![0..100u64, 0..1u64 << 42], 0..200)
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            let buckets: Vec<_> = histogram.buckets().collect();
            prop_assert!(buckets.iter().all(|(_, count)| *count > 0));
            let total: u64 = buckets.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(total, values.len() as u64);
            prop_assert!(buckets.is_sorted_by(|one, next| one.0 < next.0), "{:?}", buckets);
            // Below the bound of a bucket there are as many values as in it and those before.
            for (at, (up_to_ns, _)) in buckets.iter().enumerate() {
                let held: u64 = buckets[..=at].iter().map(|(_, count)| count).sum();
                let below = values.iter().filter(|value| **value <= *up_to_ns).count() as u64;
                prop_assert!(below >= held, "{} {:?}", at, buckets);
            }
        }
    }

    #[test]
    fn nothing_and_everything_have_a_place() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_ns(0.5), 0);
        histogram.record(0);
        histogram.record(u64::MAX);
        assert_eq!(histogram.count(), 2);
        assert_eq!(histogram.max_ns(), u64::MAX);
    }
}
