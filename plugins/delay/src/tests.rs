//! Both components as a host sees them, held against plain formulas.

use crate::echo::Echo;
use crate::latency::Latency;
use proptest::collection::vec;
use proptest::prelude::*;
use segue_plugin::prelude::*;
use segue_plugin::testing;
use segue_plugin::testing::ProcessorBench;

/// Low, so that 20 ms are 20 frames.
const RATE_HZ: u32 = 1_000;

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

fn with<T: AudioProcessor>(params: &[(&str, f64)]) -> ProcessorBench<T> {
    let mut bench = testing::processor::<T>().stereo(RATE_HZ);
    for (id, value) in params {
        bench = bench.param(id, *value);
    }
    bench.activate().unwrap()
}

fn run<T: AudioProcessor>(
    bench: &mut ProcessorBench<T>,
    signal: &[Vec<f32>; 2],
    blocks: &[usize],
) -> Vec<Vec<f32>> {
    bench.run(&[&signal[0], &signal[1]], blocks).unwrap()
}

/// The signal so many frames later.
fn later(channel: &[f32], frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; frames];
    out.extend(channel);
    out.truncate(channel.len());
    out
}

/// One impulse, and a thousand frames of silence behind it.
fn impulse() -> [Vec<f32>; 2] {
    let mut left = vec![0.0; 1001];
    left[0] = 1.0;
    [left.clone(), left]
}

/// Frames and values of what is not silent.
fn sounds(channel: &[f32]) -> Vec<(usize, f32)> {
    let sounds = channel.iter().copied().enumerate();
    sounds.filter(|(_, sample)| *sample != 0.0).collect()
}

#[test]
fn the_latency_is_exactly_what_it_says() {
    let signal = noise(70_000);
    for frames in [0, 1, 2, 255, 256, 257, 480, 4096, 65_536] {
        let mut latency = with::<Latency>(&[("latency_frames", frames as f64)]);
        assert_eq!(
            (latency.latency_frames(), latency.tail_frames()),
            (frames, 0)
        );
        let found = run(&mut latency, &signal, &[4096, 1, 300]);
        let expected = signal
            .clone()
            .map(|channel| later(&channel, frames as usize));
        assert_eq!(bits(&found), bits(&expected), "{frames}");
    }
}

#[test]
fn the_tail_ends_exactly_when_it_says() {
    let mut latency = with::<Latency>(&[
        ("latency_frames", 10.0),
        ("tail_frames", 300.0),
        ("tail_gain_db", -20.0),
    ]);
    assert_eq!((latency.latency_frames(), latency.tail_frames()), (10, 300));
    let found = run(&mut latency, &impulse(), &[64]);
    assert_eq!(sounds(&found[1]), [(10, 1.0), (310, 0.1)]);
}

#[test]
fn a_branch_that_is_turned_nulls_the_other() {
    let signal = noise(3000);
    let straight = run(
        &mut with::<Latency>(&[("latency_frames", 480.0)]),
        &signal,
        &[128],
    );
    let params = [("latency_frames", 480.0), ("invert", 1.0)];
    let turned = run(&mut with::<Latency>(&params), &signal, &[333]);
    for (a, b) in straight.iter().flatten().zip(turned.iter().flatten()) {
        assert_eq!(a + b, 0.0);
    }
}

#[test]
fn turning_takes_twenty_milliseconds_and_no_step() {
    let signal = [vec![1.0; 100], vec![-1.0; 100]];
    let mut latency = with::<Latency>(&[]);
    latency.change("invert", 30, 1.0);
    latency.change("invert", 70, 0.0);
    let found = run(&mut latency, &signal, &[7]);
    assert_eq!(
        (found[0][29], found[0][39], found[0][48], found[0][49]),
        (1.0, 0.0, -0.9, -1.0)
    );
    assert_eq!(
        (found[1][69], found[1][79], found[1][89], found[1][99]),
        (1.0, 0.0, -1.0, -1.0)
    );
    for pair in found[0].windows(2) {
        assert!((pair[1] - pair[0]).abs() < 0.1 + 1e-6);
    }
}

#[test]
fn a_latency_changed_while_it_runs_waits_for_the_next_activation() {
    let signal = noise(500);
    let mut latency = with::<Latency>(&[("latency_frames", 50.0)]);
    latency.change("latency_frames", 100, 400.0);
    let found = run(&mut latency, &signal, &[60]);
    assert_eq!(
        bits(&found),
        bits(&signal.map(|channel| later(&channel, 50)))
    );
}

