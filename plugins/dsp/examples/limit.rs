//! Limit: what the kernels cost with nothing around them.
//!
//! `limit gain|eq16|chain|loudness IN.wav [OUT.wav]`: one program, one thread, the work known when
//! it was compiled; no plugins, no configuration, no checks but those that keep it right. It reads
//! and writes 16-bit stereo WAV with a canonical header of 44 bytes. `cargo bench -p segue --bench
//! peers` holds Segue against it.

#[path = "limit/chains.rs"]
mod chains;
#[path = "limit/wav.rs"]
mod wav;

use std::error::Error;
use std::path::Path;

use chains::Chain;
use segue_dsp::loudness::{ChannelWeight, LoudnessMeter, RangeHop};

/// Frames per step: two planes of 64 KiB stay in the second-level cache, and a read or write is
/// 64 KiB.
const FRAMES: usize = 16_384;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["loudness", input] => loudness(Path::new(input)),
        [chain, input, output] => {
            process(Chain::named(chain)?, Path::new(input), Path::new(output))
        }
        _ => Err("limit gain|eq16|chain|loudness IN.wav [OUT.wav]".into()),
    }
}

/// From file to file, exactly as many frames as came in: the latency is dropped and flushed.
fn process(mut chain: Chain, input: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    let mut reader = wav::Reader::open(input, FRAMES)?;
    let mut writer = wav::Writer::create(output, &reader, FRAMES)?;
    let mut planes = wav::planes(FRAMES);
    let latency = chain.latency_frames();
    let (mut to_drop, mut to_flush) = (latency, latency);
    loop {
        let mut frames = reader.read(&mut planes)?;
        if frames == 0 {
            frames = to_flush.min(FRAMES);
            to_flush -= frames;
            planes.iter_mut().for_each(|plane| plane.fill(0.0));
        }
        if frames == 0 {
            return Ok(());
        }
        let [left, right] = &mut planes;
        chain.process(&mut left[..frames], &mut right[..frames]);
        let dropped = to_drop.min(frames);
        to_drop -= dropped;
        writer.write(&left[dropped..frames], &right[dropped..frames])?;
    }
}

fn loudness(input: &Path) -> Result<(), Box<dyn Error>> {
    let mut reader = wav::Reader::open(input, FRAMES)?;
    let mut planes = wav::planes(FRAMES);
    let mut meter = LoudnessMeter::new(48_000, &[ChannelWeight::Full; 2], RangeHop::TenthOfSecond)?;
    loop {
        let frames = reader.read(&mut planes)?;
        if frames == 0 {
            break;
        }
        meter.feed(&[&planes[0][..frames], &planes[1][..frames]])?;
    }
    tell(&meter);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program tells its figures")]
fn tell(meter: &LoudnessMeter) {
    let found = meter.loudness();
    println!(
        "integrated {:.2} LUFS, range {:.2} LU",
        found.integrated_lufs, found.range_lu
    );
    let peak = meter.true_peak_dbtp(0).max(meter.true_peak_dbtp(1));
    println!("true peak {peak:.2} dBTP");
}
