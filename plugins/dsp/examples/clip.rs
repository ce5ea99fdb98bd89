//! Clip: makes `assets/voice.wav`, the recording that Segue's first run plays.
//!
//! In: nothing but this folder. Out: a WAV file at the path given, `assets/voice.wav` by default.
//!
//! `cargo run --release -p segue-dsp --example clip` at the repository's root writes it anew,
//! the same to the last byte on every machine: only additions, multiplications, divisions and
//! square roots are used, which IEEE 754 rounds alike everywhere. A test compares the two.
//!
//! A voice sings three short phrases, soft, loud and whispered, over a plucked accompaniment, in
//! a small room with a rumble below 40 Hz: something to do for a high-pass, an equalizer, a
//! compressor and meters. Nothing in it was recorded. It is dedicated to the public domain
//! (CC0-1.0).
//!
//! Sources: D. Klatt, Software for a cascade/parallel formant synthesizer, JASA 67 (1980), for
//! the resonators; D. Klatt, L. Klatt, JASA 87 (1990), for the glottal pulse; M. Schroeder,
//! Natural sounding artificial reverberation, JAES 10 (1962), for the room.

#[path = "clip/arithmetic.rs"]
mod arithmetic;
#[path = "clip/room.rs"]
mod room;
#[path = "clip/strings.rs"]
mod strings;
#[path = "clip/voice.rs"]
mod voice;

use arithmetic::Noise;
use room::{Room, Rumble};
use std::path::PathBuf;
use std::process::ExitCode;
use strings::Strings;
use voice::Voice;

/// Frames in a second.
const RATE_HZ: u32 = 48_000;
/// Seven seconds.
const FRAMES: usize = 7 * RATE_HZ as usize;
/// The last frames sink to silence, so that the clip may be looped.
const FADE_FRAMES: usize = RATE_HZ as usize / 4;
/// Bytes before the samples.
const HEADER_BYTES: u32 = 44;

fn main() -> ExitCode {
    let path = std::env::args_os()
        .nth(1)
        .map_or("assets/voice.wav".into(), PathBuf::from);
    match std::fs::write(&path, wav()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("{} cannot be written: {error}\n", path.display()),
            );
            ExitCode::FAILURE
        }
    }
}

/// The whole file: 16-bit stereo PCM.
pub(crate) fn wav() -> Vec<u8> {
    let data_bytes = FRAMES as u32 * 4;
    let mut file = Vec::with_capacity((HEADER_BYTES + data_bytes) as usize);
    file.extend(b"RIFF");
    file.extend((HEADER_BYTES - 8 + data_bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1_u16, 2].map(u16::to_le_bytes).concat()); // PCM, two channels
    file.extend([RATE_HZ, RATE_HZ * 4].map(u32::to_le_bytes).concat());
    file.extend([4_u16, 16].map(u16::to_le_bytes).concat()); // bytes a frame, bits a sample
    file.extend(b"data");
    file.extend(data_bytes.to_le_bytes());
    let mut dither = Noise::new(11);
    for frame in frames() {
        for sample in frame {
            let rounded = (sample * 32_767.0 + dither.triangle()).round();
            file.extend((rounded.clamp(-32_767.0, 32_767.0) as i16).to_le_bytes());
        }
    }
    file
}

/// Left and right of every frame, within -1 to 1.
fn frames() -> impl Iterator<Item = [f64; 2]> {
    let mut voice = Voice::new();
    let mut strings = Strings::new();
    let mut room = Room::new();
    let mut rumble = Rumble::new();
    (0..FRAMES).map(move |frame| {
        let sung = voice.next(frame);
        let plucked = strings.next(frame);
        let dry = [sung + plucked[0], sung + plucked[1]];
        let wet = room.next(dry[0] + dry[1]);
        let low = rumble.next();
        let fade = ((FRAMES - frame) as f64 / FADE_FRAMES as f64).min(1.0);
        [0, 1].map(|side| fade * (dry[side] + wet[side] + low[side]))
    })
}
