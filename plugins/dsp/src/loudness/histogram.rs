//! Histogram: how often each loudness occurred, so that gates can be set afterwards.
//!
//! In: the energies of measurement blocks. Out: gated mean and percentiles, any time.
//!
//! The memory is the same after a second and after a year. Each bin is 0.002 LU wide and keeps
//! the count and the exact sum of its energies, so a gated mean is exact but for the one bin that
//! the gate falls into, which counts whole or not at all: only blocks within 0.002 LU of the gate
//! can be judged wrongly. A percentile is its bin's mean, off by less than 0.002 LU.
//! Bins are gathered in coarse bins of 1 LU, so a question costs some hundred additions.

use crate::decibel::db_from_power;
use crate::sum::sum_in_lanes;

/// Below this loudness a block never counts (BS.1770-5, Annex 1; EBU Tech 3342).
pub(super) const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// What a block of energy 1 measures (BS.1770-5, Annex 1, equation 2).
const ENERGY_ONE_LUFS: f64 = -0.691;
/// Bins of 1 LU; louder than +50 LUFS counts into the last, with its exact energy.
const COARSE_BINS: usize = 120;
/// Fine bins in a coarse one.
const FINE_PER_COARSE: usize = 500;
const FINE_BINS: usize = COARSE_BINS * FINE_PER_COARSE;

/// The loudness of a mean weighted energy, in LUFS; minus infinity for none.
pub(super) fn lufs(energy: f64) -> f64 {
    ENERGY_ONE_LUFS + db_from_power(energy)
}

/// Counts and sums of energies. Allocates when made, and never again.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    fine: Bins,
    coarse: Bins,
}

/// Apart, since zeroed vectors of plain numbers cost no memory until they are written.
#[derive(Clone, Debug)]
struct Bins {
    counts: Vec<u64>,
    sums: Vec<f64>,
}

/// How many energies, and their sum.
#[derive(Clone, Copy, Debug, Default)]
struct HistogramTally {
    count: u64,
    sum: f64,
}

impl Bins {
    fn new(len: usize) -> Self {
        Self {
            counts: vec![0; len],
            sums: vec![0.0; len],
        }
    }

    fn add(&mut self, bin: usize, energy: f64) {
        self.counts[bin] += 1;
        self.sums[bin] += energy;
    }

    fn clear(&mut self) {
        self.counts.fill(0);
        self.sums.fill(0.0);
    }

    fn tally(&self, bins: std::ops::Range<usize>) -> HistogramTally {
        let count = self.counts[bins.clone()].iter().sum();
        HistogramTally {
            count,
            sum: sum_in_lanes(&self.sums[bins]),
        }
    }
}

impl HistogramTally {
    fn mean(self) -> f64 {
        if self.count == 0 {
            0.0
        } else {
            self.sum / self.count as f64
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
        }
    }
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            fine: Bins::new(FINE_BINS),
            coarse: Bins::new(COARSE_BINS),
        }
    }

    pub(super) fn clear(&mut self) {
        self.fine.clear();
        self.coarse.clear();
    }

    /// Counts one block, if it is above the absolute gate.
    pub(super) fn add(&mut self, energy: f64) {
        let lufs = lufs(energy);
        if lufs > ABSOLUTE_GATE_LUFS {
            let bin = bin_of(lufs);
            self.fine.add(bin, energy);
            self.coarse.add(bin / FINE_PER_COARSE, energy);
        }
    }

    /// The mean energy of the blocks above a gate that lies below the mean of all blocks by the
    /// given power factor; 0 if there are none.
    pub(super) fn gated_mean(&self, gate_factor: f64) -> f64 {
        self.tally_from(self.gate_bin(gate_factor)).mean()
    }

    /// The distance in LU between two percentiles of the blocks above the gate; 0 if there are
    /// none. Ranks are rounded to the nearest block, as in EBU Tech 3342, section 4.
    pub(super) fn spread_lu(&self, gate_factor: f64, low: f64, high: f64) -> f64 {
        let gate = self.gate_bin(gate_factor);
        let count = self.tally_from(gate).count;
        if count == 0 {
            return 0.0;
        }
        let rank = |share: f64| ((count - 1) as f64 * share).round() as u64;
        self.lufs_at(gate, rank(high)) - self.lufs_at(gate, rank(low))
    }

    /// The first fine bin above the gate.
    fn gate_bin(&self, gate_factor: f64) -> usize {
        let gate = self.tally_from(0).mean() * gate_factor;
        if gate <= 0.0 || lufs(gate) <= ABSOLUTE_GATE_LUFS {
            return 0;
        }
        let bin = bin_of(lufs(gate));
        bin + usize::from(self.fine.tally(bin..bin + 1).mean() <= gate)
    }

    /// Everything from a fine bin upwards.
    fn tally_from(&self, bin: usize) -> HistogramTally {
        let coarse = bin.div_ceil(FINE_PER_COARSE);
        let below = self.fine.tally(bin..coarse * FINE_PER_COARSE);
        below.and(self.coarse.tally(coarse..COARSE_BINS))
    }

    /// The loudness of the block of this rank among those from a fine bin upwards.
    fn lufs_at(&self, from: usize, rank: u64) -> f64 {
        let mut left = rank;
        let mut bin = from;
        while bin < FINE_BINS {
            let coarse = self.coarse.counts[bin / FINE_PER_COARSE];
            if bin.is_multiple_of(FINE_PER_COARSE) && coarse <= left {
                left -= coarse;
                bin += FINE_PER_COARSE;
                continue;
            }
            if self.fine.counts[bin] > left {
                break;
            }
            left -= self.fine.counts[bin];
            bin += 1;
        }
        let bin = bin.min(FINE_BINS - 1);
        lufs(self.fine.tally(bin..bin + 1).mean())
    }
}

