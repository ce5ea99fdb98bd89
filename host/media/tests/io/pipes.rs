//! Pipes: samples with and without a header, from and to other processes.

use std::fs;
use std::io;
use std::io::PipeReader;
use std::io::Read;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::thread;

use segue_media::audio::Buffer;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::io::ByteOrder;
use segue_media::io::Container;
use segue_media::io::Notice;
use segue_media::io::OutputOptions;
use segue_media::io::WriteError;

use crate::Heard;
use crate::hear;
use crate::new_file;
use crate::planar;
use crate::sentence;
use crate::wav_options;
use crate::write;

/// A name for an open descriptor.
fn name(descriptor: &impl AsRawFd) -> PathBuf {
    PathBuf::from(format!("/dev/fd/{}", descriptor.as_raw_fd()))
}

/// What comes out of a pipe into which these pieces are written one by one.
fn heard(pieces: Vec<Vec<u8>>, raw: Option<&str>) -> Result<Heard, String> {
    let (reader, mut writer) = io::pipe().unwrap();
    let sender = thread::spawn(move || pieces.iter().try_for_each(|piece| writer.write_all(piece)));
    let heard = hear(&name(&reader), raw.map(|raw| raw.parse().unwrap()));
    drop(reader);
    let _ = sender.join().unwrap(); // It may have been told that nobody reads on.
    heard
}

fn raw_options(order: ByteOrder) -> OutputOptions<'static> {
    OutputOptions {
        container: Container::Raw(order),
        ..wav_options(Layout::STEREO, SampleFormat::S16)
    }
}

/// Everything that a pipe still holds.
fn rest(mut reader: PipeReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn raw_samples_are_read_whatever_the_pieces_they_come_in() {
    let integers: Vec<i16> = (0..30_000).map(|at| (at * 7) as i16).collect();
    let bytes: Vec<u8> = integers
        .iter()
        .flat_map(|integer| integer.to_be_bytes())
        .collect();
    let expected: Vec<f32> = integers
        .iter()
        .map(|integer| f32::from(*integer) / 32_768.0)
        .collect();
    for size in [1_001, 4_096, 60_000] {
        let pieces = bytes.chunks(size).map(<[u8]>::to_vec).collect();
        let heard = heard(pieces, Some("s16be:44100:3")).unwrap();
        assert_eq!((heard.samples, heard.notices), (expected.clone(), vec![]));
    }
}

#[test]
fn the_end_of_a_pipe_within_a_frame_is_said() {
    let heard = heard(vec![vec![1; 10]], Some("f32le:8000:2")).unwrap();
    assert_eq!(heard.samples.len(), 2);
    let notice = Notice::PartialFrame {
        found_bytes: 2,
        expected_bytes: 8,
    };
    assert_eq!(heard.notices, [notice]);
}

#[test]
fn wav_from_a_pipe_goes_on_until_its_end_or_its_size() {
    let (_folder, path) = new_file("in.wav");
    let samples: Vec<f32> = (0..9_000).map(|at| at as f32 / 32_768.0).collect();
    let options = OutputOptions {
        frames: Some(4_500),
        ..wav_options(Layout::STEREO, SampleFormat::S16)
    };
    write(&path, &options, &samples).unwrap();
    let mut file = fs::read(&path).unwrap();
    file.extend(b"LIST\x04\0\0\0INFO");
    let as_sent = heard(vec![file.clone()], None).unwrap();
    assert_eq!(
        (as_sent.samples, as_sent.notices),
        (samples.clone(), vec![])
    );
    file.truncate(file.len() - 12);
    for size in [0_u32, 0x7fff_f000, u32::MAX] {
        file[4..8].copy_from_slice(&36_u32.to_le_bytes());
        file[40..44].copy_from_slice(&size.to_le_bytes());
        let heard = heard(file.chunks(1_000).map(<[u8]>::to_vec).collect(), None).unwrap();
        assert_eq!(
            (&heard.samples, heard.notices),
            (&samples, vec![]),
            "{size}"
        );
    }
    let expected = Notice::Announced {
        expected: 25_000_000,
        found: 4_500,
    };
    file[40..44].copy_from_slice(&100_000_000_u32.to_le_bytes());
    assert_eq!(heard(vec![file], None).unwrap().notices, [expected]);
}

#[test]
fn flac_from_a_pipe_is_as_good_as_from_a_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stereo-16.flac");
    let file = hear(path.as_ref(), None).unwrap();
    let pieces = fs::read(path)
        .unwrap()
        .chunks(100)
        .map(<[u8]>::to_vec)
        .collect();
    assert_eq!(heard(pieces, None).unwrap(), file);
}

