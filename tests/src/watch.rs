//! Watch: whether a change of what runs can be heard as a click or as a burst.
//!
//! In: what came out around a change, and what the chains before and after it give on their own.
//! Out: findings: places where the signal bends more than anything around it, and places where it
//! is louder than either chain.
//!
//! A *bend* is a second difference. A click is a bend that stands out: it is held against the root
//! mean square of the bends on either side, of the louder side, so that a signal that becomes
//! louder is no click; and against the bends of both chains at the same place, so that a note that
//! both begin there is none either.

use std::ops::Range;

/// How much louder than the louder of both chains a change may be, in dB.
pub const LOUDER_DB_MAX: f64 = 1.0;

/// Over how many frames a level is measured: 5 ms at 48 kHz, a period of 200 Hz, and short enough
/// for a burst within a fade of 20 ms to fill it.
const LEVEL_FRAMES: usize = 240;

/// How far one measured level lies from the next.
const LEVEL_STEP_FRAMES: usize = 60;

/// Levels below this count as this: -80 dB of full scale, under which nobody hears a burst.
const LEVEL_FLOOR: f64 = 1e-4;

/// How many frames on either side tell which bends are usual: 10 ms at 48 kHz.
const AROUND_FRAMES: usize = 480;

/// How many frames next to a bend do not count as around it: a click is a few bends long.
const GUARD_FRAMES: usize = 4;

/// Bends below this are none: a step of -100 dB of full scale.
const BEND_FLOOR: f64 = 1e-5;

/// How much larger than both chains' own bends at the same place one has to be to stand out.
const CHAINS_FACTOR: f64 = 1.3;

/// What a signal bends by itself: the largest bend over the usual ones around it that runs without
/// any change have, and half as much again for what fades of 20 ms add. The tests below measure the
/// runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual(pub f64);

impl Usual {
    /// A sine: the ratio of its peak to its root mean square is 1.42, whatever the chain.
    pub const SINE: Self = Self(2.2);
    /// Notes with attacks: 4.2 through the chains of `sequences.rs`.
    pub const MUSIC: Self = Self(6.3);
    /// Noise: 2.8 as it is, 3.2 through these chains.
    pub const NOISE: Self = Self(4.8);
    /// Silence bends nowhere: whatever stands out of the floor is a click.
    pub const SILENCE: Self = Self(1.0);
}

/// Something that can be heard and should not be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// A bend that stands out.
    Click {
        /// Where.
        frame: usize,
        /// How many times as large as the usual ones around it.
        times: f64,
    },
    /// A level above both chains.
    Burst {
        /// Where the measured stretch begins.
        frame: usize,
        /// How far above the louder one, in dB.
        louder_db: f64,
    },
}

/// Looks at a stretch of an output; the chains are as long as the output, and of the same frames.
#[must_use]
pub fn watch(
    output: &[f32],
    range: Range<usize>,
    chains: [&[f32]; 2],
    usual: Usual,
) -> Vec<Finding> {
    let mut findings = clicks(output, range.clone(), chains, usual);
    findings.extend(bursts(output, range, chains));
    findings
}

/// The bends that stand out.
#[must_use]
pub fn clicks(
    output: &[f32],
    range: Range<usize>,
    chains: [&[f32]; 2],
    usual: Usual,
) -> Vec<Finding> {
    let bends = Bends::of(output);
    let chains = chains.map(Bends::of);
    let click = |frame: usize| {
        let times = bends.times_usual(frame);
        let own = chains.iter().map(|chain| chain.largest_near(frame));
        let own = own.fold(0.0, f64::max) * CHAINS_FACTOR;
        let stands_out = times > usual.0 && bends.at(frame) > own.max(BEND_FLOOR);
        stands_out.then_some(Finding::Click { frame, times })
    };
    range.filter_map(click).collect()
}

/// The levels above both chains.
#[must_use]
pub fn bursts(output: &[f32], range: Range<usize>, chains: [&[f32]; 2]) -> Vec<Finding> {
    let burst = |frame: usize| {
        let louder_db = louder_db(output, frame, chains);
        (louder_db > LOUDER_DB_MAX).then_some(Finding::Burst { frame, louder_db })
    };
    let last = range.end.saturating_sub(LEVEL_FRAMES);
    let frames = (range.start..last).step_by(LEVEL_STEP_FRAMES);
    frames.filter_map(burst).collect()
}

