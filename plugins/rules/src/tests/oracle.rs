//! The engine beside an oracle that looks back from each value instead of keeping a state.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// The frames at which something has to be done, said another way than the engine does it: by
/// looking back from each value.
fn oracle(values: &[(u64, f64)], limit: f64, hysteresis: f64, hold_frames: u64) -> Vec<u64> {
    let is_back = |at: usize| values[at].1 <= limit - hysteresis;
    let is_beyond = |at: usize| values[at].1 > limit;
    let acts_alone = |at: usize| {
        let after_back = (0..at)
            .rev()
            .find(|before| is_back(*before))
            .map_or(0, |back| back + 1);
        let start = (after_back..=at).find(|start| is_beyond(*start))?;
        let long_enough = values[at].0 - values[start].0 >= hold_frames;
        (is_beyond(at) && long_enough).then_some((start, values[at].0))
    };
    let mut found: Vec<(usize, u64)> = (0..values.len()).filter_map(acts_alone).collect();
    found.dedup_by_key(|(start, _)| *start); // Only the first of each breach.
    found.into_iter().map(|(_, frame)| frame).collect()
}

proptest! {
    #[test]
    fn the_engine_acts_when_the_oracle_says(
        steps in vec((1..200_u64, -40..40_i8), 1..120),
        limit in -20..20_i8,
        hysteresis in 0..20_u8,
        hold_ms in 0..20_u64,
        cuts in vec(1..20_usize, 1..5),
    ) {
        let mut frame = 0;
        let values: Vec<(u64, f64)> = steps
            .iter()
            .map(|(frames, value)| {
                frame += frames;
                (frame, f64::from(*value) / 4.0)
            })
            .collect();
        let (limit, hysteresis) = (f64::from(limit) / 4.0, f64::from(hysteresis) / 4.0);
        for upside_down in [1.0, -1.0] {
            let limits = match upside_down > 0.0 {
                true => [("peak_max_dbtp", limit), ("loudness_min_lufs", -OFF_DB)],
                false => [("peak_max_dbtp", OFF_DB), ("loudness_min_lufs", -limit)],
            };
            let reading = usize::from(upside_down > 0.0);
            let mut engine = with(&limits)
                .param("hysteresis_db", hysteresis)
                .param("hold_ms", hold_ms as f64)
                .activate()
                .unwrap();
            let mut acted = Vec::new();
            let (mut rest, mut lengths) = (&values[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let length = rest.len().min(*lengths.next().unwrap());
                let (now, later) = rest.split_at(length);
                rest = later;
                let readings: Vec<_> = now
                    .iter()
                    .map(|(frame, found)| value(reading, *frame, upside_down * found))
                    .collect();
                acted.extend(decide(&mut engine, &readings));
            }
            let expected = oracle(&values, limit, hysteresis, hold_ms * 48);
            prop_assert_eq!(acted.len(), expected.len());
            for (action, frame) in acted.iter().zip(expected) {
                let when = format!(" at frame {frame}, ");
                prop_assert!(action.contains(&when), "{} {}", action, frame);
            }
        }
    }
}
