//! Compressor, gate and limiter on every level against plain programs in full precision, written
//! from the formulas that their pages give, one frame after the other.

use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::cpu;
use segue_dsp::dynamics::{
    Compressor, CompressorControls, Control, Detection, Gate, GateControls, Limiter, LimiterShape,
    Peaks, Times,
};
use segue_dsp::true_peak::Detector;

const RATE_HZ: u32 = 48_000;
/// How far a level may be from the plain program, in dB.
const TOLERANCE_DB: f64 = 1e-3;
/// How far a limiter's gain may be besides: half of its steps of 2^-22.
const LIMITER_GAIN_STEP: f64 = 1.2e-7;

/// Parameters, as numbers that stay the same over the signal.
#[derive(Clone, Copy, Debug)]
struct Setting {
    threshold_db: f32,
    ratio: f32,
    /// The knee, or the hysteresis.
    width_db: f32,
    range_db: f32,
    link: f32,
    attack_ms: f64,
    release_ms: f64,
    hold_ms: f64,
    rms_ms: Option<f64>,
}

fn setting() -> impl Strategy<Value = Setting> {
    let levels = (-60.0..0.0_f32, 1.0..20.0_f32, 0.0..20.0_f32, 0.0..90.0_f32);
    let times = (0.0..20.0_f64, 0.0..50.0_f64, 0.0..5.0_f64);
    let link = prop_oneof![Just(1.0_f32), Just(0.0), 0.0..1.0_f32];
    let rms_ms = prop::option::of(0.1..20.0_f64);
    (levels, times, link, rms_ms).prop_map(|(levels, times, link, rms_ms)| Setting {
        threshold_db: levels.0,
        ratio: levels.1,
        width_db: levels.2,
        range_db: levels.3,
        link,
        attack_ms: times.0,
        release_ms: times.1,
        hold_ms: times.2,
        rms_ms,
    })
}

/// Two channels whose levels wander, as samples of noise and a level every 100 frames.
fn signal() -> impl Strategy<Value = [Vec<f32>; 2]> {
    let channel = vec((vec(-1.0..1.0_f32, 100), -70.0..10.0_f32), 1..8);
    (channel.clone(), channel).prop_map(|both| {
        let whole = |parts: &[(Vec<f32>, f32)]| -> Vec<f32> {
            let louder = |(samples, level_db): &(Vec<f32>, f32)| {
                let factor = 10.0_f32.powf(level_db / 20.0);
                samples.iter().map(|x| x * factor).collect::<Vec<_>>()
            };
            parts.iter().flat_map(louder).collect()
        };
        let frames = 100 * both.0.len().min(both.1.len());
        [whole(&both.0), whole(&both.1)].map(|channel| channel[..frames].to_vec())
    })
}

fn keep(time_ms: f64) -> f64 {
    (-1000.0 / (time_ms * f64::from(RATE_HZ))).exp()
}

fn db(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-38).log10()
}

/// The output levels of a block against those expected, where there is something to hear.
fn check(name: &str, input: &[f32], output: &[f32], reductions_db: &[f64], gain_step: f64) {
    for (frame, ((from, to), reduction_db)) in
        input.iter().zip(output).zip(reductions_db).enumerate()
    {
        if from.abs() < 1e-6 || *reduction_db > 140.0 {
            continue;
        }
        let found_db = db(f64::from(from.abs())) - db(f64::from(to.abs()));
        let step_db = 8.686 * gain_step * 10.0_f64.powf(reduction_db / 20.0);
        assert!(
            (found_db - reduction_db).abs() < TOLERANCE_DB + step_db,
            "{name}: frame {frame} is {found_db} dB softer, expected {reduction_db}"
        );
    }
}

/// Runs a kernel over blocks that end at these frames, and at the end.
fn in_blocks(frames: usize, cuts: &[usize], mut block: impl FnMut(std::ops::Range<usize>)) {
    let mut start = 0;
    for end in cuts.iter().copied().chain([frames]) {
        let end = end.clamp(start, frames);
        if end > start {
            block(start..end);
        }
        start = end;
    }
}

/// The reductions of each channel, from the formulas.
fn compressor_plainly(setting: &Setting, signal: &[Vec<f32>; 2]) -> [Vec<f64>; 2] {
    let frames = signal[0].len();
    let levels = signal.each_ref().map(|channel| match setting.rms_ms {
        None => channel.iter().map(|x| f64::from(x.abs())).collect(),
        Some(rms_ms) => {
            let keep = keep(rms_ms);
            let mut square = 0.0;
            let root = |x: &f32| {
                square = keep * square + (1.0 - keep) * f64::from(*x) * f64::from(*x);
                f64::sqrt(square)
            };
            channel.iter().map(root).collect::<Vec<_>>()
        }
    });
    let curve = |level: f64| {
        let over = db(level) - f64::from(setting.threshold_db);
        let (knee, slope) = (
            f64::from(setting.width_db),
            1.0 - 1.0 / f64::from(setting.ratio),
        );
        if 2.0 * over <= -knee {
            0.0
        } else if 2.0 * over <= knee {
            slope * (over + knee / 2.0).powi(2) / (2.0 * knee)
        } else {
            slope * over
        }
    };
    let (attack, release) = (keep(setting.attack_ms), keep(setting.release_ms));
    [0, 1].map(|channel: usize| {
        let (mut held, mut smoothed) = (0.0_f64, 0.0_f64);
        let reduction = |frame: usize| {
            let own = curve(levels[channel][frame]);
            let largest = curve(levels[0][frame].max(levels[1][frame]));
            let link = f64::from(setting.link);
            let asked = link * largest + (1.0 - link) * own;
            held = asked.max(release * held + (1.0 - release) * asked);
            smoothed = held.min(attack * smoothed + (1.0 - attack) * held);
            smoothed
        };
        (0..frames).map(reduction).collect()
    })
}

