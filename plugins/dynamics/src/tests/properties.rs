//! What holds for every parameter, every division into blocks, every state and every input.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use segue_plugin::declare::{ParamChange, ParamItem};
use segue_plugin::params::index_of;

const FRAMES: usize = 4000;

/// A change of one parameter, by its place and as a share of its range.
#[derive(Clone, Debug)]
struct Change {
    frame: usize,
    place: prop::sample::Index,
    share: f64,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (0..FRAMES, any::<prop::sample::Index>(), 0.0..=1.0_f64).prop_map(
        |(frame, place, share)| Change {
            frame,
            place,
            share,
        },
    );
    vec(change, 0..10).prop_map(|mut changes| {
        changes.sort_by_key(|change| change.frame);
        changes
    })
}

/// Id and value of a change. What belongs to the activation stays.
fn target<T: AudioProcessor>(change: &Change) -> (&'static str, f64) {
    let live = T::PARAMS.iter().filter_map(|item| match item {
        ParamItem::One(param) if param.change == ParamChange::Live => Some(param),
        _ => None,
    });
    let live: Vec<_> = live.collect();
    let param = change.place.get(&live);
    // Squared: most times are short and most levels low, as in use.
    let share = change.share * change.share;
    (param.id, param.min + (param.max - param.min) * share)
}

fn tell<T: AudioProcessor>(bench: &mut ProcessorBench<T>, changes: &[Change], from: usize) {
    for change in changes.iter().filter(|change| change.frame >= from) {
        let (id, value) = target::<T>(change);
        bench.change(id, change.frame - from, value);
    }
}

fn stereo<T: AudioProcessor>() -> ProcessorBench<T> {
    testing::processor::<T>()
        .stereo(RATE_HZ)
        .activate()
        .unwrap()
}

/// Noise whose level wanders, so that all of the curves are visited.
fn wandering() -> Vec<Vec<f32>> {
    let mut signal = noise(2, FRAMES, 1.0);
    for channel in &mut signal {
        for (frame, sample) in channel.iter_mut().enumerate() {
            *sample *= amplitude(20.0 - 60.0 * ((frame / 700) % 2) as f64) as f32;
        }
    }
    signal
}

fn blocks_change_no_bit<T: AudioProcessor>(changes: &[Change], blocks: &[usize]) {
    let signal = wandering();
    let [mut whole, mut cut] = [(); 2].map(|()| stereo::<T>());
    tell(&mut whole, changes, 0);
    tell(&mut cut, changes, 0);
    let whole = whole.run(&slices(&signal), &[FRAMES]).unwrap();
    let cut = cut.run(&slices(&signal), blocks).unwrap();
    assert_eq!(bits(&whole), bits(&cut));
}

fn a_loaded_state_goes_on_bit_for_bit<T: AudioProcessor>(changes: &[Change], cut: usize) {
    let signal = wandering();
    let mut whole = stereo::<T>();
    tell(&mut whole, changes, 0);
    let whole = whole.run(&slices(&signal), &[FRAMES]).unwrap();
    let [head, rest] = [0..cut, cut..FRAMES]
        .map(|range| -> Vec<&[f32]> { signal.iter().map(|all| &all[range.clone()]).collect() });
    let mut old = stereo::<T>();
    tell(&mut old, changes, 0);
    old.run(&head, &[333]).unwrap();
    // The new one has lived.
    let mut new = stereo::<T>();
    new.run(&slices(&noise(2, 777, 3.0)), &[100]).unwrap();
    new.load_state(&old.save_state().unwrap()).unwrap();
    assert_eq!(new.save_state().unwrap(), old.save_state().unwrap());
    new.seek(cut as u64);
    tell(&mut new, changes, cut);
    let found = new.run(&rest, &[444]).unwrap();
    let expected: Vec<_> = whole
        .iter()
        .map(|channel| channel[cut..].to_vec())
        .collect();
    assert_eq!(bits(&found), bits(&expected));
}

fn bytes_that_are_no_state_change_nothing<T: AudioProcessor>(
    place: prop::sample::Index,
    byte: u8,
    cut: prop::sample::Index,
) {
    let mut bench = stereo::<T>();
    bench.run(&slices(&wandering()), &[512]).unwrap();
    let good = bench.save_state().unwrap();
    let other = stereo::<T>().save_state().unwrap();
    for bad in [&good[..cut.index(good.len())], &[&other[..], &[0]].concat()] {
        assert!(bench.load_state(bad).is_err());
        assert_eq!(bench.save_state().unwrap(), good);
    }
    let mut changed = good.clone();
    changed[place.index(good.len())] = byte;
    match bench.load_state(&changed) {
        Ok(()) => assert_eq!(bench.save_state().unwrap(), changed),
        Err(_) => assert_eq!(bench.save_state().unwrap(), good),
    }
    let out = bench.run(&slices(&noise(2, 500, 1.0)), &[333]).unwrap();
    assert!(out.iter().flatten().all(|sample| sample.is_finite()));
}

