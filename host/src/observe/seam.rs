//! Seam: how far a change of the pipeline stands out of the signal around it.
//!
//! In: output samples around the change, a slice for each channel, and where old and new meet.
//! Out: the largest step there, and what steps the signal makes on its own. Pure.

use std::ops::Range;

use crate::observe::receipt::Seam;

/// The most frames of a channel that are looked at on either side of the place where old and new
/// meet. A second at 192 kHz tells what steps a signal makes; more would only take longer.
pub const MARGIN_FRAMES_MAX: usize = 192_000;

/// The most frames of the place itself; of a longer one its beginning and its end are looked at.
pub const SEAM_FRAMES_MAX: usize = 2 * MARGIN_FRAMES_MAX;

/// The percentile that stands for the signal's own large steps, in thousandths.
const PERCENTILE_THOUSANDTHS: usize = 999;

/// Compares the steps of a signal inside and outside of a seam.
///
/// `heard` are the frames of the seam: the first is the first that is not the old instance alone,
/// and the one after the last is the new instance alone; an empty range is a hard exchange before
/// its start. So the step onto the first frame and the step onto the one after the last belong to
/// the seam. At most `margin_frames` on either side tell the signal's own steps. Steps from or to
/// a sample that is not finite are left out.
///
/// The answer is of the channel in which the seam stands out most; `None` where there is no step
/// at the seam or none around it to compare with. Thread: any but audio; it allocates.
#[must_use]
pub fn seam(channels: &[&[f32]], heard: &Range<usize>, margin_frames: usize) -> Option<Seam> {
    let all = channels.iter();
    let seams = all.filter_map(|samples| of_channel(samples, heard, margin_frames));
    seams.max_by(|left, right| prominence(left).total_cmp(&prominence(right)))
}

/// How many times the signal's own large steps the seam's largest step is.
fn prominence(seam: &Seam) -> f64 {
    match seam.largest_step {
        0.0 => 0.0,
        step => step / seam.own_step_p999,
    }
}

fn of_channel(samples: &[f32], heard: &Range<usize>, margin_frames: usize) -> Option<Seam> {
    let margin = margin_frames.min(MARGIN_FRAMES_MAX);
    let last = samples.len().checked_sub(1)?;
    // The step number n leads from sample n - 1 to sample n; there is none onto the first.
    let (first, end) = (heard.start, heard.end.max(heard.start));
    if first == 0 || end > last {
        return None;
    }
    let before = first.saturating_sub(margin).max(1)..first;
    let after = end + 1..(end + 1).saturating_add(margin).min(last + 1);
    let largest_step = inside(first, end)
        .into_iter()
        .flat_map(|part| steps(samples, part))
        .reduce(f64::max)?;
    let mut own: Vec<f64> = steps(samples, before)
        .chain(steps(samples, after))
        .collect();
    let own_step_max = own.iter().copied().reduce(f64::max)?;
    // The nearest rank: the smallest step that so many of all are not larger than.
    let rank = (own.len() * PERCENTILE_THOUSANDTHS).div_ceil(1000).max(1) - 1;
    let (_, own_step_p999, _) = own.select_nth_unstable_by(rank, f64::total_cmp);
    Some(Seam {
        largest_step,
        own_step_p999: *own_step_p999,
        own_step_max,
        frames: (own.len() + (end - first).min(SEAM_FRAMES_MAX) + 1) as u64,
    })
}

/// The numbers of the seam's steps, its middle left out where it is too long.
fn inside(first: usize, end: usize) -> [Range<usize>; 2] {
    let half = SEAM_FRAMES_MAX / 2;
    match end - first > SEAM_FRAMES_MAX {
        false => [first..end + 1, end + 1..end + 1],
        true => [first..first + half, end + 1 - half..end + 1],
    }
}

