//! Many files through one pipeline: each as if alone, whole or not there, and once only.

#![expect(
    clippy::unwrap_used,
    reason = "all of this file is test code, its helpers too"
)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process};
use segue_tests::build::reference;
use segue_tests::desk::{Answer, Desk};
use segue_tests::documented;
use segue_tests::wav;
use serde_json::Value;

/// The stage that all files go through.
const STAGE: &str = "segue.filters/eq band.1.type=peak band.1.frequency_hz=900 band.1.gain_db=6";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.install(reference().files());
    fs::create_dir(desk.path("in")).unwrap();
    desk
}

/// Writes a file of noise, another for every seed.
fn noise(desk: &Desk, name: impl AsRef<Path>, seed: u64, frames: usize) {
    let path = desk.path("in").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    wav::write(&path, 48_000, &[wav::noise(seed, frames)]);
}

/// `segue run` with this stage and these arguments.
fn run(desk: &Desk, arguments: &[&str]) -> Answer {
    let fixed = ["run", "--stage", STAGE];
    desk.segue(fixed.iter().chain(arguments))
}

fn report(desk: &Desk, name: &str) -> Value {
    let report: Value = serde_json::from_slice(&fs::read(desk.path(name)).unwrap()).unwrap();
    let is_of_many = !report["files"].is_null();
    documented::check(if is_of_many { "batch" } else { "report" }, &report);
    report
}

/// Every file below a folder that is not hidden, with its number and its last change.
fn files(folder: &Path) -> Vec<(PathBuf, u64, i64, i64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        if metadata.is_dir() {
            found.extend(files(&path));
        } else if !entry.file_name().as_bytes().starts_with(b".") {
            found.push((
                path,
                metadata.ino(),
                metadata.mtime(),
                metadata.mtime_nsec(),
            ));
        }
    }
    found.sort();
    found
}

/// What is hidden in a folder and is not the journal: what was left of something unfinished.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let names = entries.map(|entry| entry.path());
    names
        .filter(|path| {
            let name = path.file_name().unwrap().as_bytes();
            name.starts_with(b".") && name != b".segue-batch.jsonl"
        })
        .collect()
}

#[test]
fn each_file_comes_out_as_if_it_were_alone() {
    let desk = desk();
    for (seed, name) in ["a.wav", "b/c.wav", "b/d/e.wav"].into_iter().enumerate() {
        noise(&desk, name, seed as u64, 9_000 + 4_801 * seed);
    }
    let pairs = [vec![5i16; 3000], vec![-7; 3000]];
    wav::write_16(&desk.path("in/b/pcm.wav"), 44_100, &pairs);
    wav::write(
        &desk.path("in/eight.wav"),
        96_000,
        &vec![wav::noise(9, 777); 8],
    );
    wav::write(&desk.path("in/none.wav"), 8_000, &[Vec::new()]);
    fs::write(desk.path("in/cover.jpg"), "no audio").unwrap();
    let _ = run(&desk, &["in", "one", "--threads", "1"]).expect(0);
    let all = run(&desk, &["in/", "all/", "--threads", "4"]).expect(0);
    assert!(
        all.text()
            .starts_with("done: 6 of 6 files, 1 left out as no audio; ")
    );
    for name in [
        "a.wav",
        "b/c.wav",
        "b/d/e.wav",
        "b/pcm.wav",
        "eight.wav",
        "none.wav",
    ] {
        let input = desk.path("in").join(name);
        let _ = run(
            &desk,
            &[input.to_str().unwrap(), "alone.wav", "--overwrite"],
        )
        .expect(0);
        let alone = fs::read(desk.path("alone.wav")).unwrap();
        for folder in ["one", "all"] {
            let found = fs::read(desk.path(folder).join(name)).unwrap();
            assert!(found == alone, "{folder}/{name} differs");
        }
    }
    assert_eq!(files(&desk.path("all")).len(), 6);
}

#[test]
fn many_files_become_what_is_asked_for() {
    let desk = desk();
    wav::write_16(&desk.path("in/a.wav"), 44_100, &[vec![7i16; 3000]]);
    let _ = run(&desk, &["in", "out", "--format", "flac"]).expect(0);
    assert!(
        fs::read(desk.path("out/a.flac"))
            .unwrap()
            .starts_with(b"fLaC")
    );
    let resumed = run(&desk, &["in", "out", "--format", "flac", "--resume"]).expect(0);
    assert!(
        resumed.text().contains("1 kept from before"),
        "{}",
        resumed.text()
    );
    // Stored in another way it is another output.
    let other = ["in", "out", "--format", "flac", "--resume", "--bits", "24"];
    assert!(!run(&desk, &other).expect(0).text().contains("kept"));
}

