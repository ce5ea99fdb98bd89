//! Inputs as other programs write them: every sample is the one that went into the other program,
//! and what it sends through a pipe is processed to its end.

use std::fs;
use std::process::Command;

use segue_tests::build::reference;
use segue_tests::desk::{Desk, answer};
use segue_tests::wav;

const STAGE: [&str; 2] = ["--stage", "segue.gain gain_db=0"];

/// The length of a signal, in frames: two blocks of most encoders, and a short one.
const FRAMES: usize = 9_000;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk
}

/// Runs a program of others here; returns what it wrote to standard output.
#[track_caller]
fn other(desk: &Desk, program: &str, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .current_dir(desk.path(""))
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {err}");
    output.stdout
}

/// Two channels of so many bits: alike, opposed, unlike, or silent, each for a stretch.
fn signal(bits: u32, seed: u64) -> [Vec<i64>; 2] {
    let full = 1_i64 << (bits - 1);
    let noise = [1, 2].map(|more| wav::noise(seed * 10 + more, FRAMES));
    let scaled = |sample: f32, share: f64| {
        let sample = (f64::from(sample) * 2.0 * share * full as f64).round() as i64;
        sample.clamp(-full, full - 1)
    };
    let pair = |frame: usize| {
        let wave = (frame as f64 * 0.02 * (seed + 1) as f64).sin() as f32 * 0.4;
        let [left, right] = [&noise[0], &noise[1]].map(|noise| noise[frame]);
        match frame / 1_500 {
            0 => [scaled(wave, 1.0), scaled(wave + left * 0.01, 1.0)],
            1 => [scaled(left, 1.0), -1 - scaled(left, 1.0)],
            2 => [scaled(left, 1.0), scaled(right, 1.0)],
            3 => [0, 0],
            4 => [scaled(wave, 0.5), scaled(-wave, 0.5) / 16 * 16],
            _ => [scaled(wave + left * 0.1, 1.0), scaled(right, 1e-3)],
        }
    };
    let frames: Vec<_> = (0..FRAMES).map(pair).collect();
    [0, 1].map(|channel| frames.iter().map(|frame| frame[channel]).collect())
}

/// Writes a signal as bytes without a header, little-endian, with as many bytes as it needs.
fn write_raw(desk: &Desk, name: &str, signal: &[Vec<i64>; 2], bits: u32) {
    let [left, right] = signal;
    let width = bits as usize / 8;
    let samples = left
        .iter()
        .zip(right)
        .flat_map(|(left, right)| [left, right]);
    let bytes: Vec<u8> = samples
        .flat_map(|sample| sample.to_le_bytes()[..width].to_vec())
        .collect();
    desk.write(name, bytes);
}

#[track_caller]
fn check(desk: &Desk, name: &str, signal: &[Vec<i64>; 2], bits: u32) {
    let output = ["out.wav", "--bits", "f32", "--overwrite", "--strict-input"];
    let _ = desk
        .segue([&["run", name][..], &output, &STAGE].concat())
        .expect(0);
    let full = (1_i64 << (bits - 1)) as f64;
    let expected = signal.each_ref().map(|channel| {
        let samples = channel.iter().map(|sample| (*sample as f64 / full) as f32);
        samples.collect::<Vec<_>>()
    });
    let found = wav::read(&desk.path("out.wav"));
    for (channel, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let wrong = found.iter().zip(expected).position(|(a, b)| a != b);
        assert_eq!((wrong, found.len()), (None, FRAMES), "{name}: {channel}");
    }
}

#[test]
fn flac_by_its_own_encoder_is_exact_at_every_width_and_level() {
    let desk = desk();
    for bits in [8, 16, 24, 32] {
        let signal = signal(bits, u64::from(bits));
        write_raw(&desk, "in.raw", &signal, bits);
        let bps = format!("--bps={bits}");
        for level in ["-0", "-3", "-5", "-8", "-8pe"] {
            let form = ["--force-raw-format", "--endian=little", "--sign=signed"];
            let facts = ["--channels=2", "--sample-rate=48000", &bps, level];
            let names = ["-s", "-f", "-o", "in.flac", "in.raw"];
            let _ = other(&desk, "flac", &[&form[..], &facts, &names].concat());
            check(&desk, "in.flac", &signal, bits);
            let ogg = ["-s", "-f", "--ogg", "-o", "in.oga", "in.raw"];
            let _ = other(&desk, "flac", &[&form[..], &facts, &ogg].concat());
            check(&desk, "in.oga", &signal, bits);
        }
    }
}

