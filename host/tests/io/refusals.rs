//! What is not opened, not created and not left behind.

use std::fs;
use std::path::Path;

use segue::audio::Buffer;
use segue::audio::Layout;
use segue::audio::SampleFormat;
use segue::io::OutputOptions;
use segue::io::Overwrite;

use crate::hear;
use crate::new_file;
use crate::sentence;
use crate::wav_options;
use crate::write;

#[test]
fn what_holds_no_audio_is_explained() {
    let (_folder, path) = new_file("in.wav");
    for (content, expected) in [
        (
            &b""[..],
            "is empty, expected WAV or FLAC; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"hello, world",
            "holds no audio format known, expected WAV or FLAC; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"RIFF\0\0\0\0AVI ",
            "holds no audio format known, expected WAV or FLAC; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"OggS\0\x02\0\0",
            "holds Ogg, which Segue 1.1 will read; expected WAV or FLAC",
        ),
        (
            b"ID3\x04\0\0\0\0\0\0",
            "holds MP3, which Segue 1.1 will read; expected WAV or FLAC",
        ),
        (
            b"FORM\0\0\0\0AIFF",
            "holds AIFF, which Segue 1.1 will read; expected WAV or FLAC",
        ),
        (b"fLaC", "cannot be read as FLAC: it ends within its header"),
    ] {
        fs::write(&path, content).unwrap();
        let error = hear(&path, None).unwrap_err();
        assert_eq!(error, format!("{} {expected}", path.display()));
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let (folder, path) = new_file("missing.wav");
    let error = hear(&path, None).unwrap_err();
    assert!(
        error.ends_with("cannot be opened for reading: No such file or directory (os error 2)"),
        "{error}"
    );
    let error = hear(folder.path(), None).unwrap_err();
    assert!(
        error.ends_with(" is a folder, expected a file or a pipe"),
        "{error}"
    );
}

#[test]
fn the_content_decides_and_not_the_name() {
    let (_folder, path) = new_file("out.wav");
    let options = wav_options(Layout::MONO, SampleFormat::S16);
    write(&path, &options, &[0.5]).unwrap();
    let other = path.with_extension("mp3");
    fs::rename(&path, &other).unwrap();
    assert_eq!(hear(&other, None).unwrap().samples, [0.5]);
}

#[test]
fn a_name_that_asks_for_another_format_is_refused() {
    let options = wav_options(Layout::MONO, SampleFormat::S16);
    for (name, expected) in [
        (
            "a.FLAC",
            "a.FLAC asks for FLAC, which Segue 1.1 will write; expected a name that ends in .wav",
        ),
        (
            "a.mp3",
            "a.mp3 asks for MP3, which Segue does not write; expected a name that ends in .wav",
        ),
    ] {
        let error = segue::io::create(Path::new(name), &options).err().unwrap();
        assert_eq!(error.to_string(), expected);
        assert!(!Path::new(name).exists());
    }
}

#[test]
fn wav_past_its_end_is_refused_before_anything_is_written() {
    let (folder, path) = new_file("out.wav");
    let options = |frames| OutputOptions {
        frames: Some(frames),
        ..wav_options(Layout::STEREO, SampleFormat::S16)
    };
    for frames in [1 << 30, u64::MAX] {
        let error = segue::io::create(&path, &options(frames))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.ends_with("bytes, and WAV ends at 4294967257"),
            "{error}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(segue::io::create(&path, &options((1 << 30) - 10)).is_ok());
}

#[test]
fn the_output_is_never_the_input() {
    let (_folder, path) = new_file("both.wav");
    let options = wav_options(Layout::MONO, SampleFormat::S16);
    write(&path, &options, &[0.5]).unwrap();
    let link = path.with_file_name("link.wav");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let input = segue::io::open(&path, None).unwrap().file_id();
    let options = OutputOptions {
        overwrite: Overwrite::Allowed,
        input,
        ..options
    };
    for name in [&path, &link] {
        let error = segue::io::create(name, &options).err().unwrap();
        let expected = "is the input itself, expected another file for the output";
        assert_eq!(sentence(&error), format!("{} {expected}", name.display()));
    }
    assert_eq!(hear(&path, None).unwrap().samples, [0.5]);
}

#[test]
fn a_sink_that_is_given_up_leaves_the_old_file_and_no_other() {
    let (folder, path) = new_file("out.wav");
    fs::write(&path, "old").unwrap();
    let options = wav_options(Layout::MONO, SampleFormat::S16);
    let error = segue::io::create(&path, &options)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.ends_with(" exists, and is only replaced with --overwrite"),
        "{error}"
    );
    let options = OutputOptions {
        overwrite: Overwrite::Allowed,
        ..options
    };
    let mut sink = segue::io::create(&path, &options).unwrap();
    sink.write(&Buffer::new(1, 100_000), 0..100_000).unwrap();
    drop(sink);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
