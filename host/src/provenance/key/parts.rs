//! Parts: what everything in a pipeline is made of by itself, and from it the keys of a run.
//!
//! In: a configuration with its open plugins, once; then for each run the input and the form of
//! the output. Out: keys. Files and folders that settings name are read, the first time only.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use segue_media::audio::{Format, SampleFormat};
use segue_media::io::{Container, RawSpec};
use segue_plugin::declare::BlockInvariance;
use segue_plugin::link::{Setting, SettingValue};
use segue_plugin::setup::Mode;

use crate::config::model::{Config, Decide, StageConfig};
use crate::config::words::{Act, Tail};
use crate::discovery::ContentHash;
use crate::pipeline::{Cycle, Network, ReadBy, TapWiring, Wiring};
use crate::provenance::content;
use crate::provenance::ingredients::{Ingredient, Ingredients};
use crate::provenance::key::chain::{Chain, Link};
use crate::provenance::key::level::level;
use crate::provenance::key::{Key, KeyHasher, Keys};

/// Why there are no keys.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyError {
    /// A setting points to what cannot be read.
    #[error("setting `{setting}` of `{id}`: {cause}")]
    Unreadable {
        /// The setting.
        setting: String,
        /// The stage, tap or decision that has it.
        id: String,
        /// What the system says.
        cause: Arc<io::Error>,
    },
}

/// What everything in a pipeline is made of, apart from what it reads.
#[derive(Debug, Clone)]
pub struct Parts {
    stages: Vec<Key>,
    taps: Vec<Key>,
    decides: Vec<Key>,
    network: Network,
    reads: Vec<Vec<ReadBy>>,
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
pub struct RunInput<'a> {
    /// The bytes of the input.
    pub content: ContentHash,
    /// What they are, where no header says.
    pub raw: Option<&'a RawSpec>,
    /// What they are as the session reads them.
    pub format: &'a Format,
    /// How fast: plugins are told, and live runs keep the latency in the stream.
    pub mode: Mode,
}

/// How the output is written.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The kind of file.
    pub container: Container,
    /// How samples are stored.
    pub samples: SampleFormat,
    /// Whether samples get dither on their way.
    pub rounding: Rounding,
}

/// How samples become those of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest.
    Plain,
    /// With noise added before.
    Dithered,
}

impl Parts {
    /// What a pipeline is made of. Thread: any but audio; reads files that settings name.
    ///
    /// # Errors
    /// Which of them cannot be read.
    pub fn of(config: &Config, all: &Ingredients<'_>) -> Result<Self, KeyError> {
        let blocks = Blocks::of(config);
        let stage = |(part, stage): (&Ingredient<'_>, &StageConfig)| {
            let hasher = policy(own("stage", part)?, stage);
            let hasher = match &part.fallback {
                Some(fallback) => hasher.key("fallback", own("stage", fallback)?.end()),
                None => hasher,
            };
            Ok(blocks.of_stage(hasher, part).end())
        };
        let stages = all.stages.iter().zip(&config.stages).map(stage);
        let taps = all.taps.iter().map(|part| Ok(own("tap", part)?.end()));
        let decide = |(part, decide): (&Ingredient<'_>, &Decide)| {
            Ok(blocks.of_decide(own("decide", part)?, decide).end())
        };
        let decides = all.decides.iter().zip(&config.decides).map(decide);
        let stopping = config.decides.iter().enumerate();
        Ok(Self {
            stages: stages.collect::<Result<_, _>>()?,
            taps: taps.collect::<Result<_, _>>()?,
            decides: decides.collect::<Result<_, _>>()?,
            network: all.network.clone(),
            reads: all.reads.clone(),
            heard: [&all.taps, &all.decides].map(|some| {
                let heard = |part| heard(part, &all.stages);
                some.iter().map(heard).collect()
            }),
            level: level(),
            tail: config.stream.tail.value,
            stopping: stopping
                .filter(|(_, decide)| stops(decide))
                .map(|(at, _)| at)
                .collect(),
        })
    }

