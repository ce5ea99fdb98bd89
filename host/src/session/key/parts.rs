//! Parts: what everything in a pipeline is made of by itself, and from it the keys of a run.
//!
//! In: a configuration with its open plugins, once; then for each run the input and the form of
//! the output. Out: keys. Files and folders that settings name are read, the first time only.

use std::path::Path;
use std::time::Duration;

use segue_plugin::declare::BlockInvariance;
use segue_plugin::link::{Setting, SettingValue};

use crate::audio::{Format, SampleFormat};
use crate::config::model::{Config, Decide, Stage};
use crate::config::words::{Act, Tail};
use crate::discovery::ContentHash;
use crate::io::{Container, RawSpec};
use crate::pipeline::{Source, TapWiring};
use crate::session::bind::{Bindings, Bound};
use crate::session::build::Opened;
use crate::session::content;
use crate::session::error::SessionError;
use crate::session::key::chain::{Chain, Link};
use crate::session::key::level::level;
use crate::session::key::{Key, Keys, Recipe};
use crate::session::run::Pace;
use crate::session::wires::{ReadBy, Wires};

/// What everything in a pipeline is made of, apart from what it reads.
#[derive(Debug, Clone)]
pub(in crate::session) struct Parts {
    stages: Vec<Key>,
    taps: Vec<Key>,
    decides: Vec<Key>,
    wires: Wires,
    /// For each tap, and for each decision, the stages whose events it hears.
    heard: [Vec<Vec<usize>>; 2],
    /// The vector level, which every stage shares.
    level: String,
    tail: Tail,
    /// Decisions that may end the run.
    stopping: Vec<usize>,
}

/// What a run starts from.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Circumstances<'a> {
    /// The bytes of the input.
    pub(in crate::session) content: ContentHash,
    /// What they are, where no header says.
    pub(in crate::session) raw: Option<&'a RawSpec>,
    /// What they are as the session reads them.
    pub(in crate::session) format: &'a Format,
    /// How fast: plugins are told, and live runs keep the latency in the stream.
    pub(in crate::session) pace: Pace,
}

/// How the output is written.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Form {
    pub(in crate::session) container: Container,
    pub(in crate::session) samples: SampleFormat,
    /// Whether samples get dither on their way.
    pub(in crate::session) rounding: Rounding,
}

/// How samples become those of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Rounding {
    /// To the nearest.
    Plain,
    /// With noise added before.
    Dithered,
}

impl Parts {
    /// What a pipeline is made of. Thread: any but audio; reads files that settings name.
    ///
    /// # Errors
    /// Which of them cannot be read, in words.
    pub(in crate::session) fn of(
        config: &Config,
        bindings: &Bindings,
        opened: &Opened,
    ) -> Result<Self, String> {
        let own = |kind: &str, bound: &Bound| {
            let (generation, providers) = &opened[&bound.plugin];
            own(kind, bound, generation.hash(), &providers.contents())
        };
        let blocks = Blocks::of(config);
        let stage = |(bound, stage): (&Bound, &Stage)| {
            let recipe = policy(own("stage", bound)?, stage);
            let recipe = match &bound.fallback {
                Some(fallback) => recipe.key("fallback", own("stage", fallback)?.end()),
                None => recipe,
            };
            Ok(blocks.of_stage(recipe, bound).end())
        };
        let stages = bindings.stages.iter().zip(&config.stages).map(stage);
        let taps = bindings.taps.iter();
        let taps = taps.map(|bound| Ok(own("tap", bound)?.end()));
        let decide = |(bound, decide): (&Bound, &Decide)| {
            Ok(blocks.of_decide(own("decide", bound)?, decide).end())
        };
        let decides = bindings.decides.iter().zip(&config.decides).map(decide);
        let all = config.decides.iter().enumerate();
        Ok(Self {
            stages: stages.collect::<Result<_, String>>()?,
            taps: taps.collect::<Result<_, String>>()?,
            decides: decides.collect::<Result<_, String>>()?,
            wires: Wires::of(config),
            heard: [&bindings.taps, &bindings.decides].map(|all| {
                let heard = |bound: &Bound| heard(bound, &bindings.stages);
                all.iter().map(heard).collect()
            }),
            level: level(),
            tail: config.stream.tail.value,
            stopping: all
                .filter(|(_, decide)| stops(decide))
                .map(|(at, _)| at)
                .collect(),
        })
    }

