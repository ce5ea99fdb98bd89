//! Oracle: audio files as other programs read them.
//!
//! In: a file. Out: what ffprobe, ffmpeg, sox and flac say of it, and what they complained about.
//! Only tests behind the feature `oracles` call this; a program that is missing fails them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What ffprobe finds in the header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The coding: `pcm_s16le`, `flac`.
    pub codec: String,
    /// The rate, in frames per second.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: usize,
    /// The length, in frames.
    pub frames: u64,
}

/// Samples that a program decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Interleaved.
    pub samples: Vec<f32>,
    /// What it warned of, line by line.
    pub warnings: String,
}

/// What ffprobe says of the first stream of audio; it must not complain.
#[must_use]
#[track_caller]
pub fn ffprobe(path: &Path) -> Stream {
    let entries = "stream=codec_name,sample_rate,channels,duration_ts";
    let arguments = ["-v", "error", "-select_streams", "a:0", "-show_entries"];
    let (out, err) = run(Command::new("ffprobe")
        .args(arguments)
        .args([entries, "-of", "json"])
        .arg(path));
    assert_eq!(err, "", "ffprobe complains about {}", path.display());
    let found: Value = serde_json::from_slice(&out).expect("ffprobe writes JSON");
    let stream = &found["streams"][0];
    let text = |key: &str| stream[key].as_str().unwrap_or_default();
    let number = |key: &str| {
        let number = stream[key].as_u64();
        number.unwrap_or_else(|| panic!("{} has no {key}: {found:#}", path.display()))
    };
    Stream {
        codec: text("codec_name").to_owned(),
        sample_rate_hz: text("sample_rate").parse().expect("ffprobe names a rate"),
        channels: usize::try_from(number("channels")).expect("a test has few channels"),
        frames: number("duration_ts"),
    }
}

/// The samples as ffmpeg decodes them, to the end of the file.
#[must_use]
#[track_caller]
pub fn ffmpeg(path: &Path) -> Decoded {
    let before = ["-v", "warning", "-nostdin", "-i"].map(OsStr::new);
    let behind = ["-map", "0:a:0", "-f", "f32le", "-"].map(OsStr::new);
    let path = [path.as_os_str()];
    let arguments = before.iter().chain(&path).chain(&behind);
    let (out, warnings) = run(Command::new("ffmpeg").args(arguments));
    // A plain WAV or AIFF file names no speakers, and ffmpeg says that it takes the usual ones.
    let guesses = |line: &&str| !line.contains("Guessed Channel Layout");
    let warnings: Vec<_> = warnings.lines().filter(guesses).collect();
    Decoded {
        samples: samples(&out),
        warnings: warnings.join("\n"),
    }
}

/// The samples as sox decodes them, to the end of the file.
#[must_use]
#[track_caller]
pub fn sox(path: &Path) -> Decoded {
    let behind = ["-e", "floating-point", "-b", "32", "-t", "raw", "-L", "-"];
    let (out, warnings) = run(Command::new("sox")
        .args(["-V2", "-D"])
        .arg(path)
        .args(behind));
    Decoded {
        samples: samples(&out),
        warnings,
    }
}

/// Lets flac decode a file and compare the checksum; returns what it warned of.
#[must_use]
#[track_caller]
pub fn flac(path: &Path) -> String {
    run(Command::new("flac").args(["-s", "-t"]).arg(path)).1
}

/// Standard output and standard error of a program that ends well.
#[track_caller]
fn run(command: &mut Command) -> (Vec<u8>, String) {
    let output = command.output().unwrap_or_else(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        panic!("{program} cannot be started ({error}); the oracles need ffmpeg, sox and flac")
    });
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{err}",
        output.status
    );
    (output.stdout, err)
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    let (whole, rest) = bytes.as_chunks::<4>();
    assert_eq!(rest.len(), 0, "half a sample came");
    whole
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}