    /// The keys of a run; `form` is `None` where nothing is written.
    ///
    /// # Errors
    /// When stages wait for each other.
    pub fn keys(&self, from: &RunInput<'_>, form: Option<&Form>) -> Result<Keys, Cycle> {
        let (order, network) = (self.network.order()?, &self.network);
        let (input, wires) = (self.input(from), &network.wires);
        let mut chain = Chain::of(input, &self.links(), wires, &order);
        let stages = chain.stages().to_vec();
        let tap = |((own, tap), heard): ((&Key, &TapWiring), &Vec<usize>)| {
            KeyHasher::of("tap")
                .key("own", *own)
                .key("from", chain.key(tap.from))
                .keys("reference", tap.reference.map(|source| chain.key(source)))
                .keys("hears", heard.iter().map(|stage| stages[*stage]))
                .end()
        };
        let taps = self.taps.iter().zip(&network.taps).zip(&self.heard[0]);
        let taps: Vec<_> = taps.map(tap).collect();
        let output = form.map(|form| {
            let hasher = KeyHasher::of("output").key("from", chain.key(network.output));
            let hasher = hasher.keys("stopped by", self.stopping(&stages, &taps));
            written(hasher, form, self.tail)
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
        let link = |(own, wiring): (&Key, &Wiring)| Link {
            own: *own,
            inputs: wiring.inputs.clone(),
            sidechains: wiring.sidechains.clone(),
        };
        let stages = self.stages.iter().zip(&self.network.stages);
        stages.map(link).collect()
    }

    /// What every stage starts from.
    fn input(&self, from: &RunInput<'_>) -> Key {
        let hasher = KeyHasher::of("input")
            .bytes("segue", env!("CARGO_PKG_VERSION"))
            .bytes("level", &self.level)
            .bytes("content", from.content.0)
            .number("rate", u64::from(from.format.sample_rate_hz()))
            .bytes("layout", from.format.layout().to_string())
            .number("live", u64::from(from.mode == Mode::RealTime));
        let raw = from.raw.map(ToString::to_string);
        raw.into_iter()
            .fold(hasher, |hasher, raw| hasher.bytes("raw", raw))
            .end()
    }

    /// The keys of decisions that may end the run: where it ends depends on all they read.
    fn stopping(&self, stages: &[Key], taps: &[Key]) -> Vec<Key> {
        let read = |read: &ReadBy| match *read {
            ReadBy::Tap(tap) => taps[tap],
            ReadBy::Stage(stage) => stages[stage],
        };
        let decide = |at: &usize| {
            KeyHasher::of("decide")
                .key("own", self.decides[*at])
                .keys("reads", self.reads[*at].iter().map(read))
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
fn policy(hasher: KeyHasher, stage: &StageConfig) -> KeyHasher {
    let hasher = hasher.bytes("on_error", stage.on_error.value.name());
    let Some(restart) = &stage.restart else {
        return hasher;
    };
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    hasher
        .number("restart", u64::from(restart.attempts.value))
        .number("delay", nanoseconds(restart.delay.value))
        .number("delay_max", nanoseconds(restart.delay_max.value))
}

/// Whether a decision may end the run.
fn stops(decide: &Decide) -> bool {
    !decide.dry_run.value && decide.may.iter().any(|act| act.value == Act::Stop)
}

/// The stages whose events a component subscribes to: `plugin/component:event`.
fn heard(part: &Ingredient<'_>, stages: &[Ingredient<'_>]) -> Vec<usize> {
    let wants = |stage: &Ingredient<'_>| {
        let wanted = part.component.subscribes.iter();
        wanted
            .filter_map(|wanted| wanted.rsplit_once(':'))
            .any(|(address, _)| address == stage.address)
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
    fn of_decide(&self, hasher: KeyHasher, decide: &Decide) -> KeyHasher {
        let may = decide.may.iter().map(|act| act.value.name());
        may.fold(hasher, |hasher, act| hasher.bytes("may", act))
            .number("dry_run", u64::from(decide.dry_run.value))
            .number("every", self.decide_every_frames)
    }

    /// Only a component that does not promise the same samples for every block size is told apart
    /// by it.
    fn of_stage(&self, hasher: KeyHasher, part: &Ingredient<'_>) -> KeyHasher {
        match part.component.capabilities.blocks {
            BlockInvariance::Invariant => hasher,
            BlockInvariance::Varies => hasher
                .number("block_frames", self.block_frames)
                .number("decide_every_frames", self.decide_every_frames),
        }
    }
}

/// What a component is made of: its library and those it may ask, its name, its parameters with
/// their defaults, its settings with what they point to.
fn own(kind: &str, part: &Ingredient<'_>) -> Result<KeyHasher, KeyError> {
    let mut hasher = tuned(kind, part);
    for setting in sorted(part.settings) {
        hasher = hasher.bytes("setting", &setting.id);
        hasher = self::setting(hasher, setting).map_err(|cause| KeyError::Unreadable {
            setting: setting.id.clone(),
            id: part.id.to_owned(),
            cause: Arc::new(cause),
        })?;
    }
    Ok(hasher)
}

/// The part of it that no setting changes.
pub(super) fn tuned(kind: &str, part: &Ingredient<'_>) -> KeyHasher {
    let mut hasher = KeyHasher::of(kind)
        .bytes("library", part.library.0)
        .bytes("component", &part.address);
    for hash in &part.providers {
        hasher = hasher.bytes("provider", hash.0);
    }
    for param in part.component.params() {
        let given = part
            .params
            .iter()
            .rev()
            .find(|(index, _)| *index == param.index);
        let value = given.map_or(param.param.default, |(_, value)| *value);
        // 0 and -0 are one value to whoever wrote them.
        hasher = hasher.number(&param.id, (value + 0.0).to_bits());
    }
    hasher
}

/// Settings by their ids: the order in which a file has them does not matter.
pub(super) fn sorted(settings: &[Setting]) -> Vec<&Setting> {
    let mut settings: Vec<_> = settings.iter().collect();
    settings.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    settings
}

fn setting(hasher: KeyHasher, setting: &Setting) -> io::Result<KeyHasher> {
    Ok(match &setting.value {
        SettingValue::Text(text) => hasher.bytes("text", text),
        SettingValue::Integer(integer) => hasher.bytes("integer", integer.to_le_bytes()),
        SettingValue::Boolean(yes) => hasher.number("boolean", u64::from(*yes)),
        SettingValue::List(items) => {
            let hasher = hasher.number("list", items.len() as u64);
            items
                .iter()
                .fold(hasher, |hasher, item| hasher.bytes("item", item))
        }
        // Where a file lies does not matter, what is in it does.
        SettingValue::Path(path) => match content::tree(Path::new(path))? {
            Some(hash) => hasher.bytes("file", hash.0),
            None => hasher.bytes("no file", []),
        },
    })
}

/// The output's own part: container, stored form, tail.
fn written(hasher: KeyHasher, form: &Form, tail: Tail) -> Key {
    let hasher = hasher
        .bytes("container", format!("{:?}", form.container))
        .bytes("samples", form.samples.to_string())
        .bytes("tail", tail.name());
    match form.rounding {
        Rounding::Plain => hasher,
        Rounding::Dithered => hasher.bytes("dither", "tpdf"),
    }
    .end()
}

#[cfg(test)]
mod tests;
