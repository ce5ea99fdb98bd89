//! Extremes: the steps between neighbouring turning points, as `audioop.maxpp` and `avgpp` see
//! them.
//!
//! In: finite samples. Out: the largest and the mean step.
//!
//! A turning point is the last sample before the direction changes; equal neighbours have no
//! direction. The first turning point has nothing before it to be compared with.

use crate::sum::CompensatedSum;

/// Where the samples are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Follows one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Extremes {
    previous: Option<f32>,
    direction: Option<Direction>,
    extreme: Option<f32>,
    steps: u64,
    sum: CompensatedSum,
    max: f64,
}

impl Extremes {
    pub(super) fn add(&mut self, samples: &[f32]) {
        let Some(&first) = samples.first() else {
            return;
        };
        let mut previous = self.previous.unwrap_or(first);
        let mut direction = self.direction;
        for &sample in samples {
            if sample != previous {
                let going = if sample < previous {
                    Direction::Down
                } else {
                    Direction::Up
                };
                if direction.is_some_and(|before| before != going) {
                    self.turn_at(previous);
                }
                direction = Some(going);
            }
            previous = sample;
        }
        self.previous = Some(previous);
        self.direction = direction;
    }

    pub(super) fn step_max(&self) -> f64 {
        self.max
    }

    pub(super) fn step_average(&self) -> f64 {
        if self.steps == 0 {
            0.0
        } else {
            self.sum.value() / self.steps as f64
        }
    }

    fn turn_at(&mut self, extreme: f32) {
        if let Some(before) = self.extreme.replace(extreme) {
            let step = (f64::from(extreme) - f64::from(before)).abs();
            self.sum.add(step);
            self.max = self.max.max(step);
            self.steps += 1;
        }
    }
}