    /// The keys of a run; `form` is `None` where nothing is written.
    ///
    /// # Errors
    /// When stages wait for each other.
    pub(in crate::session) fn keys(
        &self,
        from: &Circumstances<'_>,
        form: Option<&Form>,
    ) -> Result<Keys, SessionError> {
        let order = self.wires.bare(from.format.channels()).order()?;
        let (input, wires) = (self.input(from), &self.wires.wires);
        let mut chain = Chain::of(input, &self.links(), wires, &order);
        let stages = chain.stages().to_vec();
        let tap = |((own, tap), heard): ((&Key, &TapWiring), &Vec<usize>)| {
            Recipe::of("tap")
                .key("own", *own)
                .key("from", chain.key(tap.from))
                .keys("reference", tap.reference.map(|source| chain.key(source)))
                .keys("hears", heard.iter().map(|stage| stages[*stage]))
                .end()
        };
        let taps = self.taps.iter().zip(&self.wires.taps).zip(&self.heard[0]);
        let taps: Vec<_> = taps.map(tap).collect();
        let output = form.map(|form| {
            let recipe = Recipe::of("output").key("from", chain.key(self.wires.output));
            let recipe = recipe.keys("stopped by", self.stopping(&stages, &taps));
            written(recipe, form, self.tail)
        });
        Ok(Keys {
            input: from.content,
            stages,
            taps,
            output,
        })
    }

    /// Each stage with what it reads.
    fn links(&self) -> Vec<Link> {
        let link = |(own, (inputs, sidechains)): (&Key, &(Vec<Source>, Vec<Source>))| Link {
            own: *own,
            inputs: inputs.clone(),
            sidechains: sidechains.clone(),
        };
        self.stages
            .iter()
            .zip(&self.wires.stages)
            .map(link)
            .collect()
    }

    /// What every stage starts from.
    fn input(&self, from: &Circumstances<'_>) -> Key {
        let recipe = Recipe::of("input")
            .bytes("segue", env!("CARGO_PKG_VERSION"))
            .bytes("level", &self.level)
            .bytes("content", from.content.0)
            .number("rate", u64::from(from.format.sample_rate_hz()))
            .bytes("layout", from.format.layout().to_string())
            .number("live", u64::from(from.pace == Pace::RealTime));
        let raw = from.raw.map(ToString::to_string);
        raw.into_iter()
            .fold(recipe, |recipe, raw| recipe.bytes("raw", raw))
            .end()
    }

    /// The keys of decisions that may end the run: where it ends depends on all they read.
    fn stopping(&self, stages: &[Key], taps: &[Key]) -> Vec<Key> {
        let read = |read: &ReadBy| match *read {
            ReadBy::Tap(tap) => taps[tap],
            ReadBy::Stage(stage) => stages[stage],
        };
        let decide = |at: &usize| {
            Recipe::of("decide")
                .key("own", self.decides[*at])
                .keys("reads", self.wires.reads[*at].iter().map(read))
                .keys(
                    "hears",
                    self.heard[1][*at].iter().map(|stage| stages[*stage]),
                )
                .end()
        };
        self.stopping.iter().map(decide).collect()
    }
}

/// What is heard when a stage fails, but for its fallback. Budgets change no audio off line.
fn policy(recipe: Recipe, stage: &Stage) -> Recipe {
    let recipe = recipe.bytes("on_error", stage.on_error.value.name());
    let Some(restart) = &stage.restart else {
        return recipe;
    };
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    recipe
        .number("restart", u64::from(restart.attempts.value))
        .number("delay", nanoseconds(restart.delay.value))
        .number("delay_max", nanoseconds(restart.delay_max.value))
}

/// Whether a decision may end the run.
fn stops(decide: &Decide) -> bool {
    !decide.dry_run.value && decide.may.iter().any(|act| act.value == Act::Stop)
}

/// The stages whose events a component subscribes to: `plugin/component:event`.
fn heard(bound: &Bound, stages: &[Bound]) -> Vec<usize> {
    let wants = |stage: &Bound| {
        let wanted = bound.component.subscribes.iter();
        wanted
            .filter_map(|wanted| wanted.rsplit_once(':'))
            .any(|(address, _)| address == stage.address())
    };
    let all = stages.iter().enumerate();
    all.filter(|(_, stage)| wants(stage))
        .map(|(at, _)| at)
        .collect()
}

