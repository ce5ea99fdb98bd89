//! Bands: 22 stretches of the spectrum, which overlap as triangles.
//!
//! In: spectra, or a number for each band. Out: energies and correlations by band, or a number for
//! each bin; and the cosine transform over the bands.

use rustfft::num_complex::Complex32;

/// How many bands there are.
pub(crate) const BANDS: usize = 22;
/// The bins of a spectrum: 0 to 24 kHz in steps of 50 Hz.
pub(crate) const BINS: usize = 481;
/// Where the bands' middles lie, in steps of 200 Hz. Above the last, at 20 kHz, is nothing.
const MIDDLES: [usize; BANDS] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40, 48, 60, 78, 100,
];
/// Bins between two steps.
const STEP_BINS: usize = 4;

/// A number for each band.
pub(crate) type Bands = [f32; BANDS];
/// A spectrum of real samples.
pub(crate) type Spectrum = [Complex32; BINS];

/// What two spectra have in common, by band; a spectrum with itself has its energy in common.
pub(crate) fn correlation(one: &Spectrum, other: &Spectrum) -> Bands {
    let mut bands = [0.0; BANDS];
    for (band, start, width) in slopes() {
        for step in 0..width {
            let share = step as f32 / width as f32;
            let (a, b) = (one[start + step], other[start + step]);
            let common = a.re * b.re + a.im * b.im;
            bands[band] += (1.0 - share) * common;
            bands[band + 1] += share * common;
        }
    }
    // Half of their triangles lies outside.
    bands[0] *= 2.0;
    bands[BANDS - 1] *= 2.0;
    bands
}

/// A number for each bin on straight lines between the bands; zeros above the last.
pub(crate) fn interpolated(bands: &Bands) -> [f32; BINS] {
    let mut bins = [0.0; BINS];
    for (band, start, width) in slopes() {
        for step in 0..width {
            let share = step as f32 / width as f32;
            bins[start + step] = (1.0 - share) * bands[band] + share * bands[band + 1];
        }
    }
    bins
}

/// From one middle to the next: the band, its bin, and the bins up to the next.
fn slopes() -> impl Iterator<Item = (usize, usize, usize)> {
    let pairs = MIDDLES.windows(2).enumerate();
    pairs.map(|(band, pair)| {
        let start = pair[0] * STEP_BINS;
        (band, start, pair[1] * STEP_BINS - start)
    })
}

/// The cosine transform over the bands, in its orthonormal form.
#[derive(Debug)]
pub(crate) struct Cosines([Bands; BANDS]);

impl Cosines {
    pub(crate) fn new() -> Self {
        let cosine = |band: usize, order: usize| {
            let turn = (band as f64 + 0.5) * order as f64 * std::f64::consts::PI;
            let cosine = (turn / BANDS as f64).cos() as f32;
            if order == 0 {
                cosine * 0.5_f32.sqrt()
            } else {
                cosine
            }
        };
        Self(std::array::from_fn(|band| {
            std::array::from_fn(|order| cosine(band, order))
        }))
    }

    pub(crate) fn transform(&self, bands: &Bands) -> Bands {
        let mut orders = [0.0; BANDS];
        for (row, value) in self.0.iter().zip(bands) {
            for (order, cosine) in orders.iter_mut().zip(row) {
                *order += value * cosine;
            }
        }
        let scale = (2.0 / BANDS as f64).sqrt();
        orders.map(|order| (f64::from(order) * scale) as f32)
    }
}
