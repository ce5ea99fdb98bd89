//! Recordings as other programs read them, whatever ended them, at seeded moments: each is longer
//! than two intervals of headers, and nothing older than the last interval is missing.
//!
//! `SEGUE_LONG` makes more of them.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::thread::{JoinHandle, spawn};

use rustix::process::{Pid, Signal, kill_process};
use segue_tests::build::reference;
use segue_tests::desk::answer;
use segue_tests::oracle;
use segue_tests::record::{INTERVAL_FRAMES, RATE_HZ, SLACK_FRAMES, Studio, Take, in_shell, until};

/// Asks for as many runs as a release gets.
const LONG: &str = "SEGUE_LONG";

/// The kinds of files, one after the other.
const ENDINGS: [&str; 4] = ["wav", "flac", "aiff", "wav"];

/// How long a recording could become, in seconds: none comes to its end by itself.
const SECONDS: usize = 60;

/// How many recordings go on at once: a machine of two cores keeps their pace.
const AT_ONCE: usize = 20;

fn runs() -> usize {
    match std::env::var_os(LONG) {
        Some(_) => 100,
        None => 20,
    }
}

/// How many frames a run of this seed records before something happens to it.
fn moment(seed: usize) -> usize {
    let spread = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    2 * INTERVAL_FRAMES + spread as usize % INTERVAL_FRAMES
}

fn name(seed: usize) -> String {
    format!("rec-{seed}.{}", ENDINGS[seed % ENDINGS.len()])
}

fn kill(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process as i32).unwrap(), signal).unwrap();
}

/// Seeds, in groups of as many as go on at once.
fn groups() -> impl Iterator<Item = Vec<usize>> {
    let seeds: Vec<_> = (0..runs()).collect();
    let groups: Vec<_> = seeds.chunks(AT_ONCE).map(<[usize]>::to_vec).collect();
    groups.into_iter()
}

/// What the oracles find in a file: as many frames, which are those of the signal.
#[track_caller]
fn check(studio: &Studio, path: &Path, at_least: usize) -> usize {
    let declared = oracle::ffprobe(path).frames as usize;
    assert!(
        declared >= at_least,
        "{}: {declared} of {at_least}",
        path.display()
    );
    let expected = |frames: usize| -> Vec<f32> {
        let signal = studio.signal[..frames].iter();
        signal.map(|one| f32::from(*one) / 32_768.0).collect()
    };
    for (who, samples) in [
        ("ffmpeg", oracle::ffmpeg(path).samples),
        ("sox", oracle::sox(path).samples),
    ] {
        assert!(
            samples.len() >= declared,
            "{}: {who} reads less",
            path.display()
        );
        let frames = samples.len();
        assert!(
            samples == expected(frames),
            "{}: {who} hears another signal",
            path.display()
        );
    }
    declared
}

/// The same of a file that was ended in order: nothing at all is wrong with it.
#[track_caller]
fn check_whole(studio: &Studio, path: &Path, at_least: usize) {
    check_ended(studio, path, at_least);
    if path.extension().is_some_and(|ending| ending == "flac") {
        assert_eq!(oracle::flac(path), "", "{}", path.display());
    }
}

/// The same of a file that nothing was added to: its checksum may be open, nothing else.
#[track_caller]
fn check_ended(studio: &Studio, path: &Path, at_least: usize) {
    let declared = check(studio, path, at_least);
    for (who, decoded) in [("ffmpeg", oracle::ffmpeg(path)), ("sox", oracle::sox(path))] {
        let found = (decoded.samples.len(), &*decoded.warnings);
        assert_eq!(found, (declared, ""), "{}: {who}", path.display());
    }
    if path.extension().is_some_and(|ending| ending == "flac") {
        let warnings = oracle::flac(path);
        let lines = warnings.lines();
        let others: Vec<_> = lines
            .filter(|line| !line.contains("cannot check MD5"))
            .collect();
        assert_eq!(others, [""; 0], "{}", path.display());
    }
}

/// Recordings of a group, each until its moment.
fn record(studio: &Studio, seeds: &[usize]) -> Vec<Take> {
    let start = |seed: &usize| studio.record(&name(*seed), moment(*seed));
    seeds.iter().map(start).collect()
}

/// Sends every recording a signal at its moment; what each had by then.
fn end_by(mut takes: Vec<Take>, signal: Signal) -> Vec<(Take, usize)> {
    let mut ended = Vec::new();
    until("every recording comes to its moment", || {
        for take in takes.extract_if(.., |take| take.frames() >= take.goal_frames) {
            let frames = take.frames();
            kill(take.id(), signal);
            ended.push((take, frames));
        }
        takes.is_empty()
    });
    ended
}

fn a_signal_that_is_heard(signal: Signal, code: i32) {
    let studio = Studio::new(SECONDS);
    for seeds in groups() {
        for (take, frames) in end_by(record(&studio, &seeds), signal) {
            let path = take.path.clone();
            let over = take.wait();
            assert_eq!(over.code, Some(code), "{}", over.err);
            // A block of FLAC is whole by then, too.
            check_whole(&studio, &path, frames);
        }
    }
    assert_eq!(studio.names(".segue"), [""; 0]);
}

#[test]
fn a_recording_that_is_told_to_end_is_whole() {
    a_signal_that_is_heard(Signal::TERM, 143);
}

#[test]
fn a_recording_that_is_interrupted_is_whole() {
    a_signal_that_is_heard(Signal::INT, 130);
}

#[test]
fn a_recording_that_is_killed_misses_no_more_than_an_interval() {
    let studio = Studio::new(SECONDS);
    for seeds in groups() {
        for (take, frames) in end_by(record(&studio, &seeds), Signal::KILL) {
            let path = take.path.clone();
            assert_eq!(take.wait().code, None);
            check(&studio, &path, frames - INTERVAL_FRAMES - SLACK_FRAMES);
        }
    }
}

