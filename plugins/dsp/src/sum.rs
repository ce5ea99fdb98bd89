//! Sum: adds ten hours of numbers without losing the small ones.
//!
//! In: finite `f64` terms. Out: their sum, with about twice the precision of an `f64` inside.
//!
//! Source: D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B
//! (the exact error of one addition); T. Ogita, S. Rump, S. Oishi, Accurate sum and dot product,
//! SIAM J. Sci. Comput. 26 (2005), algorithm Sum2 (the errors are summed beside).

/// A running sum together with the sum of its rounding errors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompensatedSum {
    high: f64,
    low: f64,
}

impl CompensatedSum {
    /// Adds one finite term. Terms that are whole multiples of one unit are summed exactly as
    /// long as their sum stays below 2^100 such units and each term below 2^53. Any thread.
    pub fn add(&mut self, term: f64) {
        let sum = self.high + term;
        let term_arrived = sum - self.high;
        let high_kept = sum - term_arrived;
        self.low += (self.high - high_kept) + (term - term_arrived);
        self.high = sum;
    }

    /// The sum so far, rounded once. Any thread.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.high + self.low
    }
}

/// The sum of some terms, of every eighth first: eight additions at a time instead of one that
/// waits for another.
pub(crate) fn sum_in_lanes(terms: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (rows, rest) = terms.as_chunks::<8>();
    for row in rows {
        for (lane, term) in lanes.iter_mut().zip(row) {
            *lane += term;
        }
    }
    lanes.iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_small_term_survives_between_large_ones() {
        let mut sum = CompensatedSum::default();
        for term in [1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.value(), 1.0);
    }

    proptest! {
        #[test]
        fn whole_numbers_are_summed_exactly(terms in vec(-(1_i64 << 53)..(1 << 53), 0..2000)) {
            let mut sum = CompensatedSum::default();
            for &term in &terms {
                sum.add(term as f64);
            }
            let exact: i128 = terms.iter().map(|&term| i128::from(term)).sum();
            prop_assert_eq!(sum.value(), exact as f64);
        }
    }

    #[test]
    fn every_term_is_in_the_sum_once_however_many_there_are() {
        for count in 0..40_u32 {
            let terms: Vec<f64> = (0..count).map(|n| f64::from(2 * n + 1)).collect();
            assert_eq!(sum_in_lanes(&terms), f64::from(count * count));
        }
    }
}
