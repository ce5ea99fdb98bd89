//! Formats as other programs read them: what Segue writes is whole and the same everywhere.

use segue_tests::build::reference;
use segue_tests::desk::Desk;
use segue_tests::oracle::{self, Decoded, Stream};
use segue_tests::wav;

/// The length of the signal, in frames.
const FRAMES: usize = 10_000;

/// Integers of 16 bits, others in each channel.
fn signal() -> [Vec<i16>; 2] {
    [1, 2].map(|seed| {
        let noise = wav::noise(seed, FRAMES).into_iter();
        noise.map(|sample| (sample * 60_000.0) as i16).collect()
    })
}

/// Writes the signal as `name` and lets every oracle read it.
#[track_caller]
fn check(name: &str, codec: &str) {
    let desk = Desk::new();
    desk.install(reference().files());
    wav::write_16(&desk.path("in.wav"), 44_100, &signal());
    let arguments = ["run", "in.wav", name, "--stage", "segue.gain gain_db=0"];
    let _ = desk.segue(arguments).expect(0);
    let path = desk.path(name);
    let expected = Stream {
        codec: codec.to_owned(),
        sample_rate_hz: 44_100,
        channels: 2,
        frames: FRAMES as u64,
    };
    assert_eq!(oracle::ffprobe(&path), expected, "{name}");
    let [left, right] = signal();
    let interleaved = left
        .iter()
        .zip(&right)
        .flat_map(|(left, right)| [left, right]);
    let expected = Decoded {
        samples: interleaved.map(|one| f32::from(*one) / 32_768.0).collect(),
        warnings: String::new(),
    };
    assert_eq!(oracle::ffmpeg(&path), expected, "{name} by ffmpeg");
    assert_eq!(oracle::sox(&path), expected, "{name} by sox");
    if codec == "flac" {
        assert_eq!(oracle::flac(&path), "", "{name} by flac");
    }
}

#[test]
fn a_wav_file_reads_everywhere() {
    check("out.wav", "pcm_s16le");
}

#[test]
fn an_aiff_file_reads_everywhere() {
    check("out.aiff", "pcm_s16be");
}

#[test]
fn a_flac_file_reads_everywhere() {
    check("out.flac", "flac");
}
