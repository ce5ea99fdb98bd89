//! Rate: a source at another sample rate.
//!
//! In: a source. Out: the same at the wanted rate: exactly `round(frames · to / from)` frames, the
//! first of them at the time of the input's first.
//!
//! The conversion is a multiplication with the spectrum of a linear-phase low-pass (a windowed
//! sinc), block by block, with overlapping results added. Its delay is half a block: that much is
//! dropped at the start and fed with silence at the end. Blocks have a fixed length that depends
//! on the two rates alone, so that the result does not depend on how it is read. It computes in
//! `f64`: in `f32` the noise would be at -105 to -135 dB, and 24 bits carry 144.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::convert::channels::told;
use crate::io::convert::clean::clean;
use crate::io::convert::error::CONVERSION_BYTES_MAX;
use crate::io::convert::error::ConvertError;
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;
use crate::io::stream::Effort;
use crate::io::stream::Source;

/// The fewest frames of a block, at the lower of both rates: with them the pass band reaches to
/// 0.993 of half that rate.
const BLOCK_FRAMES_MIN: u64 = 2048;

/// A source at another rate.
pub(super) struct Resampled {
    source: Box<dyn Source>,
    format: Format,
    from_hz: u32,
    fft: Fft<f64>,
    /// What is read: one block.
    input: Buffer,
    /// The same without padding between channels, and what comes out, channel after channel.
    block_in: Vec<f64>,
    block_out: Vec<f64>,
    frames_out: usize,
    /// What of `block_out` was not handed on yet.
    ready: std::ops::Range<usize>,
    /// Frames still to be dropped at the start.
    to_drop: usize,
    frames_in: u64,
    given: u64,
    end: InputEnd,
    untold: Option<Cleaned>,
    said: Notice,
    notices: Vec<Notice>,
}

/// How far the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputEnd {
    /// It goes on.
    Ahead,
    /// Its last frame was read; so many frames come out in all.
    Read(u64),
}

/// How many frames a block has at both rates, and what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    frames_in: u64,
    frames_out: u64,
    bytes: u64,
}

