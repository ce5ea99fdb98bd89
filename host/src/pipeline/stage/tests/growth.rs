//! Swaps that make the place later.

use proptest::prelude::*;

use super::*;

/// A stage of an instance that is `old` late, made `grows` later at frame 700 for `new`.
fn grown(stage: Stage, new: Kind, grows: usize, cuts: &[usize]) -> Rig {
    let late = stage.shape().latency_frames as usize + grows;
    let mut rig = Rig::of(stage, signal).cut(cuts);
    rig.until(700);
    let setup = rig.primed(Kind { dies_at: -1, ..new }, late, 60);
    let growth = (grows > 0).then(|| LatencyGrowth::new(grows as u64, &setup.shape));
    let mut setup = CandidateSetup { growth, ..setup };
    assert!(
        setup
            .occupant
            .processor
            .set_param(4, new.dies_at as f64)
            .is_ok()
    );
    rig.send(setup).until(2_500);
    assert_eq!(rig.stage.shape().latency_frames, late as u64);
    rig
}

fn late(frames: usize, late: usize) -> Vec<f32> {
    let sample = |frame: usize| frame.checked_sub(late).map_or(0.0, signal);
    (0..frames).map(sample).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_output_goes_on_where_it_was_with_the_frames_held_back_left_out(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4),
        old in 0usize..60, pad in 0usize..20, grows in 1usize..150, own in 0usize..60,
        on_error in prop::sample::select(vec![OnError::Bypass, OnError::Mute, OnError::Hold, OnError::Fallback]),
    ) {
        let place = old + pad;
        let stage = Stage::of(occupant(Kind { late: old, ..PLAIN }), on_error, shape(place));
        let stage = match on_error {
            OnError::Fallback => stage.with_fallback(occupant(PLAIN), 0, FRAMES_MAX),
            _ => stage,
        };
        let new = Kind { late: own.min(place + grows), ..PLAIN };
        let rig = grown(stage, new, grows, &cuts);
        prop_assert_eq!(rig.words(), ["fade began", "swapped"]);
        prop_assert_eq!(&rig.output, &late(2_500 - grows, place));
        prop_assert_eq!(rig.stage.gauges().frames_out(), 2_500 - grows as u64);
        prop_assert_eq!(rig.stage.gauges().frames_in(), 2_500);
    }

    #[test]
    fn a_candidate_that_fails_leaves_the_old_one_as_late_as_the_place_became(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4),
        place in 0usize..60, grows in 1usize..150, after in 0i64..40,
    ) {
        let stage = Stage::of(occupant(Kind { late: place, ..PLAIN }), OnError::Bypass, shape(place));
        let new = Kind { dies_at: 640 + after, ..PLAIN };
        let rig = grown(stage, new, grows, &cuts);
        prop_assert_eq!(rig.words(), ["candidate failed"]);
        prop_assert_eq!(&rig.output, &late(2_500 - grows, place));
    }

    #[test]
    fn where_the_old_one_fails_the_substitute_is_as_late_as_the_place_became(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4),
        place in 0usize..60, grows in 1usize..150, dies in 650i64..1_500,
        on_error in prop::sample::select(vec![OnError::Bypass, OnError::Fallback]),
    ) {
        let dying = Kind { late: place, dies_at: dies, ..PLAIN };
        let stage = Stage::of(occupant(dying), on_error, shape(place));
        let stage = match on_error {
            OnError::Fallback => stage.with_fallback(occupant(PLAIN), 0, FRAMES_MAX),
            _ => stage,
        };
        // The candidate fails too: the substitute is heard to the end.
        let new = Kind { dies_at: 700, ..PLAIN };
        let rig = grown(stage, new, grows, &cuts);
        prop_assert!(matches!(rig.stage.state(), StageState::Out(_)));
        let out = &rig.output[1_600..];
        prop_assert_eq!(out, &late(2_500 - grows, place)[1_600..]);
    }
}

#[test]
fn a_state_is_handed_over_while_the_place_becomes_later() {
    let kind = Kind {
        pole: 0.5,
        late: 10,
        keeps: Keeps::All,
        ..PLAIN
    };
    let mut rig = Rig::new(kind, 10, OnError::Bypass).cut(&[7]);
    rig.until(700);
    let setup = rig.primed(kind, 40, 0);
    let setup = CandidateSetup {
        growth: Some(LatencyGrowth::new(30, &setup.shape)),
        handoff: Some(Handoff::new(4_096)),
        ..setup
    };
    rig.send(setup).until(2_500);
    assert!(matches!(rig.done().method, SwapMethod::Handoff { .. }));
    assert_eq!(rig.output, undisturbed(kind, 10, 2_500)[..2_470]);
}

#[test]
fn a_stalled_stage_goes_on_in_its_own_stream() {
    let mut rig = Rig::new(PLAIN, 0, OnError::Bypass);
    rig.until(500);
    rig.stage.lag(25);
    // The session's stream goes on, the stage's does not: its next frame is the 500th.
    for at in [525, 545] {
        let mut heard = [0.0; 20];
        let span = Span {
            channels: 1,
            stride: 20,
            start: 0,
            frames: 20,
        };
        let input = [0.5; 20];
        let ran = rig.stage.run(
            StageBlock {
                position_frames: at,
                flags: segue_plugin::link::Flags::NONE,
                input: AudioView::new(&input, span),
                output: AudioViewMut::new(&mut heard, span),
                sidechains: &[],
                records: &mut [],
                use_of_output: OutputUse::Taken,
            },
            &FloatMode::enter(),
        );
        assert!(!ran.failed && !ran.has_events);
        assert_eq!(heard, [0.5; 20]);
    }
    assert_eq!(
        (rig.stage.gauges().frames_in(), rig.stage.lag_frames()),
        (540, 25)
    );
}