/// Runs the command where there is room for so many bytes: on a small disk of its own, from which
/// the file is copied; where the system gives none, under a limit on the size of files.
fn small_disk(studio: &Studio, name: &str, bytes: usize) -> Command {
    let has_disk = in_shell(&Command::new("true"), "mount -t tmpfs tmpfs /mnt");
    let has_disk = unshared(&has_disk).output().unwrap().status.success();
    let command = studio.command(name);
    if !has_disk {
        let limit = bytes / 512;
        let script = format!("ulimit -f {limit}; exec \"$0\" \"$@\"");
        return in_shell(&command, &script);
    }
    let blocks = bytes / 4_096;
    let script = format!(
        "mkdir -p disk && mount -t tmpfs -o nr_blocks={blocks} tmpfs disk || exit 99\n\
         \"$0\" run in.wav disk/{name} --pace realtime --no-control --stage 'segue.gain gain_db=0'\n\
         code=$?\ncp disk/{name} {name}\nls -A disk | grep -c segue >&2\nexit $code"
    );
    unshared(&in_shell(&command, &script))
}

/// The same in a world of its own as far as mounts go; for all but root in one of users, too.
fn unshared(command: &Command) -> Command {
    let mut all = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        all.args(["--user", "--map-root-user"]);
    }
    all.arg("--mount")
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => all.env(name, value),
            None => all.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        all.current_dir(folder);
    }
    all
}

#[test]
fn a_recording_on_a_disk_that_becomes_full_is_whole() {
    let studio = Studio::new(SECONDS);
    // What is kept of plugins is there before anything is limited.
    let arguments = [
        "run",
        "in.wav",
        "first.wav",
        "--stage",
        "segue.gain gain_db=0",
    ];
    let _ = studio.desk.segue(arguments).expect(0);
    for seeds in groups() {
        let start = |seed: &usize| {
            let (name, frames) = (name(*seed), moment(*seed));
            let mut command = small_disk(&studio, &name, 2 * frames);
            studio.begin(&mut command, &name, frames)
        };
        let takes: Vec<_> = seeds.iter().map(start).collect();
        for take in takes {
            let (path, frames) = (take.path.clone(), take.goal_frames);
            let over = take.wait();
            assert_eq!(over.code, Some(1), "{}", over.err);
            assert!(over.err.contains(" holds "), "{}", over.err);
            // The disk has room for so much in whole pages, its marker and header among them.
            check_ended(&studio, &path, frames - SLACK_FRAMES);
        }
    }
}

/// Feeds the signal at the speed at which it is taken, so many bytes of it, then closes the pipe.
fn feed(mut pipe: ChildStdin, bytes: Vec<u8>) -> JoinHandle<()> {
    spawn(move || {
        let _ = pipe.write_all(&bytes);
    })
}

#[test]
fn a_recording_whose_input_ends_within_a_frame_is_whole() {
    let studio = Studio::new(SECONDS);
    let signal: Vec<u8> = studio
        .signal
        .iter()
        .flat_map(|one| one.to_le_bytes())
        .collect();
    for seeds in groups() {
        let start = |seed: &usize| {
            let name = name(*seed);
            let arguments = ["run", "-", &name, "--raw", "s16le:16000:1", "--no-control"];
            let mut command = studio.desk.command(arguments);
            command.args(["--pace", "realtime", "--stage", "segue.gain gain_db=0"]);
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let bytes = 2 * moment(*seed) + 1;
            let feeder = feed(child.stdin.take().unwrap(), signal[..bytes].to_vec());
            (*seed, child, feeder)
        };
        let takes: Vec<_> = seeds.iter().map(start).collect();
        for (seed, mut child, feeder) in takes {
            feeder.join().unwrap();
            let status = child.wait().unwrap();
            assert!(status.success(), "{status}");
            check_whole(&studio, &studio.desk.path(&name(seed)), moment(seed));
        }
    }
}

#[test]
fn a_pipe_that_is_closed_by_its_reader_has_brought_all_that_was_read() {
    let studio = Studio::new(SECONDS);
    for seeds in groups() {
        let start = |seed: &usize| {
            let mut command = studio.command("-");
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut out = child.stdout.take().unwrap();
            let mut bytes = vec![0; 2 * moment(*seed)];
            let reader = spawn(move || {
                out.read_exact(&mut bytes).unwrap();
                bytes
            });
            (*seed, child, reader)
        };
        let takes: Vec<_> = seeds.iter().map(start).collect();
        for (seed, child, reader) in takes {
            let bytes = reader.join().unwrap();
            let output = child.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{err}");
            assert!(
                err.contains("standard output was closed by its reader"),
                "{err}"
            );
            let path = studio.desk.path(&format!("piped-{seed}.wav"));
            fs::write(&path, bytes).unwrap();
            let frames = moment(seed) - SLACK_FRAMES;
            let samples = oracle::sox(&path).samples;
            assert!(samples.len() >= frames, "{} of {frames}", samples.len());
            let expected = studio.signal[..samples.len()].iter();
            assert!(
                samples
                    .into_iter()
                    .eq(expected.map(|one| f32::from(*one) / 32_768.0))
            );
        }
    }
}

#[test]
fn the_kinds_of_files_are_all_of_them() {
    let studio = Studio::new(1);
    studio.desk.install(reference().files());
    for seed in 0..ENDINGS.len() {
        let name = name(seed);
        let _ = answer(&mut studio.command(&name), &[]).expect(0);
        check_whole(&studio, &studio.desk.path(&name), RATE_HZ as usize);
    }
}
