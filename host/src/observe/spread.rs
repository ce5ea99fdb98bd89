//! Spread: least, mean, greatest and last of a row of values, in constant memory.

use serde::Serialize;

/// What a row of values looked like. NaN means "no value" and is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Spread {
    /// How many values.
    pub count: u64,
    /// The least.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub min: f64,
    /// Their mean.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub mean: f64,
    /// The greatest.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub max: f64,
    /// The last.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub last: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            count: 0,
            min: f64::INFINITY,
            mean: 0.0,
            max: f64::NEG_INFINITY,
            last: f64::NAN,
        }
    }
}

impl Spread {
    /// Takes one value. Real-time safe.
    pub fn record(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.mean += (value - self.mean) / self.count as f64;
        self.last = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_none_are_not_counted() {
        let mut spread = Spread::default();
        [2.0, f64::NAN, 4.0]
            .into_iter()
            .for_each(|value| spread.record(value));
        let expected = Spread {
            count: 2,
            min: 2.0,
            mean: 3.0,
            max: 4.0,
            last: 4.0,
        };
        assert_eq!(spread, expected);
    }
}