fn compressed(
    arch: pulp::Arch,
    setting: &Setting,
    signal: &[Vec<f32>; 2],
    cuts: &[usize],
) -> [Vec<f32>; 2] {
    let mut kernel = Compressor::new(arch, 2, f64::from(RATE_HZ), signal[0].len());
    let detection = match setting.rms_ms {
        Some(_) => Detection::Rms,
        None => Detection::Peak,
    };
    let times = Times {
        attack_ms: setting.attack_ms,
        release_ms: setting.release_ms,
    };
    kernel.set(detection, &times, setting.rms_ms.unwrap_or(1.0));
    let controls = CompressorControls {
        threshold_db: Control::Steady(setting.threshold_db),
        ratio: Control::Steady(setting.ratio),
        knee_db: Control::Steady(setting.width_db),
        makeup_db: Control::Steady(0.0),
        mix: Control::Steady(1.0),
        link: Control::Steady(setting.link),
    };
    let mut output = signal
        .each_ref()
        .map(|channel| vec![f32::NAN; channel.len()]);
    in_blocks(signal[0].len(), cuts, |range| {
        kernel.follow(
            &[&signal[0][range.clone()], &signal[1][range.clone()]],
            &controls,
        );
        for (channel, output) in output.iter_mut().enumerate() {
            kernel.apply(
                channel,
                &signal[channel][range.clone()],
                &mut output[range.clone()],
            );
        }
    });
    output
}

fn gate_plainly(setting: &Setting, signal: &[Vec<f32>; 2]) -> Vec<f64> {
    let (attack, release) = (keep(setting.attack_ms), keep(setting.release_ms));
    let hold = (setting.hold_ms * f64::from(RATE_HZ) / 1000.0).round();
    let (mut held, mut smoothed, mut left) = (0.0_f64, 0.0_f64, 0.0_f64);
    let both = signal[0].iter().zip(&signal[1]);
    let reduction = |(a, b): (&f32, &f32)| {
        let over = db(f64::from(a.abs().max(b.abs()))) - f64::from(setting.threshold_db);
        let stays = left > 0.0 && over >= -f64::from(setting.width_db);
        left = if over >= 0.0 || stays {
            hold + 1.0
        } else {
            (left - 1.0).max(0.0)
        };
        let closed = (-over * (f64::from(setting.ratio) - 1.0)).clamp(0.0, setting.range_db.into());
        let asked = if left > 0.0 { 0.0 } else { closed };
        held = asked.min(release * held + (1.0 - release) * asked);
        smoothed = held.max(attack * smoothed + (1.0 - attack) * held);
        smoothed
    };
    both.map(reduction).collect()
}

fn gated(
    arch: pulp::Arch,
    setting: &Setting,
    signal: &[Vec<f32>; 2],
    cuts: &[usize],
) -> [Vec<f32>; 2] {
    let mut kernel = Gate::new(arch, f64::from(RATE_HZ), signal[0].len());
    let times = Times {
        attack_ms: setting.attack_ms,
        release_ms: setting.release_ms,
    };
    kernel.set(&times, setting.hold_ms);
    let controls = GateControls {
        threshold_db: Control::Steady(setting.threshold_db),
        hysteresis_db: Control::Steady(setting.width_db),
        ratio: Control::Steady(setting.ratio),
        range_db: Control::Steady(setting.range_db),
    };
    let mut output = signal
        .each_ref()
        .map(|channel| vec![f32::NAN; channel.len()]);
    in_blocks(signal[0].len(), cuts, |range| {
        kernel.follow(
            &[&signal[0][range.clone()], &signal[1][range.clone()]],
            &controls,
        );
        for (input, output) in signal.iter().zip(&mut output) {
            kernel.apply(&input[range.clone()], &mut output[range.clone()]);
        }
    });
    output
}

/// Frames around a peak in which the gain rests.
fn margin(lookahead: usize) -> usize {
    4.min(lookahead / 4)
}

