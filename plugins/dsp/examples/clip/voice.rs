//! Voice: sings and whispers syllables: a glottal pulse and breath through five formants.

use super::RATE_HZ;
use super::arithmetic::{Noise, amplitude, cosine, exponential, note_hz, sine};
use std::f64::consts::{PI, TAU};

/// How a syllable begins.
#[derive(Clone, Copy, PartialEq)]
enum Onset {
    /// With the vowel.
    Open,
    /// With a hum through the nose, as in m and n.
    Nasal,
    /// With a hiss, as in s.
    Hiss,
}

/// What is sung when.
struct Syllable {
    start_seconds: f64,
    seconds: f64,
    onset: Onset,
    vowel: [f64; 5],
    /// From the A below middle C.
    semitones: f64,
    level_db: f64,
    /// The share of breath in the sound: 0 is pressed, 1 is whispered.
    breath: f64,
}

/// Formants in Hz, of an alto.
const A: [f64; 5] = [800.0, 1_150.0, 2_800.0, 3_500.0, 4_950.0];
const E: [f64; 5] = [450.0, 1_900.0, 2_700.0, 3_500.0, 4_950.0];
const I: [f64; 5] = [350.0, 2_100.0, 2_800.0, 3_500.0, 4_950.0];
const O: [f64; 5] = [470.0, 830.0, 2_750.0, 3_500.0, 4_950.0];
const U: [f64; 5] = [350.0, 700.0, 2_700.0, 3_500.0, 4_950.0];
const NASAL: [f64; 5] = [260.0, 1_050.0, 2_300.0, 3_300.0, 4_700.0];
/// How wide each formant is, in Hz.
const BANDWIDTHS_HZ: [f64; 5] = [80.0, 90.0, 120.0, 150.0, 200.0];
/// How long a nasal or a hiss lasts.
const ONSET_SECONDS: f64 = 0.11;
/// An s never grows louder than this, however loud the vowel.
const HISS_LEVEL_MAX: f64 = 0.4;
/// Everything together at full level.
const OUTPUT_DB: f64 = -15.7;

const SCORE: [Syllable; 10] = {
    use Onset::{Hiss, Nasal, Open};
    [
        syllable(0.40, 0.55, Nasal, O, 0.0, -12.0, 0.25),
        syllable(0.95, 0.40, Nasal, A, 2.0, -11.0, 0.22),
        syllable(1.35, 0.90, Nasal, I, 5.0, -9.0, 0.18),
        syllable(2.50, 0.42, Hiss, A, 9.0, -5.0, 0.05),
        syllable(2.95, 0.40, Nasal, E, 7.0, 4.0, 0.05),
        syllable(3.35, 0.38, Hiss, O, 5.0, 3.0, 0.06),
        syllable(3.75, 1.15, Nasal, A, 12.0, -6.5, 0.04),
        syllable(5.15, 0.35, Hiss, U, 0.0, -17.0, 1.0),
        syllable(5.55, 0.35, Open, A, 0.0, -15.0, 1.0),
        syllable(5.95, 0.75, Nasal, U, -7.0, -10.0, 0.15),
    ]
};

const fn syllable(
    start_seconds: f64,
    seconds: f64,
    onset: Onset,
    vowel: [f64; 5],
    semitones: f64,
    level_db: f64,
    breath: f64,
) -> Syllable {
    Syllable {
        start_seconds,
        seconds,
        onset,
        vowel,
        semitones,
        level_db,
        breath,
    }
}

/// A value on its way to another.
struct Smooth {
    value: f64,
    share: f64,
}

impl Smooth {
    fn new(value: f64, seconds: f64) -> Self {
        Self {
            value,
            share: 1.0 / (seconds * f64::from(RATE_HZ)),
        }
    }

    fn toward(&mut self, target: f64) -> f64 {
        self.value += self.share * (target - self.value);
        self.value
    }
}

/// A Klatt resonator: gain 1 at 0 Hz, a peak at its formant.
#[derive(Clone, Copy, Default)]
struct Resonator {
    y1: f64,
    y2: f64,
}

