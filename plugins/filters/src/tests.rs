//! The equalizer as a host sees it.

mod changes;
mod properties;
mod response;

use super::*;
use segue_dsp::eq::Cascade;
use segue_plugin::testing;
use segue_plugin::testing::{Bench, ProcessorBench};

const RATE_HZ: u32 = 48_000;
const GLIDE_FRAMES: usize = 960;

fn band(kind: Kind, frequency_hz: f64, gain_db: f64, q: f64) -> Band {
    Band {
        kind,
        frequency_hz,
        gain_db,
        q,
    }
}

/// An equalizer with these bands, in stereo.
fn with(bands: &[Band]) -> Bench<ProcessorBench<Eq>> {
    let mut bench = testing::processor::<Eq>().stereo(RATE_HZ);
    for (number, band) in (1..).zip(bands) {
        for (member, value) in ["type", "frequency_hz", "gain_db", "q"]
            .iter()
            .zip(band.numbers())
        {
            bench = bench.param(&format!("band.{number}.{member}"), value);
        }
    }
    bench
}

/// Two channels of noise, the same every time.
fn noise(frames: usize) -> [Vec<f32>; 2] {
    let mut random = 1_u32;
    std::array::from_fn(|_| {
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0
        };
        (0..frames).map(|_| next() as f32).collect()
    })
}

fn bits(channels: &[Vec<f32>]) -> Vec<Vec<u32>> {
    let bits = |channel: &Vec<f32>| channel.iter().map(|sample| sample.to_bits()).collect();
    channels.iter().map(bits).collect()
}

fn run(bench: &mut ProcessorBench<Eq>, signal: &[Vec<f32>; 2], blocks: &[usize]) -> Vec<Vec<f32>> {
    bench.run(&[&signal[0], &signal[1]], blocks).unwrap()
}

#[test]
fn the_bands_are_the_kernels_cascade() {
    let bands = [
        band(Kind::HighPass, 80.0, 0.0, 0.707),
        band(Kind::Off, 500.0, 10.0, 1.0),
        band(Kind::Peak, 3000.0, 2.5, 0.9),
        band(Kind::LowShelf, 200.0, -4.0, 0.7),
        band(Kind::HighShelf, 8000.0, 3.0, 0.7),
        band(Kind::Notch, 50.0, 0.0, 10.0),
        band(Kind::LowPass, 18_000.0, 0.0, 0.6),
    ];
    let signal = noise(2000);
    let found = run(&mut with(&bands).activate().unwrap(), &signal, &[2000]);
    let design = |band: &Band| band.design(f64::from(RATE_HZ)).unwrap();
    let sections: Vec<_> = bands.iter().filter_map(design).collect();
    assert_eq!(sections.len(), 6);
    let expected = signal.map(|mut channel| {
        Cascade::new(&sections)
            .unwrap()
            .process_in_place(&mut channel);
        channel
    });
    assert_eq!(bits(&found), bits(&expected));
}

#[test]
fn without_a_band_no_bit_changes() {
    let signal = noise(1000);
    let mut eq = with(&[]).activate().unwrap();
    assert_eq!(bits(&run(&mut eq, &signal, &[300])), bits(&signal));
    assert_eq!((eq.latency_frames(), eq.tail_frames()), (0, 0));
}

#[test]
fn a_band_at_nyquist_is_refused_by_name() {
    let bands = [
        band(Kind::Off, 24_000.0, 0.0, 1.0),
        band(Kind::LowPass, 24_000.0, 0.0, 1.0),
    ];
    assert_eq!(
        with(&bands).activate().unwrap_err().to_string(),
        "band 2: frequency is 24000 Hz, expected more than 0 and less than 24000 Hz, half the \
         sample rate"
    );
}

#[test]
fn a_live_change_beyond_nyquist_is_clamped_and_noted() {
    let signal = noise(4000);
    let mut eq = with(&[band(Kind::LowPass, 1000.0, 0.0, 0.7)])
        .activate()
        .unwrap();
    eq.change("band.1.frequency_hz", 100, 30_000.0);
    let found = run(&mut eq, &signal, &[512]);
    assert!(found[0].iter().all(|sample| sample.is_finite()));
    let notes = eq.notes();
    assert_eq!(
        notes,
        [(
            "a band was set to half the sample rate or above and counts as 99.9 % of that half, Hz"
                .to_owned(),
            30_000.0
        )]
    );
    assert_eq!(eq.param("band.1.frequency_hz"), 30_000.0);
}

