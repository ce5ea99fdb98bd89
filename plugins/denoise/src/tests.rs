//! The plugin as a host sees it; `oracle` holds it against RNNoise itself.

mod oracle;

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use segue_dsp::fidelity::Comparison;
use segue_plugin::testing;
use segue_plugin::testing::ProcessorBench;

/// Seven seconds of a voice: PCM of 16 bits in stereo at 48 kHz, behind a header of 44 bytes.
const VOICE: &[u8] = include_bytes!("../../../assets/voice.wav");
const HEADER_BYTES: usize = 44;

/// Noise, the same for the same seed.
pub(crate) fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut random = seed;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    (0..frames).map(|_| next() as f32).collect()
}

/// Noise that falls towards high frequencies, as that of rooms and machines does.
fn hum(frames: usize, gain: f32) -> Vec<f32> {
    let mut low = 0.0;
    let fall = |sample: &f32| {
        low += 0.1 * (sample - low);
        gain * low
    };
    noise(frames, 5).iter().map(fall).collect()
}

/// So many frames of the voice from `start` on.
fn voice(start: usize, frames: usize) -> Vec<f32> {
    let (frames_of_stereo, _) = VOICE[HEADER_BYTES..].as_chunks::<4>();
    let left = |bytes: &[u8; 4]| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0;
    let voice = frames_of_stereo[start..start + frames].iter().map(left);
    voice.collect()
}

/// The voice with noise at this gain.
fn noisy(start: usize, frames: usize, gain: f32) -> Vec<f32> {
    let voice = voice(start, frames);
    let pairs = voice.iter().zip(noise(frames, 7));
    pairs.map(|(voice, noise)| voice + gain * noise).collect()
}

fn bench(mix: f64) -> ProcessorBench<Denoise> {
    let bench = testing::processor::<Denoise>().stereo(48_000);
    let bench = bench.frames_max(9600);
    bench.param("mix", mix).activate().unwrap()
}

fn run(
    bench: &mut ProcessorBench<Denoise>,
    signal: &[Vec<f32>; 2],
    blocks: &[usize],
) -> Vec<Vec<f32>> {
    bench.run(&[&signal[0], &signal[1]], blocks).unwrap()
}

fn bits(channels: &[Vec<f32>]) -> Vec<Vec<u32>> {
    let bits = |channel: &Vec<f32>| channel.iter().map(|sample| sample.to_bits()).collect();
    channels.iter().map(bits).collect()
}

fn snr_db(reference: &[f32], signal: &[f32]) -> f64 {
    let mut comparison = Comparison::new(48_000);
    comparison.feed(reference, signal).unwrap();
    comparison.finish().fidelity().snr_db
}

#[test]
fn noise_falls_and_the_voice_stays() {
    let frames = 600 * FRAME;
    let (clean, hum) = (voice(0, frames), hum(frames, 0.5));
    let noisy: Vec<f32> = clean.iter().zip(&hum).map(|(a, b)| a + b).collect();
    let mut denoise = bench(1.0);
    assert_eq!(denoise.latency_frames(), 960);
    let found = run(&mut denoise, &[noisy.clone(), hum.clone()], &[4096]);
    let voice = run(&mut bench(1.0), &[clean.clone(), clean.clone()], &[4096]);
    let (before_db, after_db) = (snr_db(&clean, &noisy), snr_db(&voice[0], &found[0]));
    assert!(
        after_db > before_db + 2.0,
        "{before_db} dB before, {after_db} dB after"
    );
    // The clean voice itself loses little beside what the high-pass turns.
    let end = frames - LATENCY_FRAMES;
    let kept_db = snr_db(&clean[..end], &voice[0][LATENCY_FRAMES..]);
    assert!(kept_db > 10.0, "{kept_db} dB of the voice");
    // Where there is no voice, as in the other channel, next to nothing is left in the end.
    let power = |samples: &[f32]| samples.iter().map(|x| f64::from(x * x)).sum::<f64>();
    let left_over = power(&found[1][frames / 2..]) / power(&hum[frames / 2..]);
    assert!(left_over < 1e-3, "{left_over}");
}

#[test]
fn without_the_mix_the_input_comes_as_late_and_untouched() {
    let signal = [noisy(0, 3000, 0.1), noise(3000, 9)];
    let found = run(&mut bench(0.0), &signal, &[700]);
    let late = |channel: &Vec<f32>| [&[0.0; LATENCY_FRAMES], &channel[..2040]].concat();
    assert_eq!(bits(&found), bits(&[late(&signal[0]), late(&signal[1])]));
}

#[test]
fn the_mix_is_between_the_two() {
    let signal = [noisy(0, 9600, 0.1), noise(9600, 9)];
    let [dry, wet, half] = [0.0, 1.0, 0.5].map(|mix| run(&mut bench(mix), &signal, &[480]));
    for ((dry, wet), half) in dry
        .iter()
        .flatten()
        .zip(wet.iter().flatten())
        .zip(half.iter().flatten())
    {
        assert!((half - (dry + wet) / 2.0).abs() < 1e-6);
    }
    assert_ne!(dry, wet);
}

#[test]
fn channels_do_not_hear_each_other() {
    let one = noisy(0, 9600, 0.1);
    let with_noise = run(&mut bench(1.0), &[one.clone(), noise(9600, 1)], &[512]);
    let with_silence = run(&mut bench(1.0), &[one, vec![0.0; 9600]], &[512]);
    assert_eq!(bits(&with_noise[..1]), bits(&with_silence[..1]));
}

#[test]
fn another_sample_rate_is_refused_with_what_to_do() {
    for sample_rate_hz in [8_000, 44_100, 96_000] {
        let refused = testing::processor::<Denoise>()
            .mono(sample_rate_hz)
            .activate();
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!(
                "works at 48000 Hz, not at {sample_rate_hz} Hz: stream.sample_rate_hz = 48000 \
                 lets the host convert"
            )
        );
    }
}