#[test]
fn a_pattern_or_several_paths_are_many_files_too() {
    let desk = desk();
    for (seed, name) in ["a1.wav", "a2.wav", "b.wav", "x/a3.wav"]
        .into_iter()
        .enumerate()
    {
        noise(&desk, name, seed as u64, 500);
    }
    let names = |folder: &str| -> Vec<_> {
        let all = files(&desk.path(folder)).into_iter();
        let short = all.map(|(path, ..)| path.strip_prefix(desk.path(folder)).unwrap().to_owned());
        short
            .map(|path| path.to_string_lossy().into_owned())
            .collect()
    };
    let _ = run(&desk, &["in/a*.wav", "flat"]).expect(0);
    assert_eq!(names("flat"), ["a1.wav", "a2.wav"]);
    let _ = run(&desk, &["in/**/a*.wav", "deep"]).expect(0);
    assert_eq!(names("deep"), ["a1.wav", "a2.wav", "x/a3.wav"]);
    let _ = run(&desk, &["in/b.wav", "in/x", "in/a1.wav", "some"]).expect(0);
    assert_eq!(names("some"), ["a1.wav", "a3.wav", "b.wav"]);
    let _ = run(&desk, &["in/b.wav", "some/"]).expect(2);
    let _ = run(&desk, &["in/b.wav", "one/"]).expect(0);
    assert_eq!(names("one"), ["b.wav"]);
    let measured = run(&desk, &["in"]).expect(0);
    assert!(
        measured.text().ends_with("measured only\n"),
        "{}",
        measured.text()
    );
}

/// Starts a run whose lines on standard error wait for their reader, so that it is never far ahead.
fn start(desk: &Desk, arguments: &[&str]) -> Child {
    let fixed = ["run", "--stage", STAGE, "--threads", "1"];
    let mut command = desk.command(fixed.iter().chain(arguments));
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    // The least that a pipe holds: a page.
    fcntl_setpipe_size(child.stderr.as_ref().unwrap(), 4096).unwrap();
    child
}

/// Reads lines until so many files are done.
fn wait_for(lines: &mut impl BufRead, done: usize) -> String {
    let mut text = String::new();
    while text.matches("done: ").count() < done {
        assert!(
            lines.read_line(&mut text).unwrap() > 0,
            "it ended too early:\n{text}"
        );
    }
    text
}