fn limiter_plainly(lookahead: usize, setting: &Setting, signal: &[Vec<f32>; 2]) -> Vec<f64> {
    let frames = signal[0].len();
    let mut peaks = vec![0.0; frames];
    let mut detector = Detector::on(pulp::Arch::Scalar, 2, RATE_HZ);
    detector.process(&[&signal[0], &signal[1]], &mut peaks);
    let window = lookahead + 1 + margin(lookahead);
    let mean = lookahead + 1 - margin(lookahead);
    let release = keep(setting.release_ms);
    let mut reduction = 0.0_f64;
    let gains = (0..frames).map(|frame| {
        let around = &peaks[(frame + 1).saturating_sub(window)..=frame];
        let largest = around.iter().fold(0.0_f32, |a, b| a.max(*b));
        let asked = (db(f64::from(largest)) - f64::from(setting.threshold_db)).max(0.0);
        reduction = asked.max(release * reduction + (1.0 - release) * asked);
        10.0_f64.powf(-reduction / 20.0)
    });
    let gains: Vec<f64> = gains.collect();
    let gain = |frame: usize| {
        let known = &gains[(frame + 1).saturating_sub(mean)..=frame];
        // Before the stream all gains were 1.
        let sum = known.iter().sum::<f64>() + (mean - known.len()) as f64;
        -20.0 * (sum / mean as f64).log10()
    };
    (0..frames).map(gain).collect()
}

fn limited(
    arch: pulp::Arch,
    lookahead: usize,
    setting: &Setting,
    signal: &[Vec<f32>; 2],
    cuts: &[usize],
) -> [Vec<f32>; 2] {
    let shape = LimiterShape {
        channels: 2,
        sample_rate_hz: RATE_HZ,
        lookahead_frames: lookahead,
        frames_max: signal[0].len(),
        peaks: Peaks::Standard,
    };
    let mut kernel = Limiter::new(arch, &shape);
    kernel.set(setting.release_ms);
    let mut output = signal
        .each_ref()
        .map(|channel| vec![f32::NAN; channel.len()]);
    in_blocks(signal[0].len(), cuts, |range| {
        let inputs = [&signal[0][range.clone()], &signal[1][range.clone()]];
        kernel.follow(&inputs, Control::Steady(setting.threshold_db));
        for (channel, output) in output.iter_mut().enumerate() {
            kernel.apply(channel, inputs[channel], &mut output[range.clone()]);
        }
    });
    output
}

fn bits(channels: &[Vec<f32>; 2]) -> [Vec<u32>; 2] {
    let bits = |channel: &Vec<f32>| channel.iter().map(|x| x.to_bits()).collect();
    channels.each_ref().map(bits)
}

/// Whether some level lies within a hair of a gate's threshold, where rounding may decide.
fn is_close(setting: &Setting, signal: &[Vec<f32>; 2]) -> bool {
    let mut both = signal[0].iter().zip(&signal[1]);
    both.any(|(a, b)| {
        let over_db = db(f64::from(a.abs().max(b.abs()))) - f64::from(setting.threshold_db);
        over_db.abs() < 1e-3 || (over_db + f64::from(setting.width_db)).abs() < 1e-3
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(0..800_usize, 0..8).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_compressor_is_the_formulas_on_every_level(
        setting in setting(),
        signal in signal(),
        cuts in cuts(),
    ) {
        let expected = compressor_plainly(&setting, &signal);
        for arch in cpu::levels() {
            let found = compressed(arch, &setting, &signal, &[]);
            for channel in 0..2 {
                check(cpu::name(arch), &signal[channel], &found[channel], &expected[channel], 0.0);
            }
            let parts = compressed(arch, &setting, &signal, &cuts);
            prop_assert_eq!(bits(&parts), bits(&found));
        }
    }

    #[test]
    fn a_gate_is_the_formulas_on_every_level(
        setting in setting(),
        signal in signal(),
        cuts in cuts(),
    ) {
        prop_assume!(!is_close(&setting, &signal));
        let expected = gate_plainly(&setting, &signal);
        for arch in cpu::levels() {
            let found = gated(arch, &setting, &signal, &[]);
            for (input, output) in signal.iter().zip(&found) {
                check(cpu::name(arch), input, output, &expected, 0.0);
            }
            prop_assert_eq!(bits(&gated(arch, &setting, &signal, &cuts)), bits(&found));
        }
    }

    #[test]
    fn a_limiter_is_the_formulas_on_every_level(
        lookahead in prop_oneof![1..40_usize, 40..400_usize],
        setting in setting(),
        signal in signal(),
        cuts in cuts(),
    ) {
        let expected = limiter_plainly(lookahead, &setting, &signal);
        for arch in cpu::levels() {
            let found = limited(arch, lookahead, &setting, &signal, &[]);
            let latency = lookahead + 6;
            for (input, output) in signal.iter().zip(&found) {
                let late = latency.min(input.len());
                let (head, rest) = output.split_at(late);
                prop_assert!(head.iter().all(|x| *x == 0.0));
                check(cpu::name(arch), input, rest, &expected[late..], LIMITER_GAIN_STEP);
            }
            let parts = limited(arch, lookahead, &setting, &signal, &cuts);
            prop_assert_eq!(bits(&parts), bits(&found));
        }
    }
}
