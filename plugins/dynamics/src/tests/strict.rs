//! Strict: what comes out of a limiter, held against an interpolator that is longer and finer than
//! its own.

use super::limiter::{limited, limiter};
use super::*;
use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

/// What a true peak may be above the ceiling.
const OVER_DB_MAX: f64 = 0.1;
/// How long a signal is.
const FRAMES: usize = 12_000;
/// Seven seconds of a voice: PCM of 16 bits in stereo at 48 kHz, behind a header of 44 bytes.
const VOICE: &[u8] = include_bytes!("../../../../assets/voice.wav");
const HEADER_BYTES: usize = 44;
/// Where somebody speaks in it.
const SPEAKS_AT: usize = 60_000;

/// The points between two samples, and the samples on each side that they follow from.
const POINTS: usize = 32;
const SIDE_FRAMES: usize = 64;
/// How steep the Kaiser window is.
const BETA: f64 = 12.0;

/// For each sample around a point, oldest first, what it counts for each point.
static TAPS: LazyLock<Vec<[f32; POINTS]>> = LazyLock::new(|| {
    let ages = (0..2 * SIDE_FRAMES).map(|sample| (SIDE_FRAMES - 1) as f64 - sample as f64);
    let taps = |age: f64| -> [f32; POINTS] {
        std::array::from_fn(|point| windowed_sinc(age + point as f64 / POINTS as f64) as f32)
    };
    ages.map(taps).collect()
});

