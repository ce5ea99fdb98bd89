//! Budget: what a stage's instance may use, and what it did use.
//!
//! In: the clock and the heap counters before and after each call. Out: breaches, counted; at the
//! pace of the stream each is a fault, off line none ever changes the audio.

use std::time::Instant;

use crate::loading::meter;
use crate::pipeline::fault::FaultKind;

/// What comes of a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// It is counted: off line, where time must not change the audio.
    Counts,
    /// It is a fault: at the pace of the stream.
    Fails,
}

/// What an instance may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// The share of a block's duration that one call may take: 1 for all of it.
    pub time_share: Option<f64>,
    /// The frames of a whole block. A shorter one, as at the end of a stream, may take as long:
    /// what an instance does once a block does not shrink with it.
    pub block_frames: usize,
    /// The bytes that it may hold, what its creation took included.
    pub memory_bytes: Option<u64>,
    /// What comes of a breach.
    pub breach: Breach,
}

/// What an instance used of its budget.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BudgetUse {
    /// Calls that took too long.
    pub time_breaches: u64,
    /// The largest share of a block's duration that a call took.
    pub time_worst_share: f64,
    /// Calls after which it held too much.
    pub memory_breaches: u64,
    /// The most it held, in bytes.
    pub memory_worst_bytes: u64,
}

/// Holds the calls of one stage to a budget.
#[derive(Debug)]
pub(super) struct BudgetMeter {
    budget: Budget,
    used: BudgetUse,
    frame_ns: f64,
}

/// A call under way.
pub(super) struct Mark {
    began: Instant,
    net_bytes: i64,
}

/// What a call came to.
pub(super) struct Measured {
    pub(super) took_ns: u64,
    pub(super) fault: Option<FaultKind>,
}

impl BudgetMeter {
    pub(super) fn new(budget: Budget, sample_rate_hz: u32) -> Self {
        Self {
            budget,
            used: BudgetUse::default(),
            frame_ns: 1e9 / f64::from(sample_rate_hz.max(1)),
        }
    }

    pub(super) const fn used(&self) -> BudgetUse {
        self.used
    }

    pub(super) const fn budget(&self) -> Budget {
        self.budget
    }

    /// Begins a call. Real-time safe but for the clock, as the host times blocks anyway.
    pub(super) fn begin() -> Mark {
        Mark {
            net_bytes: meter::heap_counts().net_bytes,
            began: Instant::now(),
        }
    }

    /// Ends a call over so many frames by an instance that held so many bytes before.
    pub(super) fn end(&mut self, mark: &Mark, frames: usize, held_bytes: &mut i64) -> Measured {
        let took_ns = u64::try_from(mark.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let during = meter::heap_counts().net_bytes.wrapping_sub(mark.net_bytes);
        *held_bytes = held_bytes.saturating_add(during);
        let time = self.time(took_ns, frames);
        let memory = self.memory(u64::try_from(*held_bytes).unwrap_or(0));
        let fault = match self.budget.breach {
            Breach::Counts => None,
            Breach::Fails => time.or(memory),
        };
        Measured { took_ns, fault }
    }

    fn time(&mut self, took_ns: u64, frames: usize) -> Option<FaultKind> {
        let frames = frames.max(self.budget.block_frames);
        let duration_ns = frames as f64 * self.frame_ns;
        let share = took_ns as f64 / duration_ns;
        self.used.time_worst_share = self.used.time_worst_share.max(share);
        let most = self.budget.time_share?;
        if share <= most {
            return None;
        }
        self.used.time_breaches += 1;
        Some(FaultKind::OverTime {
            took_ns,
            allowed_ns: (duration_ns * most) as u64,
        })
    }

    fn memory(&mut self, held_bytes: u64) -> Option<FaultKind> {
        self.used.memory_worst_bytes = self.used.memory_worst_bytes.max(held_bytes);
        let allowed_bytes = self.budget.memory_bytes?;
        if held_bytes <= allowed_bytes {
            return None;
        }
        self.used.memory_breaches += 1;
        Some(FaultKind::OverMemory {
            held_bytes,
            allowed_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        time_share: Some(0.5),
        block_frames: 10,
        memory_bytes: Some(1_000),
        breach: Breach::Fails,
    };

    #[test]
    fn a_call_may_take_its_share_of_the_block_and_no_more() {
        let mut budget_meter = BudgetMeter::new(BUDGET, 1_000);
        assert_eq!(budget_meter.time(5_000_000, 10), None);
        let over = FaultKind::OverTime {
            took_ns: 5_000_001,
            allowed_ns: 5_000_000,
        };
        assert_eq!(budget_meter.time(5_000_001, 10), Some(over));
        assert_eq!(budget_meter.time(5_000_000, 1), None, "a short block");
        assert_eq!(budget_meter.time(9_000_000, 20), None, "a long one");
        assert_eq!(budget_meter.used().time_breaches, 1);
        assert!((budget_meter.used().time_worst_share - 0.5).abs() < 1e-6);
    }

    #[test]
    fn an_instance_may_hold_its_bytes_and_no_more() {
        let mut budget_meter = BudgetMeter::new(BUDGET, 1_000);
        assert_eq!(budget_meter.memory(1_000), None);
        let over = FaultKind::OverMemory {
            held_bytes: 1_001,
            allowed_bytes: 1_000,
        };
        assert_eq!(budget_meter.memory(1_001), Some(over));
        assert_eq!(budget_meter.used().memory_breaches, 1);
        assert_eq!(budget_meter.used().memory_worst_bytes, 1_001);
    }

    #[test]
    fn what_a_call_takes_from_the_heap_is_held_until_it_is_given_back() {
        let mut budget_meter = BudgetMeter::new(BUDGET, 1_000);
        let mut held_bytes = 900;
        let mark = BudgetMeter::begin();
        meter::count_allocation(200);
        let fault = budget_meter.end(&mark, usize::MAX, &mut held_bytes).fault;
        assert_eq!(held_bytes, 1_100);
        assert!(matches!(fault, Some(FaultKind::OverMemory { .. })));
        let mark = BudgetMeter::begin();
        meter::count_free(200);
        assert_eq!(
            budget_meter.end(&mark, usize::MAX, &mut held_bytes).fault,
            None
        );
        assert_eq!(held_bytes, 900);
    }

    #[test]
    fn off_line_a_breach_is_counted_and_is_no_fault() {
        let counts = Budget {
            breach: Breach::Counts,
            ..BUDGET
        };
        let mut budget_meter = BudgetMeter::new(counts, 1_000);
        let mut held_bytes = 5_000;
        let measured = budget_meter.end(&BudgetMeter::begin(), usize::MAX, &mut held_bytes);
        assert_eq!(measured.fault, None);
        assert_eq!(budget_meter.used().memory_breaches, 1);
    }
}
