//! Features: what the network hears of 10 ms.
//!
//! In: the energies of the bands, how they correlate with those a pitch period before, the period.
//! Out: 42 numbers, or that there is silence.
//!
//! Source: J.-M. Valin, A Hybrid DSP/Deep Learning Approach (MMSP 2018), section III-C: 22 cepstral
//! coefficients, first and second differences of the first six, six of the pitch correlation, the
//! period, and how much the spectrum changes.

use crate::bands::{BANDS, Bands, Cosines};
use crate::model::FEATURES;
use crate::network::Features;

/// The cepstra that are remembered: of 80 ms.
pub(crate) const CEPSTRA: usize = 8;
/// The coefficients that have differences.
const DIFFERENCES: usize = 6;
/// Less energy in all bands is silence: a tone some 95 dB below full scale.
const SILENCE: f32 = 0.04;

/// Where the groups of features begin.
const FIRST: usize = BANDS;
const SECOND: usize = FIRST + DIFFERENCES;
const CORRELATION: usize = SECOND + DIFFERENCES;
const PERIOD: usize = CORRELATION + DIFFERENCES;
const CHANGE: usize = PERIOD + 1;

/// What one frame looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The energy of each band.
    pub(crate) energies: Bands,
    /// The energy of each band a pitch period before.
    pub(crate) energies_before: Bands,
    /// How each band correlates with itself a pitch period before, -1 to 1.
    pub(crate) correlations: Bands,
    /// The period, in frames.
    pub(crate) period_frames: usize,
}

/// The cepstra of the last frames that were not silent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cepstra {
    pub(crate) rows: [Bands; CEPSTRA],
    /// Where the next goes.
    pub(crate) next: usize,
}

impl Cepstra {
    pub(crate) const EMPTY: Self = Self {
        rows: [[0.0; BANDS]; CEPSTRA],
        next: 0,
    };

    /// The features of a frame, which is remembered; `None` for silence, which is not.
    pub(crate) fn features(&mut self, cosines: &Cosines, look: &Look) -> Option<Features> {
        if look.energies.iter().sum::<f32>() < SILENCE {
            return None;
        }
        let mut cepstrum = cosines.transform(&logarithms(&look.energies));
        cepstrum[0] -= 12.0;
        cepstrum[1] -= 4.0;
        let [newest, before, oldest] = self.remember(cepstrum);
        let mut features = [0.0; FEATURES];
        features[..BANDS].copy_from_slice(&cepstrum);
        let correlation = cosines.transform(&look.correlations);
        for at in 0..DIFFERENCES {
            let [new, mid, old] = [newest[at], before[at], oldest[at]];
            features[at] = new + mid + old;
            features[FIRST + at] = new - old;
            features[SECOND + at] = new - 2.0 * mid + old;
            features[CORRELATION + at] = correlation[at];
        }
        let less = |feature: f32, mean: f64| (f64::from(feature) - mean) as f32;
        features[CORRELATION] = less(features[CORRELATION], 1.3);
        features[CORRELATION + 1] = less(features[CORRELATION + 1], 0.9);
        features[PERIOD] = (0.01 * (look.period_frames as f64 - 300.0)) as f32;
        features[CHANGE] = less(self.change(), 2.1);
        Some(features)
    }

    /// Keeps a cepstrum; returns it and the two before.
    fn remember(&mut self, cepstrum: Bands) -> [Bands; 3] {
        let newest = self.next;
        self.rows[newest] = cepstrum;
        self.next = (newest + 1) % CEPSTRA;
        [0, 1, 2].map(|back| self.rows[(newest + CEPSTRA - back) % CEPSTRA])
    }

    /// The mean squared distance from each cepstrum to the one it is most alike.
    fn change(&self) -> f32 {
        let nearest = |(at, row): (usize, &Bands)| {
            let others = self
                .rows
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at);
            let distances = others.map(|(_, other)| distance(row, other));
            distances.fold(1e15, f32::min)
        };
        self.rows.iter().enumerate().map(nearest).sum::<f32>() / CEPSTRA as f32
    }
}

fn distance(one: &Bands, other: &Bands) -> f32 {
    let squares = one.iter().zip(other).map(|(a, b)| (a - b) * (a - b));
    squares.sum()
}

/// Energies as logarithms, with a floor that falls slowly from a strong band to its neighbours.
fn logarithms(energies: &Bands) -> Bands {
    let (mut largest, mut follow) = (-2.0_f32, -2.0_f32);
    energies.map(|energy| {
        let value = (0.01 + f64::from(energy)).log10() as f32;
        let value = value.max(largest - 7.0).max(follow - 1.5);
        largest = largest.max(value);
        follow = (follow - 1.5).max(value);
        value
    })
}