#[test]
fn more_memory_than_the_bound_is_refused() {
    let check = |bench: Result<_, Refusal>, expected: &str| {
        assert_eq!(bench.map(|_: u64| ()).unwrap_err().to_string(), expected);
    };
    let wide = testing::processor::<Latency>().format(Layout::discrete(64), 48_000);
    let wide = wide.param("latency_frames", 262_145.0).activate();
    check(
        wide.map(|bench| bench.latency_frames()),
        "262401 frames of 64 channels take 65 MiB, expected 64 MiB at most",
    );
    let fast = testing::processor::<Echo>().format(Layout::discrete(3), 768_000);
    let fast = fast.param("delay_ms", 10_000.0).activate();
    check(
        fast.map(|bench| bench.tail_frames()),
        "7680000 frames of 3 channels take 88 MiB, expected 64 MiB at most",
    );
}

#[test]
fn echoes_come_when_and_as_loud_as_they_are_set() {
    let check = |params: &[(&str, f64)], expected: &[(usize, f32)]| {
        let found = run(&mut with::<Echo>(params), &impulse(), &[100]);
        assert_eq!(sounds(&found[0]), expected, "{params:?}");
        assert_eq!(found[0], found[1]);
    };
    check(&[("mix", 0.25)], &[(0, 0.75), (250, 0.25)]);
    check(&[("delay_ms", 2.4), ("mix", 1.0)], &[(2, 1.0)]);
    check(
        &[("delay_ms", 2.0), ("delay_frames", 7.0), ("mix", 1.0)],
        &[(9, 1.0)],
    );
    check(
        &[("delay_ms", 0.0), ("mix", 0.5), ("feedback", 0.9)],
        &[(0, 1.0)],
    );
    check(&[("mix", 0.0), ("feedback", 0.9)], &[(0, 1.0)]);
    check(
        &[("delay_ms", 300.0), ("feedback", -0.5), ("mix", 1.0)],
        &[(300, 1.0), (600, -0.5), (900, 0.25)],
    );
}

#[test]
fn the_tail_holds_what_is_heard_of_the_echoes() {
    for (delay_ms, feedback) in [(3.0, 0.5), (7.0, -0.8), (20.0, 0.0), (1.0, 0.9)] {
        let params = [("delay_ms", delay_ms), ("feedback", feedback), ("mix", 1.0)];
        let mut echo = with::<Echo>(&params);
        let tail = echo.tail_frames() as usize;
        let found = run(&mut echo, &impulse(), &[64]);
        let peak = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(peak(&found[0][tail + 1..]) <= 1e-5, "{params:?}");
        assert!(peak(&found[0][tail / 2..]) > 1e-5, "{params:?}");
    }
    let endless = with::<Echo>(&[("delay_ms", 1000.0), ("feedback", 0.99)]);
    assert_eq!(endless.tail_frames(), 30 * u64::from(RATE_HZ));
    let slow = with::<Echo>(&[("delay_frames", 40_000.0), ("delay_ms", 0.0)]);
    assert_eq!(slow.tail_frames(), 40_000);
}

#[test]
fn another_delay_is_faded_to_and_the_next_one_waits() {
    let ramp: Vec<f32> = (0..600).map(|frame| frame as f32).collect();
    let mut echo = with::<Echo>(&[("delay_ms", 100.0), ("mix", 1.0)]);
    echo.change("delay_ms", 300, 200.0);
    echo.change("delay_ms", 305, 50.0);
    let found = run(&mut echo, &[ramp.clone(), ramp], &[32])[0].clone();
    assert_eq!((found[299], found[319], found[339]), (199.0, 119.0, 289.0));
    assert_eq!(found[309], 209.0 - 50.0, "half of the way");
    assert_eq!(found[400], 350.0);
}

#[test]
fn a_delay_beyond_the_room_is_clamped_and_noted() {
    let bench = testing::processor::<Echo>()
        .stereo(RATE_HZ)
        .integer("room_ms", 300);
    let mut echo = bench.param("mix", 1.0).activate().unwrap();
    echo.change("delay_ms", 0, 500.0);
    let mut signal = impulse();
    signal[0].rotate_right(100);
    let found = run(&mut echo, &signal, &[500]);
    assert_eq!(sounds(&found[0]), [(400, 1.0)]);
    let note = "a delay was set beyond room_ms, frames".to_owned();
    assert_eq!(echo.notes(), [(note, 500.0)]);
}