/// How far the level at a frame is above the louder of both chains, in dB.
fn louder_db(output: &[f32], frame: usize, chains: [&[f32]; 2]) -> f64 {
    let level = |signal: &[f32]| {
        let squares = signal[frame..frame + LEVEL_FRAMES].iter();
        let squares = squares.map(|sample| f64::from(*sample) * f64::from(*sample));
        (squares.sum::<f64>() / LEVEL_FRAMES as f64).sqrt() + LEVEL_FLOOR
    };
    let chains = chains.map(level);
    20.0 * (level(output) / chains[0].max(chains[1])).log10()
}

/// The second differences of a signal.
#[derive(Debug)]
pub struct Bends {
    bends: Vec<f64>,
    /// The sum of the squares before each.
    sums: Vec<f64>,
}

impl Bends {
    /// Those of a signal.
    #[must_use]
    pub fn of(signal: &[f32]) -> Self {
        let mut bends = vec![0.0; signal.len()];
        for (bend, three) in bends[1..].iter_mut().zip(signal.windows(3)) {
            let [before, at, after] = [three[0], three[1], three[2]].map(f64::from);
            *bend = (before - 2.0 * at + after).abs();
        }
        let mut sum = 0.0;
        let mut sums = Vec::with_capacity(bends.len() + 1);
        sums.push(0.0);
        for bend in &bends {
            sum += bend * bend;
            sums.push(sum);
        }
        Self { bends, sums }
    }

    fn at(&self, frame: usize) -> f64 {
        self.bends[frame]
    }

    fn largest_near(&self, frame: usize) -> f64 {
        let near = frame.saturating_sub(GUARD_FRAMES)..(frame + GUARD_FRAMES).min(self.bends.len());
        self.bends[near].iter().copied().fold(0.0, f64::max)
    }

    /// How many times as large as those around it one is.
    #[must_use]
    pub fn times_usual(&self, frame: usize) -> f64 {
        let before_end = frame.saturating_sub(GUARD_FRAMES);
        let after = (frame + GUARD_FRAMES + 1).min(self.bends.len());
        let before = self.usual(before_end.saturating_sub(AROUND_FRAMES)..before_end);
        let after = self.usual(after..(after + AROUND_FRAMES).min(self.bends.len()));
        self.bends[frame] / before.max(after).max(BEND_FLOOR)
    }