#[test]
fn raw_samples_are_written_and_flushed_as_they_come() {
    let (mut reader, writer) = io::pipe().unwrap();
    let options = raw_options(ByteOrder::Big);
    let mut sink = segue_media::io::create(&name(&writer), &options).unwrap();
    drop(writer);
    let block = planar(&[0.5, -0.5, 0.25, -0.25], 2);
    sink.write(&block, 1..2).unwrap();
    sink.flush().unwrap();
    assert_eq!(rustix::io::ioctl_fionread(&reader).unwrap(), 4);
    let mut first = [0; 4];
    reader.read_exact(&mut first).unwrap();
    assert_eq!(first, [0x20, 0, 0xe0, 0]);
    sink.write(&block, 0..1).unwrap();
    let written = sink.finish().unwrap();
    assert_eq!((written.frames, written.bytes), (2, 8));
    assert_eq!(rest(reader), [0x40, 0, 0xc0, 0]);
}

#[test]
fn wav_to_a_pipe_says_its_length_if_it_is_known() {
    for (frames, riff, data) in [(Some(2), 36 + 8, 8), (None, u32::MAX, u32::MAX)] {
        let (reader, writer) = io::pipe().unwrap();
        let options = OutputOptions {
            frames,
            ..wav_options(Layout::STEREO, SampleFormat::S16)
        };
        write(&name(&writer), &options, &[0.0; 4]).unwrap();
        drop(writer);
        let bytes = rest(reader);
        let size = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap());
        assert_eq!((bytes.len(), size(4), size(40)), (52, riff, data));
        assert_eq!(heard(vec![bytes], None).unwrap().samples, [0.0; 4]);
    }
}

#[test]
fn a_length_that_was_promised_to_a_pipe_is_kept_or_an_error() {
    let (reader, writer) = io::pipe().unwrap();
    let options = OutputOptions {
        frames: Some(3),
        ..wav_options(Layout::STEREO, SampleFormat::S16)
    };
    let error = write(&name(&writer), &options, &[0.0; 4]).unwrap_err();
    let found = format!(
        "{} was announced with 3 frames and got 2",
        name(&writer).display()
    );
    assert_eq!(error.to_string(), found);
    drop(reader);
}

#[test]
fn a_pipe_whose_reader_is_gone_is_an_error_of_its_own() {
    let (reader, writer) = io::pipe().unwrap();
    let mut sink =
        segue_media::io::create(&name(&writer), &raw_options(ByteOrder::Little)).unwrap();
    drop(reader);
    sink.write(&Buffer::new(2, 100), 0..100).unwrap(); // Collected, not sent.
    let error = sink.finish().unwrap_err();
    assert!(
        matches!(error, WriteError::ClosedPipe { frame: 100, .. }),
        "{error}"
    );
}

#[test]
fn a_full_disk_is_an_error_of_its_own() {
    for options in [
        raw_options(ByteOrder::Little),
        wav_options(Layout::MONO, SampleFormat::F32),
    ] {
        let error = write("/dev/full".as_ref(), &options, &[0.0; 100_000]).unwrap_err();
        assert!(matches!(error, WriteError::DiskFull { .. }), "{error}");
        let text = sentence(&error);
        assert!(
            text.contains("/dev/full cannot be written beyond frame") && text.contains("full"),
            "{text}"
        );
    }
}
