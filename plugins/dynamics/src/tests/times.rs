//! Times that become short while something is held: no louder, high-passed at 1 kHz, where clicks
//! are heard, than a fade from the processor as it was to the processor as it is to be.

use super::*;

const FADE_FRAMES: usize = 960;
/// When the tone falls by 30 dB, so that a compressor holds what a gate is about to do.
const FALLS_AT: usize = 24_000;
/// The most that a change may be above its fade.
const LOUDER_MAX: f64 = 1.1;

/// Butterworth of the fourth order, by its definition: two sections of direct form I.
fn above_1_khz(samples: &[f32]) -> Vec<f64> {
    let mut signal: Vec<f64> = samples.iter().copied().map(f64::from).collect();
    for q in [0.541_196, 1.306_563] {
        let w = std::f64::consts::TAU * 1000.0 / f64::from(RATE_HZ);
        let (alpha, cos) = (w.sin() / (2.0 * q), w.cos());
        let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
        for sample in &mut signal {
            let fed = (1.0 + cos) / 2.0 * (*sample - 2.0 * x[0] + x[1]);
            let out = (fed + 2.0 * cos * y[0] - (1.0 - alpha) * y[1]) / (1.0 + alpha);
            (x, y) = ([*sample, x[0]], [out, y[0]]);
            *sample = out;
        }
    }
    signal
}

fn loudest(samples: &[f32], from: usize) -> f64 {
    let above = above_1_khz(samples);
    let window = &above[from..from + FADE_FRAMES + 2_400];
    window.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()))
}

/// A tone at one level, then at another one.
fn tone(frequency_hz: f64, levels_db: [f64; 2]) -> Vec<f32> {
    let [loud, soft] = levels_db.map(|level| sine(level, frequency_hz, 36_000));
    [&loud[..FALLS_AT], &soft[FALLS_AT..]].concat()
}

/// How much louder a change is than the fade between both processors.
fn louder<T: AudioProcessor>(
    params: &[(&str, f64)],
    (id, before, after): (&str, f64, f64),
    input: &[f32],
    changed_at: usize,
) -> f64 {
    let always = |value: f64| {
        let mut bench = with::<T>(&[params, &[(id, value)]].concat())
            .activate()
            .unwrap();
        run(&mut bench, input)
    };
    let (old, new) = (always(before), always(after));
    let fade = |(frame, (old, new)): (usize, (&f32, &f32))| {
        let done = frame.saturating_sub(changed_at) as f32 / FADE_FRAMES as f32;
        old + (new - old) * done.min(1.0)
    };
    let faded: Vec<f32> = old.iter().zip(&new).enumerate().map(fade).collect();
    let mut bench = with::<T>(&[params, &[(id, before)]].concat())
        .activate()
        .unwrap();
    bench.change(id, changed_at, after);
    let found = run(&mut bench, input);
    loudest(&found, changed_at) / loudest(&faded, changed_at)
}

fn check<T: AudioProcessor>(params: &[(&str, f64)], change: (&str, f64, f64), levels_db: [f64; 2]) {
    for frequency_hz in [60.0, 150.0, 440.0, 1_000.0, 5_000.0] {
        for later in [100, 311, 1_000, 2_500] {
            let input = tone(frequency_hz, levels_db);
            let found = louder::<T>(params, change, &input, FALLS_AT + later);
            let what = format!("{change:?} at {frequency_hz} Hz, {later} frames behind");
            assert!(found <= LOUDER_MAX, "{what}: {found} times its fade");
        }
    }
}

#[test]
fn a_compressor_that_lets_go_at_once_lets_go_smoothly() {
    let params = [("threshold_db", -30.0), ("ratio", 10.0), ("attack_ms", 0.0)];
    for release_ms in [120.0, 1_000.0, 20.0] {
        let change = ("release_ms", release_ms, 0.0);
        check::<Compressor>(&params, change, [0.0, -30.0]);
        check::<Compressor>(&params, ("release_ms", release_ms, 5.0), [0.0, -30.0]);
    }
}

#[test]
fn a_compressor_that_takes_hold_at_once_does_so_smoothly() {
    let params = [
        ("threshold_db", -30.0),
        ("ratio", 10.0),
        ("release_ms", 500.0),
    ];
    check::<Compressor>(&params, ("attack_ms", 500.0, 0.0), [-30.0, 0.0]);
}

#[test]
fn a_gate_that_closes_or_opens_at_once_does_so_smoothly() {
    let params = [
        ("threshold_db", -20.0),
        ("hold_ms", 0.0),
        ("range_db", 40.0),
    ];
    check::<Gate>(&params, ("release_ms", 500.0, 0.0), [0.0, -30.0]);
    check::<Gate>(&params, ("attack_ms", 500.0, 0.0), [-30.0, 0.0]);
}
