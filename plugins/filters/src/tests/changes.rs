//! A change of a band against the cross-fade of both filters, each of which has run from the first
//! frame: high-passed at 1 kHz, where clicks are heard, it is hardly ever louder.

use super::*;
use segue_dsp::biquad::Coefficients;
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// When a band changes: late enough for every filter here to have forgotten its beginning.
const CHANGED_AT: usize = 12_000;
/// Frames behind a fade that belong to it.
const BEHIND_FRAMES: usize = 4_800;
/// The most that a change may be above the fade of both filters.
const LOUDER_MAX: f64 = 1.1;
const KINDS: [Kind; 7] = [
    Kind::Off,
    Kind::HighPass,
    Kind::LowPass,
    Kind::LowShelf,
    Kind::HighShelf,
    Kind::Peak,
    Kind::Notch,
];

/// Numbers that are the same every time.
struct Random(u64);

impl Random {
    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        let state = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = state.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// As likely in every octave.
    fn octaves(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.share())
    }

    fn band(&mut self, kind: Kind) -> Band {
        let frequency_hz = self.octaves(30.0, 16_000.0);
        let gain_db = self.between(-18.0, 18.0);
        band(kind, frequency_hz, gain_db, self.octaves(0.3, 8.0))
    }

    /// A bass note, a tone, noise, music: the first two are where clicks stand out most.
    fn signal(&mut self, number: usize, frames: usize) -> Vec<f32> {
        let bass_hz = self.between(30.0, 150.0);
        let tone_hz = self.octaves(40.0, 12_000.0);
        let phase = self.between(0.0, TAU);
        let sine =
            |hz: f64, frame: usize| (TAU * hz * frame as f64 / f64::from(RATE_HZ) + phase).sin();
        let note = |frame: usize| {
            let (since, hz) = (
                (frame % 9_600) as f64,
                bass_hz * (1 + frame / 9_600 % 5) as f64,
            );
            let level = 0.3 * (-since / 12_000.0).exp() * (1.0 - (-since / 100.0).exp());
            let partial = |n: i32| sine(hz * f64::from(n), frame) / f64::from(n).powf(1.5);
            level * (1..15).map(partial).sum::<f64>()
        };
        let mut sample = |frame: usize| match number % 4 {
            0 => sine(bass_hz, frame),
            1 => 0.5 * sine(tone_hz, frame),
            2 => self.between(-0.5, 0.5),
            _ => note(frame),
        };
        (0..frames).map(|frame| sample(frame) as f32).collect()
    }
}

/// A filter in direct form I, which needs no more than its definition.
fn filtered(c: &Coefficients, input: &[f64]) -> Vec<f64> {
    let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
    let next = |now: &f64| {
        let out = c.b0 * now + c.b1 * x[0] + c.b2 * x[1] - c.a1 * y[0] - c.a2 * y[1];
        (x, y) = ([*now, x[0]], [out, y[0]]);
        out
    };
    input.iter().map(next).collect()
}

fn chain(bands: &[Band], input: &[f64]) -> Vec<f64> {
    let design = |band: &Band| band.design(f64::from(RATE_HZ)).unwrap();
    let through = |input: Vec<f64>, section: Coefficients| filtered(&section, &input);
    bands
        .iter()
        .filter_map(design)
        .fold(input.to_vec(), through)
}

/// The loudest sample above 1 kHz from a frame on: a high-pass of the fourth order.
fn loudest(samples: &[f64], from: usize) -> f64 {
    let quality = |q| band(Kind::HighPass, 1000.0, 0.0, q);
    let above = chain(&[quality(0.541_196), quality(1.306_563)], samples);
    above[from..]
        .iter()
        .fold(0.0, |peak: f64, x| peak.max(x.abs()))
}

/// How long the new section of a change runs unheard.
fn warm_frames(to: &Band) -> usize {
    let section = to.design(f64::from(RATE_HZ)).unwrap();
    section.map_or(0, |section| {
        section.decay_frames(60.0).min(24_000.0) as usize
    })
}