fn any_finite_input_gives_finite_output<T: AudioProcessor>(
    changes: &[Change],
    samples: &[f32],
    rate_hz: u32,
) {
    let bench = testing::processor::<T>().stereo(rate_hz);
    let mut bench = bench.activate().unwrap();
    tell(&mut bench, changes, 0);
    let signal: Vec<f32> = samples.iter().copied().cycle().take(FRAMES).collect();
    let quiet = vec![0.0; FRAMES];
    for input in [[&signal, &quiet], [&quiet, &quiet], [&signal, &signal]] {
        let out = bench.run(&[input[0], input[1]], &[700]).unwrap();
        let odd = out.iter().flatten().find(|sample| !sample.is_finite());
        assert_eq!(odd, None);
        let reduction_db = bench.output("gain_reduction_db");
        assert!((0.0..=200.0).contains(&reduction_db), "{reduction_db}");
    }
}

fn a_change_makes_no_step<T: AudioProcessor>(changes: &[Change]) {
    let mut bench = stereo::<T>();
    // An attack or a release of 0 is a step that was asked for.
    let smooth = |change: &&Change| !target::<T>(change).0.ends_with("_ms");
    let changes: Vec<Change> = changes.iter().filter(smooth).cloned().collect();
    if index_of(T::PARAMS, "attack_ms").is_some() {
        bench.set("attack_ms", 20.0);
    }
    tell(&mut bench, &changes, 0);
    let signal = vec![vec![0.3; FRAMES], vec![0.3; FRAMES]];
    let out = bench.run(&slices(&signal), &[FRAMES]).unwrap();
    let settled = &out[0][600..];
    let peak = settled
        .iter()
        .fold(0.0_f32, |peak, sample| peak.max(*sample));
    for pair in settled.windows(2) {
        // Within 20 ms: all that was and is heard, by a share; and some 200 dB, of what there is.
        let most = peak.max(0.3) / 900.0 + 0.04 * pair[0].max(pair[1]);
        assert!((pair[1] - pair[0]).abs() <= most, "{pair:?}");
    }
}

macro_rules! holds_for {
    ($component:ident, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(48))]

                #[test]
                fn blocks_change_no_bit(
                    changes in changes(),
                    blocks in vec(1..1500_usize, 1..8),
                ) {
                    super::blocks_change_no_bit::<$component>(&changes, &blocks);
                }

                #[test]
                fn a_loaded_state_goes_on_bit_for_bit(changes in changes(), cut in 1..FRAMES) {
                    super::a_loaded_state_goes_on_bit_for_bit::<$component>(&changes, cut);
                }

                #[test]
                fn bytes_that_are_no_state_change_nothing(
                    place in any::<prop::sample::Index>(),
                    byte in any::<u8>(),
                    cut in any::<prop::sample::Index>(),
                ) {
                    super::bytes_that_are_no_state_change_nothing::<$component>(place, byte, cut);
                }

                #[test]
                fn any_finite_input_gives_finite_output(
                    changes in changes(),
                    samples in vec(
                        prop_oneof![
                            prop::num::f32::NORMAL,
                            prop::num::f32::SUBNORMAL,
                            Just(1e30_f32),
                            Just(f32::MAX),
                            Just(f32::MIN),
                            Just(0.0),
                            -2.0..2.0_f32,
                        ],
                        1..200,
                    ),
                    rate_hz in prop::sample::select(vec![1_u32, 8_000, 48_000, 192_000, 768_000]),
                ) {
                    super::any_finite_input_gives_finite_output::<$component>(
                        &changes, &samples, rate_hz,
                    );
                }

                #[test]
                fn a_change_makes_no_step(changes in changes()) {
                    super::a_change_makes_no_step::<$component>(&changes);
                }
            }

            #[test]
            fn a_reset_is_a_fresh_start() {
                let signal = wandering();
                let fresh = stereo::<$component>()
                    .run(&slices(&signal), &[500])
                    .unwrap();
                let mut used = stereo::<$component>();
                used.run(&slices(&noise(2, 3000, 5.0)), &[500]).unwrap();
                used.reset();
                let again = used.run(&slices(&signal), &[500]).unwrap();
                assert_eq!(bits(&again), bits(&fresh));
            }
        }
    };
}

holds_for!(Compressor, compressor);
holds_for!(Gate, gate);
holds_for!(Limiter, limiter);