/// How large the steps with these numbers are.
fn steps(samples: &[f32], numbers: Range<usize>) -> impl Iterator<Item = f64> {
    let step = |number: usize| (f64::from(samples[number]) - f64::from(samples[number - 1])).abs();
    numbers.map(step).filter(|step| step.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A sine with so many frames per period.
    fn sine(frames: usize, period_frames: f64) -> Vec<f32> {
        let sample = |frame: usize| (frame as f64 * std::f64::consts::TAU / period_frames).sin();
        (0..frames).map(|frame| sample(frame) as f32).collect()
    }

    #[test]
    fn a_sine_that_goes_on_has_no_larger_step_than_its_own() {
        let samples = sine(10_000, 48.0);
        let found = seam(&[&samples], &(5_000..5_480), 2_000).unwrap();
        // A sine of that period moves by 2 sin(π / 48) at most.
        let largest = 2.0 * (std::f64::consts::PI / 48.0).sin();
        for step in [found.largest_step, found.own_step_p999, found.own_step_max] {
            assert!((step - largest).abs() < 1e-3, "{step} {largest}");
        }
        assert_eq!(found.frames, 4_000 + 481);
    }

    #[test]
    fn a_click_is_found_at_both_edges_and_inside_and_nowhere_else() {
        for (at, is_seam) in [
            (99, false),
            (100, true),
            (105, true),
            (110, true),
            (111, false),
        ] {
            let mut samples = vec![0.0; 200];
            samples[at..].fill(0.5);
            let found = seam(&[&samples], &(100..110), 1_000).unwrap();
            let expected = if is_seam { (0.5, 0.0) } else { (0.0, 0.5) };
            assert_eq!(
                (found.largest_step, found.own_step_max),
                expected,
                "click at {at}"
            );
        }
    }

    #[test]
    fn a_hard_exchange_has_one_step() {
        let samples = [0.0, 0.0, 0.25, 0.25];
        let at = 2;
        let found = seam(&[&samples], &(at..at), 10).unwrap();
        assert_eq!((found.largest_step, found.own_step_max), (0.25, 0.0));
        assert_eq!(found.frames, 3);
    }

    #[test]
    fn the_channel_is_told_in_which_the_seam_stands_out_most() {
        let loud: Vec<f32> = (0..100)
            .map(|frame| if frame % 2 == 0 { 0.9 } else { -0.9 })
            .collect();
        let mut quiet = sine(100, 50.0)
            .iter()
            .map(|sample| sample * 0.01)
            .collect::<Vec<_>>();
        quiet[50..].iter_mut().for_each(|sample| *sample += 0.1);
        let found = seam(&[&loud, &quiet], &(50..50), 40).unwrap();
        assert!(
            found.own_step_max < 0.01 && found.largest_step > 0.09,
            "{found:?}"
        );
    }

    #[test]
    fn where_there_is_nothing_to_compare_there_is_no_answer() {
        let samples = sine(100, 10.0);
        let none: &[f32] = &[];
        let (whole, first) = (0..100, 0..10);
        assert_eq!(seam(&[none], &whole, 10), None);
        assert_eq!(seam(&[], &whole, 10), None);
        assert_eq!(seam(&[&samples], &first, 10), None);
        assert_eq!(seam(&[&samples], &(50..60), 0), None);
        assert_eq!(seam(&[&samples], &(50..100), 10), None);
        assert_eq!(seam(&[&samples], &(500..usize::MAX), usize::MAX), None);
    }

    #[test]
    fn of_a_very_long_seam_both_ends_are_looked_at() {
        let frames = 3 * SEAM_FRAMES_MAX;
        let (start, end) = (1_000, frames - 1_000);
        for at in [start, end] {
            let mut samples = vec![0.0; frames];
            samples[at..].fill(1.0);
            let found = seam(&[&samples], &(start..end), 100).unwrap();
            assert_eq!(found.largest_step, 1.0, "step at {at}");
        }
    }

    /// What the definition says, in the slowest way.
    fn slow(samples: &[f32], heard: &Range<usize>, margin: usize) -> Option<(f64, f64, f64)> {
        let (mut own, mut inside) = (Vec::new(), Vec::new());
        if heard.start == 0 || heard.end >= samples.len() {
            return None;
        }
        for at in 1..samples.len() {
            let step = f64::from(samples[at]) - f64::from(samples[at - 1]);
            let is_inside = heard.start <= at && at <= heard.end;
            let is_near = at + margin >= heard.start && at <= heard.end + margin;
            match (is_inside, is_near) {
                _ if !step.is_finite() => {}
                (true, _) => inside.push(step.abs()),
                (false, true) => own.push(step.abs()),
                (false, false) => {}
            }
        }
        own.sort_by(f64::total_cmp);
        inside.sort_by(f64::total_cmp);
        let count = own.len();
        let below = |step: &f64| own.iter().filter(|other| *other <= step).count();
        let p999 = own
            .iter()
            .find(|step| below(step) as f64 >= 0.999 * count as f64)?;
        Some((*inside.last()?, *p999, *own.last()?))
    }

    proptest! {
        #[test]
        fn whatever_the_samples_the_figures_are_those_of_the_definition(
            samples in prop::collection::vec(prop_oneof![
                20 => -1.0f32..1.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(f32::MAX),
            ], 0..2_500),
            start in 0usize..2_500, length in 0usize..300, margin in 0usize..2_000,
        ) {
            let heard = start..start + length;
            let found = seam(&[&samples], &heard, margin);
            let figures = found.map(|one| (one.largest_step, one.own_step_p999, one.own_step_max));
            prop_assert_eq!(figures, slow(&samples, &heard, margin));
            if let Some(seam) = found {
                prop_assert!(seam.largest_step.is_finite() && seam.own_step_p999 <= seam.own_step_max);
            }
        }
    }
}
