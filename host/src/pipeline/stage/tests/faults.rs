//! Swaps in which one of the two instances fails, or both.

use proptest::prelude::*;

use super::*;

/// A swap at frame 500 from `old` to `new`, primed but for 100 frames: heard from frame 600 on,
/// alone from frame 664 on.
fn swapped(old: Kind, new: Kind, on_error: OnError, cuts: &[usize]) -> Rig {
    let mut rig = Rig::of(Stage::of(occupant(old), on_error, shape(0)), sine).cut(cuts);
    rig.until(500);
    let primed = Kind { dies_at: -1, ..new };
    let mut setup = rig.primed(primed, 0, 100);
    setup
        .occupant
        .processor
        .set_param(4, new.dies_at as f64)
        .is_ok()
        .then_some(())
        .unwrap();
    rig.send(setup).until(2_500);
    rig
}

fn times(gain: f32, range: std::ops::Range<usize>) -> Vec<f32> {
    range.map(|frame| sine(frame) * gain).collect()
}

/// Signals of a gain of at most 1.5, a fade and a decay of at most 1.25 between them.
fn check_steps(rig: &Rig) {
    let most = largest_step(&times(1.5, 0..FRAMES)) + 1.25 / DECAY as f32 + 1.25 / FADE as f32;
    let largest = largest_step(&rig.output);
    assert!(largest <= most, "{largest} {most} {:?}", rig.words());
}

const OLD: Kind = Kind {
    gain: -1.0,
    ..PLAIN
};
const NEW: Kind = Kind { gain: 1.5, ..PLAIN };

#[test]
fn a_candidate_that_fails_before_it_is_heard_was_never_there() {
    for dies_at in [0, 400, 450, 499, 500, 560, 599] {
        let rig = swapped(OLD, Kind { dies_at, ..NEW }, OnError::Bypass, &[10]);
        assert_eq!(rig.words(), ["candidate failed"], "{dies_at}");
        assert_eq!(rig.output, times(-1.0, 0..2_500), "{dies_at}");
        assert_eq!(rig.left.len(), 1);
        assert_eq!(rig.left[0].describe_fault().unwrap().1, "as told");
    }
}

#[test]
fn a_candidate_that_fails_while_it_is_heard_leaves_the_old_one_without_a_step() {
    for dies_at in (600..664).step_by(7) {
        let rig = swapped(OLD, Kind { dies_at, ..NEW }, OnError::Bypass, &[1]);
        assert_eq!(
            rig.words(),
            ["fade began", "candidate failed"][usize::from(dies_at == 600)..],
            "{dies_at}"
        );
        check_steps(&rig);
        let back = dies_at as usize + DECAY;
        assert_eq!(rig.output[back..], times(-1.0, back..2_500), "{dies_at}");
        assert!(matches!(rig.stage.state(), StageState::Running));
    }
}

#[test]
fn where_the_old_one_fails_in_the_shadow_of_the_new_its_policy_covers_until_that_is_heard() {
    for on_error in [OnError::Bypass, OnError::Mute, OnError::Hold] {
        for dies_at in [500, 550, 599] {
            let rig = swapped(Kind { dies_at, ..OLD }, NEW, on_error, &[1]);
            assert_eq!(
                rig.words(),
                ["failed", "fade began", "swapped"],
                "{dies_at}"
            );
            check_steps(&rig);
            // What is held fades first.
            let heard = match on_error {
                OnError::Hold => dies_at as usize + 800,
                _ => 600,
            };
            assert_eq!(rig.done().heard_at_frames, heard as u64);
            let alone = heard + FADE;
            assert_eq!(rig.output[alone..], times(1.5, alone..2_500));
            let (failed, fault) = &rig.failed[0];
            assert_eq!(fault.kind.describe(Some(failed.processor())), "as told");
            let heard = rig.stage.substitute_frames();
            let sum = heard.bypass + heard.mute + heard.hold;
            assert_eq!(sum, alone as u64 - dies_at as u64, "{on_error:?}");
        }
    }
}

