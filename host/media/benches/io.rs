//! Benches: what it costs to turn bytes into samples and back, beside copying them.
//!
//! `cargo bench -p segue-media`. Every bench asserts its result. Ratios to `copy` carry over
//! to another machine, times do not.

use std::hint::black_box;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use divan::Bencher;
use divan::counter::ItemsCount;
use segue_media::audio::Buffer;
use segue_media::audio::Format;
use segue_media::audio::Layout;
use segue_media::audio::SampleFormat;
use segue_media::audio::first_non_finite;
use segue_media::io::Container;
use segue_media::io::Decoder;
use segue_media::io::Encoder;
use segue_media::io::Encoding;
use segue_media::io::Metadata;
use segue_media::io::OutputOptions;
use segue_media::io::Overwrite;
use segue_media::io::Sink;
use segue_media::io::WriteError;
use segue_media::io::Written;
use tempfile::TempDir;

/// Frames at a time, as the pipeline reads them: what fits the second-level cache.
const FRAMES: usize = 8192;

const NAMES: [&str; 7] = ["u8", "s16le", "s16be", "s24le", "s32le", "f32le", "f64le"];

fn main() {
    divan::main();
}

/// What names an encoding, as it is.
fn encoding(name: &str) -> Encoding {
    name.parse().expect("the bench names known encodings")
}

/// A ramp that every encoding keeps exactly: multiples of 1/128.
fn ramp(channels: usize) -> Buffer {
    let mut buffer = Buffer::new(channels, FRAMES);
    for (channel, plane) in buffer.iter_mut().enumerate() {
        for (frame, sample) in plane.iter_mut().enumerate() {
            *sample = ((frame * 7 + channel) % 256) as f32 / 128.0 - 1.0;
        }
    }
    buffer
}

fn bytes_of(name: &str, from: &Buffer) -> Vec<u8> {
    let mut encoder = Encoder::new(encoding(name), from.channels());
    let mut bytes = vec![0; FRAMES * encoder.frame_bytes()];
    assert_eq!(encoder.encode(from, 0..FRAMES, &mut bytes), 0);
    bytes
}

#[divan::bench(name = "copy/f32", args = [1, 2, 6])]
fn copy(bencher: Bencher<'_, '_>, channels: usize) {
    let (from, mut into) = (ramp(channels), Buffer::new(channels, FRAMES));
    bencher
        .counter(ItemsCount::new(FRAMES * channels))
        .bench_local(|| black_box(&mut into).copy_frames(0, black_box(&from), 0..FRAMES));
    assert_eq!(into.as_slice(), from.as_slice());
}

#[divan::bench(name = "decode", args = NAMES, consts = [1, 2, 6])]
fn decode<const CHANNELS: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let from = ramp(CHANNELS);
    let mut bytes = bytes_of(name, &from);
    let original = bytes.clone();
    let mut decoder = Decoder::new(encoding(name), CHANNELS);
    let mut into = Buffer::new(CHANNELS, FRAMES);
    bencher
        .counter(ItemsCount::new(FRAMES * CHANNELS))
        .bench_local(|| decoder.decode(black_box(&mut bytes), black_box(&mut into), 0));
    bytes.copy_from_slice(&original); // A foreign byte order was turned in place, time and again.
    decoder.decode(&mut bytes, &mut into, 0);
    assert_eq!(into.as_slice(), from.as_slice());
}

#[divan::bench(name = "encode", args = NAMES, consts = [1, 2, 6])]
fn encode<const CHANNELS: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let from = ramp(CHANNELS);
    let mut encoder = Encoder::new(encoding(name), CHANNELS);
    let mut bytes = vec![0; FRAMES * encoder.frame_bytes()];
    bencher
        .counter(ItemsCount::new(FRAMES * CHANNELS))
        .bench_local(|| encoder.encode(black_box(&from), 0..FRAMES, black_box(&mut bytes)));
    assert_eq!(bytes, bytes_of(name, &from));
    let mut back = Buffer::new(CHANNELS, FRAMES);
    Decoder::new(encoding(name), CHANNELS).decode(&mut bytes, &mut back, 0);
    assert_eq!(back.as_slice(), from.as_slice());
}

/// The plainest loop from 16 bits to planes, as a measure of `decode/s16le/2`.
#[divan::bench(name = "plain/decode-s16le-2")]
fn plain_decode(bencher: Bencher<'_, '_>) {
    let from = ramp(2);
    let bytes = bytes_of("s16le", &from);
    let mut into = Buffer::new(2, FRAMES);
    bencher
        .counter(ItemsCount::new(2 * FRAMES))
        .bench_local(|| {
            let bytes = black_box(&bytes);
            for (channel, plane) in into.iter_mut().enumerate() {
                let frames = bytes.as_chunks::<4>().0;
                for (sample, frame) in plane.iter_mut().zip(frames) {
                    let bytes = [frame[2 * channel], frame[2 * channel + 1]];
                    *sample = f32::from(i16::from_le_bytes(bytes)) / 32_768.0;
                }
            }
            black_box(&mut into);
        });
    assert_eq!(into.as_slice(), from.as_slice());
}

