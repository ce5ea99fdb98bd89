//! Histogram: how long calls took, in buckets of constant relative width.
//!
//! Fixed memory, no allocation, one addition a value: the audio thread may record.

/// Buckets per doubling: values within 1/16 of each other share one, 6 % at worst.
const STEPS: usize = 16;

/// Doublings covered: from 1 ns to 2^40 ns, eighteen minutes. Longer counts as that.
const DOUBLINGS: usize = 40;

const BUCKETS: usize = STEPS * DOUBLINGS;

/// The bucket of all that is longer, too.
const LAST: usize = BUCKETS - 1;

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

    /// All of them together over their number; 0 when nothing was counted.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        self.sum_ns as f64 / self.count.max(1) as f64
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

    proptest! {
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