#[test]
fn reset_forgets_the_past() {
    let signal = noise(400);
    let params = [("delay_ms", 100.0), ("feedback", 0.7)];
    let fresh = run(&mut with::<Echo>(&params), &signal, &[400]);
    let mut echo = with::<Echo>(&params);
    run(&mut echo, &signal, &[400]);
    echo.reset();
    assert_eq!(bits(&run(&mut echo, &signal, &[400])), bits(&fresh));
    let params = [("latency_frames", 100.0), ("tail_frames", 20.0)];
    let fresh = run(&mut with::<Latency>(&params), &signal, &[400]);
    let mut latency = with::<Latency>(&params);
    run(&mut latency, &signal, &[400]);
    latency.reset();
    assert_eq!(bits(&run(&mut latency, &signal, &[400])), bits(&fresh));
}

#[test]
fn huge_samples_stay_finite() {
    let signal = [vec![f32::MAX; 3000], vec![f32::MIN; 3000]];
    let mut echo = with::<Echo>(&[("delay_ms", 1.0), ("feedback", 0.99)]);
    assert!(
        run(&mut echo, &signal, &[512])
            .iter()
            .flatten()
            .all(|out| out.is_finite())
    );
    let tail = [("tail_frames", 1.0), ("tail_gain_db", -60.0)];
    let signal = signal.map(|channel| channel.iter().map(|x| x * 0.5).collect());
    let found = run(&mut with::<Latency>(&tail), &signal, &[512]);
    assert!(found.iter().flatten().all(|out| out.is_finite()));
}

/// A state that is damaged, short, long or another activation's changes nothing.
fn check_states<T: AudioProcessor>(params: &[(&str, f64)], other: &[(&str, f64)]) {
    let signal = noise(200);
    let mut bench = with::<T>(params);
    run(&mut bench, &signal, &[50]);
    let good = bench.save_state().unwrap();
    let mut stranger = with::<T>(other);
    run(&mut stranger, &signal, &[50]);
    let stranger = stranger.save_state().unwrap();
    let mut bad = vec![
        stranger,
        vec![],
        good[1..].to_vec(),
        [&good[..], &[0]].concat(),
    ];
    for at in [0, 40, 80, good.len() - 4] {
        let mut nan = good.clone();
        let end = nan.len().min(at + 8);
        nan[at..end].fill(0xff);
        bad.push(nan);
    }
    for state in bad {
        assert!(bench.load_state(&state).is_err(), "{} bytes", state.len());
        assert_eq!(bench.save_state().unwrap(), good);
    }
}

#[test]
fn a_state_has_the_past_that_is_heard_and_a_little_more() {
    // At 48 kHz, with room for a second.
    let with_room = |delay_ms: f64| {
        let bench = testing::processor::<Echo>().stereo(48_000);
        let bench = bench.param("delay_ms", delay_ms).param("mix", 1.0);
        bench.activate().unwrap()
    };
    let signal = noise(48_000);
    let numbers = (2 * Smoothed::STATE_NUMBERS + 4) * size_of::<f64>();
    for (delay_ms, frames) in [(250.0, 12_000), (900.0, 43_200), (10.0, 8_192)] {
        let mut old = with_room(delay_ms);
        run(&mut old, &signal, &[512]);
        let state = old.save_state().unwrap();
        assert_eq!(state.len(), numbers + 2 * frames * size_of::<f32>());
        let mut new = with_room(delay_ms);
        run(&mut new, &noise(777), &[100]);
        new.load_state(&state).unwrap();
        assert_eq!(
            bits(&run(&mut new, &signal, &[512])),
            bits(&run(&mut old, &signal, &[512])),
            "{delay_ms} ms"
        );
    }
}

#[test]
fn a_state_that_is_none_changes_nothing() {
    check_states::<Echo>(&[("delay_ms", 100.0)], &[("delay_ms", 2000.0)]);
    check_states::<Latency>(&[("latency_frames", 9.0)], &[("latency_frames", 8.0)]);
    let (a, b) = ([("latency_frames", 9.0)], [("tail_frames", 9.0)]);
    check_states::<Latency>(&a, &b);
}

