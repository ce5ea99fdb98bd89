//! Provenance: what a result was made of, and what earlier results cost.
//!
//! In: files, the components of a pipeline and how they are connected, as plain values; the report of
//! a run that is over. Out: keys that tell two results apart, contents that tell whether a file is
//! still the same, estimates beside what was found, and the machine that it was found on.
//!
//! Nothing here knows of a session: it brings the values.

mod content;
mod estimate;
mod forecast;
mod history;
mod ingredients;
mod key;
mod machine;

pub use content::Content;
pub use forecast::Forecast;
pub use history::CostHistory;
pub use ingredients::{Ingredient, Ingredients};
pub use key::{Conditions, Form, Key, KeyError, Keys, Likeness, Parts, Rounding, RunInput};
pub use machine::machine;
