//! What is not opened, not created and not left behind.

use std::fs;

use segue_media::audio::Buffer;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::Container;
use segue_media::io::OutputOptions;
use segue_media::io::Overwrite;

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
            "is empty, expected WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC or CAF; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"hello, world",
            "holds no audio format known, expected WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC or CAF; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"RIFF\0\0\0\0AVI ",
            "holds no audio format known, expected WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC or CAF; samples without a header need --raw, as in --raw s16le:48000:2",
        ),
        (
            b"RIFX\0\0\0\0WAVE",
            "holds big-endian WAV (RIFX), which Segue does not read; expected WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC or CAF",
        ),
        (
            b"FORM\0\0\0\0AIFF",
            "cannot be read as AIFF: it ends without a sound chunk",
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
fn aiff_past_its_end_is_refused_before_anything_is_written() {
    let (folder, path) = new_file("out.aiff");
    let options = |container, frames| OutputOptions {
        frames: Some(frames),
        container,
        ..wav_options(Layout::STEREO, SampleFormat::S16)
    };
    for frames in [1 << 30, u64::MAX] {
        let aiff = options(Container::Aiff, frames);
        let error = segue_media::io::create(&path, &aiff)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.ends_with("bytes, and the format ends at 4294967240"),
            "{error}"
        );
    }
    assert!(segue_media::io::create(&path, &options(Container::Wav, u64::MAX)).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(segue_media::io::create(&path, &options(Container::Aiff, (1 << 30) - 20)).is_ok());
    assert!(segue_media::io::create(&path, &options(Container::Wav, 1 << 40)).is_ok());
}

#[test]
fn the_output_is_never_the_input() {
    let (_folder, path) = new_file("both.wav");
    let options = wav_options(Layout::MONO, SampleFormat::S16);
    write(&path, &options, &[0.5]).unwrap();
    let link = path.with_file_name("link.wav");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let input = segue_media::io::open(&path, None).unwrap().file_id();
    let options = OutputOptions {
        overwrite: Overwrite::Allowed,
        input,
        ..options
    };
    for name in [&path, &link] {
        let error = segue_media::io::create(name, &options).err().unwrap();
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
    let error = segue_media::io::create(&path, &options)
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
    let mut sink = segue_media::io::create(&path, &options).unwrap();
    sink.write(&Buffer::new(1, 100_000), 0..100_000).unwrap();
    drop(sink);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
