//! Arguments: the words of `segue ctl`, as clap reads them.
//!
//! Comments here are what `--help` shows.

use clap::{ArgGroup, Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  segue ctl status                           how the running session is
  segue ctl swap tube acme.warmth/tube@1.1.0 another component or version
  segue ctl set tube drive_db 9.5 --why 'brighter'
  segue ctl reload --dry-run                 what the edited file would change
  segue ctl rollback tube                    what it was before its last swap
  segue ctl events --json | jq .             follow it
  segue ctl status --session voice --json    one of several, for programs

The one session that runs is found by itself. Where several run they are listed, and --session \
says which.

Exit codes: 0 done; 1 it failed; 2 command line wrong; 3 refused, or no session is there.

Environment:
  XDG_RUNTIME_DIR      holds segue/NAME.sock, the sockets of sessions
  XDG_STATE_HOME       without it holds segue/control/NAME.sock";

/// One stage, or a plugin: in one line they do not fit 80 columns.
const SWAP_USAGE: &str = "\
segue ctl swap [OPTIONS] <STAGE> [COMPONENT[@VERSION]]
       segue ctl swap [OPTIONS] --plugin <ID[@VERSION]>";

const SWAP_EXAMPLES: &str = "\
Examples:
  segue ctl swap tube                        the newest version of what is there
  segue ctl swap tube @1.0.0                 just this version of what is there
  segue ctl swap tube acme.warmth/tape       another component
  segue ctl swap tube acme.warmth/tube@1.1   1.1 or later, and less than 2
  segue ctl swap --plugin acme.warmth@1.1.0  every stage of the plugin at once";

const SET_EXAMPLES: &str = "\
Examples:
  segue ctl set tube drive_db 9.5
  segue ctl set eq band.1.gain_db -3
  segue ctl set eq mode 'linear phase'";

const EVENTS_EXAMPLES: &str = "\
Examples:
  segue ctl events
  segue ctl events --json | jq -c 'select(.event == \"changed\") | .receipt'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(in crate::cli) struct Ctl {
    #[command(subcommand)]
    pub(super) what: CtlCommand,
    /// Which session, where several run: its name, or the path of its socket
    #[arg(long, value_name = "NAME", global = true, display_order = 90)]
    pub(super) session: Option<String>,
    /// Why; it stands in receipts and in the list of overrides
    #[arg(long, value_name = "TEXT", global = true, display_order = 91)]
    pub(super) why: Option<String>,
    /// For programs: what the session answers, as it came
    #[arg(long, global = true, display_order = 92)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlCommand {
    /// Show how the session is: stages, overrides, the newest receipts
    Status,
    /// Replace what fills a stage, or every stage of a plugin
    #[command(after_help = SWAP_EXAMPLES, override_usage = SWAP_USAGE)]
    Swap(SwapArguments),
    /// Set a parameter of a stage
    #[command(after_help = SET_EXAMPLES)]
    Set(Set),
    /// Let a stage's input be heard in the place of its output
    Bypass(Bypass),
    /// Apply the configuration as it is on disk now
    Reload(ReloadArguments),
    /// Go back to what a stage was before its last swap
    Rollback(StageArguments),
    /// Drop overrides: the file decides again
    Reset(ResetArguments),
    /// Write overrides into the configuration; its comments stay
    Save,
    /// Take no further input
    Pause,
    /// Take input again
    Resume,
    /// End the session in order
    Stop,
    /// Follow what happens, line by line
    #[command(after_help = EVENTS_EXAMPLES)]
    Events,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub(super) struct SwapArguments {
    /// The stage
    #[arg(value_name = "STAGE", group = "what")]
    pub(super) stage: Option<String>,
    /// What is to fill it [default: the newest version of what is there]
    #[arg(value_name = "COMPONENT[@VERSION]")]
    pub(super) component: Option<String>,
    /// Every stage of this plugin, and what depends on it, as one change
    #[arg(
        long,
        value_name = "ID[@VERSION]",
        group = "what",
        conflicts_with = "component"
    )]
    pub(super) plugin: Option<String>,
    /// Put silence into the stream where the latency reserve does not suffice
    #[arg(long)]
    pub(super) insert: bool,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The stage
    #[arg(value_name = "STAGE")]
    pub(super) stage: String,
    /// The parameter, as `segue inspect` names it
    #[arg(value_name = "PARAM")]
    pub(super) param: String,
    /// Its value in plain units
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) value: String,
}

#[derive(Debug, Args)]
pub(super) struct Bypass {
    /// The stage
    #[arg(value_name = "STAGE")]
    pub(super) stage: String,
    /// Let its output be heard again
    #[arg(long)]
    pub(super) off: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReloadArguments {
    /// Make what is new and show what would change, or why it would be refused; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Put silence into the stream where the latency reserve does not suffice
    #[arg(long)]
    pub(super) insert: bool,
}

#[derive(Debug, Args)]
pub(super) struct StageArguments {
    /// The stage
    #[arg(value_name = "STAGE")]
    pub(super) stage: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct ResetArguments {
    /// A key (tube.params.drive_db, tube.component, tube.version, tube.bypass), or a stage
    #[arg(value_name = "KEY|STAGE")]
    pub(super) key: Option<String>,
    /// Every override
    #[arg(long)]
    pub(super) all: bool,
}
