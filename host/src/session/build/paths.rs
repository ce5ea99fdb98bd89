//! Paths: what is true of a signal because of where it comes from.
//!
//! In: the wires, and the stages that are made. Out: the layout of every source, whether those that
//! meet have one in common, and how long the longest path sounds on.

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;

use crate::pipeline::Source;
use crate::session::bind::Bound;
use crate::session::build::{Builder, BuiltStage, Instances, refused};
use crate::session::error::SessionError;

impl Instances {
    /// The layout of a source.
    #[must_use]
    pub fn layout(&self, source: Source, input: Layout) -> Layout {
        match self.network.origin(source) {
            Source::Stage(stage) => self.stages[stage].facts().layout_out,
            Source::Input | Source::Wire(_) => input,
        }
    }

    /// How long the longest path sounds on after its input ended, beside the latency. `order` is
    /// one in which every stage comes after what it reads.
    #[must_use]
    pub fn tail_frames(&self, order: &[usize]) -> u64 {
        let mut tails = vec![0u64; self.stages.len()];
        for stage in order {
            let wiring = &self.network.stages[*stage];
            let heard = wiring.inputs.iter().chain(&wiring.sidechains);
            let before = heard.map(|source| self.tail_of(*source, &tails));
            let before = before.max().unwrap_or(0);
            let own = self.stages[*stage].facts().timing.tail_frames;
            tails[*stage] = before.saturating_add(own);
        }
        self.tail_of(self.network.output, &tails)
    }

    fn tail_of(&self, source: Source, tails: &[u64]) -> u64 {
        let stages = self.network.behind(source).into_iter();
        stages.map(|stage| tails[stage]).max().unwrap_or(0)
    }
}

impl Builder {
    pub(super) fn layout(&self, source: Source, done: &[Option<BuiltStage>]) -> Layout {
        match source {
            Source::Input => self.place.format.layout,
            Source::Stage(stage) => done[stage]
                .as_ref()
                .map_or(Layout::MONO, |stage| stage.facts().layout_out),
            // All that it sums has the same layout: `common_wires`.
            Source::Wire(wire) => {
                let first = self.wires.wires[wire].first();
                first.map_or(Layout::MONO, |first| self.layout(*first, done))
            }
        }
    }

    /// What a wire sums has one layout, too.
    pub(super) fn common_wires(&self, done: &[Option<BuiltStage>]) -> Result<(), SessionError> {
        for wire in &self.wires.wires {
            let mut layouts = wire.iter().map(|source| self.layout(*source, done));
            let first = layouts.next().unwrap_or(self.place.format.layout);
            if let Some(other) = layouts.find(|layout| *layout != first) {
                return Err(SessionError::Unlike { first, other });
            }
        }
        Ok(())
    }

    /// The one layout of all sources: signals are summed and compared channel by channel.
    pub(super) fn common_layout(
        &self,
        who: &str,
        bound: &Bound,
        sources: &[Source],
        done: &[Option<BuiltStage>],
    ) -> Result<Layout, SessionError> {
        let mut layouts = sources.iter().map(|source| self.layout(*source, done));
        let first = layouts.next().unwrap_or(self.place.format.layout);
        match layouts.find(|layout| *layout != first) {
            None => Ok(first),
            Some(other) => {
                let text = format!("reads signals of different layouts, {first} and {other}");
                Err(refused(who, bound, &Refusal::new(text)))
            }
        }
    }
}