#[test]
fn the_probability_tells_a_voice_from_silence() {
    let mut denoise = bench(1.0);
    let silence = vec![0.0; 48_000];
    let voice = voice(0, 336_000);
    let mut highest = 0.0_f64;
    for part in voice.chunks(4096) {
        denoise.process(&[part, part]).unwrap();
        highest = highest.max(denoise.output("voice_probability"));
    }
    assert!(highest > 0.9, "{highest}");
    run(&mut denoise, &[silence.clone(), silence], &[4096]);
    assert_eq!(denoise.output("voice_probability"), 0.0);
}

#[test]
fn what_comes_in_at_the_edge_of_numbers_comes_out_as_numbers() {
    let frames = 20 * FRAME;
    let some = noise(frames, 4);
    let scaled = |factor: f32| -> Vec<f32> { some.iter().map(|x| x * factor).collect() };
    let square: Vec<f32> = (0..frames).map(|at| [1.0, -1.0][at / 100 % 2]).collect();
    let huge: Vec<f32> = square.iter().map(|x| x * f32::MAX).collect();
    for channel in [
        scaled(1e30),
        scaled(1e-38),
        scaled(1e-45),
        square,
        huge,
        vec![1.0; frames],
    ] {
        for mix in [0.5, 1.0] {
            let found = run(&mut bench(mix), &[channel.clone(), channel.clone()], &[999]);
            let finite = found.iter().flatten().all(|sample| sample.is_finite());
            assert!(finite, "{} at mix {mix}", channel[0]);
        }
    }
}

#[test]
fn the_tail_is_over_when_it_says() {
    let sound = 100 * FRAME;
    let mut denoise = bench(1.0);
    let tail = denoise.tail_frames() as usize;
    let mut signal = noisy(0, sound, 0.3);
    for (at, sample) in signal.iter_mut().enumerate() {
        *sample += (at as f32 * 0.004).sin(); // What the high-pass rings longest of.
    }
    signal.extend(vec![0.0; tail + LATENCY_FRAMES + 4800]);
    let found = run(&mut denoise, &[signal.clone(), signal], &[512]);
    let rest = &found[0][sound + LATENCY_FRAMES + tail..];
    assert!(rest.iter().all(|sample| sample.abs() < 1e-5));
}

#[test]
fn reset_starts_anew() {
    let signal = [noisy(0, 5000, 0.1), noise(5000, 9)];
    let fresh = run(&mut bench(1.0), &signal, &[5000]);
    let mut denoise = bench(1.0);
    run(&mut denoise, &signal, &[333]);
    denoise.reset();
    assert_eq!(bits(&run(&mut denoise, &signal, &[5000])), bits(&fresh));
}

#[test]
fn a_state_that_is_none_changes_nothing() {
    let signal = [noisy(0, 5000, 0.1), noise(5000, 9)];
    let mut denoise = bench(0.7);
    run(&mut denoise, &signal, &[333]);
    let good = denoise.save_state().unwrap();
    assert!(
        good.len() <= 64 * 1024,
        "{} bytes are too many to hand over",
        good.len()
    );
    let mut bad = vec![vec![], good[1..].to_vec(), [&good[..], &[0]].concat()];
    // The glide, frames gathered, voice, period, place, filter, past of the first; the last sample.
    for at in [0, 40, 48, 56, 64, 72, 80, good.len() - 4] {
        let mut damaged = good.clone();
        let end = good.len().min(at + 8);
        damaged[at..end].fill(0xff);
        bad.push(damaged);
    }
    for state in bad {
        assert!(denoise.load_state(&state).is_err(), "{} bytes", state.len());
        assert_eq!(denoise.save_state().unwrap(), good);
    }
}

#[test]
fn the_probability_goes_along_with_the_state() {
    let signal = [noisy(0, 9610, 0.1), noise(9610, 9)];
    let [mut old, mut new] = [bench(1.0), bench(1.0)];
    run(&mut old, &signal, &[9600]);
    new.load_state(&old.save_state().unwrap()).unwrap();
    new.process(&[&[0.0], &[0.0]]).unwrap();
    assert!(old.output("voice_probability") > 0.0);
    assert_eq!(
        new.output("voice_probability"),
        old.output("voice_probability")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn neither_blocks_nor_a_handover_change_a_bit(
        blocks in vec(1..1500_usize, 1..6),
        cut in 1..9000_usize,
        change in (0..9000_usize, 0.0..1.0_f64),
        gain in 0.0..0.5_f32,
    ) {
        let signal = [noisy(0, 9000, gain), noise(9000, 9)];
        let start = |changes: usize| {
            let mut denoise = bench(1.0);
            if change.0 < changes {
                denoise.change("mix", change.0, change.1);
            }
            denoise
        };
        let whole = run(&mut start(9000), &signal, &[9000]);
        prop_assert_eq!(bits(&run(&mut start(9000), &signal, &blocks)), bits(&whole));
        let [left, right] = &signal;
        let mut old = start(cut);
        let mut joined = old.run(&[&left[..cut], &right[..cut]], &[cut]).unwrap();
        let mut new = bench(1.0);
        new.load_state(&old.save_state().unwrap()).unwrap();
        new.seek(cut as u64);
        if change.0 >= cut {
            new.change("mix", change.0 - cut, change.1);
        }
        let rest = new.run(&[&left[cut..], &right[cut..]], &[9000]).unwrap();
        for (channel, rest) in joined.iter_mut().zip(rest) {
            channel.extend(rest);
        }
        prop_assert_eq!(bits(&joined), bits(&whole));
    }
}
