//! Convert: an input as the session wants it.
//!
//! In: a source, and the rate and layout that a configuration asks for. Out: a source that has
//! them; the very same source where it has them already.
//!
//! Samples that are not finite become 0 before they are mixed or filtered, since they would spoil
//! their whole neighbourhood; [`Source::cleaned`] tells of them, by the frames of the input.

mod channels;
mod clean;
pub(crate) mod error;
mod matrix;
mod rate;

use segue_layout::Layout;

use crate::io::convert::channels::Remixed;
use crate::io::convert::error::ConvertError;
use crate::io::convert::matrix::Matrix;
use crate::io::convert::rate::Resampled;
use crate::io::stream::Source;

/// What a session wants of its input; `None` takes it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Frames per second.
    pub sample_rate_hz: Option<u32>,
    /// Channels.
    pub layout: Option<Layout>,
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

#[cfg(test)]
mod tests;
