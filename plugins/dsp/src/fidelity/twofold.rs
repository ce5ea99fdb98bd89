//! Twofold: numbers of twice the precision of `f64`.
//!
//! In: numbers, sums and products. Out: the sum of two `f64`, the second below half a unit in the
//! last place of the first.
//!
//! Source: D. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B (sum);
//! T. Dekker, A floating-point technique for extending the available precision (1971).

/// A number as an unevaluated sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Twofold {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl Twofold {
    pub(super) fn plus(self, other: Self) -> Self {
        let (high, rest) = two_sum(self.high, other.high);
        let (low, rest_low) = two_sum(self.low, other.low);
        let (high, rest) = two_sum(high, rest + low);
        let (high, low) = two_sum(high, rest + rest_low);
        Self { high, low }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            high: -other.high,
            low: -other.low,
        })
    }

    pub(super) fn times(self, other: Self) -> Self {
        let high = self.high * other.high;
        let rest = self.high.mul_add(other.high, -high);
        let rest = rest + (self.high * other.low + self.low * other.high);
        let (high, low) = two_sum(high, rest);
        Self { high, low }
    }

    /// The nearest `f64`.
    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }
}

/// The rounded sum, and what was lost in rounding, exactly.
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An integer of up to 100 bits.
    fn of(value: i128) -> Twofold {
        let high = value as f64;
        let low = (value - high as i128) as f64;
        Twofold { high, low }
    }

    fn whole(value: Twofold) -> i128 {
        value.high as i128 + value.low as i128
    }

    proptest! {
        #[test]
        fn a_hundred_bits_are_added_without_loss(
            a in -(1_i128 << 99)..1 << 99,
            b in -(1_i128 << 99)..1 << 99,
        ) {
            prop_assert_eq!(whole(of(a).plus(of(b))), a + b);
            prop_assert_eq!(whole(of(a).minus(of(b))), a - b);
            prop_assert_eq!(of(a).minus(of(a)), Twofold::default());
            prop_assert_eq!(of(a).value(), a as f64);
        }

        #[test]
        fn products_are_as_precise(a in 0..1_i128 << 62, b in 0..1_i128 << 62) {
            let error = whole(of(a).times(of(b))) - a * b;
            prop_assert!(error.unsigned_abs() <= (a * b).unsigned_abs() >> 102);
        }
    }
}
