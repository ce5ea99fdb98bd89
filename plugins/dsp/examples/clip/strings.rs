//! Strings: soft plucked notes, left and right of the voice.

use super::RATE_HZ;
use super::arithmetic::{amplitude, exponential, note_hz, sine};

/// How many notes sound at once: by the time one gives way to another it has died.
const VOICES: usize = 8;
/// Where the voices are, as share of the right side.
const PANS: [f64; VOICES] = [0.2, 0.8, 0.5, 0.3, 0.7, 0.4, 0.9, 0.1];
/// One note every so many seconds.
const BEAT_SECONDS: f64 = 0.4;
/// The notes, in semitones from the A below middle C; they begin with the clip.
const NOTES: [f64; 16] = [
    -7.0, 0.0, 5.0, 9.0, -10.0, -3.0, 2.0, 5.0, -7.0, 0.0, 5.0, 9.0, -12.0, -5.0, 0.0, -7.0,
];
/// Partials: multiple of the note, level in dB, seconds to 1/e. The upper ones die soon.
const PARTIALS: [(f64, f64, f64); 4] = [
    (1.0, -25.0, 0.6),
    (2.001, -34.0, 0.5),
    (3.004, -39.0, 0.25),
    (5.98, -40.0, 0.06),
];
/// Seconds of the attack, which takes the click out of it.
const ATTACK_SECONDS: f64 = 0.004;

/// One partial of a note that sounds.
#[derive(Clone, Copy)]
struct Partial {
    turns: f64,
    turns_step: f64,
    level: f64,
    decay: f64,
}

/// The notes that sound: each takes the place of the one eight beats before.
pub(crate) struct Strings {
    sounding: [[Option<Partial>; 4]; VOICES],
    attacks: [f64; VOICES],
}

impl Strings {
    pub(crate) fn new() -> Self {
        Self {
            sounding: [[None; 4]; VOICES],
            attacks: [0.0; VOICES],
        }
    }

    pub(crate) fn next(&mut self, frame: usize) -> [f64; 2] {
        let beat_frames = (BEAT_SECONDS * f64::from(RATE_HZ)) as usize;
        let beat = frame / beat_frames;
        if frame.is_multiple_of(beat_frames) && beat < NOTES.len() {
            self.sounding[beat % VOICES] =
                PARTIALS.map(|partial| Some(pluck(NOTES[beat], partial)));
            self.attacks[beat % VOICES] = 0.0;
        }
        let mut sides = [0.0; 2];
        let notes = self.sounding.iter_mut().zip(&mut self.attacks).zip(PANS);
        for ((note, attack), pan) in notes {
            *attack = (*attack + 1.0 / (ATTACK_SECONDS * f64::from(RATE_HZ))).min(1.0);
            let sum: f64 = note.iter_mut().flatten().map(Partial::next).sum();
            sides[0] += *attack * sum * (1.0 - pan);
            sides[1] += *attack * sum * pan;
        }
        sides
    }
}

fn pluck(semitones: f64, (multiple, level_db, seconds): (f64, f64, f64)) -> Partial {
    Partial {
        turns: 0.0,
        turns_step: multiple * note_hz(semitones) / f64::from(RATE_HZ),
        level: amplitude(level_db),
        decay: exponential(-1.0 / (seconds * f64::from(RATE_HZ))),
    }
}

impl Partial {
    fn next(&mut self) -> f64 {
        self.turns += self.turns_step;
        self.turns -= self.turns.floor();
        self.level *= self.decay;
        self.level * sine(self.turns)
    }
}
