//! Bad input and bad outputs: one clear sentence, the right exit code, no partial file.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::process::Stdio;

use segue_tests::build::reference;
use segue_tests::desk::{Answer, Desk, answer};
use segue_tests::wav;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    desk
}

const STAGE: [&str; 2] = ["--stage", "segue.gain gain_db=0"];

fn run(desk: &Desk, input: &str, output: &str) -> Answer {
    let mut arguments = vec!["run", input, output];
    arguments.extend(STAGE);
    desk.segue(arguments)
}

/// Asserts a failure that says one sentence with these words, and leaves no output.
#[track_caller]
fn refused(desk: &Desk, bytes: &[u8], code: i32, words: &[&str]) {
    desk.write("in.wav", bytes);
    let answer = run(desk, "in.wav", "out.wav").expect(code);
    for word in words {
        assert!(
            answer.err.contains(word),
            "`{word}` is not in: {}",
            answer.err
        );
    }
    assert!(answer.err.lines().count() <= 6, "{}", answer.err);
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
    nothing_left(desk);
}

#[track_caller]
fn nothing_left(desk: &Desk) {
    let names: Vec<_> = std::fs::read_dir(desk.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("out"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

/// A WAV header of these numbers with four bytes of samples.
fn header(channels: u16, rate: u32, bits: u16, data_bytes: u32) -> Vec<u8> {
    let align = channels.wrapping_mul(bits / 8);
    let mut bytes = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.wrapping_mul(u32::from(align)).to_le_bytes());
    bytes.extend(align.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data_bytes.to_le_bytes());
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn headers_that_cannot_be_are_refused_with_what_was_found() {
    let desk = desk();
    refused(&desk, b"", 1, &["in.wav"]);
    refused(
        &desk,
        b"just some words that are no audio at all",
        1,
        &["in.wav"],
    );
    refused(
        &desk,
        &header(1000, 48_000, 16, 4)[..],
        1,
        &["1000", "channels"],
    );
    refused(&desk, &header(0, 48_000, 16, 4)[..], 1, &["channels"]);
    refused(&desk, &header(1, 0, 16, 4)[..], 1, &["0"]);
    refused(&desk, &header(1, 48_000, 7, 4)[..], 1, &["bits"]);
    refused(&desk, &header(2, 48_000, 16, 4)[..30], 1, &["in.wav"]);
}

#[test]
fn a_header_that_promises_more_than_there_is_is_read_and_told() {
    let desk = desk();
    desk.write("in.wav", header(1, 48_000, 16, 4_000_000));
    let answer = run(&desk, "in.wav", "out.wav").expect(4);
    assert_eq!(wav::read(&desk.path("out.wav"))[0].len(), 2);
    let said = format!("{}{}", answer.text(), answer.err);
    assert!(said.contains("in.wav") || said.contains("header"), "{said}");
}

#[test]
fn what_is_not_there_is_named() {
    let desk = desk();
    let answer = run(&desk, "nowhere.wav", "out.wav").expect(1);
    assert!(answer.err.contains("nowhere.wav"), "{}", answer.err);
    nothing_left(&desk);
}

#[test]
fn samples_that_are_not_finite_become_zero_or_are_refused() {
    let desk = desk();
    let signal = [vec![0.25, f32::NAN, 0.5], vec![f32::INFINITY, 0.0, 0.125]];
    wav::write(&desk.path("in.wav"), 48_000, &signal);
    let answer = run(&desk, "in.wav", "out.wav").expect(4);
    assert!(answer.err.contains("not finite") || answer.text().contains("not finite"));
    assert_eq!(
        wav::read(&desk.path("out.wav")),
        [vec![0.25, 0.0, 0.5], vec![0.0, 0.0, 0.125]]
    );
    let mut strict = vec!["run", "in.wav", "out2.wav", "--strict-input"];
    strict.extend(STAGE);
    let answer = desk.segue(strict).expect(1);
    assert!(
        answer.err.contains("frame 0") || answer.err.contains("sample 0"),
        "{}",
        answer.err
    );
    assert!(!desk.path("out2.wav").exists());
}

#[test]
fn an_output_is_never_the_input_and_never_replaced_unasked() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &[vec![0.5; 8]]);
    let before = std::fs::read(desk.path("in.wav")).unwrap();
    let _ = run(&desk, "in.wav", "in.wav").expect(2);
    let mut arguments = vec!["run", "in.wav", "in.wav", "--overwrite"];
    arguments.extend(STAGE);
    let _ = desk.segue(arguments).expect(2);
    assert!(std::fs::read(desk.path("in.wav")).unwrap() == before);
    desk.write("there.wav", b"precious");
    let answer = run(&desk, "in.wav", "there.wav").expect(2);
    assert!(answer.err.contains("--overwrite"), "{}", answer.err);
    assert_eq!(std::fs::read(desk.path("there.wav")).unwrap(), b"precious");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_ends_the_run_with_a_sentence() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(1, 200_000)]);
    let answer = run(&desk, "in.wav", "/dev/full").expect(1);
    assert!(answer.err.contains("/dev/full"), "{}", answer.err);
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_without_noise() {
    let desk = desk();
    wav::write(&desk.path("in.wav"), 48_000, &[wav::noise(1, 2_000_000)]);
    let mut arguments = vec!["run", "in.wav", "-"];
    arguments.extend(STAGE);
    let mut command = desk.command(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(said.contains("pipe") || said.contains("closed"), "{said}");
}

/// 2^32 bytes of 16-bit mono are more than AIFF can count; the sparse file takes no room.
#[cfg(target_os = "linux")]
#[test]
fn more_than_a_format_can_hold_is_refused_up_front() {
    let desk = desk();
    let path = desk.path("in.raw");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len((1 << 32) + 2).unwrap();
    let mut arguments = vec!["run", "in.raw", "out.aiff", "--raw", "s16le:48000:1"];
    arguments.extend(STAGE);
    let answer = desk.segue(arguments).expect(1);
    let expected = "in 4294967298 bytes, and the format ends at";
    assert!(answer.err.contains(expected), "{}", answer.err);
    nothing_left(&desk);
}

#[test]
fn mistakes_of_the_command_line_are_named() {
    let desk = desk();
    for (arguments, code) in [
        (vec!["run", "in.wav", "out.wav", "--raw", "s17le:1:1"], 2),
        (
            vec![
                "run",
                "in.wav",
                "out.wav",
                "--stage",
                "segue.gain gian_db=1",
            ],
            2,
        ),
        (
            vec![
                "run",
                "in.wav",
                "out.wav",
                "--stage",
                "segue.gain gain_db=1000",
            ],
            2,
        ),
        (
            vec!["run", "in.wav", "out.wav", "--stage", "acme.nothing"],
            3,
        ),
        (
            vec!["run", "in.wav", "out.wav", "--config", "nowhere.toml"],
            2,
        ),
    ] {
        wav::write(&desk.path("in.wav"), 48_000, &[vec![0.0; 8]]);
        let answer = desk.segue(&arguments).expect(code);
        assert!(!answer.err.is_empty(), "{arguments:?}");
        assert!(!answer.err.contains("panicked"), "{}", answer.err);
    }
}

/// What came in through a pipe is gone when the run ends; nothing of it may look like a result.
#[test]
fn a_pipe_that_ends_within_a_frame_is_told() {
    let desk = desk();
    let mut arguments = vec!["run", "-", "out.wav", "--raw", "s16le:48000:2"];
    arguments.extend(STAGE);
    let answer = answer(&mut desk.command(arguments), &[1, 0, 2, 0, 3, 0]).expect(0);
    assert_eq!(wav::read(&desk.path("out.wav"))[0].len(), 1);
    let said = format!("{}{}", answer.text(), answer.err);
    assert!(said.contains("frame"), "{said}");
}