    fn usual(&self, range: Range<usize>) -> f64 {
        if range.len() < AROUND_FRAMES {
            return 0.0; // An end of the signal tells nothing.
        }
        let sum = self.sums[range.end] - self.sums[range.start];
        (sum.max(0.0) / range.len() as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_1_SQRT_2, TAU};

    use super::*;
    use crate::script::{FADE_FRAMES, SAMPLE_RATE_HZ, sine};
    use crate::signals;
    use crate::wav;

    const FRAMES: usize = 48_000;
    const AT: usize = 20_007;

    fn all() -> [(&'static str, Vec<f32>, Usual); 4] {
        [
            ("sine", sine(1_000.0, 0.25, FRAMES), Usual::SINE),
            ("music", signals::music(FRAMES), Usual::MUSIC),
            ("noise", wav::noise(9, FRAMES), Usual::NOISE),
            ("silence", vec![0.0; FRAMES], Usual::SILENCE),
        ]
    }

    fn found(output: &[f32], before: &[f32], after: &[f32], usual: Usual) -> Vec<Finding> {
        watch(output, 1_000..FRAMES - 1_000, [before, after], usual)
    }

    /// A band that is switched on by straight lines from the coefficients of no filter to its own.
    struct Band {
        coefficients: [f64; 5],
        memory: [f64; 2],
    }

    impl Band {
        const OFF: [f64; 5] = [1.0, 0.0, 0.0, 0.0, 0.0];

        /// A high-pass of the second order, as the Audio EQ Cookbook has it.
        fn high_pass(frequency_hz: f64) -> [f64; 5] {
            let turn = TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ);
            let (alpha, cosine) = (turn.sin() * FRAC_1_SQRT_2, turn.cos());
            let b = (1.0 + cosine) / 2.0;
            [b, -2.0 * b, b, -2.0 * cosine, 1.0 - alpha].map(|number| number / (1.0 + alpha))
        }

        fn run(&mut self, sample: f32) -> f32 {
            let [b0, b1, b2, a1, a2] = self.coefficients;
            let input = f64::from(sample);
            let output = b0 * input + self.memory[0];
            self.memory[0] = b1 * input - a1 * output + self.memory[1];
            self.memory[1] = b2 * input - a2 * output;
            output as f32
        }
    }

    /// A signal through a band that goes from one set of coefficients to another at a frame.
    fn banded(input: &[f32], from: [f64; 5], to: [f64; 5]) -> Vec<f32> {
        let mut band = Band {
            coefficients: from,
            memory: [0.0; 2],
        };
        let sample = |(frame, sample): (usize, &f32)| {
            let share = frame.saturating_sub(AT) as f64 / FADE_FRAMES as f64;
            let share = share.min(1.0);
            band.coefficients = std::array::from_fn(|at| from[at] + (to[at] - from[at]) * share);
            band.run(*sample)
        };
        input.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn what_nothing_changes_in_has_no_finding() {
        for (name, signal, usual) in all() {
            assert_eq!(found(&signal, &signal, &signal, usual), [], "{name}");
            let bends = Bends::of(&signal);
            let largest = (1_000..FRAMES - 1_000).map(|frame| bends.times_usual(frame));
            println!("{name}: {}", largest.fold(0.0, f64::max));
        }
    }

    #[test]
    fn a_fade_between_two_levels_has_no_finding() {
        for (name, signal, usual) in all() {
            let after: Vec<_> = signal.iter().map(|sample| sample * 0.1).collect();
            let faded = signal.iter().zip(&after).enumerate();
            let faded = faded.map(|(frame, (before, after))| {
                let share = frame.saturating_sub(AT) as f32 / FADE_FRAMES as f32;
                before + (after - before) * share.min(1.0)
            });
            let faded: Vec<_> = faded.collect();
            assert_eq!(found(&faded, &signal, &after, usual), [], "{name}");
        }
    }

    #[test]
    fn a_step_of_a_fifth_is_found() {
        for (name, signal, usual) in all().into_iter().take(3) {
            let stepped = signal.iter().enumerate();
            let stepped = stepped.map(|(frame, sample)| match frame < AT {
                true => *sample,
                false => sample * 1.2,
            });
            let stepped: Vec<_> = stepped.collect();
            let findings = found(&stepped, &signal, &signal, usual);
            let is_burst = |finding: &Finding| matches!(finding, Finding::Burst { .. });
            assert!(findings.iter().any(is_burst), "{name}: {findings:?}");
        }
        // Where the level may change, too, the step itself is heard on a tone.
        let signal = sine(1_000.0, 0.25, FRAMES);
        let louder: Vec<_> = signal.iter().map(|sample| sample * 1.2).collect();
        let stepped = [&signal[..AT], &louder[AT..]].concat();
        let findings = found(&stepped, &signal, &louder, Usual::SINE);
        let is_click = |finding: &Finding| matches!(finding, Finding::Click { .. });
        assert!(findings.iter().all(is_click) && !findings.is_empty());
    }

    #[test]
    fn two_fades_in_series_are_found() {
        // +20 dB and -20 dB change places, each by a fade of its own.
        for (name, signal, usual) in all().into_iter().take(3) {
            let burst = signal.iter().enumerate().map(|(frame, sample)| {
                let share = (frame.saturating_sub(AT) as f32 / FADE_FRAMES as f32).min(1.0);
                sample * (10.0 - 9.9 * share) * (0.1 + 9.9 * share)
            });
            let burst: Vec<_> = burst.collect();
            let findings = found(&burst, &signal, &signal, usual);
            let loudest = findings.iter().map(|finding| match finding {
                Finding::Burst { louder_db, .. } => *louder_db,
                Finding::Click { .. } => 0.0,
            });
            assert!(loudest.fold(0.0, f64::max) > 10.0, "{name}: {findings:?}");
        }
    }

    #[test]
    fn a_band_that_straight_lines_switch_on_or_off_is_found() {
        let high_pass = Band::high_pass(1_000.0);
        let ways = [(Band::OFF, high_pass), (high_pass, Band::OFF)];
        for (from, to) in ways {
            let signal = sine(100.0, 0.25, FRAMES);
            let (before, after) = (banded(&signal, from, from), banded(&signal, to, to));
            let switched = banded(&signal, from, to);
            let findings = found(&switched, &before, &after, Usual::SINE);
            assert!(!findings.is_empty(), "{from:?} to {to:?}");
        }
    }
}
