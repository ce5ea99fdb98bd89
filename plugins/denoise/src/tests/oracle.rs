//! RNNoise's own C beside this plugin, on every level of the processor.

use super::*;
use crate::denoiser::{Denoiser, Shared};
use pulp::Arch;
use segue_denoise_oracle::Oracle;

/// What a signal has to be above its difference to the oracle's.
const SNR_DB_MIN: f64 = 80.0;
/// The same for music that was never in 16 or 24 bits: where it has bands without any sound, RNNoise
/// looks at the rounding of its own transform there, which no other transform has.
const SNR_DB_MIN_EMPTY: f64 = 55.0;
/// What two levels may differ by; 1 is full scale.
const APART_MAX: f32 = 5e-5;
/// The same for such music.
const APART_MAX_EMPTY: f32 = 5e-3;
/// What probabilities of a voice may differ by.
const VOICE_APART_MAX: f32 = 2e-3;
/// What 1 is in units of 16 bits.
const SAMPLE_ONE: f32 = 32_768.0;

/// A frame for which two denoisers chose different pitch periods.
#[derive(Debug)]
#[expect(dead_code, reason = "a test that fails prints it")]
struct Flip {
    frame: usize,
    found: usize,
    expected: usize,
}

/// What RNNoise makes of whole frames, and what it decided about each.
struct Reference {
    samples: Vec<f32>,
    voices: Vec<f32>,
    periods_frames: Vec<usize>,
}

impl Reference {
    fn of(signal: &[f32]) -> Self {
        let mut oracle = Oracle::new();
        let mut reference = Self {
            samples: Vec::new(),
            voices: Vec::new(),
            periods_frames: Vec::new(),
        };
        for frame in signal.as_chunks::<FRAME>().0 {
            let (clean, voice) = oracle.process(&frame.map(|sample| sample * SAMPLE_ONE));
            let clean = clean.map(|sample| sample / SAMPLE_ONE);
            reference.samples.extend(clean);
            reference.voices.push(voice);
            reference.periods_frames.push(oracle.pitch().period_frames);
        }
        reference
    }
}

/// A signal, and how exactly it has to come out.
struct Case {
    name: &'static str,
    signal: Vec<f32>,
    snr_db_min: f64,
    apart_max: f32,
}

impl Case {
    fn new(name: &'static str, signal: Vec<f32>) -> Self {
        Self {
            name,
            signal,
            snr_db_min: SNR_DB_MIN,
            apart_max: APART_MAX,
        }
    }
}

/// Chords of plucked strings over a beat of noise, as long as so many frames of the denoiser.
fn music(frames: usize) -> Vec<f32> {
    const BEAT: usize = 24_000;
    let hiss = noise(frames * FRAME, 11);
    let pluck = |hz: f64, at: usize| {
        let seconds = (at % (2 * BEAT)) as f64 / 48_000.0;
        let partials = (1..12).map(|partial| {
            let partial = f64::from(partial);
            let turn = std::f64::consts::TAU * hz * partial * seconds;
            turn.sin() * (-seconds * (1.0 + partial)).exp() / partial
        });
        partials.sum::<f64>()
    };
    let sample = |(at, hiss): (usize, &f32)| {
        let root = [110.0, 146.8, 164.8, 123.5][at / (2 * BEAT) % 4];
        let chord: f64 = [1.0, 1.26, 1.5, 4.0]
            .map(|ratio| pluck(root * ratio, at))
            .iter()
            .sum();
        let beat = (-((at % BEAT) as f64) / 1_500.0).exp();
        (0.15 * chord + 0.1 * beat * f64::from(*hiss)) as f32
    };
    hiss.iter().enumerate().map(sample).collect()
}

