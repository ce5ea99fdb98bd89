//! Ingredients: what a pipeline is put together from.
//!
//! In: nothing; whoever opened the plugins fills these in. Out: plain values.

use segue_plugin::link::Setting;
use segue_plugin::manifest::Component;

use crate::discovery::ContentHash;
use crate::pipeline::{Network, ReadBy};

/// A component in its place, as far as it tells one result from another.
#[derive(Debug, Clone)]
pub struct Ingredient<'a> {
    /// The id of the stage, tap or decision.
    pub id: &'a str,
    /// The component's address: `acme.warmth/tube`.
    pub address: String,
    /// What its manifest says about it.
    pub component: &'a Component,
    /// Parameters by wire index; those not named keep their defaults.
    pub params: &'a [(u32, f64)],
    /// Settings, paths made absolute.
    pub settings: &'a [Setting],
    /// The content of its library.
    pub library: ContentHash,
    /// Those of the libraries that it may ask.
    pub providers: Vec<ContentHash>,
    /// The component that is heard when a stage's own fails.
    pub fallback: Option<Box<Self>>,
}

/// All of a pipeline, in the order of the file.
#[derive(Debug, Clone)]
pub struct Ingredients<'a> {
    /// Stages.
    pub stages: Vec<Ingredient<'a>>,
    /// Taps.
    pub taps: Vec<Ingredient<'a>>,
    /// Decisions.
    pub decides: Vec<Ingredient<'a>>,
    /// Which stage and tap reads what; latencies and channels do not matter.
    pub network: Network,
    /// What each decision reads.
    pub reads: Vec<Vec<ReadBy>>,
}
