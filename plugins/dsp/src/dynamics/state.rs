//! State: running states as plain numbers, on their way to a buffer or back.
//!
//! In and out: `f64` numbers and `f32` samples, in an order that each kernel keeps to itself. A
//! kernel whose load failed holds a mixture: load into a spare one and exchange the two.

use thiserror::Error;

/// Why a running state cannot be saved or loaded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StateError {
    /// The buffer is not as long as the state.
    #[error("the running state has another length than expected of such a processor")]
    Length,
    /// A number is none that a running processor has.
    #[error("the running state has a number that was not expected of such a processor")]
    Value,
}

/// Where a running state is written to.
pub trait StateSink {
    /// Takes numbers, bit for bit.
    ///
    /// # Errors
    /// `Length` where there is no room.
    fn numbers(&mut self, numbers: &[f64]) -> Result<(), StateError>;

    /// Takes samples, bit for bit.
    ///
    /// # Errors
    /// `Length` where there is no room.
    fn samples(&mut self, samples: &[f32]) -> Result<(), StateError>;
}

/// Where a running state is read from.
pub trait StateSource {
    /// Gives the next numbers.
    ///
    /// # Errors
    /// `Length` where there are not so many.
    fn numbers(&mut self, into: &mut [f64]) -> Result<(), StateError>;

    /// Gives the next samples.
    ///
    /// # Errors
    /// `Length` where there are not so many.
    fn samples(&mut self, into: &mut [f32]) -> Result<(), StateError>;
}

/// One number, if it lies between 0 and `max`.
pub(super) fn read_up_to(source: &mut impl StateSource, max: f64) -> Result<f64, StateError> {
    let mut number = [0.0];
    source.numbers(&mut number)?;
    let [number] = number;
    if (0.0..=max).contains(&number) {
        Ok(number)
    } else {
        Err(StateError::Value)
    }
}