/// Signals of every kind that it meets.
fn cases() -> Vec<Case> {
    let frames = 300 * FRAME;
    let clip = voice(0, 700 * FRAME);
    let loud = voice(0, frames).iter().map(|x| x * 6.0).collect();
    let tone = (0..frames).map(|at| (at as f32 * 0.02).sin() * 0.5);
    let broken = [
        &voice(0, frames)[..],
        &[0.0; 100 * FRAME],
        &noisy(0, frames, 0.1),
    ];
    let sixteen_bits = |sample: &f32| (sample * SAMPLE_ONE).round() / SAMPLE_ONE;
    let played = music(1_200);
    vec![
        Case::new("the clip of a voice", clip),
        Case::new("a voice in noise", noisy(0, 700 * FRAME, 0.02)),
        Case::new("a voice in much noise", noisy(frames, frames, 0.3)),
        Case::new("a voice over full scale", loud),
        Case::new("noise", noise(frames, 3)),
        Case::new("the noise of a room", hum(frames, 0.1)),
        Case::new("a tone", tone.collect()),
        Case::new("silence between", broken.concat()),
        Case::new("music", played.iter().map(sixteen_bits).collect()),
        Case {
            snr_db_min: SNR_DB_MIN_EMPTY,
            apart_max: APART_MAX_EMPTY,
            ..Case::new("music in empty bands", played)
        },
    ]
}

/// That a level makes of a signal what RNNoise does, but for what rounding makes of transforms and
/// network, and that every decision about the pitch is RNNoise's. The samples that came out.
fn check_level(case: &Case, level: Arch, expected: &Reference) -> Vec<f32> {
    let mut shared = Shared::new(level);
    let mut denoiser = Denoiser::EMPTY;
    let (mut found, mut flips, mut apart) = (Vec::new(), Vec::new(), 0.0_f32);
    for (at, frame) in case.signal.as_chunks::<FRAME>().0.iter().enumerate() {
        let mut frame = *frame;
        let voice = denoiser.process(&mut shared, &mut frame);
        found.extend(frame);
        apart = apart.max((voice - expected.voices[at]).abs());
        if denoiser.pitch.period_frames != expected.periods_frames[at] {
            flips.push(Flip {
                frame: at,
                found: denoiser.pitch.period_frames,
                expected: expected.periods_frames[at],
            });
        }
    }
    let (name, level) = (case.name, cpu::name(level));
    let (count, frames) = (flips.len(), expected.voices.len());
    assert!(
        flips.is_empty(),
        "{name} on {level}: {count} of {frames} frames have another pitch: {flips:?}"
    );
    let snr_db = snr_db(&expected.samples, &found);
    assert!(snr_db >= case.snr_db_min, "{name} on {level}: {snr_db} dB");
    assert!(apart <= VOICE_APART_MAX, "{name} on {level}: {apart}");
    found
}

#[test]
fn every_level_is_rnnoise_and_chooses_its_pitch_in_every_frame() {
    for case in cases() {
        let expected = Reference::of(&case.signal);
        let levels = cpu::levels().into_iter();
        let found: Vec<_> = levels
            .map(|level| check_level(&case, level, &expected))
            .collect();
        for other in &found[1..] {
            let pairs = found[0].iter().zip(other);
            let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart <= case.apart_max, "{}: {apart}", case.name);
        }
    }
}

#[test]
fn the_plugin_is_rnnoise_a_frame_later() {
    let signal = noisy(0, 300 * FRAME, 0.02);
    let mut denoise = bench(1.0);
    let found = run(&mut denoise, &[signal.clone(), signal.clone()], &[512]);
    let mut expected = Reference::of(&signal);
    expected.samples.splice(0..0, [0.0; FRAME]);
    expected.samples.truncate(signal.len());
    let snr_db = snr_db(&expected.samples, &found[0]);
    assert!(snr_db >= SNR_DB_MIN, "{snr_db} dB");
    assert_eq!(
        bits(&found[..1]),
        bits(&found[1..]),
        "equal channels stay equal"
    );
    let voice = denoise.output("voice_probability");
    let probability = f64::from(expected.voices[299]);
    let apart = (voice - probability).abs();
    assert!(apart <= f64::from(VOICE_APART_MAX), "{voice} {probability}");
}
