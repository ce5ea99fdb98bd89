//! Extremes: the steps between neighbouring turning points, as `audioop.maxpp` and `avgpp` see
//! them.
//!
//! In: finite samples, each with the one before it. Out: the largest and the mean step.
//!
//! A turning point is the last sample before the direction changes; equal neighbours have no
//! direction. The first turning point has nothing before it to be compared with.
//!
//! Between two turning points the samples go one way, so all steps together are what the signal
//! varies in total between the first turning point and the last: a sum that knows of no direction.
//! Directions are found as bits, for 32 samples at a time, and a group of samples whose extent is
//! no larger than the largest step so far is not walked through. Neither changes a result.

use crate::sum::CompensatedSum;

/// Frames whose directions are found at a time: as many as a mask has bits.
const GROUP_FRAMES: usize = 32;
/// Directions found side by side.
const LANES: usize = 8;

/// Where the samples are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Follows one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Extremes {
    /// The first and the last sample.
    start: Option<f32>,
    end: f32,
    direction: Option<Direction>,
    /// The first and the last turning point.
    first: Option<f32>,
    last: f32,
    turns: u64,
    max: f64,
}

/// One bit for each frame of a group, the first one lowest, and the extent of the group.
struct Marks {
    rising: u32,
    equal: u32,
    lowest: f32,
    highest: f32,
}

impl Extremes {
    /// Adds all samples but the first, which is the one before them; the stream's first sample
    /// counts as its own.
    #[inline(always)]
    pub(super) fn add(&mut self, around: &[f32]) {
        let [before, .., end] = around else {
            return;
        };
        self.start.get_or_insert(*before);
        self.end = *end;
        for start in (0..around.len() - 1).step_by(GROUP_FRAMES) {
            let group = &around[start..];
            match (group.first_chunk(), self.direction, self.first) {
                (Some(group), Some(direction), Some(_)) => self.add_group(group, direction),
                _ => self.add_one_by_one(&group[..group.len().min(GROUP_FRAMES + 1)]),
            }
        }
    }

    pub(super) fn step_max(&self) -> f64 {
        self.max
    }

    /// The mean step, of a signal that varies so much in total.
    pub(super) fn step_average(&self, variation: CompensatedSum) -> f64 {
        let (Some(start), Some(first), 2..) = (self.start, self.first, self.turns) else {
            return 0.0;
        };
        let mut between = variation;
        between.add(-distance(start, first));
        between.add(-distance(self.last, self.end));
        between.value().max(0.0) / (self.turns - 1) as f64
    }

    fn add_one_by_one(&mut self, around: &[f32]) {
        for pair in around.windows(2) {
            let direction = if pair[1] == pair[0] {
                continue;
            } else if pair[1] > pair[0] {
                Direction::Up
            } else {
                Direction::Down
            };
            if self
                .direction
                .replace(direction)
                .is_some_and(|before| before != direction)
            {
                self.turn_at(pair[0]);
            }
        }
    }

    fn turn_at(&mut self, extreme: f32) {
        if self.first.is_some() {
            self.max = self.max.max(distance(self.last, extreme));
        }
        self.first.get_or_insert(extreme);
        self.last = extreme;
        self.turns += 1;
    }

    /// The same as one by one, once there was a turning point.
    #[inline(always)]
    fn add_group(&mut self, group: &[f32; GROUP_FRAMES + 1], direction: Direction) {
        let marks = Marks::of(group);
        let was_rising = u32::from(direction == Direction::Up);
        // Frames that equal the one before go on in its direction. Adding a bit to the start of a
        // run of ones carries through it, which clears those whose frame before was rising.
        let starts = marks.equal & !(marks.equal << 1) & (marks.rising << 1 | was_rising);
        let held = marks.equal & !marks.equal.wrapping_add(starts);
        let rising = marks.rising | held;
        let turns = rising ^ (rising << 1 | was_rising);
        if turns != 0 {
            let above = f64::from(marks.highest) - f64::from(self.last);
            let below = f64::from(self.last) - f64::from(marks.lowest);
            let extent = f64::from(marks.highest) - f64::from(marks.lowest);
            if extent > self.max || above > self.max || below > self.max {
                self.walk(group, turns);
            }
            self.last = group[31 - turns.leading_zeros() as usize];
            self.turns += u64::from(turns.count_ones());
        }
        self.direction = Some(match rising >> (GROUP_FRAMES - 1) {
            0 => Direction::Down,
            _ => Direction::Up,
        });
    }

    /// Looks at every step that ends in a group.
    fn walk(&mut self, group: &[f32; GROUP_FRAMES + 1], mut turns: u32) {
        let mut last = self.last;
        while turns != 0 {
            let extreme = group[turns.trailing_zeros() as usize];
            let step = distance(last, extreme);
            self.max = if step > self.max { step } else { self.max };
            last = extreme;
            turns &= turns - 1;
        }
    }
}

impl Marks {
    #[inline(always)]
    fn of(group: &[f32; GROUP_FRAMES + 1]) -> Self {
        let (mut rising, mut equal) = ([0_u32; LANES], [0_u32; LANES]);
        let (mut lowest, mut highest) = ([group[0]; LANES], [group[0]; LANES]);
        for first in (0..GROUP_FRAMES).step_by(LANES) {
            for lane in 0..LANES {
                let (before, now) = (group[first + lane], group[first + lane + 1]);
                let bit = 1 << (first + lane);
                rising[lane] |= if now > before { bit } else { 0 };
                equal[lane] |= if now == before { bit } else { 0 };
                lowest[lane] = if now < lowest[lane] {
                    now
                } else {
                    lowest[lane]
                };
                highest[lane] = if now > highest[lane] {
                    now
                } else {
                    highest[lane]
                };
            }
        }
        Self {
            rising: gather(rising, |a, b| a | b),
            equal: gather(equal, |a, b| a | b),
            lowest: gather(lowest, |a, b| if a < b { a } else { b }),
            highest: gather(highest, |a, b| if a > b { a } else { b }),
        }
    }
}

/// Makes one number of all lanes, half of them at a time.
#[inline(always)]
fn gather<T: Copy>(mut lanes: [T; LANES], of_two: impl Fn(T, T) -> T) -> T {
    for width in [4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = of_two(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

#[inline(always)]
fn distance(a: f32, b: f32) -> f64 {
    (f64::from(b) - f64::from(a)).abs()
}
