//! Window: the energies of the last three seconds, in steps of ten milliseconds.
//!
//! In: the energy of each step. Out: mean energies over the last 400 ms and 3 s.
//!
//! Step k ends at frame floor(k rate / 100), so the steps of rates that are no multiple of 100 Hz
//! differ by a frame and never drift from the clock.

use crate::sum::sum_in_lanes;

/// Steps in a second.
pub(super) const STEPS_PER_SECOND: u64 = 100;
/// Steps in 3 s, the longest window.
pub(super) const SHORT_TERM_STEPS: usize = 300;
/// Steps in 400 ms.
pub(super) const MOMENTARY_STEPS: usize = 40;

/// A ring of steps.
#[derive(Clone, Debug)]
pub(super) struct Window {
    sample_rate_hz: u64,
    energies: [f64; SHORT_TERM_STEPS],
    steps: u64,
}

impl Window {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz: u64::from(sample_rate_hz),
            energies: [0.0; SHORT_TERM_STEPS],
            steps: 0,
        }
    }

    /// How many steps are complete.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// The frame, counted from the stream's start, at which the step under way ends, or one that
    /// comes so many steps later.
    pub(super) fn step_end_frame(&self, later: usize) -> u64 {
        self.end_frame(self.steps + 1 + later as u64)
    }

    /// Completes a step with its energy, summed over frames and channels.
    pub(super) fn push(&mut self, energy: f64) {
        self.energies[(self.steps % SHORT_TERM_STEPS as u64) as usize] = energy;
        self.steps += 1;
    }

    /// The mean energy of a frame over the last `steps`, at most `SHORT_TERM_STEPS`; none before
    /// so many are complete.
    pub(super) fn mean(&self, steps: usize) -> Option<f64> {
        let first = self.steps.checked_sub(steps as u64)?;
        let frames = self.end_frame(self.steps) - self.end_frame(first);
        let end = (self.steps % SHORT_TERM_STEPS as u64) as usize;
        let start = (first % SHORT_TERM_STEPS as u64) as usize;
        let sum: f64 = if start < end {
            sum_in_lanes(&self.energies[start..end])
        } else {
            sum_in_lanes(&self.energies[start..]) + sum_in_lanes(&self.energies[..end])
        };
        Some(sum / frames as f64)
    }

    pub(super) fn reset(&mut self) {
        self.energies = [0.0; SHORT_TERM_STEPS];
        self.steps = 0;
    }

    fn end_frame(&self, steps: u64) -> u64 {
        match steps.checked_mul(self.sample_rate_hz) {
            Some(product) => product / STEPS_PER_SECOND,
            // In 128 bits, so that no stream is long enough to overflow.
            None => {
                let product = u128::from(steps) * u128::from(self.sample_rate_hz);
                (product / u128::from(STEPS_PER_SECOND)) as u64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_time_at_odd_rates() {
        let mut window = Window::new(11_025);
        for _ in 0..99 {
            window.push(0.0);
        }
        assert_eq!(window.step_end_frame(0), 11_025);
    }

    #[test]
    fn means_are_over_the_last_steps_only() {
        let mut window = Window::new(48_000);
        for step in 0..700_u32 {
            assert_eq!(window.mean(MOMENTARY_STEPS).is_some(), step >= 40);
            assert_eq!(window.mean(SHORT_TERM_STEPS).is_some(), step >= 300);
            window.push(480.0 * f64::from(step));
        }
        // The mean of 660..700 and of 400..700.
        assert_eq!(window.mean(MOMENTARY_STEPS), Some(679.5));
        assert_eq!(window.mean(SHORT_TERM_STEPS), Some(549.5));
    }
}
