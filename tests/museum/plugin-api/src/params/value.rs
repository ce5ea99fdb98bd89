//! Value: the types that a field may have to be a parameter.
//!
//! In: a declaration, and numbers within its range. Out: a field that holds them in its own type.

use crate::declare::ParamDecl;

/// The type of a field that is one parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a parameter",
    note = "take `f64`, `f32`, `Smoothed`, `bool`, an integer of at most 32 bits, or an enum that \
            derives `Choices`; for an array of structs say `#[param(group)]`"
)]
pub trait ParamValue: Sized {
    /// The labels where it is a choice; none where it is a number.
    const LABELS: &'static [&'static str] = &[];

    /// The field at the declaration's default. Thread: any but audio.
    fn from_decl(decl: &ParamDecl) -> Self;

    /// Takes a value, which lies within the range and is not NaN. Thread: the instance's; it
    /// never allocates or blocks.
    fn set(&mut self, value: f64);

    /// The value last taken. Thread: the instance's.
    fn get(&self) -> f64;

    /// Gets ready for blocks of at most `frames_max` frames. Thread: never audio.
    fn prepare(&mut self, sample_rate_hz: f64, frames_max: usize) {
        let _ = (sample_rate_hz, frames_max);
    }

    /// Jumps to the value last taken. Thread: the instance's; it never allocates or blocks.
    fn reset(&mut self) {}
}

impl ParamValue for f64 {
    fn from_decl(decl: &ParamDecl) -> Self {
        decl.default
    }

    fn set(&mut self, value: f64) {
        *self = value;
    }

    fn get(&self) -> f64 {
        *self
    }
}

impl ParamValue for f32 {
    fn from_decl(decl: &ParamDecl) -> Self {
        decl.default as Self
    }

    fn set(&mut self, value: f64) {
        *self = value as Self;
    }

    fn get(&self) -> f64 {
        f64::from(*self)
    }
}

/// Whole numbers round; every one of at most 32 bits is exact in an `f64`.
macro_rules! whole_numbers {
    ($($type:ty),+) => {
        $(impl ParamValue for $type {
            fn from_decl(decl: &ParamDecl) -> Self {
                decl.default.round() as Self
            }

            fn set(&mut self, value: f64) {
                *self = value.round() as Self;
            }

            fn get(&self) -> f64 {
                f64::from(*self)
            }
        })+
    };
}

whole_numbers!(u8, u16, u32, i8, i16, i32);

/// An enum whose cases are the labelled choices of a parameter; made by `#[derive(Choices)]`.
///
/// The label is the case's name in kebab-case, `HighPass` as `high-pass`, unless
/// `#[choice("label")]` says otherwise. The value is the case's place, from 0.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a choice",
    note = "write `#[derive(Clone, Copy, Choices)]` above the enum"
)]
pub trait Choices: Copy {
    /// The labels, in order of their values.
    const LABELS: &'static [&'static str];

    /// The case at that place, if there is one.
    fn from_index(index: u32) -> Option<Self>;

    /// The case's place, from 0.
    fn index(self) -> u32;
}

impl Choices for bool {
    const LABELS: &'static [&'static str] = &["off", "on"];

    fn from_index(index: u32) -> Option<Self> {
        match index {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn index(self) -> u32 {
        u32::from(self)
    }
}

impl<T: Choices> ParamValue for T {
    const LABELS: &'static [&'static str] = T::LABELS;

    fn from_decl(decl: &ParamDecl) -> Self {
        T::from_index(decl.default as u32).expect("a default is the index of one of the labels")
    }

    fn set(&mut self, value: f64) {
        if let Some(choice) = T::from_index(value as u32) {
            *self = choice;
        }
    }

    fn get(&self) -> f64 {
        f64::from(self.index())
    }
}