/// The plainest loop from planes to 16 bits, as a measure of `encode/s16le/2`.
#[divan::bench(name = "plain/encode-s16le-2")]
fn plain_encode(bencher: Bencher<'_, '_>) {
    let from = ramp(2);
    let mut bytes = vec![0; 4 * FRAMES];
    bencher
        .counter(ItemsCount::new(2 * FRAMES))
        .bench_local(|| {
            let from = black_box(&from);
            let frames = bytes.as_chunks_mut::<4>().0.iter_mut();
            let pairs = from.channel(0).iter().zip(from.channel(1));
            for (frame, (left, right)) in frames.zip(pairs) {
                let [left, right] =
                    [left, right].map(|sample| (sample * 32_768.0).round_ties_even() as i16);
                let ([a, b], [c, d]) = (left.to_le_bytes(), right.to_le_bytes());
                *frame = [a, b, c, d];
            }
            black_box(&mut bytes);
        });
    assert_eq!(bytes, bytes_of("s16le", &from));
}

/// A sink that takes everything and keeps nothing.
struct Nowhere(f32);

impl Sink for Nowhere {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        self.0 = black_box(from.channel(0)[frames.start]);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written, WriteError> {
        Ok(Written::default())
    }
}

/// What dither adds to writing 16 bits.
#[divan::bench(name = "dither/s16le", args = [1, 2, 6])]
fn dither(bencher: Bencher<'_, '_>, channels: usize) {
    let mut from = ramp(channels);
    for plane in from.iter_mut() {
        plane.iter_mut().for_each(|sample| *sample *= 0.999);
    }
    let format = Format::new(48_000, Layout::discrete(channels as u16), SampleFormat::F32)
        .expect("a usual format");
    let mut sink = segue_media::io::dithered(Box::new(Nowhere(0.0)), &format, SampleFormat::S16);
    bencher
        .counter(ItemsCount::new(FRAMES * channels))
        .bench_local(|| sink.write(black_box(&from), 0..FRAMES).is_ok());
    assert!(sink.finish().is_ok());
}

/// Ten seconds of 48 kHz stereo from one WAV file to another, beside reading and writing its bytes.
#[divan::bench(name = "file/bytes")]
fn file_bytes(bencher: Bencher<'_, '_>) {
    let (folder, from) = file();
    let into = folder.path().join("copy.wav");
    bencher.bench_local(|| {
        let bytes = std::fs::read(&from).expect("the file is there");
        std::fs::write(&into, bytes).expect("the disk has room");
    });
    assert_eq!(std::fs::read(&into).ok(), std::fs::read(&from).ok());
}

#[divan::bench(name = "file/samples")]
fn file_samples(bencher: Bencher<'_, '_>) {
    let (folder, from) = file();
    let into = folder.path().join("copy.wav");
    bencher.bench_local(|| copy_samples(&from, &into));
    assert_eq!(std::fs::read(&into).ok(), std::fs::read(&from).ok());
}

/// Reads and writes a file as a pipeline without stages would, but for bringing it to the disk.
fn copy_samples(from: &Path, into: &Path) {
    let mut source = segue_media::io::open(from, None).expect("the file is there");
    let options = OutputOptions {
        format: *source.format(),
        samples: SampleFormat::S16,
        container: Container::Wav,
        frames: source.frames(),
        length: segue_media::io::Length::Certain,
        metadata: &source.metadata().clone(),
        overwrite: Overwrite::Allowed,
        input: source.file_id(),
    };
    let mut sink = segue_media::io::create(into, &options).expect("the folder can be written");
    let mut block = Buffer::new(2, FRAMES);
    loop {
        let frames = source.read(&mut block).expect("the file is whole");
        if frames == 0 {
            break;
        }
        sink.write(&block, 0..frames).expect("the disk has room");
    }
    sink.finish().expect("the disk has room");
}

/// A folder and in it a file of ten seconds.
fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder for the bench");
    let path = folder.path().join("file.wav");
    let format = Format::new(48_000, Layout::STEREO, SampleFormat::S16).expect("a usual format");
    let options = OutputOptions {
        format,
        samples: SampleFormat::S16,
        container: Container::Wav,
        frames: None,
        length: segue_media::io::Length::Certain,
        metadata: &Metadata::default(),
        overwrite: Overwrite::Refused,
        input: None,
    };
    let mut sink = segue_media::io::create(&path, &options).expect("a new file");
    let block = ramp(2);
    for _ in 0..480_000 / FRAMES {
        sink.write(&block, 0..FRAMES).expect("the disk has room");
    }
    sink.finish().expect("the disk has room");
    (folder, path)
}

#[divan::bench(name = "finite/stereo", args = [64, 128, 256, 1024])]
fn finite(bencher: Bencher<'_, '_>, frames: usize) {
    let block = ramp(2);
    bencher
        .counter(ItemsCount::new(2 * frames))
        .bench_local(|| {
            let block = black_box(&block);
            let found = block
                .iter()
                .find_map(|plane| first_non_finite(&plane[..frames]));
            assert_eq!(found, None);
        });
}
