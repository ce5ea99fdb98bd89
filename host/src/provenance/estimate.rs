//! Estimate: from the costs of stages to those of a pipeline. Pure arithmetic.
//!
//! In: for each stage E, the share of its blocks in which something else was heard in its place;
//! T, its processing time per second of stream; M, the heap it holds; beside them the host's own
//! time and memory. Out:
//!
//! - `E_final = 1 − Π (1 − E_i)`: how likely a block was not made by every stage, as if stages
//!   failed independently of each other;
//! - `T_total = Σ T_i + T_host`: taps are looked at by another thread and no part of it;
//! - `M_peak = M_host + Σ M_i`: what the process holds at most. `M_host` is what was found beyond
//!   the stages' heaps: the program, mapped libraries, buffers. Heaps that are not metered count
//!   to it.
//!
//! None of them depends on the order of the stages. Costs of several runs are one by their mean,
//! each weighted by its length.

use crate::observe::{StageCost, TotalCost};

/// Earlier runs count as that much stream at most, in seconds: what changed is seen soon.
const MEMORY_SECONDS: f64 = 600.0;

/// What was found in so much stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostSample {
    /// The costs.
    pub cost: StageCost,
    /// Seconds of stream.
    pub seconds: f64,
}

/// `E_final`: 1 less the chance that none of the independent errors happens. From 0 to 1.
pub(super) fn error(errors: impl IntoIterator<Item = f64>) -> f64 {
    // Logarithms keep errors far below the precision of 1 − E; -∞ is the certain error.
    let logarithm = |error: f64| (-error.clamp(0.0, 1.0)).ln_1p();
    -sum(errors.into_iter().map(logarithm)).exp_m1()
}

/// The costs of a pipeline from those of its stages and of its host.
pub(super) fn total(stages: &[StageCost], host: &StageCost) -> TotalCost {
    let time = stages.iter().map(|stage| stage.ns_per_stream_second);
    let held = held_bytes(stages);
    TotalCost {
        error: error(stages.iter().map(|stage| stage.error)),
        ns_per_stream_second: sum(time.chain([host.ns_per_stream_second])),
        peak_memory_bytes: host.held_bytes.map(|own| (own + held).max(0.0) as u64),
    }
}

/// The heaps of all stages together, of those that are metered.
pub(super) fn held_bytes(stages: &[StageCost]) -> f64 {
    sum(stages.iter().filter_map(|stage| stage.held_bytes))
}

/// What is known after one more run.
pub(super) fn learned(known: Option<CostSample>, new: CostSample) -> CostSample {
    let Some(known) = known else {
        return CostSample {
            seconds: new.seconds.min(MEMORY_SECONDS),
            ..new
        };
    };
    let seconds = known.seconds + new.seconds;
    let share = new.seconds / seconds;
    let mean = |old: f64, new: f64| old + (new - old) * share;
    let (old, cost) = (&known.cost, &new.cost);
    CostSample {
        cost: StageCost {
            error: mean(old.error, cost.error),
            ns_per_stream_second: mean(old.ns_per_stream_second, cost.ns_per_stream_second),
            held_bytes: match (old.held_bytes, cost.held_bytes) {
                (Some(old), Some(new)) => Some(mean(old, new)),
                (old, new) => new.or(old),
            },
        },
        seconds: seconds.min(MEMORY_SECONDS),
    }
}

