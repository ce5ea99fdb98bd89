//! Room: a small reverberation, different left and right, and a rumble from below.

use super::arithmetic::{Noise, amplitude};

/// Delays of the combs in frames, left and right: without common factors, so that no pitch rings.
const COMBS: [[usize; 4]; 2] = [[1_427, 1_553, 1_783, 1_949], [1_459, 1_597, 1_721, 2_003]];
/// Delays of the all-passes in frames.
const ALL_PASSES: [[usize; 2]; 2] = [[241, 83], [263, 89]];
/// What is left after one round: about half a second to -60 dB.
const COMB_FEEDBACK: f64 = 0.72;
/// How much of each round's treble is lost to the walls.
const WALL_DAMPING: f64 = 0.35;
const ALL_PASS_FEEDBACK: f64 = 0.6;
/// How loud the room is beside the voice.
const WET_DB: f64 = -23.0;
/// How loud the rumble is.
const RUMBLE_DB: f64 = 5.0;

/// A delay line that gives what it was given so many frames ago.
struct Delay {
    frames: Vec<f64>,
    place: usize,
}

impl Delay {
    fn new(frames: usize) -> Self {
        Self {
            frames: vec![0.0; frames],
            place: 0,
        }
    }

    fn oldest(&self) -> f64 {
        self.frames[self.place]
    }

    fn push(&mut self, sample: f64) {
        self.frames[self.place] = sample;
        self.place = (self.place + 1) % self.frames.len();
    }
}

/// One side of the room.
struct Side {
    combs: [(Delay, f64); 4],
    all_passes: [Delay; 2],
}

impl Side {
    fn new(combs: [usize; 4], all_passes: [usize; 2]) -> Self {
        Self {
            combs: combs.map(|frames| (Delay::new(frames), 0.0)),
            all_passes: all_passes.map(Delay::new),
        }
    }

    fn next(&mut self, input: f64) -> f64 {
        let mut sum = 0.0;
        for (delay, damped) in &mut self.combs {
            let late = delay.oldest();
            *damped = late + WALL_DAMPING * (*damped - late);
            delay.push(input + COMB_FEEDBACK * *damped);
            sum += late;
        }
        for delay in &mut self.all_passes {
            let late = delay.oldest();
            let early = sum + ALL_PASS_FEEDBACK * late;
            delay.push(early);
            sum = late - ALL_PASS_FEEDBACK * early;
        }
        sum
    }
}

/// Both sides.
pub(crate) struct Room {
    sides: [Side; 2],
    wet: f64,
}

impl Room {
    pub(crate) fn new() -> Self {
        let sides = [0, 1].map(|side| Side::new(COMBS[side], ALL_PASSES[side]));
        Self {
            sides,
            wet: amplitude(WET_DB),
        }
    }

    pub(crate) fn next(&mut self, input: f64) -> [f64; 2] {
        let wet = self.wet;
        self.sides.each_mut().map(|side| wet * side.next(input))
    }
}

/// Noise through three gentle low-passes at 25 Hz a side, as of traffic behind a wall.
pub(crate) struct Rumble {
    noises: [Noise; 2],
    lows: [[f64; 3]; 2],
    level: f64,
}

impl Rumble {
    pub(crate) fn new() -> Self {
        let noises = [Noise::new(5), Noise::new(6)];
        Self {
            noises,
            lows: [[0.0; 3]; 2],
            level: amplitude(RUMBLE_DB),
        }
    }

    pub(crate) fn next(&mut self) -> [f64; 2] {
        /// 2 pi 25 / 48,000.
        const STEP: f64 = 0.003_272;
        let level = self.level;
        let mut sides = self
            .noises
            .iter_mut()
            .zip(&mut self.lows)
            .map(|(noise, lows)| {
                let out = lows.iter_mut().fold(noise.next(), |input, low| {
                    *low += STEP * (input - *low);
                    *low
                });
                level * out
            });
        [(); 2].map(|()| sides.next().unwrap_or(0.0))
    }
}
