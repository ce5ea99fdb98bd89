//! Ramp: a straight line from one value to another, counted in whole frames.
//!
//! In: how many frames have gone by. Out: the value there, by a formula and not by adding up, so
//! that it does not depend on how the frames were cut into blocks.

/// A line from `from` to `to`; how many frames it takes is its owner's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ramp {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Ramp {
    /// A line that has arrived.
    pub(super) const fn flat(value: f64) -> Self {
        Self {
            from: value,
            to: value,
        }
    }

    pub(super) fn is_flat(self) -> bool {
        self.from == self.to
    }

    /// The value after `elapsed` of `total` frames.
    pub(super) fn at(self, elapsed: u32, total: u32) -> f64 {
        if elapsed >= total {
            return self.to;
        }
        self.line(total)(f64::from(elapsed))
    }

    /// The values after `elapsed + 1`, `elapsed + 2`, … of `total` frames, none beyond the end.
    pub(super) fn write(self, values: &mut [f32], elapsed: u32, total: u32) {
        let line = self.line(total);
        // Signed, since only signed integers become floats four at a time.
        for (frame, value) in (elapsed as i32 + 1..).zip(values.iter_mut()) {
            *value = line(f64::from(frame)) as f32;
        }
        let arrives = elapsed as usize + values.len() == total as usize;
        if let (true, Some(last)) = (arrives, values.last_mut()) {
            *last = self.to as f32;
        }
    }

    /// The line before its end. There it cannot pass the end by rounding: one frame is at least
    /// 2^-30 of the way, and the three roundings below are 2^-53 each.
    fn line(self, total: u32) -> impl Fn(f64) -> f64 {
        let step = (self.to - self.from) / f64::from(total);
        move |frame| self.from + step * frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_is_the_target_where_rounding_would_miss_it() {
        // Halfway between two neighbours in `f32`: the least error below rounds the other way.
        let ramp = Ramp {
            from: -6.0,
            to: 1.0 + 3.0 / f64::from(1 << 24),
        };
        for total in 1..200 {
            let mut values = vec![0.0; total as usize];
            ramp.write(&mut values, 0, total);
            assert_eq!(values.last(), Some(&(ramp.to as f32)), "{total} frames");
        }
    }
}
