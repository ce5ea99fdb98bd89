//! Graph: the stages of a configuration and how they are connected.
//!
//! In: a configuration, and the manifests of what it names, as far as they are there. Out: text,
//! or a drawing in a language that others draw. Nothing is opened.

mod draw;
mod languages;
mod layers;
mod svg;
#[cfg(test)]
mod tests;

use segue_plugin::declare::Span;
use segue_plugin::manifest::Component;

use crate::cli::arguments::{GraphArguments, GraphForm, LogFormat};
use crate::cli::configuration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::cli::terminal::{Amount, Terminal, say};
use crate::cli::text::clean;
use crate::config::model::{Config, PartConfig, Readable, StreamPort};
use crate::id::Node;
use crate::session::{self, Catalogue, Choice};

/// Draws a configuration.
///
/// # Errors
/// When there is none, or it has mistakes.
pub(super) fn graph(shell: &Shell, arguments: &GraphArguments) -> Result<Exit, Failure> {
    let config = configuration::read(shell, arguments.file.as_deref(), Vec::new())?;
    let plan = search::plan(shell, &arguments.search, Some(&config));
    let catalogue = Catalogue::of(search::scan(shell, &plan));
    // A drawing is worth having while a plugin is still missing.
    let (choices, without) = session::choose(&catalogue, &config).unwrap_or_else(|conflict| {
        warn(&shell.terminal, &conflict.to_string());
        (search::newest(&catalogue.scan), None)
    });
    for gone in without.iter().flat_map(|config| &config.left_out) {
        let (id, reason) = (&gone.id, &gone.reason);
        let text = format!("stage `{id}` would be left out: {reason}");
        warn(&shell.terminal, &text);
    }
    let mut picture = Picture::of(&config, &choices);
    picture.leave_out(&config, without.as_ref());
    shell.terminal.print(&match arguments.format {
        GraphForm::Text => draw::text(&picture, &shell.terminal.out),
        GraphForm::Svg => svg::svg(&picture),
        GraphForm::Dot => languages::dot(&picture),
        GraphForm::Mermaid => languages::mermaid(&picture),
        GraphForm::Json => languages::json(&picture),
    });
    Ok(Exit::Done)
}

/// Tells of what the drawing goes without.
fn warn(terminal: &Terminal, text: &str) {
    match (terminal.log, terminal.amount) {
        (LogFormat::Json, _) => tracing::warn!("{text}"),
        (LogFormat::Text, Amount::Quiet) => {}
        (LogFormat::Text, _) => {
            let lines: Vec<_> = text.lines().map(clean).collect();
            say(&format!("warning: {}\n", lines.join("\n")));
        }
    }
}

/// A pipeline as it is drawn.
#[derive(Debug, Clone)]
struct Picture {
    name: String,
    /// What comes in, where the file says.
    input: Option<String>,
    /// Where it goes, where the file says.
    output: Option<String>,
    /// Whose output is the pipeline's.
    from: String,
    stages: Vec<StageBox>,
    taps: Vec<TapBox>,
    decides: Vec<DecideBox>,
}

/// What fills a place.
#[derive(Debug, Clone)]
struct PlaceFilling {
    address: String,
    /// The version that would be chosen.
    version: Option<String>,
    /// Whether the pipeline runs without it.
    left_out: bool,
}

impl PlaceFilling {
    /// What it is, for people.
    fn about(&self) -> String {
        let address = &self.address;
        match &self.version {
            _ if self.left_out => format!("{address} (optional, left out)"),
            Some(version) => format!("{address} {version}"),
            None => format!("{address} (not found)"),
        }
    }
}

#[derive(Debug, Clone)]
struct StageBox {
    id: String,
    filling: PlaceFilling,
    inputs: Vec<String>,
    /// Further inputs, by their names.
    sidechains: Vec<(String, String)>,
    latency: Option<Span>,
}

#[derive(Debug, Clone)]
struct TapBox {
    id: String,
    filling: PlaceFilling,
    from: String,
    reference: Option<String>,
}