impl Resonator {
    fn next(&mut self, x: f64, formant_hz: f64, decay: f64) -> f64 {
        let b = 2.0 * decay * cosine(formant_hz / f64::from(RATE_HZ));
        let c = -decay * decay;
        let y = (1.0 - b - c) * x + b * self.y1 + c * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

pub(crate) struct Voice {
    pitch_hz: Smooth,
    level: Smooth,
    breath: Smooth,
    hiss: Smooth,
    formants_hz: [Smooth; 5],
    resonators: [Resonator; 5],
    decays: [f64; 5],
    hiss_resonators: [Resonator; 2],
    pulse_turns: f64,
    noise: Noise,
    output: f64,
}

impl Voice {
    pub(crate) fn new() -> Self {
        let per_frame = -PI / f64::from(RATE_HZ);
        Self {
            pitch_hz: Smooth::new(note_hz(0.0), 0.035),
            level: Smooth::new(0.0, 0.030),
            breath: Smooth::new(0.3, 0.040),
            hiss: Smooth::new(0.0, 0.015),
            formants_hz: A.map(|hz| Smooth::new(hz, 0.028)),
            resonators: [Resonator::default(); 5],
            decays: BANDWIDTHS_HZ.map(|hz| exponential(hz * per_frame)),
            hiss_resonators: [Resonator::default(); 2],
            pulse_turns: 0.0,
            noise: Noise::new(3),
            output: amplitude(OUTPUT_DB),
        }
    }

    pub(crate) fn next(&mut self, frame: usize) -> f64 {
        let seconds = frame as f64 / f64::from(RATE_HZ);
        let sung = SCORE
            .iter()
            .rfind(|syllable| syllable.start_seconds <= seconds);
        let within = sung.map_or(0.0, |syllable| seconds - syllable.start_seconds);
        let sounding = sung.filter(|syllable| within < syllable.seconds);
        let (level, hiss, breath) = sounding.map_or((0.0, 0.0, self.breath.value), |syllable| {
            let full = amplitude(syllable.level_db);
            match syllable.onset {
                _ if within >= ONSET_SECONDS => (full, 0.0, syllable.breath),
                Onset::Hiss => (0.0, full.min(HISS_LEVEL_MAX), syllable.breath),
                Onset::Nasal => (0.5 * full, 0.0, syllable.breath),
                Onset::Open => (full, 0.0, syllable.breath),
            }
        });
        let source = self.source(sung, within, breath) * self.level.toward(level);
        let nasal = sounding
            .is_some_and(|syllable| syllable.onset == Onset::Nasal && within < ONSET_SECONDS);
        let shape = if nasal {
            NASAL
        } else {
            sung.map_or(A, |syllable| syllable.vowel)
        };
        self.output * (self.through_formants(source, &shape) + self.hissing(hiss))
    }

    /// The glottis: air in pulses, and breath while it is open.
    fn source(&mut self, sung: Option<&Syllable>, within: f64, breath: f64) -> f64 {
        /// The share of a period in which the glottis is open.
        const OPEN: f64 = 0.62;
        let target_hz = sung.map_or(note_hz(0.0), |syllable| note_hz(syllable.semitones));
        let depth = 0.011 * (within / 0.4).min(1.0);
        let vibrato = 1.0 + depth * sine(5.3 * within) + 0.002 * self.noise.next();
        self.pulse_turns += self.pitch_hz.toward(target_hz) * vibrato / f64::from(RATE_HZ);
        self.pulse_turns -= self.pulse_turns.floor();
        let open = (self.pulse_turns / OPEN).min(1.0);
        // The derivative of the flow t^2 - t^3: rises gently, breaks off as the glottis closes.
        let pulse = if open < 1.0 {
            2.0 * open - 3.0 * open * open
        } else {
            0.0
        };
        let breath = self.breath.toward(breath);
        let air = self.noise.next() * (0.4 + 0.6 * (1.0 - open));
        (1.0 - breath) * pulse + 0.22 * breath * air
    }

    fn through_formants(&mut self, source: f64, shape: &[f64; 5]) -> f64 {
        let mut signal = source;
        for (index, resonator) in self.resonators.iter_mut().enumerate() {
            let formant_hz = self.formants_hz[index].toward(shape[index]);
            signal = resonator.next(signal, formant_hz, self.decays[index]);
        }
        signal
    }

    /// An s: noise around 6 and 9 kHz.
    fn hissing(&mut self, level: f64) -> f64 {
        let level = self.hiss.toward(level);
        let decay = exponential(-TAU * 700.0 / f64::from(RATE_HZ));
        let noise = level * self.noise.next();
        let [low, high] = &mut self.hiss_resonators;
        0.05 * (low.next(noise, 6_200.0, decay) + high.next(noise, 9_100.0, decay))
    }
}