/// The fine bin of a loudness above the absolute gate.
fn bin_of(lufs: f64) -> usize {
    let bin = (lufs - ABSOLUTE_GATE_LUFS) * FINE_PER_COARSE as f64;
    (bin as usize).min(FINE_BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn energy(lufs: f64) -> f64 {
        10.0_f64.powf((lufs - ENERGY_ONE_LUFS) / 10.0)
    }

    fn histogram(blocks_lufs: &[f64]) -> Histogram {
        let mut histogram = Histogram::new();
        for lufs in blocks_lufs {
            histogram.add(energy(*lufs));
        }
        histogram
    }

    /// The same by keeping and sorting every block, with the gate moved by some LU.
    fn exactly(blocks_lufs: &[f64], gate_factor: f64, moved_lu: f64) -> Vec<f64> {
        let mut blocks: Vec<f64> = blocks_lufs
            .iter()
            .map(|lufs| energy(*lufs))
            .filter(|energy| lufs(*energy) > ABSOLUTE_GATE_LUFS)
            .collect();
        let gate = blocks.iter().sum::<f64>() / blocks.len() as f64 * gate_factor;
        blocks.retain(|energy| lufs(*energy) > lufs(gate) + moved_lu);
        blocks.sort_by(f64::total_cmp);
        blocks
    }

    fn mean_lufs(blocks: &[f64]) -> f64 {
        lufs(blocks.iter().sum::<f64>() / blocks.len() as f64)
    }

    fn spread_lu(blocks: &[f64]) -> f64 {
        let at = |share: f64| lufs(blocks[((blocks.len() - 1) as f64 * share).round() as usize]);
        at(0.95) - at(0.1)
    }

    proptest! {
        /// A gate within a bin's width of the exact one gives exactly what keeping all blocks
        /// gives.
        #[test]
        fn gated_means_and_percentiles_are_those_of_all_blocks(
            mut blocks_lufs in vec(-90.0..10.0_f64, 1..300),
            quiet_lu in 0.0..30.0_f64,
        ) {
            // Half of the blocks closer together, so that gates fall between close neighbours.
            let half = blocks_lufs.len() / 2;
            blocks_lufs[half..].iter_mut().for_each(|lufs| *lufs = *lufs / 20.0 - quiet_lu);
            let histogram = histogram(&blocks_lufs);
            for gate_factor in [0.1, 0.01] {
                let mean = lufs(histogram.gated_mean(gate_factor));
                let spread = histogram.spread_lu(gate_factor, 0.1, 0.95);
                let exact = [-0.002, 0.0, 0.002]
                    .map(|moved_lu| exactly(&blocks_lufs, gate_factor, moved_lu));
                if exact.iter().any(Vec::is_empty) {
                    continue;
                }
                let is_mean = |blocks: &Vec<f64>| (mean - mean_lufs(blocks)).abs() < 1e-9;
                prop_assert!(exact.iter().any(is_mean), "{mean} of {blocks_lufs:?}");
                let is_spread = |blocks: &Vec<f64>| (spread - spread_lu(blocks)).abs() < 0.004;
                prop_assert!(exact.iter().any(is_spread), "{spread} of {blocks_lufs:?}");
            }
        }
    }

    #[test]
    fn nothing_above_the_gate_is_nothing() {
        for blocks_lufs in [&[][..], &[-70.001, -200.0, f64::NEG_INFINITY]] {
            let histogram = histogram(blocks_lufs);
            assert_eq!(histogram.gated_mean(0.1), 0.0);
            assert_eq!(histogram.spread_lu(0.01, 0.1, 0.95), 0.0);
        }
    }

    #[test]
    fn the_loudest_and_the_quietest_count_exactly() {
        let mean = histogram(&[300.0]).gated_mean(0.1);
        assert!((lufs(mean) - 300.0).abs() < 1e-9);
        let mean = histogram(&[-69.9999]).gated_mean(0.1);
        assert!((lufs(mean) + 69.9999).abs() < 1e-9);
    }

    #[test]
    fn clear_forgets_everything() {
        let mut histogram = histogram(&[-20.0, -30.0]);
        histogram.clear();
        assert_eq!(histogram.gated_mean(0.1), 0.0);
    }
}