#[test]
fn two_hundred_files_are_stopped_and_go_on_where_they_were() {
    let desk = desk();
    // Long names, so that few lines fit the pipe.
    let name = |number: usize| format!("{number:03}-{}.wav", "x".repeat(150));
    for number in 0..200 {
        match number % 20 {
            7 => fs::write(desk.path("in").join(name(number)), "not audio").unwrap(),
            _ => noise(&desk, name(number), number as u64, 2_000 + number),
        }
    }
    let mut child = start(&desk, &["in", "out", "--report", "first.json"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut text = wait_for(&mut lines, 40);
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    lines.read_to_string(&mut text).unwrap();
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}\n{out}");

    let first = report(&desk, "first.json");
    let count = |state: &str| {
        let files = first["files"].as_array().unwrap().iter();
        files.filter(|file| file["state"] == state).count()
    };
    assert_eq!(first["complete"], false);
    let (done, left) = (count("done"), count("not_done"));
    assert!(
        (40..150).contains(&done) && left > 40,
        "{done} done, {left} left"
    );
    let whole = files(&desk.path("out"));
    assert_eq!(
        whole.len(),
        done,
        "each output there is that of a file that is done"
    );
    assert!(leftovers(&desk.path("out")).is_empty());
    // Every file that is not done is named.
    for file in first["files"].as_array().unwrap() {
        let named = out.contains(file["input"].as_str().unwrap());
        assert_eq!(named, file["state"] != "done", "{file}");
    }

    let resumed = run(&desk, &["in", "out", "--resume", "--report", "second.json"]).expect(4);
    let second = report(&desk, "second.json");
    assert_eq!(second["totals"]["kept"], done, "{}", resumed.text());
    assert_eq!(second["totals"]["done"], 190 - done);
    assert_eq!(second["totals"]["failed"], 10);
    let now = files(&desk.path("out"));
    assert_eq!(now.len(), 190);
    assert!(
        whole.iter().all(|file| now.contains(file)),
        "what was done stays untouched"
    );
    // And all is as one uninterrupted run makes it.
    let _ = run(&desk, &["in", "again"]).expect(4);
    for (path, ..) in &now {
        let again = desk.path("again").join(path.file_name().unwrap());
        assert!(
            fs::read(path).unwrap() == fs::read(again).unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let desk = desk();
    // So much that it is not over before the signals come.
    for number in 0..3 {
        noise(&desk, format!("{number}.wav"), number, 3_000_000);
    }
    let mut child = start(&desk, &["in", "out", "-vv"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let _ = wait_for(&mut lines, 1);
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    for _ in 0..2 {
        kill_process(pid, Signal::INT).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let finished = files(&desk.path("out"));
    assert!(!finished.is_empty() && finished.len() < 3, "{finished:?}");
}

#[test]
fn only_what_is_whole_and_made_of_the_same_is_kept() {
    let desk = desk();
    for (seed, name) in ["a.wav", "b.wav", "c.wav", "d.wav"].into_iter().enumerate() {
        noise(&desk, name, seed as u64, 4_000);
    }
    let resume = |arguments: &[&str]| -> Vec<String> {
        let fixed = ["run", "in", "out", "--resume", "--report", "report.json"];
        let _ = desk.segue(fixed.iter().chain(arguments)).expect(0);
        let report = report(&desk, "report.json");
        let files = report["files"].as_array().unwrap().iter();
        files
            .map(|file| file["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let stage = ["--stage", STAGE];
    assert_eq!(resume(&stage), ["done"; 4]);
    assert_eq!(resume(&stage), ["kept"; 4]);
    // Another input, an output that was cut, one that is gone, one with a bit turned.
    noise(&desk, "a.wav", 77, 4_000);
    let out = |name: &str| desk.path("out").join(name);
    let whole = fs::read(out("b.wav")).unwrap();
    fs::write(out("b.wav"), &whole[..whole.len() - 4]).unwrap();
    fs::remove_file(out("c.wav")).unwrap();
    assert_eq!(resume(&stage), ["done", "done", "done", "kept"]);
    assert!(fs::read(out("b.wav")).unwrap() == whole);
    let mut turned = fs::read(out("d.wav")).unwrap();
    turned[2000] ^= 1;
    fs::write(out("d.wav"), &turned).unwrap();
    assert_eq!(resume(&stage), ["kept", "kept", "kept", "done"]);
    // Another parameter, the same one written in another way, another block size.
    let other = ["--stage", &STAGE.replace("gain_db=6", "gain_db=5")];
    assert_eq!(resume(&other), ["done"; 4]);
    let same = ["--stage", &STAGE.replace("gain_db=6", "gain_db=+5.00 id=e")];
    assert_eq!(resume(&same), ["kept"; 4]);
    let blocks = ["--stage", same[1], "--block-frames", "64"];
    assert_eq!(resume(&blocks), ["kept"; 4]);
    // Another level of vector instructions agrees within a tolerance, not to the bit.
    let mut plain = desk.command(["run", "in", "out", "--resume", "--stage", same[1]]);
    let plain = segue_tests::desk::answer(plain.env("SEGUE_CPU", "baseline"), &[]).expect(0);
    let is_vector = !plain.text().contains("4 kept");
    assert_eq!(resume(&same), [if is_vector { "done" } else { "kept" }; 4]);
}

#[test]
fn what_people_should_know_of_a_file_is_told_with_its_name() {
    let desk = desk();
    let peaks: Vec<i16> = (0..3000).map(|at| 32_767 - at % 7).collect();
    wav::write_16(&desk.path("in/loud.wav"), 48_000, &[peaks]);
    wav::write_16(&desk.path("in/soft.wav"), 48_000, &[vec![3; 3000]]);
    let gain = "segue.gain gain_db=6";
    let arguments = ["run", "in", "out", "--stage", gain, "--report", "r.json"];
    let answer = desk.segue(arguments).expect(0);
    let lines = answer.err.lines();
    let notices: Vec<_> = lines.filter(|line| line.starts_with("notice:")).collect();
    assert!(
        matches!(notices[..], [one] if one.starts_with("notice: in/loud.wav: ") && one.contains("were cut")),
        "{}",
        answer.err
    );
    let text = answer.text();
    assert!(
        text.starts_with("done: 2 of 2 files, 1 with notices; "),
        "{text}"
    );
    let report = report(&desk, "r.json");
    assert_eq!(report["totals"]["with_notices"], 1);
    let told = report["files"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|file| file["notices"].as_array().unwrap().len())
        .collect();
    assert_eq!(told, [1, 0]);
}

#[test]
fn keys_stand_in_the_report_of_one_file_and_of_many() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 3_000);
    let _ = run(&desk, &["in/a.wav", "a.wav", "--report", "one.json"]).expect(0);
    let _ = run(&desk, &["in", "out", "--report", "many.json"]).expect(0);
    let (one, many) = (report(&desk, "one.json"), report(&desk, "many.json"));
    let file = &many["files"][0];
    assert_eq!(one["stages"][0]["key"], file["report"]["stages"][0]["key"]);
    assert_eq!(one["stream"]["output_key"], file["key"]);
    for key in [
        &one["stages"][0]["key"],
        &file["key"],
        &file["output_sha256"],
    ] {
        assert_eq!(key.as_str().unwrap().len(), 64, "{key}");
    }
    assert_eq!(
        one["stream"]["input_sha256"],
        file["report"]["stream"]["input_sha256"]
    );
    // A pipe can be read only once, so there is no key.
    let bytes = fs::read(desk.path("in/a.wav")).unwrap();
    let mut piped = desk.command([
        "run",
        "-",
        "b.wav",
        "--stage",
        STAGE,
        "--report",
        "pipe.json",
    ]);
    let _ = segue_tests::desk::answer(&mut piped, &bytes).expect(0);
    assert_eq!(report(&desk, "pipe.json")["stages"][0]["key"], Value::Null);
}

#[test]
fn hostile_names_go_through_to_the_byte() {
    let desk = desk();
    let names: [&[u8]; 6] = [
        b"-rf.wav",
        b"new\nline.wav",
        b"\xff\xfe.wav",
        b" two  spaces .wav",
        b"\x1b[2J.wav",
        b"--stage.wav",
    ];
    for (seed, name) in names.iter().enumerate() {
        noise(&desk, OsStr::from_bytes(name), seed as u64, 300);
    }
    let answer = run(&desk, &["in", "out"]).expect(0);
    assert!(!answer.err.contains('\u{1b}') && !answer.text().contains('\u{1b}'));
    assert_eq!(answer.err.lines().count(), names.len(), "{}", answer.err);
    for name in names {
        assert!(desk.path("out").join(OsStr::from_bytes(name)).is_file());
    }
    let resumed = run(&desk, &["in", "out", "--resume"]).expect(0);
    assert!(
        resumed.text().contains("6 kept from before"),
        "{}",
        resumed.text()
    );
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_done() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 300);
    fs::copy(desk.path("in/a.wav"), desk.path("a.wav")).unwrap();
    fs::create_dir(desk.path("empty")).unwrap();
    fs::create_dir(desk.path("there")).unwrap();
    desk.write("there/a.wav", "mine");
    let refused = |arguments: &[&str], sentence: &str| {
        let answer = run(&desk, arguments).expect(2);
        assert!(
            answer.err.contains(sentence),
            "{arguments:?}\n{}",
            answer.err
        );
    };
    refused(&["empty", "out"], "empty holds no audio");
    refused(&["in/*.flac", "out"], "in/*.flac holds no audio");
    refused(&["in", "in"], "in is one of the inputs");
    refused(&["in", "there"], "there/a.wav exists");
    refused(
        &["in", "there", "--resume"],
        "no earlier run of many files wrote that",
    );
    refused(&["in", "a.wav"], "a.wav is a file, expected a folder");
    refused(&["in", "new.wav"], "new.wav is to hold many outputs");
    refused(&["in/a.wav", "a.wav", "out"], "would both become out/a.wav");
    refused(&["in", "-"], "a pipe is one file");
    refused(&["in", "out", "--pace", "realtime"], "as fast as they can");
    refused(
        &["in/a.wav", "b.wav", "--resume"],
        "--resume is for many files",
    );
    refused(
        &["in/a.wav", "b.wav", "--format", "wav"],
        "--format is for many files",
    );
    refused(&["in", "out", "--report", "in/a.wav"], "is no report");
    refused(
        &["in/none.wav", "in/a.wav", "out"],
        "in/none.wav cannot be read",
    );
    assert!(!desk.path("out").exists());
    assert_eq!(fs::read(desk.path("there/a.wav")).unwrap(), b"mine");
    let _ = run(&desk, &["in", "there", "--overwrite"]).expect(0);
    assert_ne!(fs::read(desk.path("there/a.wav")).unwrap(), b"mine");
}

#[test]
fn outputs_within_the_inputs_are_not_read_again() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 300);
    symlink(desk.path("in"), desk.path("in/loop")).unwrap();
    for _ in 0..2 {
        let answer = run(&desk, &["in", "in/out", "--overwrite"]).expect(0);
        assert!(
            answer.text().starts_with("done: 1 of 1 file;"),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn one_run_at_a_time_writes_into_a_folder() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 300);
    fs::create_dir(desk.path("out")).unwrap();
    let folder = File::open(desk.path("out")).unwrap();
    folder.lock().unwrap();
    let answer = run(&desk, &["in", "out"]).expect(1);
    assert!(
        answer.err.contains("another run is writing into out"),
        "{}",
        answer.err
    );
    folder.unlock().unwrap();
    let _ = run(&desk, &["in", "out"]).expect(0);
}

#[test]
fn five_thousand_bad_files_are_told_in_a_few_lines() {
    let desk = desk();
    for number in 0..5_000 {
        fs::write(desk.path("in").join(format!("{number:04}.wav")), "").unwrap();
    }
    let answer = run(&desk, &["in", "out", "--report", "report.json"]).expect(1);
    let text = answer.text();
    assert!(text.lines().count() < 30, "{text}");
    assert!(text.contains("4980 more failed"), "{text}");
    assert!(
        text.contains("failed: 0 of 5000 files, 5000 failed"),
        "{text}"
    );
    let report = report(&desk, "report.json");
    assert_eq!(report["files"].as_array().unwrap().len(), 5_000);
    assert_eq!(report["files"][4_999]["state"], "failed");
    assert_eq!(files(&desk.path("out")), []);
}

#[test]
fn a_file_that_is_degraded_is_told_and_stays_so() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 300);
    wav::write(&desk.path("in/b.wav"), 48_000, &[vec![0.5, f32::NAN, 0.5]]);
    for arguments in [&["in", "out"][..], &["in", "out", "--resume"]] {
        let answer = run(&desk, arguments).expect(4);
        let text = answer.text();
        assert!(text.contains("degraded: in/b.wav: 1 samples of the input were not finite"));
        assert!(text.contains("done: 2 of 2 files"), "{text}");
    }
    let quiet = run(&desk, &["in", "out", "--resume", "-q"]).expect(4);
    assert_eq!(quiet.text(), "");
    assert!(quiet.err.contains("degraded: in/b.wav"), "{}", quiet.err);
    let strict = run(&desk, &["in", "strict", "--strict-input"]).expect(4);
    assert!(
        strict.text().contains("failed: in/b.wav: sample 1"),
        "{}",
        strict.text()
    );
}

#[test]
fn a_missing_plugin_is_told_once_and_nothing_is_begun() {
    let desk = desk();
    noise(&desk, "a.wav", 1, 300);
    let answer = desk
        .segue(["run", "in", "out", "--stage", "acme.none"])
        .expect(3);
    assert_eq!(
        answer.err.matches("was not found").count(),
        1,
        "{}",
        answer.err
    );
    assert!(!desk.path("out").exists());
}

#[test]
fn samples_without_headers_are_many_files_too() {
    let desk = desk();
    let samples: Vec<u8> = (0..2_000u32).map(|at| (at * 7 % 256) as u8).collect();
    fs::write(desk.path("in/a.raw"), &samples).unwrap();
    fs::write(desk.path("in/a.txt"), &samples).unwrap();
    let _ = run(&desk, &["in", "out", "--raw", "s16le:8000:1"]).expect(0);
    assert_eq!(wav::read(&desk.path("out/a.wav"))[0].len(), 1_000);
    assert_eq!(files(&desk.path("out")).len(), 1);
}
