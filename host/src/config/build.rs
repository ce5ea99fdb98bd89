//! Build: from checked entries to the model.
//!
//! In: entries with defaults filled in, and the folder that relative paths start at.
//! Out: the model.
//!
//! Pure. It reports nothing itself: whatever could be wrong here was reported by `check`.

use std::path::{Path, PathBuf};

use segue_media::audio::LayoutName;

use crate::config::entries::Entries;
use crate::config::model::{
    BudgetConfig, Config, Decide, Host, PartConfig, Pipeline, PluginsConfig, Readable, Restart,
    StageConfig, StreamConfig, StreamPort, SwapConfig, Tap,
};
use crate::config::source::{Sources, Spanned};
use crate::id::{Node, StageId, TapId};

/// Builds the model of entries that have no mistake; `None` if one of them has.
#[must_use]
pub(crate) fn build(entries: Entries, sources: Sources, folder: &Path) -> Option<Config> {
    let stages = stages(entries.tables("stage"))?;
    let output = output(&entries, &stages);
    let taps = collect(entries.tables("tap"), |table| tap(table, &output))?;
    let is_tap = |id: &str| taps.iter().any(|tap| tap.id.value.as_str() == id);
    let decides = collect(entries.tables("decide"), |table| decide(table, &is_tap))?;
    Some(Config {
        pipeline: Pipeline {
            name: entries.table("pipeline").text("name"),
        },
        host: host(&entries.table("host"))?,
        stream: stream(&entries.table("stream"), &output, folder)?,
        plugins: plugins(&entries.table("plugins"), folder)?,
        stages,
        left_out: Vec::new(),
        taps,
        decides,
        folder: folder.to_owned(),
        sources,
        entries,
    })
}

fn host(entries: &Entries) -> Option<Host> {
    Some(Host {
        reload: entries.parsed("reload")?,
        memory_max: entries.memory("memory_max"),
        threads: entries.integer("threads")?,
        realtime: entries.parsed("realtime")?,
    })
}

fn plugins(entries: &Entries, folder: &Path) -> Option<PluginsConfig> {
    Some(PluginsConfig {
        paths: paths(entries, "paths", folder),
        files: paths(entries, "files", folder),
        discover: entries.boolean("discover")?,
        watch: entries.parsed("watch")?,
        trust: entries.parsed("trust")?,
        require: entries.map("require"),
    })
}

fn stream(entries: &Entries, output: &Spanned<Node>, folder: &Path) -> Option<StreamConfig> {
    let port = |key| Some(entries.text(key)?.map(|text| port(&text, folder)));
    Some(StreamConfig {
        input: port("input"),
        output: port("output"),
        output_bits: entries.parsed("output_bits"),
        dither: entries.parsed("dither")?,
        overwrite: entries.boolean("overwrite")?,
        sample_rate_hz: entries.integer("sample_rate_hz"),
        layout: entries
            .parsed::<LayoutName>("layout")
            .map(|layout| layout.map(|name| name.0)),
        convert: entries.parsed("convert")?,
        block_frames: entries.integer("block_frames")?,
        from: output.clone(),
        tail: entries.parsed("tail")?,
        latency_reserve_frames: entries.integer("latency_reserve_frames")?,
        decide_every_frames: entries.integer("decide_every_frames")?,
    })
}

fn port(text: &str, folder: &Path) -> StreamPort {
    match text {
        "-" => StreamPort::Pipe,
        path => StreamPort::File(folder.join(path)),
    }
}

fn paths(entries: &Entries, key: &str, folder: &Path) -> Vec<Spanned<PathBuf>> {
    let texts = entries.list::<PathBuf>(key).into_iter();
    texts
        .map(|path| path.map(|path| folder.join(path)))
        .collect()
}

/// Whose output is the pipeline's.
fn output(root: &Entries, stages: &[StageConfig]) -> Spanned<Node> {
    let last = stages
        .last()
        .map(|stage| stage.id.clone().map(Node::Stage))
        .unwrap_or(Spanned::new(Node::Input, root.span));
    root.table("stream").parsed("from").unwrap_or(last)
}

fn stages(tables: &[Entries]) -> Option<Vec<StageConfig>> {
    let mut above: Option<StageId> = None;
    collect(tables, |entries| {
        let id: Option<Spanned<StageId>> = entries.parsed("id");
        let implied = above.take().map_or(Node::Input, Node::Stage);
        above = id.as_ref().map(|id| id.value.clone());
        stage(entries, implied)
    })
}

fn stage(entries: &Entries, implied: Node) -> Option<StageConfig> {
    let id: Spanned<StageId> = entries.parsed("id")?;
    let mut inputs = entries.list("after");
    if entries.get("after").is_none() {
        inputs.push(Spanned::new(implied, id.span));
    }
    let swap = entries.table("swap");
    Some(StageConfig {
        part: part(entries)?,
        inputs,
        sidechains: entries.map("sidechain"),
        optional: entries.boolean("optional")?,
        on_error: entries.parsed("on_error")?,
        fallback: entries.parsed("fallback"),
        restart: match entries.get("restart") {
            Some(_) => Some(restart(&entries.table("restart"))?),
            None => None,
        },
        budget: budget(&entries.table("budget")),
        swap: SwapConfig {
            fade: swap.time("fade")?,
            state: swap.parsed("state")?,
            tail: swap.parsed("tail")?,
            rollback: swap.time("rollback")?,
        },
        id,
    })
}

/// A first wait longer than the default of the longest one is the longest one.
fn restart(entries: &Entries) -> Option<Restart> {
    let delay = entries.time("delay")?;
    let longest = entries.time("delay_max")?;
    Some(Restart {
        attempts: entries.integer("attempts")?,
        delay_max: longest.map(|longest| longest.max(delay.value)),
        delay,
    })
}

fn budget(entries: &Entries) -> BudgetConfig {
    BudgetConfig {
        time: entries.share("time"),
        memory: entries.memory("memory"),
    }
}

fn tap(entries: &Entries, output: &Spanned<Node>) -> Option<Tap> {
    let id: Spanned<TapId> = entries.parsed("id")?;
    let implied = Spanned::new(output.value.clone(), id.span);
    Some(Tap {
        part: part(entries)?,
        from: entries.parsed("from").unwrap_or(implied),
        reference: entries.parsed("reference"),
        id,
    })
}

fn decide(entries: &Entries, is_tap: &impl Fn(&str) -> bool) -> Option<Decide> {
    // Ids are unique, so a name that is no tap's is a stage's, or unknown to `shape`.
    let readable = |id: &StageId| match id.as_str().parse() {
        Ok(tap) if is_tap(id.as_str()) => Readable::Tap(tap),
        _ => Readable::Stage(id.clone()),
    };
    let reads: Vec<Spanned<StageId>> = entries.list("reads");
    Some(Decide {
        id: entries.parsed("id")?,
        part: part(entries)?,
        reads: reads
            .into_iter()
            .map(|id| id.map(|id| readable(&id)))
            .collect(),
        may: entries.list("may"),
        dry_run: entries.boolean("dry_run")?,
    })
}

fn part(entries: &Entries) -> Option<PartConfig> {
    Some(PartConfig {
        component: entries.parsed("component")?,
        params: entries.params(),
        settings: entries.settings(),
        span: entries.span,
    })
}

/// All tables of an array, or nothing.
fn collect<T>(tables: &[Entries], build: impl FnMut(&Entries) -> Option<T>) -> Option<Vec<T>> {
    tables.iter().map(build).collect()
}