#[test]
fn a_band_that_goes_leaves_nothing_behind() {
    let signal = noise(6000);
    let mut eq = with(&[band(Kind::Peak, 100.0, 20.0, 5.0)])
        .activate()
        .unwrap();
    eq.change("band.1.type", 1000, 0.0);
    eq.change("band.2.type", 4000, 2.0);
    let found = run(&mut eq, &signal, &[777]);
    let gone = 1000 + GLIDE_FRAMES;
    assert_ne!(found[0][gone - 1], signal[0][gone - 1]);
    let quiet = |channels: &[Vec<f32>]| {
        bits(
            &channels
                .iter()
                .map(|channel| channel[gone..4001].to_vec())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(quiet(&found), quiet(&signal));
    assert_ne!(found[1][5500..], signal[1][5500..]);
}

#[test]
fn reset_is_a_new_start() {
    let signal = noise(1500);
    let bands = [
        band(Kind::Peak, 100.0, 20.0, 5.0),
        band(Kind::Notch, 1000.0, 0.0, 5.0),
    ];
    let fresh = run(&mut with(&bands[..1]).activate().unwrap(), &signal, &[1500]);
    let mut eq = with(&bands).activate().unwrap();
    eq.change("band.2.type", 1400, 0.0);
    run(&mut eq, &signal, &[1500]);
    eq.reset();
    assert_eq!(bits(&run(&mut eq, &signal, &[1500])), bits(&fresh));
}

#[test]
fn the_tail_is_as_long_as_the_slowest_band_rings() {
    let check = |bands: &[Band]| {
        let mut eq = with(bands).activate().unwrap();
        let tail = eq.tail_frames() as usize;
        let mut impulse = [vec![0.0; tail + 2000], vec![0.0; tail + 2000]];
        impulse[0][0] = 1.0;
        let found = run(&mut eq, &impulse, &[4096]);
        let peak = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let over = 2e-5 * peak(&found[0][1..]); // 100 dB, and some for what adds up.
        assert!(peak(&found[0][tail..]) < over, "{tail}");
        assert!(peak(&found[0][tail / 4..]) > over, "{tail}");
    };
    let high_pass = |q| band(Kind::HighPass, 80.0, 0.0, q);
    check(&[high_pass(0.707), band(Kind::Peak, 50.0, 12.0, 4.0)]);
    check(&[high_pass(0.2)]); // Two real poles instead of a pair.
    // A notch that rings for minutes ends somewhere.
    let narrow = with(&[band(Kind::Notch, 1.0, 0.0, 200.0)]);
    let tail_frames = narrow.activate().unwrap().tail_frames();
    assert_eq!(tail_frames, 30 * u64::from(RATE_HZ));
}

#[test]
fn a_band_set_and_not_heard_yet_goes_along_with_the_state() {
    let signal = noise(1500);
    let [mut old, mut new] = [(); 2].map(|()| with(&[]).activate().unwrap());
    old.set("band.3.type", 5.0);
    old.set("band.3.gain_db", 20.0);
    // By now the new one has nothing left to be told.
    run(&mut new, &[vec![0.0], vec![0.0]], &[1]);
    new.load_state(&old.save_state().unwrap()).unwrap();
    assert_eq!(
        bits(&run(&mut new, &signal, &[500])),
        bits(&run(&mut old, &signal, &[500]))
    );
    assert_eq!(new.param("band.3.gain_db"), 20.0);
}

#[test]
fn a_state_with_a_band_twice_is_refused() {
    let mut eq = with(&[band(Kind::Peak, 100.0, 20.0, 5.0); 2])
        .activate()
        .unwrap();
    let mut state = eq.save_state().unwrap();
    // Both rows of bands, the number of sections, then band and stay of each.
    let first = 2 * BANDS * BAND_NUMBERS * 8 + 8;
    state.copy_within(first..first + 8, first + 16);
    assert!(eq.load_state(&state).is_err());
}