#[test]
fn where_the_old_one_fails_while_both_are_heard_the_new_one_is_at_once() {
    for dies_at in (601..664).step_by(9) {
        let rig = swapped(Kind { dies_at, ..OLD }, NEW, OnError::Bypass, &[1]);
        assert_eq!(rig.words(), ["fade began", "swapped"], "{dies_at}");
        check_steps(&rig);
        let alone = dies_at as usize + DECAY;
        assert_eq!(rig.output[alone..], times(1.5, alone..2_500));
        assert_eq!(rig.done().done_at_frames, dies_at as u64);
        assert_eq!(
            rig.done().old_fault.unwrap().position_frames,
            dies_at as u64
        );
        assert_eq!(rig.left[0].describe_fault().unwrap().1, "as told");
        assert_eq!(rig.stage.counters().blocks_out, 0);
    }
}

#[test]
fn where_both_fail_at_once_the_policy_covers() {
    for dies_at in [520, 600, 630] {
        let rig = swapped(
            Kind { dies_at, ..OLD },
            Kind { dies_at, ..NEW },
            OnError::Bypass,
            &[1],
        );
        check_steps(&rig);
        let out = dies_at as usize + DECAY;
        assert_eq!(rig.output[out..], times(1.0, out..2_500));
        assert!(matches!(rig.stage.state(), StageState::Out(_)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whoever_fails_whenever_and_whatever_is_asked_nothing_steps_and_one_instance_leaves(
        cuts in prop::collection::vec(1usize..FRAMES_MAX, 1..4),
        deaths in (prop::option::of(450i64..800), prop::option::of(450i64..800)),
        on_error in prop::sample::select(vec![OnError::Bypass, OnError::Mute, OnError::Hold]),
        reversed_at in prop::option::of(500usize..800),
        ring in any::<bool>(), grows in 0u64..50,
    ) {
        let (old, new) = (Kind { dies_at: deaths.0.unwrap_or(-1), ..OLD }, Kind { dies_at: deaths.1.unwrap_or(-1), ..NEW });
        let mut rig = Rig::of(Stage::of(occupant(old), on_error, shape(0)), sine).cut(&cuts);
        rig.until(500);
        let mut setup = rig.primed(Kind { dies_at: -1, ..new }, grows as usize, 100);
        if ring {
            setup.occupant = occupant(Kind { dies_at: -1, ..new });
            setup.fade = PlannedFade::Tail { fade_frames: FADE as u64, tail_frames: 30 };
        }
        prop_assert!(setup.occupant.processor.set_param(4, new.dies_at as f64).is_ok());
        setup.growth = (grows > 0).then(|| LatencyGrowth::new(grows, &setup.shape));
        rig.send(setup);
        if let Some(at) = reversed_at {
            rig.until(at);
            rig.stage.reverse();
        }
        rig.until(2_500);
        check_steps(&rig);
        prop_assert_eq!(rig.left.len(), 1, "{:?}", rig.words());
        prop_assert!(rig.stage.takes_candidate());
        prop_assert!(rig.turns.len() <= 8);
        let ends = ["swapped", "candidate failed", "reversed"];
        let ended = rig.words().iter().filter(|word| ends.contains(word)).count();
        prop_assert_eq!(ended, 1, "{:?}", rig.words());
    }
}

#[test]
fn a_candidate_that_is_called_back_in_the_frame_in_which_it_would_be_heard_was_never_there() {
    let mut rig = Rig::of(Stage::of(occupant(OLD), OnError::Bypass, shape(0)), sine).cut(&[1]);
    rig.until(500);
    let mut setup = rig.primed(NEW, 5, 100);
    setup.occupant = occupant(NEW);
    setup.fade = PlannedFade::Tail {
        fade_frames: FADE as u64,
        tail_frames: 30,
    };
    setup.growth = Some(LatencyGrowth::new(5, &setup.shape));
    rig.send(setup).until(505);
    assert_eq!(rig.stage.reverse(), Reversal::Left);
    rig.until(2_500);
    check_steps(&rig);
    assert_eq!(rig.words(), ["reversed"]);
}
