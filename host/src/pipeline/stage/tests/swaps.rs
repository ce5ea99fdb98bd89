//! Swaps that go well, or are taken back.

use proptest::prelude::*;
use segue_plugin::link::ParamEvent;

use super::*;
use crate::pipeline::fade_in::Fade;
use crate::pipeline::swapped::HandoffRefusal;

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..FRAMES_MAX, 1..5)
}

fn stateful() -> Kind {
    Kind {
        pole: 0.5,
        echo: 0.25,
        keeps: Keeps::All,
        ..PLAIN
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_swap_for_itself_with_handoff_is_bit_identical_to_none(
        cuts in cuts(), late in 0usize..40, pad in 0usize..40,
        swaps in prop::collection::vec(1usize..400, 1..5),
    ) {
        let kind = Kind { late, ..stateful() };
        let place = late + pad;
        let mut rig = Rig::new(kind, place, OnError::Bypass).cut(&cuts);
        for frames in &swaps {
            let at = rig.done + frames;
            rig.until(at);
            let setup = CandidateSetup {
                handoff: Some(Handoff::new(4_096)),
                ..rig.primed(kind, place, 0)
            };
            rig.send(setup);
            let next = rig.done + 1;
            rig.until(next);
            let SwapMethod::Handoff { bytes, .. } = rig.done().method else {
                panic!("{:?}", rig.done());
            };
            prop_assert_eq!(bytes, 4 * (1 + late + ECHO_FRAMES));
            prop_assert_eq!(rig.words(), ["swapped"]);
            prop_assert_eq!(rig.done().heard_at_frames, at as u64);
            prop_assert_eq!(rig.done().done_at_output_frames, at as u64);
            rig.turns.clear();
        }
        rig.until(2_500);
        prop_assert_eq!(rig.left.len(), swaps.len());
        prop_assert_eq!(&rig.output, &undisturbed(kind, place, 2_500));
    }

    #[test]
    fn a_swap_for_the_same_without_handoff_is_bit_identical_through_the_fade(
        cuts in cuts(), late in 0usize..40, pad in 0usize..90, at in 1usize..900,
        missed in 0usize..200,
    ) {
        let kind = Kind { pole: 0.5, echo: 0.25, late, ..PLAIN };
        let place = late + pad;
        let mut rig = Rig::new(kind, place, OnError::Bypass).cut(&cuts);
        rig.until(at);
        rig.send(rig.primed(kind, place, missed));
        rig.until(2_000);
        prop_assert_eq!(&rig.output, &undisturbed(kind, place, 2_000));
        prop_assert_eq!(rig.words(), ["fade began", "swapped"]);
        let missed = missed.min(at);
        let heard = at + missed.max(pad.saturating_sub(missed));
        let done = rig.done();
        prop_assert_eq!(done.begun_at_frames, at as u64);
        prop_assert_eq!(done.heard_at_frames, heard as u64);
        prop_assert_eq!(done.done_at_frames, (heard + FADE) as u64);
        prop_assert_eq!(done.heard_at_output_frames, heard as u64);
        let past = rig.history.read_output(done.heard_at_output_frames, FADE).unwrap();
        prop_assert_eq!(&past.output.channel(0)[..FADE], &rig.output[heard..heard + FADE]);
    }

    #[test]
    fn what_is_heard_of_two_is_a_straight_line_from_one_to_the_other(
        cuts in cuts(), at in 1usize..900, missed in 0usize..100,
    ) {
        let (old, new) = (Kind { gain: 1.0, ..PLAIN }, Kind { gain: 0.5, ..PLAIN });
        let mut rig = Rig::new(old, 0, OnError::Bypass).cut(&cuts);
        rig.until(at);
        rig.send(rig.primed(new, 0, missed));
        rig.until(1_500);
        let heard = at + missed.min(at);
        let mut expected = undisturbed(old, 0, 1_500);
        Fade::of(FADE as u64).mix(heard as u64, 0, &mut expected, &undisturbed(new, 0, 1_500));
        prop_assert_eq!(&rig.output, &expected);
    }

    #[test]
    fn a_fade_that_is_taken_back_leaves_no_step_and_ends_with_the_old(
        cuts in cuts(), at in 1usize..900, after in 0usize..FADE,
    ) {
        let run = |cuts: &[usize]| {
            let mut rig = Rig::of(Stage::of(occupant(PLAIN), OnError::Bypass, shape(0)), sine);
            rig.cuts = cuts.to_vec();
            rig.until(at);
            rig.send(rig.primed(Kind { gain: -1.0, ..PLAIN }, 0, 0));
            rig.until(at + after);
            let reversal = rig.stage.reverse();
            let expected = if after == 0 { Reversal::Left } else { Reversal::Begun };
            assert_eq!(reversal, expected);
            rig.until(1_500);
            rig
        };
        let rig = run(&cuts);
        prop_assert_eq!(&rig.output, &run(&[FRAMES_MAX]).output);
        let expected_words: &[_] = if after == 0 { &["reversed"] } else { &["fade began", "reversed"] };
        prop_assert_eq!(&rig.words()[..], expected_words);
        prop_assert_eq!(rig.left.len(), 1);
        let old: Vec<_> = (0..1_500).map(sine).collect();
        prop_assert_eq!(&rig.output[..at], &old[..at]);
        let back = (at + 2 * after).min(1_500);
        prop_assert_eq!(&rig.output[back..], &old[back..]);
        for (at, (heard, old)) in rig.output.iter().zip(&old).enumerate() {
            prop_assert!(heard.abs() <= old.abs(), "{} {} {}", at, heard, old);
        }
        let most = largest_step(&old) + 1.0 / FADE as f32;
        prop_assert!(largest_step(&rig.output) <= most + 1e-6);
    }

    #[test]
    fn both_hear_of_a_parameter_at_its_frame_wherever_the_new_one_is(
        cuts in cuts(), at in 400usize..900, missed in 0usize..200,
        changes in prop::collection::vec((0usize..500, 0u32..300, -2.0f64..2.0), 1..6),
    ) {
        let kind = Kind { echo: 0.25, ..PLAIN };
        let run = |swaps: bool| {
            let mut rig = Rig::new(kind, 0, OnError::Bypass).cut(&cuts);
            rig.until(at);
            if swaps {
                rig.send(rig.primed(kind, 0, missed));
            }
            let mut sorted = changes.clone();
            sorted.sort_by_key(|change| change.0);
            for (frames, offset_frames, value) in sorted {
                rig.until(at + frames);
                let event = ParamEvent { offset_frames, index: 1, value };
                rig.stage.push_param_event(event).unwrap();
            }
            rig.until(2_000);
            rig
        };
        let (with, without) = (run(true), run(false));
        prop_assert_eq!(with.words(), ["fade began", "swapped"]);
        prop_assert_eq!(&with.output, &without.output);
    }
}

#[test]
fn what_was_missed_of_a_further_input_is_caught_up_as_well() {
    let kind = Kind { pole: 0.5, ..PLAIN };
    let run = |swaps: bool| {
        let mut rig = Rig::keyed(kind).cut(&[13, 40]);
        rig.until(700);
        if swaps {
            rig.send(rig.primed(kind, 0, 150));
        }
        rig.until(1_500);
        rig
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.words(), ["fade began", "swapped"]);
    assert_eq!(with.output, without.output);
    assert_ne!(with.output, undisturbed(kind, 0, 1_500));
}

#[test]
fn a_state_that_is_refused_leaves_priming_and_a_fade_and_says_why() {
    let refused = |old: Keeps, new: Keeps, late: usize, room: usize| {
        let mut rig = Rig::new(
            Kind {
                keeps: old,
                ..stateful()
            },
            50,
            OnError::Bypass,
        );
        rig.until(700);
        let new = Kind {
            keeps: new,
            late,
            ..stateful()
        };
        let setup = CandidateSetup {
            handoff: Some(Handoff::new(room)),
            ..rig.primed(new, 50, 0)
        };
        rig.send(setup).until(1_500);
        let refusal = rig.done().refused.unwrap();
        assert!(matches!(rig.done().method, SwapMethod::Fade { .. }));
        (refusal.describe(), rig.words(), rig.output)
    };
    let all = Keeps::All;
    let expected = undisturbed(stateful(), 50, 1_500);
    for (old, new, late, room, why) in [
        (
            Keeps::Nothing,
            all,
            0,
            4_096,
            "the old instance did not write its state: unsupported",
        ),
        (
            Keeps::RefusesToWrite,
            all,
            0,
            4_096,
            "the old instance did not write its state: failed",
        ),
        (
            all,
            Keeps::RefusesToRead,
            0,
            4_096,
            "the new instance did not read the state: failed",
        ),
        (
            all,
            all,
            0,
            8,
            "the old instance did not write its state: out of bounds",
        ),
        (all, all, 20, 4_096, "the new instance's latency is another"),
    ] {
        let (found, words, output) = refused(old, new, late, room);
        assert_eq!(found, why);
        assert_eq!(words, ["fade began", "swapped"], "{why}");
        assert_eq!(output, expected, "{why}");
    }
}

#[test]
fn who_panics_over_a_state_is_not_heard_again() {
    let run = |old: Keeps, new: Keeps| {
        let mut rig = Rig::new(
            Kind {
                keeps: old,
                ..stateful()
            },
            0,
            OnError::Bypass,
        );
        rig.until(700);
        let setup = CandidateSetup {
            handoff: Some(Handoff::new(4_096)),
            ..rig.primed(
                Kind {
                    keeps: new,
                    ..stateful()
                },
                0,
                0,
            )
        };
        rig.send(setup).until(2_500);
        rig
    };
    let rig = run(Keeps::All, Keeps::PanicsReading);
    assert_eq!(rig.words(), ["candidate failed"]);
    assert_eq!(rig.output, undisturbed(stateful(), 0, 2_500));
    let rig = run(Keeps::PanicsWriting, Keeps::All);
    assert!(matches!(rig.done().refused, Some(HandoffRefusal::Save(_))));
    assert!(rig.words().contains(&"swapped"), "{:?}", rig.words());
    assert_eq!(
        rig.output[2_000..],
        undisturbed(stateful(), 0, 2_500)[2_000..]
    );
}

#[test]
fn what_is_not_heard_yet_leaves_at_once_and_what_is_in_place_stays() {
    let mut rig = Rig::new(PLAIN, 0, OnError::Bypass);
    assert_eq!(rig.stage.reverse(), Reversal::TooLate);
    rig.until(500);
    rig.send(rig.primed(Kind { gain: 2.0, ..PLAIN }, 0, 300));
    rig.until(700);
    assert_eq!(rig.stage.progress(), Some(Progress::Shadow));
    assert_eq!(rig.stage.reverse(), Reversal::Left);
    assert!(!rig.stage.takes_candidate());
    rig.until(1_000);
    assert_eq!(rig.words(), ["reversed"]);
    assert_eq!(rig.output, undisturbed(PLAIN, 0, 1_000));
    rig.send(rig.primed(Kind { gain: 2.0, ..PLAIN }, 0, 0));
    rig.until(1_500);
    assert_eq!(rig.stage.reverse(), Reversal::TooLate);
    assert_eq!(rig.words(), ["reversed", "fade began", "swapped"]);
}

#[test]
fn what_was_missed_and_is_lost_costs_a_whole_shadow() {
    // Kept are the last 2,048 frames of 2,500.
    let mut rig = Rig::new(PLAIN, 0, OnError::Bypass);
    rig.input = (0..4_000).map(signal).collect();
    rig.until(2_500);
    let kind = Kind { gain: 0.5, ..PLAIN };
    let setup = CandidateSetup {
        primed_to_frames: Some(10),
        occupant: occupant(kind),
        ..rig.primed(kind, 0, 0)
    };
    rig.send(setup).until(4_000);
    let done = rig.done();
    assert_eq!(done.heard_at_frames, 2_500 + 800);
    assert_eq!(
        rig.output[3_364..],
        (3_364..4_000)
            .map(|at| signal(at) * 0.5)
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_is_lost_depends_on_what_was_missed_and_not_on_how_much_is_kept() {
    for kept in [2_048, 4_096] {
        for (missed, shadow) in [(1_000, 1_000), (1_001, 800)] {
            let mut rig = Rig::new(PLAIN, 0, OnError::Bypass);
            rig.keep(HistoryFrames { kept, reach: 1_000 });
            rig.input = (0..4_500).map(signal).collect();
            rig.until(2_400);
            let kind = Kind { gain: 0.5, ..PLAIN };
            let setup = CandidateSetup {
                primed_to_frames: Some(2_400 - missed),
                occupant: occupant(kind),
                ..rig.primed(kind, 0, 0)
            };
            rig.send(setup).until(4_500);
            let heard = rig.done().heard_at_frames;
            assert_eq!(heard, 2_400 + shadow, "{missed} of {kept}");
        }
    }
}

#[test]
fn who_was_made_for_another_place_is_not_heard() {
    let mut rig = Rig::new(PLAIN, 8, OnError::Bypass);
    rig.until(500);
    rig.send(rig.primed(PLAIN, 9, 0));
    rig.until(1_000);
    assert_eq!(rig.words(), ["candidate failed"]);
    assert_eq!(rig.output, undisturbed(PLAIN, 8, 1_000));
    let (_, text) = rig.left[0].describe_fault().unwrap();
    assert!(text.starts_with("it was made for other channels"), "{text}");
}