fn windowed_sinc(t: f64) -> f64 {
    let share = t / SIDE_FRAMES as f64;
    let window = bessel(BETA * (1.0 - share * share).max(0.0).sqrt()) / bessel(BETA);
    if t == 0.0 {
        1.0
    } else {
        (PI * t).sin() / (PI * t) * window
    }
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel(x: f64) -> f64 {
    let terms = (1..60).scan(1.0, |term, n| {
        *term *= (x / 2.0 / f64::from(n)).powi(2);
        Some(*term)
    });
    1.0 + terms.sum::<f64>()
}

/// The largest magnitude between the samples, in dB.
fn true_peak_db(samples: &[f32]) -> f64 {
    let silence = [0.0; SIDE_FRAMES];
    let padded = [&silence, samples, &silence].concat();
    let mut highest = 0.0_f32;
    for around in padded.windows(2 * SIDE_FRAMES) {
        let mut points = [0.0; POINTS];
        for (sample, taps) in around.iter().zip(TAPS.iter()) {
            for (point, tap) in points.iter_mut().zip(taps) {
                *point += sample * tap;
            }
        }
        highest = points
            .iter()
            .fold(highest, |highest, point| point.abs().max(highest));
    }
    level_db(highest)
}

/// Chords of plucked strings over a beat of noise, up to full scale.
fn music() -> Vec<f32> {
    let hiss = noise(1, FRAMES, 1.0).remove(0);
    let partials: Vec<(f64, f64)> = [110.0, 138.6, 164.8, 440.0]
        .iter()
        .flat_map(|root| (1..40).map(move |partial| (*root, f64::from(partial))))
        .collect();
    let sample = |frame: usize| {
        let seconds = frame as f64 / f64::from(RATE_HZ);
        let strings = partials.iter().map(|(root, partial)| {
            let phase = TAU * root * partial * seconds + partial * partial;
            phase.sin() * (-seconds * (1.0 + 0.3 * partial)).exp() / partial.powf(0.7)
        });
        let beat = (-((frame % 6_000) as f64) / 1_600.0).exp() * f64::from(hiss[frame]);
        strings.sum::<f64>() + beat
    };
    full_scale(&(0..FRAMES).map(sample).collect::<Vec<_>>())
}

fn voice() -> Vec<f32> {
    let (stereo, _) = VOICE[HEADER_BYTES..].as_chunks::<4>();
    let left = |bytes: &[u8; 4]| f64::from(i16::from_le_bytes([bytes[0], bytes[1]]));
    let part = &stereo[SPEAKS_AT..SPEAKS_AT + FRAMES];
    full_scale(&part.iter().map(left).collect::<Vec<_>>())
}

fn full_scale(samples: &[f64]) -> Vec<f32> {
    let peak = samples.iter().fold(0.0_f64, |peak, x| x.abs().max(peak));
    samples.iter().map(|x| (x / peak) as f32).collect()
}

/// So many times as loud, and clipped at full scale.
fn clipped(samples: &[f32], gain: f32) -> Vec<f32> {
    samples
        .iter()
        .map(|x| (x * gain).clamp(-1.0, 1.0))
        .collect()
}

/// Signs that alternate, and agree with those of a sinc every 200 frames: the worst that can lie
/// between samples.
fn alternating() -> Vec<f32> {
    let sign = |frame: usize| {
        if (frame + frame / 200).is_multiple_of(2) {
            1.0
        } else {
            -1.0
        }
    };
    (0..FRAMES).map(sign).collect()
}

/// Music and speech as they were recorded, and louder than they go out.
fn recorded() -> Vec<(&'static str, Vec<f32>)> {
    let louder = |samples: Vec<f32>| samples.iter().map(|x| x * 4.0).collect();
    vec![("music", louder(music())), ("a voice", louder(voice()))]
}

/// What has much up to half the sample rate, and how far standard lets it over the ceiling, in dB:
/// the numbers of the plugin's page.
fn distorted() -> Vec<(&'static str, Vec<f32>, f64)> {
    let white = noise(1, FRAMES, 4.0).remove(0);
    let signs = white.iter().map(|x| x.signum()).collect();
    vec![
        ("music clipped by 12 dB", clipped(&music(), 4.0), 0.6),
        ("music clipped by 24 dB", clipped(&music(), 16.0), 1.6),
        ("a voice clipped by 24 dB", clipped(&voice(), 16.0), 0.2),
        ("white noise", white.clone(), 2.1),
        ("clipped white noise", clipped(&white, 1.0), 2.7),
        ("random signs", signs, 2.7),
        ("alternating signs", alternating(), 4.6),
    ]
}

/// How far what comes out is above the ceiling, in dB.
fn over_db(
    signal: &[f32],
    detector: f64,
    [ceiling_dbtp, lookahead_ms, release_ms]: [f64; 3],
) -> f64 {
    let params = [
        ("detector", detector),
        ("ceiling_dbtp", ceiling_dbtp),
        ("lookahead_ms", lookahead_ms),
        ("release_ms", release_ms),
    ];
    let mut bench = limiter(RATE_HZ, 1, &params);
    let out = limited(&mut bench, &[signal.to_vec()]);
    true_peak_db(&out[0]) - ceiling_dbtp
}

const SETTINGS: [[f64; 3]; 4] = [
    [-1.0, 5.0, 100.0],
    [-9.0, 5.0, 5.0],
    [-1.0, 1.0, 0.0],
    [-20.0, 1.5, 50.0],
];
const STANDARD: f64 = 0.0;
const STRICT: f64 = 1.0;

#[test]
fn the_interpolator_finds_what_lies_between_samples() {
    for (per_period, degrees) in [(4.0, 45.0), (6.0, 60.0), (3.17, 10.0), (2.3, 0.0)] {
        let phase = |frame: usize| TAU * frame as f64 / per_period + f64::to_radians(degrees);
        let tone: Vec<f32> = (0..4_000).map(|frame| phase(frame).sin() as f32).collect();
        // Faded in and out: an edge is a signal of its own.
        let fade = |frame: usize| (frame.min(3_999 - frame) as f32 / 500.0).min(1.0);
        let tone: Vec<f32> = tone
            .iter()
            .enumerate()
            .map(|(at, x)| x * fade(at))
            .collect();
        let found = true_peak_db(&tone);
        assert!(found.abs() < 0.01, "every {per_period} frames: {found} dB");
    }
}

#[test]
fn strict_lets_no_true_peak_over_the_ceiling() {
    let distorted = distorted()
        .into_iter()
        .map(|(name, signal, _)| (name, signal));
    for (name, signal) in recorded().into_iter().chain(distorted) {
        for setting in SETTINGS {
            let over_db = over_db(&signal, STRICT, setting);
            assert!(
                over_db <= OVER_DB_MAX,
                "{name}, {setting:?}: {over_db} dB over"
            );
        }
    }
}

#[test]
fn strict_takes_no_more_than_it_has_to() {
    // What is loud all the time, so that the release does not decide.
    let white = noise(1, FRAMES, 4.0).remove(0);
    for signal in [
        white.iter().map(|x| x.signum()).collect(),
        clipped(&music(), 16.0),
    ] {
        let over_db = over_db(&signal, STRICT, SETTINGS[0]);
        assert!(over_db >= -OVER_DB_MAX, "{over_db} dB");
    }
}

#[test]
fn what_exceeds_standard_is_what_the_page_says() {
    for (name, signal) in recorded() {
        let over_db = over_db(&signal, STANDARD, SETTINGS[0]);
        assert!(over_db <= OVER_DB_MAX, "{name}: {over_db} dB over");
    }
    let mut wrong = Vec::new();
    for (name, signal, expected_db) in distorted() {
        let over_db = over_db(&signal, STANDARD, SETTINGS[0]);
        if !(expected_db - 0.2..=expected_db).contains(&over_db) {
            wrong.push(format!("{name}: {over_db} dB over, expected {expected_db}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_latency_of_strict_is_the_look_ahead_and_64_frames_at_every_rate() {
    for (rate_hz, lookahead_ms, expected) in [
        (48_000, 5.0, 240 + 64),
        (44_100, 1.5, 66 + 64),
        (96_000, 5.0, 480 + 64),
        (192_000, 5.0, 960 + 64),
        (1, 0.1, 1 + 64),
    ] {
        let params = [("lookahead_ms", lookahead_ms), ("detector", STRICT)];
        let mut bench = limiter(rate_hz, 1, &params);
        assert_eq!(bench.latency_frames(), expected, "{rate_hz} Hz");
        bench.set("detector", STANDARD);
        let mut click = vec![0.0; 2000];
        click[0] = 0.5;
        let out = run(&mut bench, &click);
        let came = out.iter().position(|sample| *sample != 0.0);
        assert_eq!(came, Some(expected as usize), "{rate_hz} Hz");
    }
}

#[test]
fn strict_changes_nothing_below_the_ceiling_and_is_the_same_in_all_blocks() {
    let quiet = noise(2, FRAMES, 0.25);
    let strict = || limiter(RATE_HZ, 2, &[("detector", STRICT)]);
    assert_eq!(bits(&limited(&mut strict(), &quiet)), bits(&quiet));
    let loud = noise(2, FRAMES, 4.0);
    let whole = strict().run(&slices(&loud), &[4000]).unwrap();
    let cut = strict().run(&slices(&loud), &[1, 700, 64, 13]).unwrap();
    assert_eq!(bits(&cut), bits(&whole));
}

#[test]
fn a_strict_state_goes_on_bit_for_bit_and_is_none_of_standard() {
    const CUT: usize = 5_001;
    let signal = noise(2, FRAMES, 4.0);
    let part = |from: usize, to: usize| -> Vec<&[f32]> {
        signal.iter().map(|channel| &channel[from..to]).collect()
    };
    let strict = || limiter(RATE_HZ, 2, &[("detector", STRICT)]);
    let whole = strict().run(&part(0, FRAMES), &[4000]).unwrap();
    let mut old = strict();
    old.run(&part(0, CUT), &[333]).unwrap();
    let state = old.save_state().unwrap();
    let mut new = strict();
    new.load_state(&state).unwrap();
    new.seek(CUT as u64);
    let found = new.run(&part(CUT, FRAMES), &[444]).unwrap();
    let expected: Vec<_> = whole
        .iter()
        .map(|channel| channel[CUT..].to_vec())
        .collect();
    assert_eq!(bits(&found), bits(&expected));
    assert!(limiter(RATE_HZ, 2, &[]).load_state(&state).is_err());
}

#[test]
fn a_state_of_schema_1_goes_on_as_standard() {
    let migrate = |schema, bytes: &[u8]| Limiter::with_defaults().migrate_state(schema, bytes);
    let mut bench = limiter(RATE_HZ, 2, &[]);
    bench.run(&slices(&noise(2, 5_000, 4.0)), &[512]).unwrap();
    let today = bench.save_state().unwrap();
    // There was no detector, which is the fourth number.
    let before = [&today[..24], &today[32..]].concat();
    assert_eq!(migrate(1, &before).unwrap(), today);
    assert!(migrate(1, &before[..20]).is_err());
    assert!(migrate(3, &today).is_err());
}