impl Block {
    fn of(from_hz: u32, to_hz: u32, channels: usize) -> Self {
        let divisor = greatest_common_divisor(from_hz, to_hz);
        let (from, to) = (u64::from(from_hz / divisor), u64::from(to_hz / divisor));
        // An even number of periods has its middle on a frame, at both rates.
        let periods = BLOCK_FRAMES_MIN.div_ceil(from.min(to)).next_multiple_of(2);
        let (frames_in, frames_out) = (periods * from, periods * to);
        // Each channel keeps blocks of both sides and an overlap; spectra, filter, scratch and the
        // tables of both transforms are shared.
        let samples =
            channels as u64 * 5 * (frames_in + frames_out) + 14 * frames_in + 10 * frames_out;
        Self {
            frames_in,
            frames_out,
            bytes: samples * size_of::<f64>() as u64,
        }
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// The conversion of blocks of so many frames; `None` where there is none between the two rates.
fn transform(from_hz: u32, to_hz: u32, frames_in: usize, channels: usize) -> Option<Fft<f64>> {
    let fft = Fft::new_custom(
        from_hz as usize,
        to_hz as usize,
        frames_in,
        1,
        channels,
        WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    );
    fft.ok()
}

impl Resampled {
    pub(super) fn new(source: Box<dyn Source>, to_hz: u32) -> Result<Self, ConvertError> {
        let (from_hz, channels) = (source.format().sample_rate_hz(), source.format().channels());
        let block = Block::of(from_hz, to_hz, channels);
        let refused = ConvertError::Rates {
            from_hz,
            to_hz,
            channels,
            bytes: block.bytes,
        };
        let format = source.format().with_rate(to_hz).map_err(|_| refused)?;
        if block.bytes > CONVERSION_BYTES_MAX {
            return Err(refused);
        }
        let (frames_in, frames_out) = (block.frames_in as usize, block.frames_out as usize);
        let fft = transform(from_hz, to_hz, frames_in, channels).ok_or(refused)?;
        let said = Notice::Resampled { from_hz, to_hz };
        Ok(Self {
            to_drop: fft.output_delay(),
            fft,
            input: Buffer::new(channels, frames_in),
            block_in: vec![0.0; channels * frames_in],
            block_out: vec![0.0; channels * frames_out],
            frames_out,
            ready: 0..0,
            frames_in: 0,
            given: 0,
            end: InputEnd::Ahead,
            untold: None,
            notices: told(&*source, said),
            said,
            format,
            from_hz,
            source,
        })
    }

    /// Reads a block, silence past the end, and converts it.
    fn convert(&mut self) -> Result<(), ReadError> {
        let block = self.input.frames_max();
        let frames = match self.end {
            InputEnd::Ahead => self.source.read(&mut self.input)?,
            InputEnd::Read(_) => 0,
        };
        clean(&mut self.input, frames, self.frames_in, &mut self.untold);
        self.frames_in += frames as u64;
        for (channel, into) in self.input.iter().zip(self.block_in.chunks_exact_mut(block)) {
            let each = into.iter_mut().zip(&channel[..frames]);
            each.for_each(|(into, sample)| *into = f64::from(*sample));
            into[frames..].fill(0.0);
        }
        if frames < block && self.end == InputEnd::Ahead {
            let to_hz = self.format.sample_rate_hz();
            self.end = InputEnd::Read(frames_at(self.frames_in, self.from_hz, to_hz));
            // A source has said everything once it was asked past its end.
            let _ = self.source.read(&mut self.input)?;
        }
        self.notices = told(&*self.source, self.said);
        self.transform();
        let dropped = self.to_drop.min(self.frames_out);
        self.to_drop -= dropped;
        self.ready = dropped..self.frames_out;
        Ok(())
    }

    fn transform(&mut self) {
        let (channels, frames_in) = (self.input.channels(), self.input.frames_max());
        let input = SequentialSlice::new(&self.block_in, channels, frames_in)
            .expect("the block was made for so many channels and frames");
        let mut output = SequentialSlice::new_mut(&mut self.block_out, channels, self.frames_out)
            .expect("the block was made for so many channels and frames");
        self.fft
            .process_into_buffer(&input, &mut output, None)
            .expect("the blocks have the lengths that were asked for");
    }

    /// How many frames may still be handed on, as far as is known.
    fn left(&self) -> u64 {
        match self.end {
            InputEnd::Ahead => u64::MAX,
            InputEnd::Read(total) => total - self.given,
        }
    }
}

impl Source for Resampled {
    fn effort(&self) -> Effort {
        Effort::Large
    }

    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        let to_hz = self.format.sample_rate_hz();
        let frames = self.source.frames()?;
        Some(frames_at(frames, self.from_hz, to_hz))
    }

    fn metadata(&self) -> &Metadata {
        self.source.metadata()
    }

    fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.source.file_id()
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let mut done = 0;
        while done < into.frames_max() && self.left() > 0 {
            if self.ready.is_empty() {
                self.convert()?;
                continue;
            }
            let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
            let frames = (into.frames_max() - done).min(self.ready.len()).min(left);
            let from = self.ready.start..self.ready.start + frames;
            let channels = self.block_out.chunks_exact(self.frames_out);
            for (channel, into) in channels.zip(into.iter_mut()) {
                let each = into[done..done + frames].iter_mut();
                each.zip(&channel[from.clone()])
                    .for_each(|(into, sample)| *into = *sample as f32);
            }
            self.ready.start += frames;
            self.given += frames as u64;
            done += frames;
        }
        Ok(done)
    }

    fn cleaned(&mut self) -> Option<Cleaned> {
        self.source.cleaned().or_else(|| self.untold.take())
    }
}

/// The frames of a signal at another rate: rounded to the nearest, halves up.
pub(super) fn frames_at(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    let scaled = (2 * u128::from(frames) * to + from) / (2 * from);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
