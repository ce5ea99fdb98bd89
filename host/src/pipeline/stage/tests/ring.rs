//! Swaps that let the tail of the old instance ring.

use proptest::prelude::*;

use super::*;

/// A swap at frame 500 that rings for so long.
fn rung(kind: Kind, new: Kind, tail: u64, cuts: &[usize], signal: fn(usize) -> f32) -> Rig {
    let late = kind.late;
    let mut rig = Rig::of(
        Stage::of(occupant(kind), OnError::Bypass, shape(late)),
        signal,
    );
    rig.cuts = cuts.to_vec();
    rig.until(500);
    let setup = CandidateSetup {
        occupant: occupant(new),
        primed_to_frames: None,
        fade: PlannedFade::Tail {
            fade_frames: FADE as u64,
            tail_frames: tail,
        },
        ..rig.primed(new, late, 0)
    };
    rig.send(setup);
    rig
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn two_linear_filters_that_share_an_input_are_one(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4), late in 0usize..40,
    ) {
        let kind = Kind { late, echo: 0.5, ..PLAIN };
        let mut rig = rung(kind, kind, ECHO_FRAMES as u64, &cuts, signal);
        rig.until(2_000);
        prop_assert_eq!(&rig.output, &undisturbed(kind, late, 2_000));
        prop_assert_eq!(rig.words(), ["fade began", "swapped", "ring over"]);
        let done = rig.done();
        let tail = SwapMethod::Tail { frames: FADE as u64, tail_frames: (ECHO_FRAMES + late) as u64 };
        prop_assert_eq!(done.method, tail);
        prop_assert_eq!((done.heard_at_frames, done.done_at_frames), (500, 500 + FADE as u64));
    }

    #[test]
    fn a_ring_that_is_taken_back_ends_with_the_old_one_without_a_step(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4), after in 1usize..FADE,
    ) {
        let kind = Kind { gain: 0.5, ..PLAIN };
        let mut rig = rung(kind, Kind { gain: 1.0, echo: 0.5, ..PLAIN }, 30, &cuts, sine);
        rig.until(500 + after);
        prop_assert_eq!(rig.stage.reverse(), Reversal::Begun);
        rig.until(2_000);
        prop_assert_eq!(rig.words(), ["fade began", "reversed"]);
        let own = largest_step(&(0..2_000).map(sine).collect::<Vec<_>>());
        let most = own * 1.5 + 1.0 / FADE as f32 + 0.5 / DECAY as f32;
        prop_assert!(largest_step(&rig.output) <= most);
        let old: Vec<_> = (800..2_000).map(|at| sine(at) * 0.5).collect();
        prop_assert_eq!(&rig.output[800..], &old);
    }
}

#[test]
fn a_tail_that_is_cut_decays() {
    // A filter whose tail is far longer than the test.
    let kind = Kind {
        pole: 1.0,
        gain: 0.0,
        echo: 0.25,
        ..PLAIN
    };
    let mut rig = rung(kind, PLAIN, 1_000_000, &[16], |frame| {
        if frame < 500 { 1.0 / 256.0 } else { 0.0 }
    });
    rig.until(800);
    assert_eq!(rig.stage.progress(), Some(Progress::Tail));
    assert!(!rig.stage.takes_candidate());
    assert_eq!(rig.stage.reverse(), Reversal::TooLate);
    let level = rig.output[799];
    assert!(level > 0.4, "{level}");
    rig.stage.end_tail();
    rig.until(900);
    assert_eq!(rig.words(), ["fade began", "swapped", "ring over"]);
    assert!(largest_step(&rig.output[790..]) <= level / DECAY as f32 * 1.01);
    assert_eq!(rig.output[799 + DECAY + 1..], [0.0; 60]);
}

#[test]
fn a_tail_whose_instance_fails_decays_and_the_new_one_goes_on() {
    let kind = Kind {
        pole: 1.0,
        gain: 0.0,
        echo: 0.25,
        dies_at: 700,
        ..PLAIN
    };
    let mut rig = rung(kind, PLAIN, 1_000_000, &[10], |frame| {
        if frame < 500 { 1.0 / 256.0 } else { 0.0 }
    });
    rig.until(900);
    assert_eq!(rig.words(), ["fade began", "swapped", "ring over"]);
    assert_eq!(rig.left[0].describe_fault().unwrap().1, "as told");
    let level = rig.output[699];
    assert!(largest_step(&rig.output[690..]) <= level / DECAY as f32 * 1.01);
    assert_eq!(rig.output[700 + DECAY..], [0.0; 160]);
}
