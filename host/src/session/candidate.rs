//! Candidate: from "this stage shall be that component" to an instance that is ready to be sent.
//!
//! In: what runs, what is wanted, and what went into the stage of late. Out: which versions answer
//! it ([`resolve`]), and for each stage an instance that was tried on silence and has seen the
//! recent input ([`prepare`]); or why not, in words for whoever asked. Nothing here touches what is
//! heard: what fails is ended here, away from the audio thread.
//!
//! Thread: any but audio; both may take seconds.

mod factory;
mod migrate;
mod pass_through;
mod prime;
mod rehearse;
mod rejected;
mod resident;
mod resolve;
mod values;
mod work;

#[cfg(test)]
pub(in crate::session) mod stories;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_media::audio::Buffer;
use semver::{Comparator, Op, Version, VersionReq};

use crate::config::mistake::Mistakes;
use crate::config::model::{Config, PartConfig};
use crate::config::words::SwapState;
use crate::discovery::SearchPlan;
use crate::id::{ComponentAddress, PluginId};
use crate::observe::{Identity, StepTime};
pub(in crate::session) use crate::session::candidate::prime::Primed;
pub(in crate::session) use crate::session::candidate::rehearse::NoHandoff;
use crate::session::instance::{Made, OpenLibrary, Placement, Recipe};
use crate::swap::ask::ReplayedFade;

pub(in crate::session) use resident::generations;
pub(in crate::session) use resolve::resolve;
pub(in crate::session) use work::{judge, prepare};

/// A stage as it runs.
#[derive(Debug, Clone)]
pub(in crate::session) struct CurrentStage {
    /// Its id.
    pub stage: String,
    /// The component that it runs, or that it would run were it not bypassed.
    pub component: ComponentAddress,
    /// What fills it; `None` for a built-in pass-through.
    pub library: Option<OpenLibrary>,
}

/// A stage that is to be bound to a version.
#[derive(Debug, Clone)]
pub(in crate::session) struct StageRequest {
    /// Its id; it may be one that runs, or a new one.
    pub stage: String,
    /// The component that it shall be.
    pub component: ComponentAddress,
    /// Which versions will do, where somebody said so: these may leave the running major.
    pub versions: Option<VersionReq>,
}

/// What is to be bound anew.
#[derive(Debug, Clone)]
pub(in crate::session) enum ResolveScope {
    /// These stages, in this order, and no others.
    Stages(Vec<StageRequest>),
    /// Every stage of a plugin, and every stage whose plugin uses it, directly or not.
    Plugin {
        /// Which.
        id: PluginId,
        /// Which versions of it will do.
        versions: Option<VersionReq>,
    },
}

/// What resolution is asked while a session runs.
#[derive(Debug, Clone)]
pub(in crate::session) struct ResolveRequest {
    /// What is to be bound anew.
    pub scope: ResolveScope,
    /// Every stage as it runs, in the order of the file.
    pub current: Vec<CurrentStage>,
    /// What runs elsewhere in the session: fallbacks, taps, decisions. They keep what they have.
    pub others: Vec<OpenLibrary>,
    /// `[plugins.require]`.
    pub require: BTreeMap<PluginId, VersionReq>,
    /// Where plugins are looked for, this once; `None` where the session looks for them.
    pub search: Option<SearchPlan>,
}

impl ResolveRequest {
    /// A stage as it runs; `None` where none of that id does.
    fn stage(&self, id: &str) -> Option<&CurrentStage> {
        self.current.iter().find(|one| one.stage == id)
    }
}

/// One stage of an answer.
#[derive(Debug, Clone)]
pub(in crate::session) struct ResolvedStage {
    /// The stage.
    pub stage: String,
    /// Its component, with the plugin's only one by name.
    pub component: ComponentAddress,
    /// The open library, and whom it may ask.
    pub library: OpenLibrary,
    /// Whether the stage runs this very content with these very providers already.
    pub sameness: Sameness,
}

/// Whether a stage would be made from what it is made from already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Sameness {
    /// The same content, with the same providers.
    Same,
    /// Another one, or a new stage.
    Other,
}

/// Which versions answer a request.
#[derive(Debug, Clone)]
pub(in crate::session) struct Resolved {
    /// The stages, each after those whose plugin its own uses.
    pub stages: Vec<ResolvedStage>,
    /// Binaries that were set aside on the way, each with its reason: for receipts.
    pub rejected: Vec<String>,
    /// `resolve`, `probe` and `open`.
    pub steps: Vec<StepTime>,
}

