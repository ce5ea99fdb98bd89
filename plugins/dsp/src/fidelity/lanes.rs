//! Lanes: the three sums over a run of frames, eight frames side by side.
//!
//! In: reference and signal. Out: the sums of their products, exact but for the last of some
//! hundred bits. A product of two `f32` is exact in `f64`.

use super::products::Products;
use super::twofold::{Twofold, two_sum};
use pulp::{Arch, Simd, WithSimd};

/// As many as the widest register holds.
const LANES: usize = 8;

/// Sums by lane: frame n of the run counts in lane n mod 8, however the run was cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lanes {
    reference: Row,
    signal: Row,
    both: Row,
    /// The lane of the next frame.
    next: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    high: [f64; LANES],
    low: [f64; LANES],
}

impl Lanes {
    /// Takes the next frames, as many of both.
    pub(super) fn add(&mut self, arch: Arch, reference: &[f32], signal: &[f32]) {
        let head = reference.len().min((LANES - self.next) % LANES);
        let (first, reference) = reference.split_at(head);
        let (second, signal) = signal.split_at(head);
        self.add_each(first, second);
        let (reference, last) = reference.as_chunks();
        let (signal, last_of_signal) = signal.as_chunks();
        arch.dispatch(AddRows {
            lanes: self,
            reference,
            signal,
        });
        self.add_each(last, last_of_signal);
    }

    /// The sums; it starts anew.
    pub(super) fn take(&mut self) -> Products {
        let taken = std::mem::take(self);
        Products {
            reference: taken.reference.sum(),
            signal: taken.signal.sum(),
            both: taken.both.sum(),
        }
    }

    fn add_each(&mut self, reference: &[f32], signal: &[f32]) {
        for (reference, signal) in reference.iter().zip(signal) {
            let lane = self.next;
            self.add_frame(lane, f64::from(*reference), f64::from(*signal));
            self.next = (lane + 1) % LANES;
        }
    }

    #[inline(always)]
    fn add_frame(&mut self, lane: usize, reference: f64, signal: f64) {
        self.reference.add(lane, reference * reference);
        self.signal.add(lane, signal * signal);
        self.both.add(lane, reference * signal);
    }
}

impl Row {
    #[inline(always)]
    fn add(&mut self, lane: usize, product: f64) {
        let (sum, rest) = two_sum(self.high[lane], product);
        self.high[lane] = sum;
        self.low[lane] += rest;
    }

    fn sum(self) -> Twofold {
        let lanes = self.high.into_iter().zip(self.low);
        let lanes = lanes.map(|(high, low)| {
            let (high, low) = two_sum(high, low);
            Twofold { high, low }
        });
        lanes.fold(Twofold::default(), Twofold::plus)
    }
}

/// Whole rows, compiled for each level. No level rounds otherwise than another.
struct AddRows<'a> {
    lanes: &'a mut Lanes,
    reference: &'a [[f32; LANES]],
    signal: &'a [[f32; LANES]],
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        // In registers while it runs.
        let mut lanes = *self.lanes;
        for (reference, signal) in self.reference.iter().zip(self.signal) {
            for lane in 0..LANES {
                lanes.add_frame(lane, f64::from(reference[lane]), f64::from(signal[lane]));
            }
        }
        *self.lanes = lanes;
    }
}
