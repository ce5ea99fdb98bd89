//! Count: runs one kernel over a fixed number of frames, for a tool that counts instructions.
//!
//! In: the name of a kernel; without one, nothing. Out: without a name, the names of all, one a
//! line. The vector level is that of `SEGUE_CPU`, and of what the tool can emulate.
//!
//! `.ci/instructions` runs it and compares with `benches/instructions.txt`. Only what happens in
//! the function `measured` is counted: everything is made, and has run once, before.
//!
//! A new kernel is one more line of `KERNELS`, and `.ci/instructions --write` for the table.

use segue_dsp::biquad::{Band, Coefficients, Shape};
use segue_dsp::cpu;
use segue_dsp::dynamics::{
    Compressor, CompressorControls, Control, Detection, Gate, GateControls, Limiter, LimiterShape,
    Peaks, Times,
};
use segue_dsp::eq::{Bank, Fade, Planes};
use segue_dsp::gain::Multiplier;
use segue_dsp::levels::{FullScale, LevelMeter};
use segue_dsp::loudness::{ChannelWeight, LoudnessMeter, RangeHop};
use segue_dsp::sum::CompensatedSum;
use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;

/// Frames that every kernel works on: enough that one call more or less is not seen.
const FRAMES: usize = 1 << 16;
/// Frames a call, as a host would.
const BLOCK_FRAMES: usize = 256;

/// Makes what a kernel needs; what it returns then works on `FRAMES` frames at every call.
type Prepare = fn() -> Box<dyn FnMut()>;

/// Every kernel, by the name it has in the table.
const KERNELS: [(&str, Prepare); 15] = [
    ("gain", gain),
    ("gain-each", gain_each),
    ("eq1-stereo", || eq(1, 2)),
    ("eq9-stereo", || eq(9, 2)),
    ("eq16-stereo", || eq(16, 2)),
    ("eq16-mono", || eq(16, 1)),
    ("eq1-fading", || eq_fading(1)),
    ("eq16-fading", || eq_fading(16)),
    ("sum", sum),
    ("levels", levels),
    ("loudness", loudness),
    ("compressor", compressor),
    ("gate", gate),
    ("limiter", || limiter(Peaks::Standard)),
    ("limiter-strict", || limiter(Peaks::Strict)),
];

fn main() -> ExitCode {
    let Some(wanted) = std::env::args().nth(1) else {
        let names = KERNELS.map(|(name, _)| name).join("\n");
        let written = writeln!(std::io::stdout(), "{names}");
        return written.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    };
    let Some((_, prepare)) = KERNELS.iter().find(|(name, _)| *name == wanted) else {
        let _ = writeln!(std::io::stderr(), "there is no kernel {wanted}");
        return ExitCode::from(2);
    };
    let mut run = prepare();
    run();
    measured(&mut *run);
    ExitCode::SUCCESS
}

/// The tool counts from the entry of this function to its end, and finds it by its name.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    run();
    black_box(());
}

/// Noise between -0.5 and 0.5 that is the same in every run.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    std::iter::repeat_with(next).take(frames).collect()
}

fn gain() -> Box<dyn FnMut()> {
    let (multiplier, input) = (Multiplier::default(), noise(BLOCK_FRAMES));
    let mut output = input.clone();
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            multiplier.apply(black_box(0.5), black_box(&input), black_box(&mut output));
        }
    })
}

/// Loudness, range and true peak of two channels.
fn loudness() -> Box<dyn FnMut()> {
    let made = LoudnessMeter::new(48_000, &[ChannelWeight::Full; 2], RangeHop::TenthOfSecond);
    let (mut meter, input) = (made.expect("in range"), noise(BLOCK_FRAMES));
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            let fed = meter.feed(black_box(&[&input, &input]));
            fed.expect("two channels of one length");
        }
    })
}

fn gain_each() -> Box<dyn FnMut()> {
    let (multiplier, input) = (Multiplier::default(), noise(BLOCK_FRAMES));
    let mut output = input.clone();
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            multiplier.apply_each(&input, black_box(&input), black_box(&mut output));
        }
    })
}

/// One block of channels that all hear the same.
struct Block {
    input: Vec<f32>,
    output: Vec<Vec<f32>>,
}

impl Planes for Block {
    fn frames(&self) -> usize {
        self.input.len()
    }

    fn input(&self, _channel: usize) -> &[f32] {
        &self.input
    }

    fn output(&mut self, channel: usize) -> &mut [f32] {
        &mut self.output[channel]
    }
}