/// What went into a stage of late. Called away from the audio thread, while that one writes.
pub(in crate::session) trait Past: Send {
    /// The first frame that is still there.
    fn begin_frames(&self) -> u64;

    /// Where frame 0 lies in the stream of the stage's instance.
    fn first_frames(&self) -> u64;

    /// The first frame that is not there yet.
    fn end_frames(&self) -> u64;

    /// Copies the stage's main input and its sidechains from a frame on, as many frames as asked
    /// for; `false` where not all of them are there (any more), and then what was written means
    /// nothing.
    fn read(
        &mut self,
        from_frames: u64,
        frames: usize,
        input: &mut Buffer,
        sidechains: &mut [Buffer],
    ) -> bool;
}

/// What is to fill a stage.
#[derive(Debug, Clone)]
pub(in crate::session) enum Implementation {
    /// A component of a library.
    Component {
        /// The library.
        found: ResolvedStage,
        /// Parameters and settings, overrides applied.
        part: PartConfig,
        /// Whether they were written for this very component.
        values: ValueOrigin,
    },
    /// The built-in pass-through.
    Bypass,
}

/// Whether values were written for the component that they are given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum ValueOrigin {
    /// They were: one that it does not have is a mistake.
    Own,
    /// They were written for another: those apply whose ids match and whose values fit.
    OfAnother,
}

/// One stage that is to be prepared.
pub(in crate::session) struct PrepareRequest {
    /// The stage's id.
    pub stage: String,
    /// What is to fill it.
    pub implementation: Implementation,
    /// The configuration that the values are of: its folder, and the places of mistakes.
    pub config: Arc<Config>,
    /// What it has to fit.
    pub placement: Placement,
    /// How what is heard now was made; `None` for a new stage, or where a bypass is.
    pub old: Option<Recipe>,
    /// What the stage's `swap.state` says.
    pub state: SwapState,
    /// What went into the stage of late; `None` where nothing is kept: then nothing is primed.
    pub past: Option<Box<dyn Past>>,
    /// How it took over in a run that is replayed; `None` where that is found out.
    pub replayed: Option<ReplayedFade>,
}

/// An instance that is ready to be sent.
#[derive(Debug)]
pub(in crate::session) struct Prepared {
    /// The stage's id.
    pub stage: String,
    /// The instance, with what it says of itself.
    pub made: Made,
    /// How it was made, to make another; `None` for the built-in pass-through.
    pub recipe: Option<Recipe>,
    /// What it is made from.
    pub identity: Identity,
    /// How many bytes the buffer for a handoff of state needs; or why there is none.
    pub handoff_bytes: Result<usize, NoHandoff>,
    /// The old state's schema where the new side says that it is newer: [`Prepared::migrate`] may
    /// turn such a state into its own.
    pub migrates_from: Option<u32>,
    /// What it has heard of the stage's input; `None` where nothing was primed.
    pub primed: Option<Primed>,
    /// What a reader of the receipt should know.
    pub notes: Vec<String>,
    /// How long each step took, in order.
    pub steps: Vec<StepTime>,
}

/// A state that an old instance wrote.
#[derive(Debug, Clone)]
pub(in crate::session) struct Saved {
    /// Its schema.
    pub schema: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many frames of the stage's input the instance had seen.
    pub at_frames: u64,
}

/// Why there is no candidate. Displayed it is one line for each reason.
#[derive(Debug, thiserror::Error)]
pub(in crate::session) enum Refused {
    /// What the configuration says does not go with the component, each with its place.
    #[error("{}", lines(.0))]
    Mistakes(Mistakes),
    /// One sentence, or an explanation of a few lines.
    #[error("{0}")]
    Text(String),
}

/// This version and no other.
pub(in crate::session) fn exactly(version: &Version) -> VersionReq {
    let comparator = Comparator {
        op: Op::Exact,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre.clone(),
    };
    VersionReq {
        comparators: vec![comparator],
    }
}

/// The mistakes without their places.
fn lines(mistakes: &Mistakes) -> String {
    let lines = mistakes.iter().map(|mistake| {
        let label = mistake.place.as_ref().map(|place| &*place.text);
        match label.filter(|label| !label.is_empty()) {
            Some(label) => format!("{}; {label}", mistake.message),
            None => mistake.message.clone(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
