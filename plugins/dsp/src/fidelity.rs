//! Fidelity: how much of a signal is its reference, and how much is not.
//!
//! In: the reference and the signal of one channel, of the same frames. Out: three ratios in dB,
//! of a stretch and of everything.
//!
//! With the reference s, the signal ŝ, and sums over the frames in question:
//!
//! - **SNR** = 10 lg (Σ s² / Σ (s - ŝ)²).
//! - **Segmental SNR**: the SNR of each segment of 20 ms, limited to -10 … 35 dB, as their mean.
//!   Source: S. Quackenbush, T. Barnwell, M. Clements, Objective Measures of Speech Quality (1988),
//!   section 2.2; limits after J. Hansen and B. Pellom, An effective quality evaluation protocol
//!   for speech enhancement algorithms (ICSLP 1998), as in P. Loizou, Speech Enhancement (2013),
//!   section 11.1.1.
//! - **SI-SDR** = 10 lg (|α s|² / |α s - ŝ|²) with α = Σ ŝs / Σ s², so that neither level nor sign
//!   counts; no mean is taken off. Source: J. Le Roux, S. Wisdom, H. Erdogan, J. Hershey,
//!   SDR - half-baked or well done? (ICASSP 2019), equation 5.
//!
//! **Where a formula has no value.** Every answer is within ±200 dB: a signal equal to its
//! reference reads 200 dB and 35 dB, silence included. A reference that is silent where the signal
//! is not reads -200 dB and -10 dB; silence in place of a reference reads 0 dB by the first two
//! formulas, and -200 dB by the third, since nothing of the reference is there. Segments in which
//! both are silent say nothing and are left out of the mean, unless there are no others; so is a
//! rest at the end that fills no segment.
//!
//! **Precision.** All sums are those of Σ s², Σ ŝ² and Σ sŝ in twice the precision of `f64`, from
//! which every ratio follows without losing digits: 200 dB are told from 199 dB. Results neither
//! depend on how a stream is cut nor on the processor's level.

mod lanes;
mod products;
mod twofold;

use crate::cpu;
use lanes::Lanes;
use products::Products;
use pulp::Arch;
use thiserror::Error;

/// No answer is further from 0 dB than this. 24 bits hold 144 dB.
pub const LIMIT_DB: f64 = 200.0;
/// The least SNR of a segment.
pub const SEGMENT_DB_MIN: f64 = -10.0;
/// The largest SNR of a segment.
pub const SEGMENT_DB_MAX: f64 = 35.0;
/// The length of a segment in seconds: within it speech stays much the same.
const SEGMENT_SECONDS: f64 = 0.02;

/// Why signals cannot be compared.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the signal has {signal_frames} frames beside {reference_frames} of the reference, expected as many"
)]
pub struct Uneven {
    /// Frames of the reference.
    pub reference_frames: usize,
    /// Frames of the signal.
    pub signal_frames: usize,
}

/// What was heard of one channel, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    products: Products,
    /// Of all segments that are not silent.
    segments_sum_db: f64,
    segments: u64,
}

/// The three ratios, in dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// Signal-to-noise ratio, -200 to 200 dB.
    pub snr_db: f64,
    /// Segmental signal-to-noise ratio, -10 to 35 dB.
    pub segmental_snr_db: f64,
    /// Scale-invariant signal-to-distortion ratio, -200 to 200 dB.
    pub si_sdr_db: f64,
}

/// Compares one channel with its reference. It may be fed on any thread, one at a time; nothing
/// allocates.
#[derive(Clone, Debug)]
pub struct Comparison {
    arch: Arch,
    segment_frames: usize,
    /// Since the last boundary: of a segment, or where a stretch was taken.
    piece: Lanes,
    /// Of the open segment, without the piece.
    segment: Products,
    /// Frames of the open segment, the piece included.
    frames: usize,
    stretch: Tally,
    whole: Tally,
}

impl Comparison {
    /// A comparison at this sample rate, on the best level of this processor. Not for the audio
    /// thread: it reads the environment.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        Self::on(cpu::arch(), sample_rate_hz)
    }

    /// The same on a given level.
    #[must_use]
    pub fn on(arch: Arch, sample_rate_hz: u32) -> Self {
        let frames = (SEGMENT_SECONDS * f64::from(sample_rate_hz)).round();
        Self {
            arch,
            segment_frames: (frames as usize).max(1),
            piece: Lanes::default(),
            segment: Products::default(),
            frames: 0,
            stretch: Tally::default(),
            whole: Tally::default(),
        }
    }

    /// Takes the next frames.
    ///
    /// # Errors
    /// When there are not as many of both; then nothing has changed.
    pub fn feed(&mut self, reference: &[f32], signal: &[f32]) -> Result<(), Uneven> {
        if reference.len() != signal.len() {
            return Err(Uneven {
                reference_frames: reference.len(),
                signal_frames: signal.len(),
            });
        }
        let mut start = 0;
        while start < reference.len() {
            let rest = self.segment_frames - self.frames;
            let end = reference.len().min(start + rest);
            self.piece
                .add(self.arch, &reference[start..end], &signal[start..end]);
            self.frames += end - start;
            if self.frames == self.segment_frames {
                self.end_segment();
            }
            start = end;
        }
        Ok(())
    }

    /// What was heard since the last call, segments counted where they ended.
    pub fn take_stretch(&mut self) -> Tally {
        self.end_piece();
        std::mem::take(&mut self.stretch)
    }

    /// What was heard in all; a rest that fills no segment counts as one if it is all there is.
    pub fn finish(&mut self) -> Tally {
        self.end_piece();
        let mut whole = self.whole;
        if whole.segments == 0 {
            whole.count(&self.segment);
        }
        whole
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self {
            arch: self.arch,
            segment_frames: self.segment_frames,
            piece: Lanes::default(),
            segment: Products::default(),
            frames: 0,
            stretch: Tally::default(),
            whole: Tally::default(),
        };
    }

    fn end_piece(&mut self) {
        let piece = self.piece.take();
        for products in [
            &mut self.segment,
            &mut self.stretch.products,
            &mut self.whole.products,
        ] {
            *products = products.plus(piece);
        }
    }

    fn end_segment(&mut self) {
        self.end_piece();
        self.stretch.count(&self.segment);
        self.whole.count(&self.segment);
        self.segment = Products::default();
        self.frames = 0;
    }
}

impl Tally {
    /// Both together: channels of one signal, say.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            products: self.products.plus(other.products),
            segments_sum_db: self.segments_sum_db + other.segments_sum_db,
            segments: self.segments + other.segments,
        }
    }

    /// The ratios. Of nothing heard they are those of equal signals.
    #[must_use]
    pub fn fidelity(&self) -> Fidelity {
        let segmental_snr_db = match self.segments {
            0 => SEGMENT_DB_MAX,
            segments => self.segments_sum_db / segments as f64,
        };
        Fidelity {
            snr_db: self.products.snr_db().clamp(-LIMIT_DB, LIMIT_DB),
            segmental_snr_db,
            si_sdr_db: self.products.si_sdr_db().clamp(-LIMIT_DB, LIMIT_DB),
        }
    }

    fn count(&mut self, segment: &Products) {
        if segment.is_silent() {
            return;
        }
        self.segments_sum_db += segment.snr_db().clamp(SEGMENT_DB_MIN, SEGMENT_DB_MAX);
        self.segments += 1;
    }
}