/// What decides where blocks end.
struct Blocks {
    block_frames: u64,
    /// 0 where nothing is decided.
    decide_every_frames: u64,
}

impl Blocks {
    fn of(config: &Config) -> Self {
        let every = u64::from(config.stream.decide_every_frames.value);
        Self {
            block_frames: u64::from(config.stream.block_frames.value),
            decide_every_frames: if config.decides.is_empty() { 0 } else { every },
        }
    }

    /// What a decision may do, and when it falls.
    fn of_decide(&self, recipe: Recipe, decide: &Decide) -> Recipe {
        let may = decide.may.iter().map(|act| act.value.name());
        may.fold(recipe, |recipe, act| recipe.bytes("may", act))
            .number("dry_run", u64::from(decide.dry_run.value))
            .number("every", self.decide_every_frames)
    }

    /// Only a component that does not promise the same samples for every block size is told apart
    /// by it.
    fn of_stage(&self, recipe: Recipe, bound: &Bound) -> Recipe {
        match bound.component.capabilities.blocks {
            BlockInvariance::Invariant => recipe,
            BlockInvariance::Varies => recipe
                .number("block_frames", self.block_frames)
                .number("decide_every_frames", self.decide_every_frames),
        }
    }
}

/// What a component is made of: its library and those it may ask, its name, its parameters with
/// their defaults, its settings with what they point to.
fn own(
    kind: &str,
    bound: &Bound,
    library: ContentHash,
    providers: &[ContentHash],
) -> Result<Recipe, String> {
    let mut recipe = tuned(kind, bound, library, providers);
    for setting in sorted(&bound.settings) {
        recipe = recipe.bytes("setting", &setting.id);
        recipe = self::setting(recipe, setting)
            .map_err(|error| format!("setting `{}` of `{}`: {error}", setting.id, bound.id))?;
    }
    Ok(recipe)
}

/// The part of it that no setting changes.
pub(super) fn tuned(
    kind: &str,
    bound: &Bound,
    library: ContentHash,
    providers: &[ContentHash],
) -> Recipe {
    let mut recipe = Recipe::of(kind)
        .bytes("library", library.0)
        .bytes("component", bound.address());
    for hash in providers {
        recipe = recipe.bytes("provider", hash.0);
    }
    for param in bound.component.params() {
        let given = bound
            .params
            .iter()
            .rev()
            .find(|(index, _)| *index == param.index);
        let value = given.map_or(param.param.default, |(_, value)| *value);
        // 0 and -0 are one value to whoever wrote them.
        recipe = recipe.number(&param.id, (value + 0.0).to_bits());
    }
    recipe
}

/// Settings by their ids: the order in which a file has them does not matter.
pub(super) fn sorted(settings: &[Setting]) -> Vec<&Setting> {
    let mut settings: Vec<_> = settings.iter().collect();
    settings.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    settings
}

fn setting(recipe: Recipe, setting: &Setting) -> std::io::Result<Recipe> {
    Ok(match &setting.value {
        SettingValue::Text(text) => recipe.bytes("text", text),
        SettingValue::Integer(integer) => recipe.bytes("integer", integer.to_le_bytes()),
        SettingValue::Boolean(yes) => recipe.number("boolean", u64::from(*yes)),
        SettingValue::List(items) => {
            let recipe = recipe.number("list", items.len() as u64);
            items
                .iter()
                .fold(recipe, |recipe, item| recipe.bytes("item", item))
        }
        // Where a file lies does not matter, what is in it does.
        SettingValue::Path(path) => match content::tree(Path::new(path))? {
            Some(hash) => recipe.bytes("file", hash.0),
            None => recipe.bytes("no file", []),
        },
    })
}

/// The output's own part: container, stored form, tail.
fn written(recipe: Recipe, form: &Form, tail: Tail) -> Key {
    let recipe = recipe
        .bytes("container", format!("{:?}", form.container))
        .bytes("samples", form.samples.to_string())
        .bytes("tail", tail.name());
    match form.rounding {
        Rounding::Plain => recipe,
        Rounding::Dithered => recipe.bytes("dither", "tpdf"),
    }
    .end()
}

#[cfg(test)]
mod tests;
