//! Graph: a network as the engine numbers it.
//!
//! In: the wiring, by places in the file. Out: the same with the engine's number of each stage, which
//! outlives an edit of the file. Pure.

use crate::pipeline::network::Network;

/// A network with the engine's number of each of its stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The wiring; stages by their place in the file.
    pub network: Network,
    /// The engine's number of each stage, in the order of the network.
    pub numbers: Vec<usize>,
}

impl Graph {
    /// A network whose stages are numbered as they stand in the file.
    #[must_use]
    pub fn of(network: Network) -> Self {
        let numbers = (0..network.stages.len()).collect();
        Self { network, numbers }
    }
}