/// The same cut into blocks, and the same through a second instance from `cut` on.
fn check_cuts<T: AudioProcessor>(
    params: &[(&str, f64)],
    changes: &[(&str, usize, f64)],
    blocks: &[usize],
    cut: usize,
) -> Result<Vec<Vec<f32>>, TestCaseError> {
    let signal = noise(900);
    let mut whole = with::<T>(params);
    let mut parts = with::<T>(params);
    let mut old = with::<T>(params);
    let mut new = with::<T>(params);
    for (id, frame, value) in changes {
        whole.change(id, *frame, *value);
        parts.change(id, *frame, *value);
        if *frame < cut {
            old.change(id, *frame, *value);
            new.set(id, *value);
        } else {
            new.change(id, *frame - cut, *value);
        }
    }
    let whole = run(&mut whole, &signal, &[900]);
    prop_assert_eq!(bits(&run(&mut parts, &signal, blocks)), bits(&whole));
    let [left, right] = &signal;
    let mut joined = old.run(&[&left[..cut], &right[..cut]], &[cut]).unwrap();
    new.load_state(&old.save_state().unwrap()).unwrap();
    new.seek(cut as u64);
    let rest = new.run(&[&left[cut..], &right[cut..]], &[900]).unwrap();
    for (channel, rest) in joined.iter_mut().zip(rest) {
        channel.extend(rest);
    }
    prop_assert_eq!(bits(&joined), bits(&whole));
    Ok(whole)
}

/// The difference equation in `f64`, frame by frame.
fn oracle(input: &[f32], delay: usize, feedback: f64, mix: f64) -> Vec<f64> {
    let mut line = vec![0.0; input.len()];
    let mut output = Vec::new();
    for (frame, sample) in input.iter().enumerate() {
        let sample = f64::from(*sample);
        let past = if frame >= delay {
            line[frame - delay]
        } else {
            0.0
        };
        line[frame] = sample + feedback * past;
        output.push(sample * (1.0 - mix) + past * mix);
    }
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_echo_follows_its_difference_equation(
        delay in 1..700_usize,
        feedback in -0.9..0.9_f64,
        mix in 0.0..1.0_f64,
        blocks in vec(1..500_usize, 1..5),
    ) {
        let params = [
            ("delay_ms", 0.0),
            ("delay_frames", delay as f64),
            ("feedback", feedback),
            ("mix", mix),
        ];
        let signal = noise(900);
        let found = run(&mut with::<Echo>(&params), &signal, &blocks);
        for (found, input) in found.iter().zip(&signal) {
            for (found, expected) in found.iter().zip(oracle(input, delay, feedback, mix)) {
                prop_assert!((f64::from(*found) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn neither_blocks_nor_a_handover_change_a_bit_of_an_echo(
        delays in vec(0.0..300.0_f64, 1..5),
        frames in vec(0..900_usize, 4),
        feedback in -0.99..0.99_f64,
        blocks in vec(1..400_usize, 1..6),
        cut in 1..900_usize,
    ) {
        let mut changes: Vec<_> = frames
            .iter()
            .zip(&delays)
            .map(|(frame, delay)| ("delay_ms", *frame, *delay))
            .collect();
        changes.push(("feedback", frames[0], feedback));
        changes.push(("mix", frames[3], feedback.abs()));
        changes.sort_by_key(|change| change.1);
        let whole = check_cuts::<Echo>(&[("delay_ms", 5.0)], &changes, &blocks, cut)?;
        prop_assert!(whole.iter().flatten().all(|sample| sample.is_finite()));
    }

    #[test]
    fn neither_blocks_nor_a_handover_change_a_bit_of_a_latency(
        latency in 0..500_u32,
        tail in 0..300_u32,
        turns in vec(0..900_usize, 2),
        blocks in vec(1..400_usize, 1..6),
        cut in 1..900_usize,
    ) {
        let params = [("latency_frames", f64::from(latency)), ("tail_frames", f64::from(tail))];
        let mut turns = turns;
        turns.sort_unstable();
        let changes = [
            ("invert", turns[0], 1.0),
            ("tail_gain_db", turns[0], -3.0),
            ("invert", turns[1], 0.0),
        ];
        check_cuts::<Latency>(&params, &changes, &blocks, cut)?;
    }
}