#[test]
fn lossless_files_of_ffmpeg_are_exact() {
    let desk = desk();
    for (bits, form) in [(16, "s16le"), (32, "s32le")] {
        let signal = signal(bits, 3);
        write_raw(&desk, "in.raw", &signal, bits);
        let before = [
            "-v", "error", "-y", "-f", form, "-ar", "48000", "-ac", "2", "-i", "in.raw",
        ];
        let codec = format!("pcm_{form}");
        let mut outputs = vec![
            vec!["-c:a", &codec, "out.caf"],
            vec!["-c:a", &codec, "-f", "wav", "-rf64", "always", "out.rf64"],
        ];
        if bits == 16 {
            outputs.push(vec!["-c:a", "flac", "-compression_level", "12", "out.flac"]);
            outputs.push(vec!["-c:a", "flac", "-compression_level", "0", "out.ogg"]);
            outputs.push(vec!["-c:a", "flac", "-strict", "-2", "out.mp4"]);
            outputs.push(vec!["-c:a", "alac", "out.m4a"]);
            outputs.push(vec!["-c:a", "pcm_s16be", "out.aiff"]);
        }
        for output in outputs {
            let _ = other(&desk, "ffmpeg", &[&before[..], &output].concat());
            check(&desk, output[output.len() - 1], &signal, bits);
        }
    }
}

#[test]
fn wav_that_other_programs_send_through_a_pipe_is_processed_to_its_end() {
    let desk = desk();
    let signal = signal(16, 5);
    write_raw(&desk, "in.raw", &signal, 16);
    for (program, arguments) in [
        (
            "sox",
            "-t raw -r 48000 -e signed -b 16 -c 2 in.raw -t wav -",
        ),
        (
            "ffmpeg",
            "-v error -f s16le -ar 48000 -ac 2 -i in.raw -f wav -",
        ),
        (
            "ffmpeg",
            "-v error -f s16le -ar 48000 -ac 2 -i in.raw -f wav -rf64 always -",
        ),
        (
            "ffmpeg",
            "-v error -f s16le -ar 48000 -ac 2 -i in.raw -f caf -c:a pcm_s16le -",
        ),
        (
            "ffmpeg",
            "-v error -f s16le -ar 48000 -ac 2 -i in.raw -f flac -",
        ),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let sent = other(&desk, program, &arguments);
        let mut command = desk.command([&["run", "-", "-"][..], &STAGE].concat());
        let answer = answer(&mut command, &sent).expect(0);
        let samples = fs::read(desk.path("in.raw")).unwrap();
        assert!(answer.out.ends_with(&samples), "{program}: {}", answer.err);
    }
}

#[test]
fn what_goes_out_through_a_pipe_is_read_by_sox_and_ffmpeg() {
    let desk = desk();
    let signal = signal(16, 6);
    write_raw(&desk, "in.raw", &signal, 16);
    let samples = fs::read(desk.path("in.raw")).unwrap();
    let header = b"RIFF\xff\xff\xff\xefWAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data\xdb\xff\xff\xef";
    let mut command = desk.command([&["run", "-", "-"][..], &STAGE].concat());
    let answer = answer(&mut command, &[&header[..], &samples].concat()).expect(0);
    desk.write("out.wav", &answer.out);
    let raw = ["-e", "signed", "-b", "16", "-t", "raw", "-"];
    let by_sox = other(
        &desk,
        "sox",
        &[&["--ignore-length", "out.wav"][..], &raw].concat(),
    );
    assert!(by_sox == samples);
    let arguments = ["-v", "error", "-i", "out.wav", "-f", "s16le", "-"];
    assert!(other(&desk, "ffmpeg", &arguments) == samples);
}
