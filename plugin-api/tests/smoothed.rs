//! Smoothed: glides are the same for every division of the stream into blocks.

use proptest::prelude::*;
use segue_plugin::declare::{ParamChange, ParamDecl, ParamLimit};
use segue_plugin::params::{BlockSpan, ParamValue, Smoothed};

const RATE_HZ: f64 = 1000.0;
const BLOCK_FRAMES_MAX: u64 = 16;
const STREAM_FRAMES: u64 = 120;

fn smoothed(smooth_ms: f64) -> Smoothed {
    let mut smoothed = Smoothed::from_decl(&ParamDecl {
        id: "gain_db",
        doc: "",
        unit: "dB",
        min: -96.0,
        max: 24.0,
        default: -6.0,
        choices: &[],
        smooth_ms,
        change: ParamChange::Live,
        limit: ParamLimit::Range,
    });
    smoothed.prepare(RATE_HZ, BLOCK_FRAMES_MAX as usize);
    smoothed
}

#[test]
fn a_glide_takes_its_frames_and_ends_on_the_target() {
    let mut gain = smoothed(4.0);
    gain.set(2.0);
    assert_eq!(gain.values(&(50..56)), [-4.0, -2.0, 0.0, 2.0, 2.0, 2.0]);
    assert_eq!(gain.constant(&(50..56)), None);
    assert_eq!(gain.constant(&(54..60)), Some(2.0));
}

#[test]
fn a_gain_moves_on_a_line_of_its_own() {
    let mut gain = smoothed(2.0);
    gain.set(20.0);
    let start = 10.0_f64.powf(-6.0 / 20.0);
    assert_eq!(
        gain.gains(&(0..3)),
        [((start + 10.0) / 2.0) as f32, 10.0, 10.0]
    );
    assert_eq!(gain.constant_gain(&(2..3)), Some(10.0));
}

#[test]
fn a_change_in_mid_glide_starts_from_where_it_is() {
    let mut gain = smoothed(4.0);
    gain.set(2.0);
    gain.values(&(0..2));
    gain.set(-10.0);
    assert_eq!(gain.values(&(2..7)), [-4.0, -6.0, -8.0, -10.0, -10.0]);
    // The same target again is no new glide.
    gain.set(-10.0);
    assert_eq!(gain.values(&(5..7)), [-10.0, -10.0]);
}

#[test]
fn without_time_a_change_takes_effect_at_once() {
    let mut gain = smoothed(0.0);
    gain.set(0.0);
    assert_eq!(gain.constant_gain(&(0..4)), Some(1.0));
    assert_eq!(gain.values(&(0..4)), [0.0; 4]);
}

#[test]
fn a_block_longer_than_was_said_gets_as_many_frames_as_were() {
    let mut gain = smoothed(5.0);
    assert_eq!(gain.values(&(0..1000)).len() as u64, BLOCK_FRAMES_MAX);
    gain.set(0.0);
    assert_eq!(gain.values(&(0..u64::MAX)).len() as u64, BLOCK_FRAMES_MAX);
}

#[test]
fn a_context_that_is_borrowed_for_writing_will_do() {
    struct Context(std::ops::Range<u64>);
    impl BlockSpan for Context {
        fn position_frames(&self) -> u64 {
            self.0.position_frames()
        }

        fn frames(&self) -> usize {
            self.0.frames()
        }
    }
    fn process(gain: &mut Smoothed, context: &mut Context) -> f32 {
        gain.values(context)[0]
    }
    assert_eq!(process(&mut smoothed(1.0), &mut Context(7..8)), -6.0);
}

#[test]
fn a_stream_that_starts_anew_does_not_freeze_a_glide() {
    let mut gain = smoothed(4.0);
    gain.set(2.0);
    gain.values(&(1_000_000..1_000_001));
    assert_eq!(gain.values(&(0..4)), [-4.0, -2.0, 0.0, 2.0]);
}

#[test]
fn numbers_that_are_no_state_change_nothing() {
    let mut gain = smoothed(5.0);
    let good = gain.save();
    for at in 0..Smoothed::STATE_NUMBERS {
        for bad in [f64::NAN, f64::INFINITY, -1e300, 1e300] {
            let mut state = good;
            state[at] = bad;
            assert!(!gain.restore(&state), "{at} {bad}");
            assert_eq!(gain.save(), good);
        }
    }
}

/// Changes at frames, in order.
fn changes() -> impl Strategy<Value = Vec<(u64, f64)>> {
    let change = (0..STREAM_FRAMES, prop_oneof![-96.0..=24.0_f64, Just(0.0)]);
    prop::collection::vec(change, 0..6).prop_map(|mut changes| {
        changes.sort_by_key(|(frame, _)| *frame);
        changes
    })
}