/// A sum that does not depend on the order of its terms, to the last bit.
fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let mut terms: Vec<_> = terms.into_iter().collect();
    terms.sort_unstable_by(f64::total_cmp);
    terms.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost() -> impl Strategy<Value = StageCost> {
        let held = prop::option::of(0.0..1e9);
        (0.0..=1.0, 0.0..1e9, held).prop_map(|(error, ns_per_stream_second, held_bytes)| {
            StageCost {
                error,
                ns_per_stream_second,
                held_bytes,
            }
        })
    }

    fn costs() -> impl Strategy<Value = Vec<StageCost>> {
        prop::collection::vec(cost(), 0..20)
    }

    proptest! {
        #[test]
        fn the_order_of_stages_changes_nothing(
            (stages, other) in costs().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            host in cost(),
        ) {
            prop_assert_eq!(total(&stages, &host), total(&other, &host));
        }

        #[test]
        fn an_error_is_from_0_to_1_and_at_least_the_greatest(errors in prop::collection::vec(0.0..=1.0f64, 0..30)) {
            let all = error(errors.iter().copied());
            prop_assert!((0.0..=1.0).contains(&all), "{}", all);
            let greatest = errors.iter().copied().fold(0.0, f64::max);
            prop_assert!(all >= greatest * (1.0 - 1e-12));
            // The product as it is written.
            let product: f64 = errors.iter().map(|error| 1.0 - error).product();
            prop_assert!((all - (1.0 - product)).abs() < 1e-12);
        }

        #[test]
        fn more_of_anything_is_not_less_of_all(stages in costs(), host in cost(), more in cost(), at in 0usize..20) {
            let before = total(&stages, &host);
            let mut worse = stages;
            if let Some(stage) = worse.get_mut(at) {
                stage.error = (stage.error + more.error).min(1.0);
                stage.ns_per_stream_second += more.ns_per_stream_second;
                stage.held_bytes = stage.held_bytes.map(|held| held + more.held_bytes.unwrap_or(0.0));
            } else {
                worse.push(more);
            }
            let after = total(&worse, &host);
            prop_assert!(after.error >= before.error - 1e-12);
            // Sums of another order may round otherwise.
            prop_assert!(after.ns_per_stream_second >= before.ns_per_stream_second * (1.0 - 1e-12));
            let bytes = |cost: &TotalCost| cost.peak_memory_bytes.map(|bytes| bytes + 1);
            prop_assert!(bytes(&after) >= before.peak_memory_bytes);
        }

        #[test]
        fn what_is_learned_lies_between_what_was_known_and_what_is_new(
            old in cost(), new in cost(), seconds in 0.001..1e5f64, more in 0.001..1e5f64,
        ) {
            let known = learned(None, CostSample { cost: old, seconds });
            let both = learned(Some(known), CostSample { cost: new, seconds: more });
            let pairs = [
                (old.error, new.error, both.cost.error),
                (old.ns_per_stream_second, new.ns_per_stream_second, both.cost.ns_per_stream_second),
            ];
            for (one, other, mean) in pairs {
                let slack = 1e-9 * one.max(other);
                prop_assert!(mean >= one.min(other) - slack && mean <= one.max(other) + slack);
            }
            prop_assert!(both.seconds <= MEMORY_SECONDS && both.seconds >= known.seconds.min(MEMORY_SECONDS));
        }
    }

    #[test]
    fn errors_multiply_as_chances_do() {
        assert_eq!(error([]), 0.0);
        assert_eq!(error([0.0, 1.0]), 1.0);
        assert!((error([0.5, 0.5]) - 0.75).abs() < 1e-15);
        assert!((error([1e-20, 2e-20]) - 3e-20).abs() < 1e-32);
    }

    #[test]
    fn sums_hold_the_hosts_own() {
        let cost = |error, ns_per_stream_second, held_bytes| StageCost {
            error,
            ns_per_stream_second,
            held_bytes,
        };
        let stages = [cost(0.1, 2e6, Some(1000.0)), cost(0.0, 1e6, None)];
        let found = total(&stages, &cost(0.0, 5e5, Some(4096.0)));
        assert_eq!(found.ns_per_stream_second, 3.5e6);
        assert_eq!(found.peak_memory_bytes, Some(5096));
        assert!((found.error - 0.1).abs() < 1e-15);
        let unknown = total(&stages, &cost(0.0, 5e5, None));
        assert_eq!(unknown.peak_memory_bytes, None);
    }

    #[test]
    fn a_long_past_does_not_outweigh_the_present_for_ever() {
        let at = |ns_per_stream_second| StageCost {
            error: 0.0,
            ns_per_stream_second,
            held_bytes: None,
        };
        let mut known = None;
        for _ in 0..1000 {
            let seconds = 600.0;
            known = Some(learned(
                known,
                CostSample {
                    cost: at(1.0),
                    seconds,
                },
            ));
        }
        let both = learned(
            known,
            CostSample {
                cost: at(3.0),
                seconds: 600.0,
            },
        );
        assert_eq!(both.cost.ns_per_stream_second, 2.0);
    }
}
