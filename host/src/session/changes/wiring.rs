//! Wiring: how the stages of an edited configuration are connected, as far as it is known before
//! their instances are there.
//!
//! In: a configuration, and the stages that run. Out: layouts, and the graph that it leads to.

use segue_plugin::declare::Layout;
use segue_plugin::setup::Format;

use crate::config::model::{Config, StageConfig as Part};
use crate::id::Node;
use crate::pipeline::{Graph, Network};
use crate::session::candidate::ValueOrigin;
use crate::session::changes::machine::Planner;
use crate::session::changes::plan::Plan;
use crate::session::changes::prepare::StageTerms;
use crate::session::changes::underway::After;
use crate::session::instance::Placement;
use crate::session::wires::Wires;
use std::collections::BTreeMap;

impl Planner<'_> {
    /// The network of a configuration, with what is known of the stages that run.
    pub(super) fn bare(&self, config: &Config) -> Network {
        let graph = &self.stages.laid.graph;
        let mut network = Wires::of(config).bare(graph.network.channels_in);
        let layouts = self.layouts(config);
        for (wiring, stage) in network.stages.iter_mut().zip(&config.stages) {
            if let Some(layout) = layouts.get(stage.id.value.as_str()) {
                wiring.channels_out = layout.channels();
            }
        }
        network
    }

    /// What comes out of each stage of a configuration, as far as it is known before its
    /// instances are there: a new stage is taken to keep the layout of what it reads.
    pub(super) fn layouts(&self, config: &Config) -> BTreeMap<String, Layout> {
        let mut layouts: BTreeMap<String, Layout> = BTreeMap::new();
        for _ in 0..config.stages.len() {
            let before = layouts.len();
            for stage in &config.stages {
                let id = stage.id.value.to_string();
                let number = self.stages.number(&id);
                let running = number.and_then(|number| self.stages.get(number));
                let known = running.map(|running| running.facts.layout_out);
                if let Some(layout) = known.or_else(|| self.layout_in(stage, &layouts)) {
                    layouts.insert(id, layout);
                }
            }
            if layouts.len() == before {
                break;
            }
        }
        layouts
    }

    /// What a stage reads, once that of its sources is known.
    pub(super) fn layout_in(
        &self,
        stage: &Part,
        layouts: &BTreeMap<String, Layout>,
    ) -> Option<Layout> {
        let first = stage.inputs.first()?;
        self.layout_of(&first.value, layouts)
    }

    pub(super) fn layout_of(
        &self,
        node: &Node,
        layouts: &BTreeMap<String, Layout>,
    ) -> Option<Layout> {
        match node {
            Node::Input => Some(self.setup.format.layout),
            Node::Stage(id) => layouts.get(id.as_str()).copied(),
        }
    }

    /// What is known of a stage that comes with a schedule.
    pub(super) fn brought(
        &self,
        part: &Part,
        layouts: &BTreeMap<String, Layout>,
        after: &After,
    ) -> StageTerms {
        let layout = self.layout_in(part, layouts);
        let keys = part.sidechains.iter();
        let keys = keys.filter_map(|(_, node)| self.layout_of(&node.value, layouts));
        let own = after.file.stage(&part.id.value);
        let is_own = own.is_some_and(|own| own.part.component.value == part.part.component.value);
        let format = Format {
            layout: layout.unwrap_or(self.setup.format.layout),
            ..self.setup.format
        };
        StageTerms {
            placement: Placement {
                layout_out: layouts.get(part.id.value.as_str()).copied(),
                sidechains: keys.collect(),
                ..Placement::new(format, self.setup.frames_max as u32, self.setup.mode)
            },
            part: part.part.clone(),
            values: match is_own {
                true => ValueOrigin::Own,
                false => ValueOrigin::OfAnother,
            },
            old: None,
            state: part.swap.state.value,
            history: None,
        }
    }

    /// The graph that a plan leads to: numbers of stages that go on, and of those that come.
    pub(super) fn graph_of(
        &self,
        plan: &Plan,
        now: &Graph,
        brought: &BTreeMap<String, (usize, u64, usize)>,
    ) -> Graph {
        let mut network = Wires::of(&plan.config).bare(now.network.channels_in);
        let mut numbers = Vec::new();
        for (wiring, stage) in network.stages.iter_mut().zip(&plan.config.stages) {
            let id = stage.id.value.as_str();
            if let Some((number, latency_frames, channels_out)) = brought.get(id) {
                numbers.push(*number);
                wiring.latency_frames = *latency_frames;
                wiring.channels_out = *channels_out;
                continue;
            }
            let number = self.stages.number(id).unwrap_or_default();
            numbers.push(number);
            if let Some(at) = now.numbers.iter().position(|own| *own == number) {
                wiring.latency_frames = now.network.stages[at].latency_frames;
                wiring.channels_out = now.network.stages[at].channels_out;
            }
        }
        Graph { network, numbers }
    }
}
