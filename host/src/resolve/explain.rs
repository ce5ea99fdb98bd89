//! Explain: from the solver's tree of reasons to the facts that a person needs.
//!
//! In: the tree that `pubgrub` derived. Out: an [`Explanation`]: who asks for what, in the order
//! in which one would tell it, and what does not fit.

use semver::{Version, VersionReq};

use crate::id::PluginId;
use crate::resolve::leaves::Leaves;
use crate::resolve::solver::{Circle, Reasons, SolverQuestion};
use crate::resolve::universe::Requirement;
use crate::resolve::wishes::VersionWish;

/// Why there is no choice of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Who asks for what: a stage first, then what its plugin needs, and so on.
    pub facts: Vec<Fact>,
    /// What does not fit, of at most four plugins.
    pub verdicts: Vec<Misfit>,
}

/// One thing that is so, and that contributes to the conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A stage uses a plugin.
    Wished(VersionWish),
    /// A plugin needs another one.
    Needs {
        /// Which plugin.
        id: PluginId,
        /// Which versions of it, lowest first.
        versions: Vec<Version>,
        /// What they need.
        requirement: Requirement,
    },
    /// Versions do not come into question, whoever asks for them.
    RuledOut {
        /// Which plugin.
        id: PluginId,
        /// Which versions of it, lowest first.
        versions: Vec<Version>,
        /// What speaks against them.
        reason: RuledOut,
    },
}

/// What speaks against a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuledOut {
    /// `[plugins.require]` allows only these.
    Require(VersionReq),
    /// The plugin runs in this major, and nobody asked for another.
    Running(u64),
    /// It was set aside, in the words of who did it.
    Unusable(String),
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// No version of the plugin was found.
    Missing {
        /// Which plugin.
        id: PluginId,
        /// The ids most like it.
        near: Vec<PluginId>,
    },
    /// One of the demands matches nothing that was found.
    NoVersion {
        /// Which plugin.
        id: PluginId,
        /// What was found, lowest first.
        found: Vec<Version>,
        /// The highest one that would do if only it were named.
        pre_release: Option<Version>,
    },
    /// A stage names a component that no version has.
    NoComponent {
        /// Which plugin.
        id: PluginId,
        /// The components of its highest version.
        has: Vec<String>,
    },
    /// Each demand can be met, but no version meets all.
    NoneLeft {
        /// Which plugin.
        id: PluginId,
        /// What was found, lowest first.
        found: Vec<Version>,
    },
    /// Each of them needs the next, the last one the first.
    Circle(Vec<(PluginId, Version)>),
}

impl Explanation {
    /// Tells what the solver found out.
    pub(crate) fn of(question: &SolverQuestion<'_>, reasons: &Reasons) -> Self {
        let leaves = Leaves::of(question, reasons);
        Self {
            facts: leaves.facts(),
            verdicts: leaves.verdicts(),
        }
    }

    /// Tells of a circle that is too long for the solver.
    pub(crate) fn of_circle(circle: Circle) -> Self {
        Self {
            facts: Vec::new(),
            verdicts: vec![Misfit::Circle(circle)],
        }
    }
}