/// Plain values and gains of the whole stream, cut where `cuts` and the changes say.
fn run(gain: &mut Smoothed, from: u64, changes: &[(u64, f64)], cuts: &[u64]) -> Vec<[u32; 2]> {
    let mut edges: Vec<u64> = cuts.iter().copied().filter(|cut| *cut > from).collect();
    edges.extend(
        changes
            .iter()
            .map(|(frame, _)| *frame)
            .filter(|frame| *frame > from),
    );
    edges.extend((from..=STREAM_FRAMES).step_by(BLOCK_FRAMES_MAX as usize));
    edges.extend([from, STREAM_FRAMES]);
    edges.sort_unstable();
    edges.dedup();
    let mut bits = Vec::new();
    for edge in edges.windows(2) {
        let block = edge[0]..edge[1];
        for (_, value) in changes.iter().filter(|(frame, _)| *frame == block.start) {
            gain.set(*value);
        }
        bits.extend(checked_block(gain, &block));
    }
    bits
}

/// One block, asked for in every way; the ways have to agree.
fn checked_block(gain: &mut Smoothed, block: &std::ops::Range<u64>) -> Vec<[u32; 2]> {
    let (constant, constant_gain) = (gain.constant(block), gain.constant_gain(block));
    let values = gain.values(block).to_vec();
    let gains = gain.gains(block).to_vec();
    assert_eq!(gain.values(block), values, "asked twice");
    assert_eq!(values.len(), block.frames());
    if let Some(constant) = constant {
        assert!(values.iter().all(|value| *value == constant));
    }
    if let Some(constant) = constant_gain {
        assert!(gains.iter().all(|value| *value == constant));
    }
    values
        .iter()
        .zip(gains)
        .map(|(value, gain)| [value.to_bits(), gain.to_bits()])
        .collect()
}

/// The plain values by the definition, one frame at a time.
fn definition(smooth_frames: u64, changes: &[(u64, f64)]) -> Vec<f64> {
    let (mut from, mut target, mut since) = (-6.0, -6.0, 0);
    let line = |from: f64, target: f64, elapsed: u64| {
        if elapsed >= smooth_frames {
            target
        } else {
            from + (target - from) * elapsed as f64 / smooth_frames as f64
        }
    };
    let mut values = Vec::new();
    for frame in 0..STREAM_FRAMES {
        let last = changes.iter().rfind(|(at, _)| *at == frame);
        if let Some((_, value)) = last.filter(|(_, value)| *value != target) {
            from = line(from, target, frame - since);
            target = *value;
            since = frame;
        }
        values.push(line(from, target, frame + 1 - since));
    }
    values
}

proptest! {
    #[test]
    fn every_division_into_blocks_gives_the_same_bits(
        smooth_ms in 0..40_u64,
        changes in changes(),
        cuts in prop::collection::vec(0..STREAM_FRAMES, 0..20),
        others in prop::collection::vec(0..STREAM_FRAMES, 0..20),
    ) {
        let smooth_ms = smooth_ms as f64;
        let one = run(&mut smoothed(smooth_ms), 0, &changes, &cuts);
        let other = run(&mut smoothed(smooth_ms), 0, &changes, &others);
        prop_assert_eq!(one.len() as u64, STREAM_FRAMES);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn values_follow_the_definition_and_stay_between_their_ends(
        smooth_ms in 0..40_u64,
        changes in changes(),
    ) {
        let found = run(&mut smoothed(smooth_ms as f64), 0, &changes, &[]);
        let mut targets: Vec<f64> = changes.iter().map(|(_, value)| *value).collect();
        targets.push(-6.0);
        let low = targets.iter().copied().fold(f64::INFINITY, f64::min) as f32;
        let high = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max) as f32;
        for ([value, _], expected) in found.iter().zip(definition(smooth_ms, &changes)) {
            let value = f32::from_bits(*value);
            prop_assert!((f64::from(value) - expected).abs() < 1e-5, "{value} is not {expected}");
            prop_assert!((low..=high).contains(&value));
        }
    }

    #[test]
    fn a_restored_glide_goes_on_bit_for_bit(
        smooth_ms in 0..40_u64,
        changes in changes(),
        at in 0..STREAM_FRAMES,
    ) {
        let smooth_ms = smooth_ms as f64;
        let whole = run(&mut smoothed(smooth_ms), 0, &changes, &[at]);
        let (before, after): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(frame, _)| *frame < at);
        let mut old = smoothed(smooth_ms);
        for frame in 0..at {
            for (_, value) in before.iter().filter(|(change, _)| *change == frame) {
                old.set(*value);
            }
            old.values(&(frame..frame + 1));
        }
        let mut new = smoothed(smooth_ms);
        prop_assert!(new.restore(&old.save()));
        prop_assert_eq!(&run(&mut new, at, &after, &[])[..], &whole[at as usize..]);
    }
}
