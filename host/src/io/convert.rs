//! Convert: an input as the session wants it.
//!
//! In: a source, and the rate and layout that a configuration asks for. Out: a source that has
//! them; the very same source where it has them already.
//!
//! Samples that are not finite become 0 before they are mixed or filtered, since they would spoil
//! their whole neighbourhood; [`Source::cleaned`] tells of them, by the frames of the input.

mod channels;
mod matrix;
mod rate;

use segue_plugin::layout::Layout;

use crate::audio::Buffer;
use crate::audio::sanitize;
use crate::io::Source;
use crate::io::convert::channels::Remixed;
use crate::io::convert::matrix::Matrix;
use crate::io::convert::rate::CONVERSION_BYTES_MAX;
use crate::io::convert::rate::Resampled;

/// What a session wants of its input; `None` takes it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Frames per second.
    pub sample_rate_hz: Option<u32>,
    /// Channels.
    pub layout: Option<Layout>,
}

/// Why an input is not converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The rates are so far apart, or have so little in common, that the filter would be too long.
    #[error(
        "converting {channels} channels from {from_hz} Hz to {to_hz} Hz would take {bytes} bytes, \
         expected at most {CONVERSION_BYTES_MAX}"
    )]
    Rates {
        /// The input's rate.
        from_hz: u32,
        /// The wanted one.
        to_hz: u32,
        /// How many channels are converted.
        channels: usize,
        /// What it would take.
        bytes: u64,
    },
    /// Nothing says which channel goes where.
    #[error(
        "there is no rule to make {to} of {from}; expected the same number of channels, or speakers \
         on both sides, with mono or FL and FR as the result"
    )]
    Layouts {
        /// The input's layout.
        from: Layout,
        /// The wanted one.
        to: Layout,
    },
}

/// Samples that were not finite and became 0 before the input was converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaned {
    /// How many, in all channels.
    pub count: u64,
    /// The first frame with one, counted in the input.
    pub frame: u64,
    /// The lowest channel of that frame with one, from 0.
    pub channel: usize,
}

/// Converts a source to what is wanted. Channels are mixed where there are fewest to resample.
///
/// # Errors
/// When there is no rule for the layouts, or the rates are too far apart.
pub fn convert(source: Box<dyn Source>, wanted: &Wanted) -> Result<Box<dyn Source>, ConvertError> {
    let format = *source.format();
    let (from, to) = (
        format.layout(),
        wanted.layout.unwrap_or_else(|| format.layout()),
    );
    let (from_hz, to_hz) = (
        format.sample_rate_hz(),
        wanted.sample_rate_hz.unwrap_or(format.sample_rate_hz()),
    );
    let matrix = match from == to {
        true => None,
        false => Some(Matrix::between(from, to).ok_or(ConvertError::Layouts { from, to })?),
    };
    let (before, after) = match to.channels() <= from.channels() {
        true => (matrix, None),
        false => (None, matrix),
    };
    let source = remixed(source, before, to);
    let source: Box<dyn Source> = match from_hz == to_hz {
        true => source,
        false => Box::new(Resampled::new(source, to_hz)?),
    };
    Ok(remixed(source, after, to))
}

fn remixed(source: Box<dyn Source>, matrix: Option<Matrix>, to: Layout) -> Box<dyn Source> {
    match matrix {
        Some(matrix) => Box::new(Remixed::new(source, matrix, to)),
        None => source,
    }
}

/// The frames of a signal at another rate: rounded to the nearest, halves up.
fn frames_at(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    let scaled = (2 * u128::from(frames) * to + from) / (2 * from);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Makes what was read finite, and adds what was found to what is still untold.
fn clean(buffer: &mut Buffer, frames: usize, position_frames: u64, untold: &mut Option<Cleaned>) {
    let Some(replaced) = sanitize(buffer, 0..frames) else {
        return;
    };
    match untold {
        Some(untold) => untold.count += replaced.count,
        None => {
            *untold = Some(Cleaned {
                count: replaced.count,
                frame: position_frames + replaced.frame as u64,
                channel: replaced.channel,
            });
        }
    }
}

#[cfg(test)]
mod tests;
