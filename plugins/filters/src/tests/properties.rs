//! What holds for every change, every division into blocks and every state.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A change of one member of one band.
#[derive(Clone, Debug)]
struct Change {
    frame: usize,
    id: String,
    value: f64,
}

/// Changes of the first three bands, types included, in the order of their frames.
fn changes(frames: usize, kinds: std::ops::Range<u8>) -> impl Strategy<Value = Vec<Change>> {
    let member = prop_oneof![
        kinds.prop_map(|kind| ("type", f64::from(kind))),
        (50.0..4000.0_f64).prop_map(|hz| ("frequency_hz", hz)),
        (-12.0..12.0_f64).prop_map(|db| ("gain_db", db)),
        (0.3..4.0_f64).prop_map(|q| ("q", q)),
    ];
    let change =
        (0..frames, 1..=3_u8, member).prop_map(|(frame, number, (member, value))| Change {
            frame,
            id: format!("band.{number}.{member}"),
            value,
        });
    vec(change, 0..12).prop_map(|mut changes| {
        changes.sort_by_key(|change| change.frame);
        changes
    })
}

fn tell(eq: &mut ProcessorBench<Eq>, changes: &[Change], from: usize) {
    for Change { frame, id, value } in changes.iter().filter(|change| change.frame >= from) {
        eq.change(id, frame - from, *value);
    }
}

const FRAMES: usize = 4000;
const START: [Band; 2] = [
    Band {
        kind: Kind::Peak,
        frequency_hz: 3000.0,
        gain_db: 6.0,
        q: 1.0,
    },
    Band {
        kind: Kind::HighPass,
        frequency_hz: 80.0,
        gain_db: 0.0,
        q: 0.707,
    },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blocks_change_no_bit(
        changes in changes(FRAMES, 0..7),
        blocks in vec(1..1500_usize, 1..8),
    ) {
        let signal = noise(FRAMES);
        let [mut whole, mut cut] = [(); 2].map(|()| with(&START).activate().unwrap());
        tell(&mut whole, &changes, 0);
        tell(&mut cut, &changes, 0);
        let whole = run(&mut whole, &signal, &[FRAMES]);
        prop_assert_eq!(bits(&whole), bits(&run(&mut cut, &signal, &blocks)));
    }

    #[test]
    fn a_loaded_state_goes_on_bit_for_bit(changes in changes(FRAMES, 0..7), cut in 1..FRAMES) {
        let signal = noise(FRAMES);
        let mut whole = with(&START).activate().unwrap();
        tell(&mut whole, &changes, 0);
        let whole = run(&mut whole, &signal, &[FRAMES]);
        let mut old = with(&START).activate().unwrap();
        tell(&mut old, &changes, 0);
        run(&mut old, &[0, 1].map(|channel: usize| signal[channel][..cut].to_vec()), &[cut]);
        // The new one has lived, and with other bands.
        let mut new = with(&[band(Kind::LowPass, 300.0, 0.0, 0.7); 5]).activate().unwrap();
        run(&mut new, &noise(100), &[100]);
        new.load_state(&old.save_state().unwrap()).unwrap();
        prop_assert_eq!(new.save_state().unwrap(), old.save_state().unwrap());
        new.seek(cut as u64);
        tell(&mut new, &changes, cut);
        let rest = [0, 1].map(|channel: usize| signal[channel][cut..].to_vec());
        let expected: Vec<_> = whole.iter().map(|channel| channel[cut..].to_vec()).collect();
        prop_assert_eq!(bits(&run(&mut new, &rest, &[FRAMES])), bits(&expected));
    }

    #[test]
    fn a_change_makes_no_step(changes in changes(FRAMES, 0..7)) {
        let frequency_hz = 440.0;
        let turn = |frame: usize| {
            std::f64::consts::TAU * frequency_hz * frame as f64 / f64::from(RATE_HZ)
        };
        let sine: Vec<f32> = (0..FRAMES).map(|frame| turn(frame).sin() as f32).collect();
        let mut eq = with(&START).activate().unwrap();
        tell(&mut eq, &changes, 0);
        let found = run(&mut eq, &[sine.clone(), sine], &[FRAMES]);
        let curve = |at: usize| {
            let at = &found[0][at - 1..=at + 1];
            f64::from((at[0] - 2.0 * at[1] + at[2]).abs())
        };
        // A settled sine bends by this much of its amplitude from frame to frame, and by some
        // times as much while bands move. Changed at once, by hundreds of times.
        let bend = turn(1).powi(2);
        let amplitude = found[0].iter().fold(1.0_f32, |peak, x| peak.max(x.abs()));
        let worst = (200..FRAMES - 1).map(curve).fold(0.0, f64::max);
        prop_assert!(worst < 20.0 * bend * f64::from(amplitude), "{worst}");
    }

    #[test]
    fn bytes_that_are_no_state_change_nothing(
        changes in changes(1000, 1..7),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let signal = noise(1000);
        let mut eq = with(&START).activate().unwrap();
        tell(&mut eq, &changes, 0);
        run(&mut eq, &signal, &[1000]);
        let other = with(&START).activate().unwrap().save_state().unwrap();
        let good = eq.save_state().unwrap();
        for bad in [&good[..cut.index(good.len())], &[&other[..], &[0]].concat()] {
            prop_assert!(eq.load_state(bad).is_err());
            prop_assert_eq!(&eq.save_state().unwrap(), &good);
        }
        let mut changed = good.clone();
        changed[place.index(good.len())] = byte;
        match eq.load_state(&changed) {
            // What it took, it gives again: in its own form, as of a zero below zero.
            Ok(()) => {
                let taken = eq.save_state().unwrap();
                prop_assert!(eq.load_state(&taken).is_ok());
                prop_assert_eq!(eq.save_state().unwrap(), taken);
            }
            Err(_) => prop_assert_eq!(eq.save_state().unwrap(), good),
        }
        run(&mut eq, &signal, &[333]);
    }
}