/// How much louder a change is than the fade of both chains. The bands differ in one.
fn louder(from: &[Band], to: &[Band], changed: usize, signals: &[Vec<f32>; 2]) -> [f64; 2] {
    let start = CHANGED_AT + warm_frames(&to[changed]);
    let frames = start + GLIDE_FRAMES + BEHIND_FRAMES;
    let signals = signals.each_ref().map(|signal| signal[..frames].to_vec());
    let mut eq = with(from).activate().unwrap();
    for (member, value) in ["type", "frequency_hz", "gain_db", "q"]
        .iter()
        .zip(to[changed].numbers())
    {
        eq.change(&format!("band.{}.{member}", changed + 1), CHANGED_AT, value);
    }
    let found = run(&mut eq, &signals, &[512]);
    [0, 1].map(|side: usize| {
        let wide = |samples: &[f32]| samples.iter().copied().map(f64::from).collect::<Vec<_>>();
        let input = wide(&signals[side]);
        let (old, new) = (chain(from, &input), chain(to, &input));
        let fade = |(frame, (old, new)): (usize, (&f64, &f64))| {
            let done = frame.saturating_sub(start) as f64 / GLIDE_FRAMES as f64;
            old + (new - old) * done.min(1.0)
        };
        let faded: Vec<f64> = old.iter().zip(&new).enumerate().map(fade).collect();
        loudest(&wide(&found[side]), CHANGED_AT) / loudest(&faded, CHANGED_AT)
    })
}

/// Checks a change on all signals, two at a time; names what is too loud.
fn check(random: &mut Random, from: &[Band], to: &[Band], changed: usize) -> Vec<String> {
    let frames = CHANGED_AT + 24_000 + GLIDE_FRAMES + BEHIND_FRAMES;
    let pairs = [[0, 1], [2, 3]].into_iter().flat_map(|pair| {
        let signals = pair.map(|number| random.signal(number, frames));
        let found = louder(from, to, changed, &signals);
        pair.into_iter().zip(found)
    });
    let bad = pairs.filter(|(_, louder)| *louder > LOUDER_MAX);
    let (from, to) = (&from[changed], &to[changed]);
    bad.map(|(signal, louder)| format!("signal {signal}, {louder} x: {from:?} to {to:?}"))
        .collect()
}

fn report(bad: &[String]) {
    assert!(bad.is_empty(), "{} are too loud: {bad:#?}", bad.len());
}

#[test]
fn no_pair_of_types_is_louder_than_its_fade() {
    let mut random = Random(9);
    let mut bad = Vec::new();
    for from in KINDS {
        for to in KINDS {
            if (from, to) != (Kind::Off, Kind::Off) {
                let (from, to) = (random.band(from), random.band(to));
                bad.extend(check(&mut random, &[from], &[to], 0));
            }
        }
    }
    report(&bad);
}

#[test]
fn no_far_move_of_one_number_is_louder_than_its_fade() {
    let mut random = Random(10);
    let mut bad = Vec::new();
    for kind in &KINDS[1..] {
        let from = random.band(*kind);
        for member in 0..3 {
            let mut to = from;
            match member {
                0 => to.frequency_hz = random.octaves(30.0, 16_000.0),
                1 => to.gain_db = random.between(-18.0, 18.0),
                _ => to.q = random.octaves(0.3, 8.0),
            }
            bad.extend(check(&mut random, &[from], &[to], 0));
        }
    }
    report(&bad);
}

#[test]
fn no_change_between_other_bands_is_louder_than_its_fade() {
    let mut random = Random(11);
    let mut bad = Vec::new();
    let before = band(Kind::HighPass, 80.0, 0.0, FRAC_1_SQRT_2);
    let behind = band(Kind::HighShelf, 6000.0, 6.0, FRAC_1_SQRT_2);
    for _ in 0..20 {
        let [from, to] = [(); 2].map(|()| {
            let kind = KINDS[(random.share() * 7.0) as usize];
            random.band(kind)
        });
        bad.extend(check(
            &mut random,
            &[before, from, behind],
            &[before, to, behind],
            1,
        ));
    }
    report(&bad);
}
