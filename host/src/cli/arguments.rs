//! Arguments: the words of the command line, as clap reads them.
//!
//! Comments here are what `--help` shows.

mod examples;
mod profile;
mod run;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::cli::arguments::examples as shown;
use crate::cli::ctl::arguments::Ctl;

pub(super) use profile::Profile;
pub(super) use run::{PaceWord, Run, Search};

/// The widest that help is written, in columns: longer lines are hard to follow.
const COLUMNS_MAX: usize = 100;

/// One file, or many and a folder: clap alone would show one.
const RUN_USAGE: &str = "segue run [OPTIONS] [IN]... [OUT]";

/// An audio plugin host that changes its processors while the audio runs
#[derive(Debug, Parser)]
#[command(
    name = "segue",
    version,
    after_help = shown::SEGUE,
    max_term_width = COLUMNS_MAX,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Say only what went wrong
    #[arg(short, long, global = true, display_order = 100)]
    pub(super) quiet: bool,
    /// Say more; -vv still more
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 101)]
    pub(super) verbose: u8,
    /// How standard error is written
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORM",
        display_order = 102
    )]
    pub(super) log: LogFormat,
}

/// How standard error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a pipeline over a stream
    #[command(after_help = shown::RUN, override_usage = RUN_USAGE)]
    Run(Box<Run>),
    /// List the components that there are
    #[command(after_help = shown::LIST)]
    List(ListArguments),
    /// Show what a plugin says of itself
    #[command(after_help = shown::INSPECT)]
    Inspect(Inspect),
    /// Explain what is wrong with a configuration
    #[command(after_help = shown::CHECK)]
    Check(Check),
    /// Draw the stages of a configuration
    #[command(after_help = shown::GRAPH)]
    Graph(GraphArguments),
    /// Run a pipeline, write nothing, and show where its time goes
    #[command(after_help = shown::PROFILE)]
    Profile(Box<Profile>),
    /// Ask a running session for something: how it is, a swap, a reload
    Ctl(Ctl),
    /// Write a commented configuration to start from
    #[command(after_help = shown::INIT)]
    Init(Init),
    /// Print what lets a shell complete commands and flags
    #[command(after_help = shown::COMPLETIONS)]
    Completions(Completions),
    /// Write the man pages
    #[command(after_help = shown::MAN)]
    Man(Man),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Components of this kind only
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<KindWord>,
    /// One line per plugin instead of one per component
    #[arg(long)]
    pub(super) plugins: bool,
    /// Every file with its class and reason, and every folder
    #[arg(long)]
    pub(super) why: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

/// A kind of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KindWord {
    /// Audio to audio
    Processor,
    /// Audio to features
    Analyzer,
    /// Reference and signal to readings
    Metric,
    /// Observations to actions
    Decision,
}

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// A plugin (acme.warmth), a component (acme.warmth/tube), or a library file
    #[arg(value_name = "ADDRESS|FILE")]
    pub(super) what: OsString,
    /// A [[stage]], [[tap]] or [[decide]] ready to paste
    #[arg(long, conflicts_with = "json")]
    pub(super) toml: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration [default: $SEGUE_CONFIG, ./plugins.toml, the user's, the system's]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Look at the file alone, not at the plugins it names
    #[arg(long)]
    pub(super) syntax: bool,
    /// Print the effective configuration, and where each value is from
    #[arg(long, conflicts_with_all = ["explain", "schema", "json"])]
    pub(super) resolved: bool,
    /// Explain a key of the configuration
    #[arg(long, value_name = "KEY", conflicts_with_all = ["schema", "json", "file"])]
    pub(super) explain: Option<String>,
    /// Print the JSON Schema of the configuration
    #[arg(long, conflicts_with = "file")]
    pub(super) schema: bool,
    /// For programs
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) search: Search,
}

#[derive(Debug, Args)]
pub(super) struct GraphArguments {
    /// The configuration [default: $SEGUE_CONFIG, ./plugins.toml, the user's, the system's]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// How it is drawn
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    pub(super) format: GraphForm,
    #[command(flatten)]
    pub(super) search: Search,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphForm {
    /// For people
    Text,
    /// A picture
    Svg,
    /// Graphviz
    Dot,
    /// Mermaid, as in Markdown
    Mermaid,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "plugins.toml")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder to write them to; it is made if it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    /// Examples are lines that fit a narrow terminal; what follows them is filled by whoever shows
    /// it, so a paragraph is one line.
    fn check(help: &str, name: &str) {
        let (first, further) = help.split_once("\n\n").unwrap_or((help, ""));
        assert!(first.starts_with("Examples:\n"), "{name}");
        let is_list = |lines: &str| lines.lines().skip(1).all(|line| line.starts_with("  "));
        for paragraph in std::iter::once(first).chain(further.split("\n\n")) {
            assert!(is_list(paragraph), "{name}\n{paragraph}");
            let mut listed = paragraph.lines().skip(1);
            assert!(
                listed.all(|line| line.chars().count() <= 80),
                "{name}\n{paragraph}"
            );
        }
    }

    #[test]
    fn every_command_shows_examples_within_80_columns_and_fills_the_rest() {
        let whole = Arguments::command();
        let mut all: Vec<_> = whole.get_subcommands().collect();
        let ctl = all.iter().find(|command| command.get_name() == "ctl");
        all.extend(
            ctl.unwrap()
                .get_subcommands()
                .filter(|below| below.get_after_help().is_some()),
        );
        all.push(&whole);
        for command in all {
            let help = command.get_after_help().map(ToString::to_string);
            check(&help.unwrap_or_default(), command.get_name());
        }
    }

    /// The help of a command and of those below it has no line that a narrow terminal breaks.
    fn fits(command: &mut clap::Command) {
        let help = command.render_long_help().to_string();
        let long = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{}", command.get_name());
        command.get_subcommands_mut().for_each(fits);
    }

    #[test]
    fn the_help_of_every_command_fits_80_columns() {
        let mut whole = Arguments::command().term_width(80);
        whole.build();
        fits(&mut whole);
    }

    #[test]
    fn the_environment_is_told_where_it_is_asked() {
        let mut whole = Arguments::command();
        let mut help = |path: &[&str]| {
            let command = path.iter().try_fold(&mut whole, |command, name| {
                command.find_subcommand_mut(name)
            });
            command.unwrap().render_long_help().to_string()
        };
        let all = "SEGUE_CONFIG SEGUE_PLUGIN_PATH SEGUE_CPU NO_COLOR XDG_CACHE_HOME XDG_STATE_HOME";
        for (path, names) in [
            (&[][..], all),
            (&["run"], all),
            (&["profile"], "SEGUE_CONFIG SEGUE_PLUGIN_PATH SEGUE_CPU"),
            (&["list"], "SEGUE_PLUGIN_PATH"),
            (&["inspect"], "SEGUE_PLUGIN_PATH"),
            (&["check"], "SEGUE_CONFIG SEGUE_PLUGIN_PATH"),
            (&["graph"], "SEGUE_CONFIG SEGUE_PLUGIN_PATH"),
            (&["ctl"], "XDG_RUNTIME_DIR XDG_STATE_HOME"),
        ] {
            let help = help(path);
            for name in names.split(' ') {
                assert!(help.contains(name), "{path:?}: {name}\n{help}");
            }
        }
    }
}