#[derive(Debug, Clone)]
struct DecideBox {
    id: String,
    filling: PlaceFilling,
    reads: Vec<String>,
    may: Vec<String>,
}

impl Picture {
    fn of(config: &Config, choices: &[Choice]) -> Self {
        let name = config.pipeline.name.as_ref();
        let stream = &config.stream;
        Self {
            name: name.map_or_else(|| "pipeline".to_owned(), |name| name.value.clone()),
            input: stream.input.as_ref().map(|port| shown(&port.value)),
            output: stream.output.as_ref().map(|port| shown(&port.value)),
            from: stream.from.value.to_string(),
            stages: stages(config, choices),
            taps: taps(config, choices),
            decides: decides(config, choices),
        }
    }

    /// Marks the optional stages that the pipeline runs without: the ones that were left out so
    /// that the others can be had, and where that did not help, the ones that are not there.
    fn leave_out(&mut self, config: &Config, without: Option<&Config>) {
        for (stage, told) in self.stages.iter_mut().zip(&config.stages) {
            let mut left_out = without.iter().flat_map(|config| &config.left_out);
            let is_gone = left_out.any(|gone| gone.id == told.id.value);
            let is_missing = told.optional.value && stage.filling.version.is_none();
            stage.filling.left_out = is_gone || is_missing;
        }
    }
}

fn stages(config: &Config, choices: &[Choice]) -> Vec<StageBox> {
    let stage = |stage: &crate::config::model::StageConfig| {
        let (filling, component) = filling(&stage.part, choices);
        let sidechains = stage.sidechains.iter();
        StageBox {
            id: stage.id.to_string(),
            filling,
            inputs: stage
                .inputs
                .iter()
                .map(|node| node_name(&node.value))
                .collect(),
            sidechains: sidechains
                .map(|(name, node)| (name.to_string(), node_name(&node.value)))
                .collect(),
            latency: component.map(|component| component.capabilities.latency),
        }
    };
    config.stages.iter().map(stage).collect()
}

fn taps(config: &Config, choices: &[Choice]) -> Vec<TapBox> {
    let taps = config.taps.iter().map(|tap| TapBox {
        id: tap.id.to_string(),
        filling: filling(&tap.part, choices).0,
        from: node_name(&tap.from.value),
        reference: tap.reference.as_ref().map(|node| node_name(&node.value)),
    });
    taps.collect()
}

fn decides(config: &Config, choices: &[Choice]) -> Vec<DecideBox> {
    let read = |readable: &Readable| match readable {
        Readable::Tap(id) => id.to_string(),
        Readable::Stage(id) => id.to_string(),
    };
    let decides = config.decides.iter().map(|decide| DecideBox {
        id: decide.id.to_string(),
        filling: filling(&decide.part, choices).0,
        reads: decide.reads.iter().map(|one| read(&one.value)).collect(),
        may: decide
            .may
            .iter()
            .map(|act| act.value.name().to_owned())
            .collect(),
    });
    decides.collect()
}

fn filling<'c>(part: &PartConfig, choices: &'c [Choice]) -> (PlaceFilling, Option<&'c Component>) {
    let address = &part.component.value;
    let choice = choices
        .iter()
        .find(|choice| choice.chosen.id == *address.plugin());
    let component = choice.and_then(|choice| match address.component() {
        Some(name) => choice.found.manifest.component(name),
        None => choice.found.manifest.components.first(),
    });
    let filling = PlaceFilling {
        address: address.to_string(),
        // A version that does not have the component is none of it.
        version: choice
            .filter(|_| component.is_some())
            .map(|choice| choice.chosen.version.to_string()),
        left_out: false,
    };
    (filling, component)
}

fn node_name(node: &Node) -> String {
    node.to_string()
}

fn shown(port: &StreamPort) -> String {
    match port {
        StreamPort::File(path) => path.display().to_string(),
        StreamPort::Pipe => "-".to_owned(),
    }
}