fn eq(sections: usize, channels: usize) -> Box<dyn FnMut()> {
    let (mut bank, mut block) = equalizer(sections, channels);
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            bank.process(black_box(&mut block));
        }
    })
}

/// Two channels while the band in the middle fades, all the time.
fn eq_fading(sections: usize) -> Box<dyn FnMut()> {
    let (mut bank, mut block) = equalizer(sections, 2);
    let fade = Fade {
        warm_frames: FRAMES as u32,
        fade_frames: 2 * FRAMES as u32,
    };
    let faded = bank.fade(sections / 2, Coefficients::IDENTITY, fade);
    faded.expect("it is there");
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            bank.process(black_box(&mut block));
        }
    })
}

fn equalizer(sections: usize, channels: usize) -> (Bank, Block) {
    let mut bank = Bank::new(cpu::arch(), channels);
    for index in 0..sections {
        let band = Band {
            shape: Shape::Peak { gain_db: 3.0 },
            frequency_hz: 60.0 * 1.4_f64.powi(index as i32),
            q: 1.0,
        };
        let coefficients = Coefficients::design(&band, 48_000.0).expect("in range");
        bank.insert(index).expect("at most 16");
        bank.fade(index, coefficients, Fade::AT_ONCE)
            .expect("it is there");
    }
    let block = Block {
        input: noise(BLOCK_FRAMES),
        output: vec![vec![0.0; BLOCK_FRAMES]; channels],
    };
    (bank, block)
}

fn sum() -> Box<dyn FnMut()> {
    let terms: Vec<f64> = noise(FRAMES).into_iter().map(f64::from).collect();
    let mut sum = CompensatedSum::default();
    Box::new(move || {
        for term in black_box(&terms) {
            sum.add(*term);
        }
        black_box(sum.value());
    })
}

fn levels() -> Box<dyn FnMut()> {
    let input = noise(BLOCK_FRAMES);
    let mut meter = LevelMeter::new(FullScale::Pcm { bits: 24 });
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            meter.feed(black_box(&input));
        }
        black_box(meter.levels());
    })
}

/// The rate of the dynamics, in Hz, and their times.
const RATE_HZ: u32 = 48_000;
const TIMES: Times = Times {
    attack_ms: 10.0,
    release_ms: 120.0,
};

fn compressor() -> Box<dyn FnMut()> {
    let input = noise(BLOCK_FRAMES);
    let mut output = input.clone();
    let mut kernel = Compressor::new(cpu::arch(), 2, f64::from(RATE_HZ), BLOCK_FRAMES);
    kernel.set(Detection::Peak, &TIMES, 10.0);
    let controls = CompressorControls {
        threshold_db: Control::Steady(-18.0),
        ratio: Control::Steady(3.0),
        knee_db: Control::Steady(6.0),
        makeup_db: Control::Steady(6.0),
        mix: Control::Steady(1.0),
        link: Control::Steady(1.0),
    };
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            kernel.follow(black_box(&[&input, &input]), &controls);
            for channel in 0..2 {
                kernel.apply(channel, &input, black_box(&mut output));
            }
        }
    })
}

fn gate() -> Box<dyn FnMut()> {
    let input = noise(BLOCK_FRAMES);
    let mut output = input.clone();
    let mut kernel = Gate::new(cpu::arch(), f64::from(RATE_HZ), BLOCK_FRAMES);
    kernel.set(&TIMES, 1.0);
    let controls = GateControls {
        threshold_db: Control::Steady(-7.0),
        hysteresis_db: Control::Steady(6.0),
        ratio: Control::Steady(10.0),
        range_db: Control::Steady(60.0),
    };
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            kernel.follow(black_box(&[&input, &input]), &controls);
            for _ in 0..2 {
                kernel.apply(&input, black_box(&mut output));
            }
        }
    })
}

fn limiter(peaks: Peaks) -> Box<dyn FnMut()> {
    let input = noise(BLOCK_FRAMES);
    let mut output = input.clone();
    let lookahead_frames = (RATE_HZ / 200) as usize;
    let shape = LimiterShape {
        channels: 2,
        sample_rate_hz: RATE_HZ,
        lookahead_frames,
        frames_max: BLOCK_FRAMES,
        peaks,
    };
    let mut kernel = Limiter::new(cpu::arch(), &shape);
    kernel.set(100.0);
    Box::new(move || {
        for _ in 0..FRAMES / BLOCK_FRAMES {
            kernel.follow(black_box(&[&input, &input]), Control::Steady(-20.0));
            for channel in 0..2 {
                kernel.apply(channel, &input, black_box(&mut output));
            }
        }
    })
}
