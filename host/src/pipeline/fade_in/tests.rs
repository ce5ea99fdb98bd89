use proptest::prelude::*;

use super::*;

const FADE: u64 = 50;

/// What is heard of two signals, turned round at these frames: back, on, back and so on.
fn heard(cuts: &[usize], shadow: u64, turns: &[usize], old: &[f32], new: &[f32]) -> Vec<f32> {
    let mut fade_in = FadeIn::new(shadow, Fade::of(FADE));
    let mut heard = old.to_vec();
    let (mut start, mut turns) = (0, turns.iter().peekable());
    let mut cuts = cuts.iter().cycle();
    while start < heard.len() {
        while turns.next_if(|turn| **turn <= start).is_some() {
            match fade_in.progress() {
                Progress::Fading => fade_in.reverse(),
                Progress::Reversing if !fade_in.is_back() => fade_in.resume(),
                _ => {}
            }
        }
        let end = turns.peek().map_or(heard.len(), |turn| **turn);
        let end = end.min(heard.len()).min(start + cuts.next().unwrap());
        if !fade_in.is_back() {
            fade_in.mix(&mut heard[start..end], &new[start..end]);
            fade_in.advance(end - start);
        }
        start = end;
    }
    heard
}

proptest! {
    #[test]
    fn a_fade_may_turn_round_at_any_frame_without_a_step(
        cuts in prop::collection::vec(1usize..40, 1..6), shadow in 0u64..60,
        turns in prop::collection::btree_set(0usize..250, 0..6),
    ) {
        let turns: Vec<_> = turns.into_iter().collect();
        let (old, new) = (vec![0.0; 400], vec![1.0; 400]);
        let ramp = heard(&cuts, shadow, &turns, &old, &new);
        prop_assert_eq!(&ramp, &heard(&[1_000], shadow, &turns, &old, &new));
        for pair in ramp.windows(2) {
            prop_assert!((pair[1] - pair[0]).abs() <= 1.0 / FADE as f32 + 1e-6, "{:?}", pair);
        }
        prop_assert!(ramp.iter().all(|sample| (0.0..=1.0).contains(sample)));
        prop_assert!(ramp[399] == 0.0 || ramp[399] == 1.0);
        prop_assert_eq!(ramp[0], 0.0);
        let equal: Vec<_> = (0..400).map(|at| (at as f32 * 0.3).sin()).collect();
        prop_assert_eq!(&heard(&cuts, shadow, &turns, &equal, &equal), &equal);
    }

    #[test]
    fn the_parts_of_an_input_are_it_again_together(
        input in prop::collection::vec(-1.0f32..1.0, 1..100), done in 0usize..120,
    ) {
        let mut fade_in = FadeIn::new(20, Fade::of(FADE));
        fade_in.advance(done);
        let (mut old, mut new) = (vec![f32::NAN; input.len()], vec![f32::NAN; input.len()]);
        fade_in.part(&input, &mut new, &mut old);
        for (at, sample) in input.iter().enumerate() {
            prop_assert!((old[at] + new[at] - sample).abs() <= f32::EPSILON);
            if done + at <= 20 {
                prop_assert_eq!((old[at], new[at]), (*sample, 0.0));
            }
            if done + at >= 20 + FADE as usize {
                prop_assert_eq!((old[at], new[at]), (0.0, *sample));
            }
        }
    }

    #[test]
    fn a_tail_is_whole_and_then_decays_however_it_is_cut(
        cuts in prop::collection::vec(1usize..40, 1..6), tail in 0u64..60,
        ends_at in prop::option::of(0usize..120),
    ) {
        let run = |cuts: &[usize]| {
            let mut fade_in = FadeIn::new(0, Fade::of(1)).with_tail(tail, 9);
            fade_in.advance(1);
            let mut output = vec![0.0; 150];
            let (mut start, mut cuts) = (0, cuts.iter().cycle());
            while start < 150 && !fade_in.is_over() {
                if ends_at == Some(start) {
                    fade_in.end_tail();
                }
                let next = ends_at.filter(|at| *at > start).unwrap_or(150);
                let end = next.min(start + cuts.next().unwrap());
                fade_in.add_tail(&vec![1.0; end - start], &mut output[start..end]);
                fade_in.advance(end - start);
                start = end;
            }
            output
        };
        let output = run(&cuts);
        prop_assert_eq!(&output, &run(&[1_000]));
        let whole = ends_at.map_or(tail, |at| tail.min(at as u64)) as usize;
        for (at, sample) in output.iter().enumerate() {
            let expected = match at.checked_sub(whole) {
                None => 1.0,
                Some(after) => 9_usize.saturating_sub(after) as f32 / 10.0,
            };
            prop_assert_eq!(*sample, expected, "{}", at);
        }
    }
}

/// A whole fade, cut into blocks of these sizes again and again.
fn faded(fade: Fade, before: u64, old: &[f32], new: &[f32], cuts: &[usize]) -> Vec<f32> {
    let mut heard = old.to_vec();
    let mut start = 0;
    for cut in cuts.iter().cycle() {
        let end = (start + cut).min(heard.len());
        if start == end {
            break;
        }
        let so_far = start as u64;
        let (away, done) = (before.saturating_sub(so_far), so_far.saturating_sub(before));
        fade.mix(away, done, &mut heard[start..end], &new[start..end]);
        start = end;
    }
    heard
}

proptest! {
    #[test]
    fn a_fade_of_equal_signals_is_that_signal(
        signal in prop::collection::vec(-2.0f32..2.0, 1..200), frames in 0u64..150, before in 0u64..50,
    ) {
        let heard = faded(Fade::of(frames), before, &signal, &signal, &[7]);
        prop_assert_eq!(heard, signal);
    }

    #[test]
    fn a_fade_begins_with_the_old_ends_with_the_new_and_stays_between(
        pairs in prop::collection::vec((any::<f32>(), any::<f32>()), 1..200),
        frames in 1u64..150, before in 0u64..50,
        cuts in prop::collection::vec(1usize..40, 1..8),
    ) {
        let finite = |x: f32| if x.is_finite() { x } else { 1.0 };
        let old: Vec<_> = pairs.iter().map(|(old, _)| finite(*old)).collect();
        let new: Vec<_> = pairs.iter().map(|(_, new)| finite(*new)).collect();
        let heard = faded(Fade::of(frames), before, &old, &new, &cuts);
        for (at, sample) in heard.iter().enumerate() {
            match at as u64 {
                early if early <= before => prop_assert_eq!(*sample, old[at]),
                late if late >= before + frames => prop_assert_eq!(*sample, new[at]),
                _ => prop_assert!(
                    (old[at].min(new[at])..=old[at].max(new[at])).contains(sample)
                ),
            }
        }
        prop_assert_eq!(heard, faded(Fade::of(frames), before, &old, &new, &[usize::MAX / 2]));
    }
}

#[test]
fn a_fade_is_a_straight_line() {
    let heard = faded(Fade::of(4), 1, &[0.0; 6], &[1.0; 6], &[6]);
    assert_eq!(heard, [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(Fade::at(48_000).frames(), 960);
}
